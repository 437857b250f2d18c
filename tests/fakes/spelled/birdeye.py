"""Spell the market as Birdeye does: numbers in an envelope, seconds, candles oldest first.

Not responsible for what is true (`tests.fakes.market`).
"""

from collections.abc import Mapping
from typing import Any

from engine.units import WSOL
from tests.fakes.http import Reply, as_reply
from tests.fakes.market import Market, Token, iso, known

Json = dict[str, Any]


def answer(market: Market, path: list[str], query: Mapping[str, str]) -> Reply:
    """Return the answer to a request."""
    token = market.tokens.get(query.get("address", ""))
    match path:
        case ["defi", "multi_price"]:
            found = {each.mint: _be_price(market, each) for each in known(market, query.get("list_address", ""))}
            return as_reply({"success": True, "data": found})
        case _ if token is None:
            return as_reply({"success": False, "message": "address is invalid format"}, 400)
        case ["defi", "price"]:
            return as_reply({"success": True, "data": _be_price(market, token)})
        case ["defi", "token_overview"]:
            return as_reply({"success": True, "data": _be_overview(market, token)})
        case ["defi", "token_security"]:
            told = {"creatorAddress": token.pool, "top10HolderPercent": 0.1234, "mutableMetadata": False}
            told |= {"freezeAuthority": None, "freezeable": None, "isToken2022": False, "totalSupply": 10**9}
            return as_reply({"success": True, "data": told})
        case ["defi", "v3", "ohlcv"] | ["defi", "ohlcv"]:
            return _be_candles(market, token, query)
        case _:
            return as_reply({"success": False, "message": "Not found"}, 404)


def _be_price(market: Market, token: Token) -> Json | None:
    if not token.is_priced:
        return None
    return {
        "isScaledUiToken": False,
        "value": float(token.price_usd),
        "updateUnixTime": market.now() - 5,
        "updateHumanTime": iso(market.now() - 5)[:-1],
        "priceChange24h": 1.9,
        "priceInNative": float(token.price_usd / market.tokens[WSOL].price_usd),
        "liquidity": float(market.liquidity_usd(token)),
    }


def _be_overview(market: Market, token: Token) -> Json:
    value = float(token.supply * token.price_usd)
    return {
        "address": token.mint,
        "decimals": token.decimals,
        "symbol": token.symbol,
        "name": token.name,
        "price": float(token.price_usd),
        "liquidity": float(market.liquidity_usd(token)),
        "marketCap": value,
        "fdv": value,
        "supply": float(token.supply),
        "totalSupply": float(token.supply),
        "circulatingSupply": float(token.supply),
        "holder": 100,
        "lastTradeUnixTime": market.now() - 5,
        "extensions": {"website": token.links[0], "twitter": None},
    }


def _be_candles(market: Market, token: Token, query: Mapping[str, str]) -> Reply:
    interval_s = {"1m": 60, "5m": 300, "15m": 900, "1H": 3_600, "4H": 14_400, "1D": 86_400}.get(query.get("type", ""))
    if interval_s is None:
        return as_reply({"success": False, "message": "type is invalid"}, 400)
    first, last = int(query["time_from"]), int(query["time_to"])
    found = market.candles(token, interval_s, last + 1, min(5_000, (last - first) // interval_s + 1))
    items = [
        {
            "o": float(candle.open),
            "h": float(candle.high),
            "l": float(candle.low),
            "c": float(candle.close),
            "v": 10.0,
            "v_usd": float(candle.volume_usd),
            "unix_time": candle.at,
            "unixTime": candle.at,
            "address": token.mint,
            "type": query["type"],
            "currency": "usd",
        }
        for candle in reversed(found)
        if candle.at >= first
    ]
    return as_reply({"success": True, "data": {"items": items}})
