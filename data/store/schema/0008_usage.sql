-- Credits spent at providers that count them, a calendar month (UTC, 'YYYY-MM') a row.
-- While a process runs, the number is ahead of what it spent: a crash counts too much, never too little.
CREATE TABLE provider_usage (
    provider VARCHAR NOT NULL,
    month VARCHAR NOT NULL,
    credits BIGINT NOT NULL,
    PRIMARY KEY (provider, month)
);
