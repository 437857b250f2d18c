-- Facts: append-only, never depending on a clock or on the order of arrival.
-- Every table leads its key with the slot (or the block time where no slot is known): zone maps then prune an upsert.
-- id is the first 128 bits of BLAKE2b over what identifies the fact; beside the full texts it keeps the key's index small.
-- batch_id says with which transaction of ours a row arrived; it is no part of the fact and never leaves the database.

CREATE TABLE meta (
    key VARCHAR PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO meta VALUES ('last_batch', 0), ('booked_batch', 0);

-- What one transaction did to one owner, as read from balances. Signed amounts are from the owner's view.
-- grade ranks readings of one (signature, owner): 0 full balances, 1 balance changes, + 2 without a slot, 4 trade rows.
CREATE TABLE effect (
    cluster_key BIGINT NOT NULL,
    id UUID NOT NULL,
    signature VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    grade UTINYINT NOT NULL,
    slot BIGINT,
    block_time BIGINT,
    order_time BIGINT NOT NULL,
    index_in_block BIGINT,
    role VARCHAR NOT NULL,
    class VARCHAR NOT NULL,
    quote_mint VARCHAR,
    quote_raw BIGINT,
    sol_flow_lamports BIGINT NOT NULL,
    base_fee_lamports BIGINT NOT NULL,
    priority_fee_lamports BIGINT NOT NULL,
    tip_lamports BIGINT NOT NULL,
    rent_lamports BIGINT NOT NULL,
    other_rent_lamports BIGINT NOT NULL,
    native_delta_lamports BIGINT NOT NULL,
    wsol_delta_lamports BIGINT NOT NULL,
    venue_fee_raw UBIGINT,
    venues VARCHAR[] NOT NULL,
    issues VARCHAR[] NOT NULL,
    digest UBIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    PRIMARY KEY (cluster_key, id)
);

-- The net movement of one mint for one owner. Trade rows of other sources live only here, with precision 'rounded'.
CREATE TABLE leg (
    cluster_key BIGINT NOT NULL,
    id UUID NOT NULL,
    signature VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    leg_no INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    grade UTINYINT NOT NULL,
    slot BIGINT,
    block_time BIGINT,
    order_time BIGINT NOT NULL,
    index_in_block BIGINT,
    side VARCHAR NOT NULL,
    class VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    amount_raw UBIGINT NOT NULL,
    decimals UTINYINT NOT NULL,
    quote_mint VARCHAR,
    quote_raw UBIGINT,
    fee_lamports BIGINT NOT NULL,
    pool VARCHAR,
    precision VARCHAR NOT NULL,
    order_uncertain BOOLEAN NOT NULL,
    batch_id BIGINT NOT NULL,
    PRIMARY KEY (cluster_key, id)
);

-- One of the owner's token accounts before and after a transaction, in base units.
CREATE TABLE account_balance (
    cluster_key BIGINT NOT NULL,
    id UUID NOT NULL,
    signature VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    pre_raw UBIGINT NOT NULL,
    post_raw UBIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    PRIMARY KEY (cluster_key, id)
);

-- A candle covers [opened_at, opened_at + interval_s). Prices are USD for one whole token.
CREATE TABLE candle (
    opened_at BIGINT NOT NULL,
    mint VARCHAR NOT NULL,
    interval_s INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    pool VARCHAR NOT NULL,
    open_usd DECIMAL(38, 24),
    high_usd DECIMAL(38, 24),
    low_usd DECIMAL(38, 24),
    close_usd DECIMAL(38, 24) NOT NULL,
    volume_usd DECIMAL(38, 12),
    batch_id BIGINT NOT NULL,
    PRIMARY KEY (opened_at, mint, interval_s, source, pool)
);

CREATE TABLE wallet (
    address VARCHAR PRIMARY KEY,
    nickname VARCHAR,
    source VARCHAR NOT NULL,
    is_tracked BOOLEAN NOT NULL,
    is_program_derived BOOLEAN NOT NULL
);

-- Wallets that the user grouped; every other wallet is its own entity.
CREATE TABLE entity_member (
    wallet VARCHAR PRIMARY KEY,
    entity VARCHAR NOT NULL
);

-- Identified transactions that contradict what is stored or could not be read: kept with the reason, used for nothing.
CREATE TABLE quarantine (
    signature VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    PRIMARY KEY (signature, owner, source, reason, detail)
);

-- Rows of imported files that could not become facts, counted by reason.
CREATE TABLE import_issue (
    file VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    first_line BIGINT NOT NULL,
    occurrences BIGINT NOT NULL
);
