"""Spell the market as Jupiter does: what is not priced is left out, and the impact is positive only in quotes of v1.

Not responsible for what is true (`tests.fakes.market`).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.units import WSOL
from tests.builders.transactions import TOKEN
from tests.fakes.chain import START_SLOT
from tests.fakes.http import Reply, as_reply
from tests.fakes.market import Market, Token, iso, known

Json = dict[str, Any]


def answer(market: Market, path: list[str], query: Mapping[str, str]) -> Reply:
    """Return the answer to a request."""
    match path:
        case ["price", "v3"]:
            if query.get("ids", "").count(",") >= 50:
                return as_reply({"error": "too many ids"}, 400)
            priced = [token for token in known(market, query.get("ids", "")) if token.is_priced]
            return as_reply({token.mint: _jup_price(market, token) for token in priced})
        case ["tokens", "v2", "search"]:
            return as_reply([_jup_token(market, token) for token in known(market, query.get("query", ""))])
        case ["swap", "v2", "order"] | ["swap", "v1", "quote"] | ["ultra", "v1", "order"]:
            return _jup_quote(market, path[1], query)
        case _:
            return as_reply({"code": 404, "message": "Route not found"}, 404)


def _jup_price(market: Market, token: Token) -> Json:
    return {
        "createdAt": iso(token.created_at),
        "liquidity": float(market.liquidity_usd(token)),
        "usdPrice": float(token.price_usd),
        "blockId": START_SLOT,
        "decimals": token.decimals,
        "priceChange24h": 1.9,
    }


def _jup_token(market: Market, token: Token) -> Json:
    value = float(token.supply * token.price_usd)
    return {
        "id": token.mint,
        "name": token.name,
        "symbol": token.symbol,
        "icon": "https://images.example/a",
        "decimals": token.decimals,
        "dev": token.pool,
        "circSupply": float(token.supply),
        "totalSupply": float(token.supply),
        "tokenProgram": TOKEN,
        "holderCount": 100,
        "fdv": value,
        "mcap": value,
        "usdPrice": float(token.price_usd),
        "priceBlockId": START_SLOT,
        "liquidity": float(market.liquidity_usd(token)),
        "stats24h": {"priceChange": 1.9, "numBuys": 5, "numSells": 3},
        "firstPool": {"id": token.pool, "createdAt": iso(token.created_at)},
        "audit": {"mintAuthorityDisabled": True, "freezeAuthorityDisabled": True, "topHoldersPercentage": 12.3},
        "organicScore": 0,
        "organicScoreLabel": "low",
        "tags": ["unknown"],
        "createdAt": iso(token.created_at),
        "updatedAt": iso(market.now()),
    }


def _jup_quote(market: Market, version: str, query: Mapping[str, str]) -> Reply:
    sold, bought = market.tokens.get(query.get("inputMint", "")), market.tokens.get(query.get("outputMint", ""))
    if sold is None or bought is None or not query.get("amount", "").isdigit():
        return as_reply({"error": "Could not find any route", "errorCode": "COULD_NOT_FIND_ANY_ROUTE"}, 400)
    amount = Decimal(query["amount"])
    token = bought if sold.mint == WSOL else sold
    reserves = (token.quote, token.base) if sold.mint == WSOL else (token.base, token.quote)
    given = amount / 10**sold.decimals
    # x·y = k with a fee of 0.3 % of what comes in.
    got = reserves[1] * given * Decimal("0.997") / (reserves[0] + given * Decimal("0.997"))
    impact = 1 - got / given / (reserves[1] / reserves[0])
    out = str(int(got * 10**bought.decimals))
    hop = {"ammKey": token.pool, "label": "Pump.fun Amm", "inputMint": sold.mint, "outputMint": bought.mint}
    hop |= {"inAmount": query["amount"], "outAmount": out}
    told: Json = {
        "inputMint": sold.mint,
        "inAmount": query["amount"],
        "outputMint": bought.mint,
        "outAmount": out,
        "otherAmountThreshold": out,
        "swapMode": "ExactIn",
        "slippageBps": int(query.get("slippageBps", "50")),
        "platformFee": None,
        "routePlan": [{"swapInfo": hop, "percent": 100, "bps": 10_000}],
        "swapUsdValue": float(given * sold.price_usd),
    }
    if version == "v1" and "slippageBps" in query:
        return as_reply({**told, "priceImpactPct": f"{impact:.18f}", "contextSlot": START_SLOT})
    return as_reply(
        {
            **told,
            "priceImpactPct": f"{-impact:.18f}",
            "priceImpact": float(-100 * impact),
            "feeBps": 0,
            "feeMint": WSOL,
            "router": "metis",
            "mode": "manual",
            "transaction": None,
            "taker": None,
            "requestId": "a request",
        }
    )
