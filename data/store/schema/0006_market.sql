-- What providers observed of markets. None of it is a fact about wallets: it is never exported, and the ledger does not
-- depend on it. Prices are USD for one whole token, reserves and supplies whole tokens, times epoch seconds.
-- A trade is known at traded_at or later, and none after idle_since up to observed_at; null where nothing was said.

-- The last price that was observed in each hour.
CREATE TABLE market_price (
    hour BIGINT NOT NULL,
    mint VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    price_usd DECIMAL(38, 24) NOT NULL,
    liquidity_usd DECIMAL(38, 12),
    traded_at BIGINT,
    idle_since BIGINT,
    observed_at BIGINT NOT NULL,
    PRIMARY KEY (hour, mint)
);

-- The deepest pools of a token as they were observed last. fee_bps is what a swap costs, null where nobody says.
CREATE TABLE market_pool (
    mint VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    venue VARCHAR NOT NULL,
    quote_mint VARCHAR NOT NULL,
    price_usd DECIMAL(38, 24),
    base_reserve DECIMAL(38, 12),
    quote_reserve DECIMAL(38, 12),
    liquidity_usd DECIMAL(38, 12),
    is_constant_product BOOLEAN NOT NULL,
    fee_bps INTEGER,
    created_at BIGINT,
    source VARCHAR NOT NULL,
    traded_at BIGINT,
    idle_since BIGINT,
    observed_at BIGINT NOT NULL
);

-- What selling in_raw of a token was offered, for tokens whose pools do not tell.
CREATE TABLE market_quote (
    mint VARCHAR PRIMARY KEY,
    in_raw UBIGINT NOT NULL,
    out_mint VARCHAR NOT NULL,
    out_raw UBIGINT NOT NULL,
    source VARCHAR NOT NULL,
    observed_at BIGINT NOT NULL
);

-- When a token's price was asked for last, and how often in a row nobody knew one.
CREATE TABLE market_ask (
    mint VARCHAR PRIMARY KEY,
    asked_at BIGINT NOT NULL,
    misses INTEGER NOT NULL
);

-- What a token says of itself: text of strangers, cleaned.
CREATE TABLE token_info (
    mint VARCHAR PRIMARY KEY,
    untrusted_name VARCHAR,
    untrusted_symbol VARCHAR,
    decimals UTINYINT,
    total_supply DECIMAL(38, 12),
    market_cap_usd DECIMAL(38, 12),
    holders BIGINT,
    creator VARCHAR,
    created_at BIGINT,
    launchpad VARCHAR,
    source VARCHAR NOT NULL,
    observed_at BIGINT NOT NULL
);

-- Hours and minutes of SOL for which nobody had a candle when they were asked for.
CREATE TABLE candle_miss (
    interval_s INTEGER NOT NULL,
    opened_at BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    misses INTEGER NOT NULL,
    PRIMARY KEY (interval_s, opened_at)
);
