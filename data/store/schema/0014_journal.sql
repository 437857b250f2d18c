-- What live batches bring is durable in a journal beside the file, until it is stored as facts.

-- The chain still has what waits here.
INSERT INTO pending (signature, wallet, source, priority, is_finalized, queued_at, due_at, tries)
SELECT DISTINCT unnest(string_split(signatures, ' ')), '', 'poll', 1, false, 0, 0, 0 FROM arrival
ON CONFLICT DO NOTHING;

DROP TABLE arrival;

-- Entries of the journal up to this number are facts.
INSERT INTO meta VALUES ('last_arrival', 0);
