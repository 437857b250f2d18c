-- Readable views over facts. The booking reads the same ones, so no number has two definitions.

-- Half-even division of non-negative integers. Written without CASE around the quotient: DuckDB then divides once.
CREATE MACRO divide_half_even(a, b) AS
    a // b + (2 * (a - a // b * b) > b)::INTEGER + (2 * (a - a // b * b) = b)::INTEGER * (a // b % 2)::INTEGER;

-- Lamports at a price in USD x 10^12 per SOL, as micro-USD: 10^-9 x 10^-12 over 10^-6 is 10^15.
CREATE MACRO lamports_to_usd_micro(lamports, price_e12) AS
    TRY_CAST(divide_half_even(lamports::HUGEINT * price_e12, 1000000000000000::HUGEINT) AS BIGINT);

CREATE MACRO usd_micro_to_lamports(usd_micro, price_e12) AS
    TRY_CAST(divide_half_even(usd_micro::HUGEINT * 1000000000000000::HUGEINT, price_e12) AS BIGINT);

CREATE MACRO is_stable(mint) AS
    mint IN ('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB');

CREATE MACRO is_sol(mint) AS
    mint = 'So11111111111111111111111111111111111111112';

CREATE MACRO quote_kind(mint) AS CASE WHEN is_sol(mint) THEN 1 WHEN is_stable(mint) THEN 2 END;

-- A price is used for one day after its candle is complete; price is null without one.
CREATE MACRO fresh(block_time, completed_at, what) AS CASE WHEN block_time - completed_at <= 86400 THEN what END;

CREATE MACRO value_in_lamports(kind, quote_raw, price) AS CASE
    WHEN kind = 1 THEN quote_raw::BIGINT
    WHEN kind = 2 AND price > 0 THEN usd_micro_to_lamports(quote_raw, price)
END;

-- A stable coin's raw unit is one micro-USD: its rate is the 10^15 that lamports are divided by.
CREATE MACRO usd_rate(kind, price) AS CASE kind WHEN 1 THEN price WHEN 2 THEN 1000000000000000 END;

CREATE MACRO value_in_usd_micro(kind, quote_raw, price) AS lamports_to_usd_micro(quote_raw, usd_rate(kind, price));

CREATE MACRO fee_in_usd_micro(fee_lamports, price) AS CASE
    WHEN fee_lamports = 0 THEN 0 ELSE lamports_to_usd_micro(fee_lamports, price)
END;

-- The number of engine.ledger.EventKind for a leg.
CREATE MACRO event_kind(class, side) AS CASE
    WHEN class IN ('BUY', 'SELL', 'SWAP') AND side = 'BUY' THEN 0
    WHEN class IN ('BUY', 'SELL', 'SWAP') AND side = 'SELL' THEN 1
    WHEN class IN ('BUY', 'SELL', 'SWAP', 'ARB', 'TRANSFER_IN', 'TRANSFER_OUT', 'INVOLUNTARY') AND side IN ('BUY', 'IN') THEN 2
    WHEN class = 'INVOLUNTARY' THEN 4
    WHEN class IN ('BUY', 'SELL', 'SWAP', 'ARB', 'TRANSFER_IN', 'TRANSFER_OUT') THEN 3
    WHEN side IN ('SELL', 'OUT') THEN 5
    ELSE 6
END;

-- SOL in USD x 10^12, valid from the second in which its candle is complete.
CREATE VIEW sol_price AS
SELECT
    opened_at + interval_s AS completed_at,
    arg_min(TRY_CAST(close_usd::DECIMAL(38, 12) * 1000000000000 AS BIGINT), (interval_s, source, pool)) AS price_e12,
    arg_min(source, (interval_s, source, pool)) AS source
FROM candle
WHERE is_sol(mint)
GROUP BY ALL;

-- The best reading of each (signature, owner): later grades and, within a grade, earlier slots give way.
CREATE VIEW ledger_effect AS
SELECT e.* FROM effect AS e
ANTI JOIN effect AS b
    ON b.signature = e.signature AND b.owner = e.owner
    AND (b.grade < e.grade OR (b.grade = e.grade AND b.cluster_key > e.cluster_key));

-- The legs of the best reading; a trade row counts only where no effect of its transaction is known.
CREATE VIEW ledger_leg AS
SELECT coalesce(m.entity, l.owner) AS entity, l.*
FROM leg AS l
ANTI JOIN effect AS b
    ON b.signature = l.signature AND b.owner = l.owner
    AND (b.grade < l.grade OR (b.grade = l.grade AND b.cluster_key > l.cluster_key))
LEFT JOIN entity_member AS m ON m.wallet = l.owner;

