-- What AURA does and tells: events for whoever watches, runs of jobs, and from which trade on a wallet is news.
-- None of it is a fact: it is never exported, and losing it loses no number.

-- Facts that are here already are no news; whatever arrives after `emitted_batch` is.
INSERT INTO meta
SELECT 'emitted_batch', value FROM meta WHERE key = 'last_batch'
UNION ALL SELECT 'last_event', 0
UNION ALL SELECT 'last_run', 0;

-- Numbers rise by one and are never used again, also after old rows are removed.
-- id names what happened, so that the same thing is told once. body is a JSON object; times are epoch milliseconds.
CREATE TABLE event (
    number BIGINT PRIMARY KEY,
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    wallet VARCHAR,
    mint VARCHAR,
    body VARCHAR NOT NULL
);

-- One run of a job. state is running, done, failed or interrupted; summary and failures are JSON.
CREATE TABLE job_run (
    number BIGINT PRIMARY KEY,
    job VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    summary VARCHAR NOT NULL,
    failures VARCHAR NOT NULL
);

-- The value from which a trade of a wallet is told, where the user set one for it.
CREATE TABLE wallet_minimum (
    wallet VARCHAR PRIMARY KEY,
    whale_usd_micro BIGINT NOT NULL
);
