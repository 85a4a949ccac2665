-- A stop stands until a row that resumes names it. `id` is the digest of the line.

CREATE TABLE IF NOT EXISTS stops (
    ledger bigint NOT NULL, id bigint NOT NULL, stop bigint NOT NULL, resumes boolean NOT NULL, line text NOT NULL,
    PRIMARY KEY (ledger, id));
