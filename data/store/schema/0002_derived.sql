-- Derived state: a pure function of the facts, rebuilt by `aura verify` and compared with it.
-- No keys: the booking replaces whole folds in one transaction, and an index would double the cost of a rebuild.
-- Sums are HUGEINT; a single amount fits BIGINT, because no fact may exceed what exists of SOL.

-- state is the canonical JSON of engine.ledger.FoldState.
CREATE TABLE fold_state (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    last_order_time BIGINT NOT NULL,
    events BIGINT NOT NULL,
    realizations BIGINT NOT NULL,
    findings BIGINT NOT NULL,
    holding_raw HUGEINT NOT NULL,
    known_raw HUGEINT NOT NULL,
    gaps BIGINT NOT NULL
);

-- Fields of engine.ledger.Realization; number counts the rows of a fold from 0 in booking order.
CREATE TABLE realization (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    episode BIGINT,
    disposed_ref VARCHAR NOT NULL,
    disposed_at BIGINT NOT NULL,
    acquired_ref VARCHAR NOT NULL,
    acquired_at BIGINT NOT NULL,
    basis VARCHAR NOT NULL,
    quantity HUGEINT NOT NULL,
    cost_lamports BIGINT,
    cost_usd_micro BIGINT,
    buy_fee_lamports BIGINT,
    buy_fee_usd_micro BIGINT,
    proceeds_lamports BIGINT,
    proceeds_usd_micro BIGINT,
    sell_fee_lamports BIGINT,
    sell_fee_usd_micro BIGINT
);

-- Fields of engine.ledger.Episode.
CREATE TABLE episode (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_ref VARCHAR NOT NULL,
    closed_at BIGINT,
    closed_ref VARCHAR,
    buys BIGINT NOT NULL,
    sells BIGINT NOT NULL,
    bought_quantity HUGEINT NOT NULL,
    sold_quantity HUGEINT NOT NULL,
    burned_quantity HUGEINT NOT NULL,
    moved_quantity HUGEINT NOT NULL,
    unmatched_quantity HUGEINT NOT NULL,
    peak_quantity HUGEINT NOT NULL,
    spent_lamports HUGEINT,
    spent_usd_micro HUGEINT,
    cost_lamports HUGEINT,
    cost_usd_micro HUGEINT,
    buy_fee_lamports HUGEINT,
    buy_fee_usd_micro HUGEINT,
    proceeds_lamports HUGEINT,
    proceeds_usd_micro HUGEINT,
    sell_fee_lamports HUGEINT,
    sell_fee_usd_micro HUGEINT,
    unmatched_lamports HUGEINT,
    unmatched_usd_micro HUGEINT
);

-- What a fold found in dirty history: fields of engine.ledger.Issue.
CREATE TABLE finding (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    code VARCHAR NOT NULL,
    found_at BIGINT NOT NULL,
    ref VARCHAR NOT NULL,
    quantity HUGEINT NOT NULL
);

-- Folds whose facts did not change but whose meaning did: members, prices, times. Booking replays and clears them.
CREATE TABLE refold (
    entity VARCHAR NOT NULL,
    mint VARCHAR NOT NULL
);