-- Token balances of the best reading. leg_no names the leg that carries them, null where the mint has no leg.
CREATE VIEW ledger_balance AS
SELECT
    coalesce(m.entity, b.owner) AS entity, b.owner, b.mint, b.signature, l.leg_no, b.account, b.pre_raw, b.post_raw,
    e.slot, e.order_time, e.index_in_block, b.batch_id
FROM account_balance AS b
JOIN ledger_effect AS e
    ON e.cluster_key = b.cluster_key AND e.signature = b.signature AND e.owner = b.owner AND e.source = b.source
LEFT JOIN (
    SELECT cluster_key, signature, owner, source, mint, min(leg_no) AS leg_no FROM leg WHERE precision = 'exact' GROUP BY ALL
) AS l
    ON l.cluster_key = b.cluster_key AND l.signature = b.signature AND l.owner = b.owner AND l.source = b.source AND l.mint = b.mint
LEFT JOIN entity_member AS m ON m.wallet = b.owner
WHERE NOT is_sol(b.mint) AND NOT is_stable(b.mint);

-- Every leg that counts, valued by its own quote at the last SOL candle completed before its block time.
-- A value is null without a price. Amounts are base units, prices USD x 10^12 per SOL.
CREATE VIEW trade AS
SELECT
    l.entity, l.owner, l.mint, l.signature, l.leg_no, l.slot, l.block_time, l.order_time, l.index_in_block,
    l.side, l.class, l.amount_raw, l.decimals, l.quote_mint, l.quote_raw,
    fresh(l.block_time, p.completed_at, p.price_e12) AS sol_price_e12,
    value_in_lamports(quote_kind(l.quote_mint), l.quote_raw, sol_price_e12) AS value_lamports,
    value_in_usd_micro(quote_kind(l.quote_mint), l.quote_raw, sol_price_e12) AS value_usd_micro,
    l.fee_lamports,
    fee_in_usd_micro(l.fee_lamports, sol_price_e12) AS fee_usd_micro,
    CASE WHEN is_stable(l.quote_mint) THEN 'peg' ELSE fresh(l.block_time, p.completed_at, p.source) END AS price_source,
    CASE WHEN is_stable(l.quote_mint) THEN 0
        ELSE fresh(l.block_time, p.completed_at, l.block_time - p.completed_at) END AS price_age_s,
    l.pool, l.precision, l.source, l.order_uncertain
FROM ledger_leg AS l
ASOF LEFT JOIN sol_price AS p ON l.block_time >= p.completed_at;

-- Every realized amount with its result; nets are null where a part is unknown, and outside P&L.
CREATE VIEW realized_pnl AS
SELECT
    *,
    CASE WHEN basis = 'known' AND kind <> 'OUT'
        THEN proceeds_lamports - cost_lamports - buy_fee_lamports - sell_fee_lamports END AS net_lamports,
    CASE WHEN basis = 'known' AND kind <> 'OUT'
        THEN proceeds_usd_micro - cost_usd_micro - buy_fee_usd_micro - sell_fee_usd_micro END AS net_usd_micro,
    CASE WHEN basis = 'known' AND kind <> 'OUT' THEN proceeds_lamports - cost_lamports END AS gross_lamports,
    CASE WHEN basis = 'known' AND kind <> 'OUT' THEN proceeds_usd_micro - cost_usd_micro END AS gross_usd_micro,
    CASE WHEN basis = 'unknown' AND kind = 'SELL' THEN proceeds_lamports END AS unmatched_lamports,
    CASE WHEN basis = 'unknown' AND kind = 'SELL' THEN proceeds_usd_micro END AS unmatched_usd_micro,
    disposed_at - acquired_at AS held_s
FROM realization;

-- What each entity's transactions cost outside of trades. Rent is locked minus refunded.
CREATE VIEW entity_cost AS
SELECT
    coalesce(m.entity, e.owner) AS entity,
    count(*) AS transactions,
    count(*) FILTER (e.class = 'FAILED') AS failed_transactions,
    coalesce(sum(base_fee_lamports + priority_fee_lamports + tip_lamports) FILTER (e.class = 'FAILED'), 0)::HUGEINT AS failed_fee_lamports,
    coalesce(sum(base_fee_lamports + priority_fee_lamports + tip_lamports) FILTER (e.class IN ('BUY', 'SELL', 'SWAP')), 0)::HUGEINT AS trade_fee_lamports,
    coalesce(sum(base_fee_lamports + priority_fee_lamports + tip_lamports) FILTER (e.class NOT IN ('BUY', 'SELL', 'SWAP', 'FAILED')), 0)::HUGEINT AS other_fee_lamports,
    coalesce(sum(rent_lamports), 0)::HUGEINT AS rent_lamports,
    coalesce(sum(other_rent_lamports), 0)::HUGEINT AS other_rent_lamports
FROM ledger_effect AS e
LEFT JOIN entity_member AS m ON m.wallet = e.owner
GROUP BY ALL;
