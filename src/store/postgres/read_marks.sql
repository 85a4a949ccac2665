-- What the marks of a ledger's rows tell: whether its own row has none, or another than it was written with, and how
-- many of its claims have.
SELECT
    l.id IS NOT NULL AND l.born IS NULL,
    coalesce((l.born & 4294967295)::text <> l.xmin::text, false),
    c.unmarked,
    c.reloaded
FROM (
    SELECT
        count(*) FILTER (WHERE born IS NULL) AS unmarked,
        count(*) FILTER (WHERE (born & 4294967295)::text <> xmin::text) AS reloaded
    FROM claims
    WHERE ledger = $1
) c
LEFT JOIN ledgers l ON l.id = $1
