-- What the ledger holds of an entity, for whoever asks for all of it: the fold_state, episode and realization rows again,
-- packed so that one look-up brings them. Derived state, written by the same transaction; see data/store/histories.py.
-- The rows of an entity tell its history in the order of their numbers: a later one adds to or replaces earlier ones.
-- Compressed values could only be read a thousand at a time.
CREATE SEQUENCE history_number;
CREATE TABLE history (
    number BIGINT NOT NULL DEFAULT nextval('history_number'),
    entity VARCHAR NOT NULL,
    body BLOB NOT NULL USING COMPRESSION uncompressed
);

-- The next booking folds every fact again, and writes the histories with it.
TRUNCATE fold_state;
TRUNCATE realization;
TRUNCATE episode;
TRUNCATE finding;
TRUNCATE refold;
UPDATE meta SET value = 0 WHERE key = 'booked_batch';
