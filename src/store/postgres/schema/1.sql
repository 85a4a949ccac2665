-- `claims` and `outcomes` hold lines as the lockfile does, each with its checksum. `persons` holds whoever is
-- claimed, accepted or given up, with the claim that says so: its primary key is what grants and refuses.
-- `plans`, `bulks` and `paces` are what workers share; of those nothing is lost if they are emptied while no
-- worker runs.

CREATE TABLE ledgers (
    id bigint PRIMARY KEY, project text NOT NULL, header text NOT NULL, server text);
CREATE TABLE messages (
    ledger bigint, id bigint, at bigint NOT NULL, line text NOT NULL, PRIMARY KEY (ledger, id));
CREATE TABLE claims (
    ledger bigint, id bigint, message bigint NOT NULL, line text NOT NULL, PRIMARY KEY (ledger, id));
CREATE TABLE outcomes (
    ledger bigint, claim bigint, id bigint, line text NOT NULL, PRIMARY KEY (ledger, claim, id));
CREATE TABLE persons (
    message bigint, person bigint, claim bigint NOT NULL, PRIMARY KEY (message, person));
CREATE TABLE plans (
    message bigint PRIMARY KEY, id bigint NOT NULL, digest text NOT NULL, touched_at timestamptz NOT NULL);
CREATE TABLE bulks (
    message bigint, plan bigint, number integer, time text NOT NULL, send_at bigint, until bigint,
    people bytea NOT NULL, run bigint, taken_at timestamptz, done boolean NOT NULL,
    PRIMARY KEY (message, plan, number));
CREATE INDEX bulks_open ON bulks (message, plan, number) WHERE NOT done;
CREATE TABLE paces (
    message bigint PRIMARY KEY, until bigint NOT NULL);
