"""Spell the market as DexScreener does: texts for prices, numbers for amounts, milliseconds.

Not responsible for what is true (`tests.fakes.market`).
"""

from collections.abc import Mapping
from typing import Any

from tests.fakes.http import Reply, as_reply
from tests.fakes.market import Market, Token, known

Json = dict[str, Any]


def answer(market: Market, path: list[str], query: Mapping[str, str]) -> Reply:
    """Return the answer to a request."""
    match path:
        case ["tokens", "v1", "solana", csv] | ["token-pairs", "v1", "solana", csv]:
            if csv.count(",") >= 30:
                return as_reply({"error": "too many tokens"}, 400)
            return as_reply([_pair(market, token) for token in known(market, csv)])
        case ["latest", "dex", "pairs", "solana", pool]:
            found = market.of_pool(pool)
            pairs = None if found is None else [_pair(market, found)]
            return as_reply({"schemaVersion": "1.0.0", "pairs": pairs, "pair": pairs and pairs[0]})
        case ["latest", "dex", "search"]:
            wanted = query.get("q", "").lower()
            tokens = [token for token in market.tokens.values() if wanted in (token.symbol.lower(), token.mint.lower())]
            return as_reply({"schemaVersion": "1.0.0", "pairs": [_pair(market, token) for token in tokens]})
        case _:
            return as_reply({"error": "not found"}, 404)


def _pair(market: Market, token: Token) -> Json:
    quote_mint, quote_symbol, quote_name, quote_usd = market.quote_of(token)
    trades = {"buys": 5, "sells": 3}
    pair: Json = {
        "chainId": "solana",
        "dexId": token.dex,
        "url": f"https://dexscreener.com/solana/{token.pool.lower()}",
        "pairAddress": token.pool,
        "baseToken": {"address": token.mint, "name": token.name, "symbol": token.symbol},
        "quoteToken": {"address": quote_mint, "name": quote_name, "symbol": quote_symbol},
        "priceNative": f"{token.price_usd / quote_usd:.12f}",
        "txns": dict.fromkeys(("m5", "h1", "h6", "h24"), trades),
        "volume": {"h24": 9_000.5, "h6": 4_000.25, "h1": 1_000, "m5": 0},
        "priceChange": {"h1": 1.25, "h24": -3},
        "pairCreatedAt": token.created_at * 1_000,
        "info": {"imageUrl": "https://images.example/a", "websites": [{"url": link} for link in token.links]},
    }
    if token.is_priced:
        value = float(token.supply * token.price_usd)
        pair |= {"priceUsd": f"{token.price_usd:.12f}", "fdv": value, "marketCap": value}
    if token.has_liquidity:
        liquidity = {"usd": float(market.liquidity_usd(token)), "base": float(token.base), "quote": float(token.quote)}
        pair["liquidity"] = liquidity
    return pair
