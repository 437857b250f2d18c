-- What live batches brought and events have told, until it is stored as facts with what else has come since.

-- body is data.store.arrivals.Arrival; signatures are fetched again where another version cannot read it.
CREATE TABLE arrival (
    number BIGINT NOT NULL,
    signatures VARCHAR[] NOT NULL,
    body BLOB NOT NULL
);
