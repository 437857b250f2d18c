-- What has been asked of the chain, what is still to be fetched, and what the chain took back.
-- Only `reversed` says something about facts; everything else can be deleted at the price of asking again.

-- How far the signatures of a followed wallet are known. head is the newest finalized one seen: one that is only
-- confirmed could be dropped, and asking for what came after it would then return all history.
-- backfill: 'open' goes on at oldest_signature; 'depth' is as deep as set; 'start' has reached the first transaction.
-- lamports at lamports_slot are explained by facts; unexplained counts looks at a difference that nothing explained.
CREATE TABLE wallet_track (
    wallet VARCHAR PRIMARY KEY,
    head_signature VARCHAR,
    head_slot BIGINT,
    oldest_signature VARCHAR,
    oldest_time BIGINT,
    listed BIGINT NOT NULL,
    backfill VARCHAR NOT NULL,
    lamports UBIGINT,
    lamports_slot BIGINT,
    unexplained INTEGER NOT NULL,
    asked_at BIGINT,
    listed_at BIGINT,
    reconciled_at BIGINT
);

-- Signatures to be fetched, one row for each wallet that waits for it; '' where nobody knows yet whom it concerns.
CREATE TABLE pending (
    signature VARCHAR NOT NULL,
    wallet VARCHAR NOT NULL,
    slot BIGINT,
    source VARCHAR NOT NULL,
    priority UTINYINT NOT NULL,
    is_finalized BOOLEAN NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    problem VARCHAR,
    PRIMARY KEY (signature, wallet)
);

-- Stored transactions that could still be dropped. misses counts looks that did not find one after its slot was final.
CREATE TABLE unfinalized (
    slot BIGINT NOT NULL,
    signature VARCHAR NOT NULL,
    misses INTEGER NOT NULL,
    asked_at BIGINT,
    PRIMARY KEY (slot, signature)
);

-- Transactions that were confirmed in a slot and are not in the finalized chain: no view over facts shows them.
CREATE TABLE reversed (
    slot BIGINT NOT NULL,
    signature VARCHAR NOT NULL,
    reversed_at BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    PRIMARY KEY (slot, signature)
);

-- What a token account held when it was last looked at, against its last fact.
CREATE TABLE account_check (
    account VARCHAR PRIMARY KEY,
    wallet VARCHAR NOT NULL,
    mint VARCHAR NOT NULL,
    slot BIGINT NOT NULL,
    expected_raw UBIGINT NOT NULL,
    actual_raw UBIGINT NOT NULL,
    tries INTEGER NOT NULL,
    checked_at BIGINT NOT NULL
);

-- Looks for what happened to a token account between two facts whose balances do not meet.
CREATE TABLE gap_search (
    account VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    tries INTEGER NOT NULL,
    tried_at BIGINT NOT NULL,
    PRIMARY KEY (account, signature)
);

-- Where facts are: key is md5_number_lower of a signature (one row for each effect or trade row of it) or of owner and
-- mint. Eight bytes a row can be looked through where the texts cannot. Derived from facts; see data/store/near.py.
CREATE TABLE fact_place (
    key UBIGINT NOT NULL,
    cluster_key BIGINT NOT NULL
);
INSERT INTO fact_place
SELECT md5_number_lower(signature), cluster_key FROM effect
UNION ALL
SELECT md5_number_lower(signature), cluster_key FROM leg WHERE precision = 'rounded'
UNION ALL
SELECT DISTINCT md5_number_lower(owner || mint), cluster_key FROM (
    SELECT owner, mint, cluster_key FROM leg UNION ALL SELECT owner, mint, cluster_key FROM account_balance
);

-- The best of the readings that stand: later grades and, within a grade, earlier slots give way.
CREATE VIEW standing_effect AS
SELECT e.* FROM effect AS e
ANTI JOIN reversed AS r ON r.slot = e.cluster_key AND r.signature = e.signature;

CREATE OR REPLACE VIEW ledger_effect AS
SELECT e.* FROM standing_effect AS e
ANTI JOIN standing_effect AS b
    ON b.signature = e.signature AND b.owner = e.owner
    AND (b.grade < e.grade OR (b.grade = e.grade AND b.cluster_key > e.cluster_key));

CREATE OR REPLACE VIEW ledger_leg AS
SELECT coalesce(m.entity, l.owner) AS entity, l.*
FROM leg AS l
ANTI JOIN reversed AS r ON r.slot = l.cluster_key AND r.signature = l.signature
ANTI JOIN standing_effect AS b
    ON b.signature = l.signature AND b.owner = l.owner
    AND (b.grade < l.grade OR (b.grade = l.grade AND b.cluster_key > l.cluster_key))
LEFT JOIN entity_member AS m ON m.wallet = l.owner;
