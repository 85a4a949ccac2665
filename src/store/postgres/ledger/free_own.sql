-- Only the claim's own rows: somebody else may have claimed its people since they were freed. Of rows that somebody
-- else is at, such as a large ledger that is joined in, nobody waits for the end.
DELETE FROM persons
WHERE message = $1 AND claim = $2 AND person IN (
    SELECT person
    FROM persons
    WHERE message = $1 AND claim = $2 AND person = ANY($3)
    FOR UPDATE SKIP LOCKED
)
