-- What could hurt holders, as it was told last. Nothing here is a fact about wallets: it is never exported.

-- told is engine.market.Safety as JSON; what in it strangers wrote is cleaned and named untrusted.
CREATE TABLE token_safety (
    mint VARCHAR PRIMARY KEY,
    told VARCHAR NOT NULL,
    observed_at BIGINT NOT NULL
);

-- Token accounts of followed wallets that hold something and could not move it when they were looked at.
CREATE TABLE frozen_account (
    account VARCHAR PRIMARY KEY,
    wallet VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    observed_at BIGINT NOT NULL
);
