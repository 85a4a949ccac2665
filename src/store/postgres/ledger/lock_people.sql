-- Locks people, in their order, and gives a row to whoever has none. A row that is there is locked, and stays as it is.
INSERT INTO persons (message, person, claim)
SELECT $1, person, claim
FROM unnest($2, $3) AS locked (person, claim)
ON CONFLICT (message, person) DO UPDATE SET claim = excluded.claim WHERE false
