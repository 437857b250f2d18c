"""Spell the market as RugCheck does: an error 400 for mints it does not know.

Not responsible for what is true (`tests.fakes.market`).
"""

from collections.abc import Mapping
from typing import Any

from engine.units import WSOL
from tests.builders.transactions import TOKEN
from tests.fakes.http import Reply, as_reply
from tests.fakes.market import Market, Token, iso

Json = dict[str, Any]


def answer(market: Market, path: list[str], _query: Mapping[str, str]) -> Reply:
    """Return the answer to a request."""
    match path:
        case ["v1", "tokens", mint, "report", *rest] if mint in market.tokens:
            told = _rc_summary(market.tokens[mint])
            return as_reply(told if rest == ["summary"] else {**told, **_rc_report(market, market.tokens[mint])})
        case ["v1", "tokens", _, "report", *_]:
            return as_reply({"error": "unable to generate report"}, 400)
        case _:
            return as_reply({"error": "not found"}, 404)


def _rc_summary(token: Token) -> Json:
    risk = {"name": "Low liquidity", "value": "$1", "description": "Little is in the pool.", "score": 100}
    return {
        "tokenProgram": TOKEN,
        "tokenType": "",
        "risks": [{**risk, "level": "warn"}] if token.risk > 1 else [],
        "score": token.risk,
        "score_normalised": token.risk,
        "lpLockedPct": 0,
    }


def _rc_report(market: Market, token: Token) -> Json:
    liquidity = float(market.liquidity_usd(token))
    holder = {"address": token.pool, "amount": 10**12, "decimals": token.decimals, "pct": 20.5, "owner": token.pool}
    pool = {"lpLocked": 1, "lpLockedPct": 100, "lpLockedUSD": liquidity, "base": float(token.base)}
    return {
        "mint": token.mint,
        "creator": token.pool,
        "token": {
            "mintAuthority": None,
            "supply": int(token.supply * 10**token.decimals),
            "decimals": token.decimals,
            "isInitialized": True,
            "freezeAuthority": None,
        },
        "tokenMeta": {"name": token.name, "symbol": token.symbol, "uri": token.links[0], "mutable": False},
        "topHolders": [{**holder, "uiAmount": 1e6, "uiAmountString": "1000000", "insider": False}],
        "freezeAuthority": None,
        "mintAuthority": None,
        "markets": [{"pubkey": token.pool, "marketType": token.dex, "mintA": token.mint, "mintB": WSOL, "lp": pool}],
        "totalMarketLiquidity": liquidity,
        "totalHolders": 100,
        "rugged": False,
        "price": float(token.price_usd),
        "knownAccounts": {token.pool: {"name": "Pool", "type": "AMM"}},
        "graphInsidersDetected": 0,
        "launchpad": None,
        "detectedAt": iso(token.created_at),
    }
