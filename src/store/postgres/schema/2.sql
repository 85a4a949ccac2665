-- `born` is the mark of a row, and `marks` is always empty: see `marks.rs`.

ALTER TABLE ledgers ADD COLUMN IF NOT EXISTS born bigint;
ALTER TABLE claims ADD COLUMN IF NOT EXISTS born bigint;
CREATE TABLE IF NOT EXISTS marks (
    run bigint PRIMARY KEY, born bigint NOT NULL);
