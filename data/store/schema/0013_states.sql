-- A state is written anew whenever its fold goes on. To find the best compression for the texts took most of the time of
-- writing the log into the file, which nobody can write beside; a state is read alone, for which none is best, too.
CREATE TABLE kept_state AS FROM fold_state;
DROP TABLE fold_state;
CREATE TABLE fold_state (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    state VARCHAR NOT NULL USING COMPRESSION uncompressed,
    last_order_time BIGINT NOT NULL,
    events BIGINT NOT NULL,
    realizations BIGINT NOT NULL,
    findings BIGINT NOT NULL,
    holding_raw HUGEINT NOT NULL,
    known_raw HUGEINT NOT NULL,
    gaps BIGINT NOT NULL
);
INSERT INTO fold_state BY NAME FROM kept_state;
DROP TABLE kept_state;
