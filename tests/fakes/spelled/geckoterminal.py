"""Spell the market as GeckoTerminal does: texts for numbers, ids with the network in front, candles newest first.

Not responsible for what is true (`tests.fakes.market`).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.units import WSOL
from tests.fakes.chain import START_SLOT
from tests.fakes.http import Reply, as_reply
from tests.fakes.market import INTERVALS, Market, Token, iso, known

Json = dict[str, Any]


def answer(market: Market, path: list[str], query: Mapping[str, str]) -> Reply:
    """Return the answer to a request."""
    match path[4:] if path[:4] == ["api", "v2", "networks", "solana"] else path:
        case ["tokens", "multi", csv]:
            return as_reply({"data": [_gt_token(market, token) for token in known(market, csv)]})
        case ["tokens", mint, *rest] if mint in market.tokens:
            return _gt_of_token(market, market.tokens[mint], rest)
        case ["pools", "multi", csv]:
            found = [token for pool in csv.split(",") if (token := market.of_pool(pool)) is not None]
            return as_reply({"data": [_gt_pool(market, token) for token in found]})
        case ["pools", pool, *rest] if (token := market.of_pool(pool)) is not None:
            return _gt_of_pool(market, token, rest, query)
        case _:
            return as_reply({"errors": [{"status": "404", "title": "Not Found"}]}, 404)


def _gt_of_token(market: Market, token: Token, rest: list[str]) -> Reply:
    match rest:
        case []:
            return as_reply({"data": _gt_token(market, token)})
        case ["pools"]:
            return as_reply({"data": [_gt_pool(market, token)]})
        case ["info"]:
            told = {"address": token.mint, "name": token.name, "symbol": token.symbol, "decimals": token.decimals}
            told |= {"websites": list(token.links), "description": "A coin.", "twitter_handle": "meme"}
            return as_reply({"data": {"id": f"solana_{token.mint}", "type": "token", "attributes": told}})
        case _:
            return as_reply({"errors": [{"status": "404", "title": "Not Found"}]}, 404)


def _gt_of_pool(market: Market, token: Token, rest: list[str], query: Mapping[str, str]) -> Reply:
    match rest:
        case []:
            return as_reply({"data": _gt_pool(market, token)})
        case ["trades"]:
            return as_reply({"data": [_gt_trade(market, token, number) for number in range(3)]})
        case ["ohlcv", timeframe] if timeframe in INTERVALS:
            return _gt_candles(market, token, timeframe, query)
        case _:
            return as_reply({"errors": [{"status": "400", "title": "Bad Request"}]}, 400)


def _gt_candles(market: Market, token: Token, timeframe: str, query: Mapping[str, str]) -> Reply:
    aggregate, limit = int(query.get("aggregate", "1")), int(query.get("limit", "100"))
    if aggregate not in {"minute": (1, 5, 15), "hour": (1, 4, 12), "day": (1,)}[timeframe] or limit > 1_000:
        return as_reply({"errors": [{"status": "400", "title": "Invalid aggregate or limit"}]}, 400)
    before = int(query.get("before_timestamp", market.now() + 1))
    divisor = market.quote_of(token)[3] if query.get("currency") == "token" else Decimal(1)
    rows = [
        [candle.at, *(float(price / divisor) for price in candle[1:5]), float(candle.volume_usd)]
        for candle in market.candles(token, INTERVALS[timeframe] * aggregate, before, limit)
    ]
    quote_mint, quote_symbol, quote_name, _ = market.quote_of(token)
    meta = {
        "base": {"address": token.mint, "name": token.name, "symbol": token.symbol, "coingecko_coin_id": None},
        "quote": {"address": quote_mint, "name": quote_name, "symbol": quote_symbol, "coingecko_coin_id": None},
    }
    told = {"id": "an id", "type": "ohlcv_request_response", "attributes": {"ohlcv_list": rows}}
    return as_reply({"data": told, "meta": meta})


def _gt_token(market: Market, token: Token) -> Json:
    raw = token.supply * 10**token.decimals
    told = {
        "address": token.mint,
        "name": token.name,
        "symbol": token.symbol,
        "decimals": token.decimals,
        "image_url": "https://images.example/a",
        "coingecko_coin_id": None,
        "total_supply": f"{raw:.1f}",
        "normalized_total_supply": f"{token.supply:f}",
        "price_usd": f"{token.price_usd:f}" if token.is_priced else None,
        "fdv_usd": f"{token.supply * token.price_usd:f}",
        "total_reserve_in_usd": f"{market.liquidity_usd(token):f}",
        "volume_usd": {"h24": "9000.5"},
        "market_cap_usd": None,
    }
    pools = {"top_pools": {"data": [{"id": f"solana_{token.pool}", "type": "pool"}]}}
    return {"id": f"solana_{token.mint}", "type": "token", "attributes": told, "relationships": pools}


def _gt_pool(market: Market, token: Token) -> Json:
    quote_mint, quote_symbol, _, quote_usd = market.quote_of(token)
    told = {
        "base_token_price_usd": f"{token.price_usd:f}",
        "base_token_price_native_currency": f"{token.price_usd / market.tokens[WSOL].price_usd:.18f}",
        "quote_token_price_usd": f"{quote_usd:f}",
        "quote_token_price_native_currency": "1.0",
        "base_token_price_quote_token": f"{token.price_usd / quote_usd:.18f}",
        "address": token.pool,
        "name": f"{token.symbol} / {quote_symbol}",
        "pool_created_at": iso(token.created_at),
        "fdv_usd": f"{token.supply * token.price_usd:f}",
        "market_cap_usd": None,
        "price_change_percentage": {"m5": "0.1", "h1": "-0.8", "h6": "3.1", "h24": "7.03"},
        "transactions": {"h24": {"buys": 5, "sells": 3, "buyers": 4, "sellers": 2}},
        "volume_usd": {"h24": "9000.5"},
        "reserve_in_usd": f"{market.liquidity_usd(token):f}",
    }
    related = {
        "base_token": {"data": {"id": f"solana_{token.mint}", "type": "token"}},
        "quote_token": {"data": {"id": f"solana_{quote_mint}", "type": "token"}},
        "dex": {"data": {"id": token.dex, "type": "dex"}},
    }
    return {"id": f"solana_{token.pool}", "type": "pool", "attributes": told, "relationships": related}


def _gt_trade(market: Market, token: Token, number: int) -> Json:
    quote_mint, _, _, quote_usd = market.quote_of(token)
    at, signature = market.now() - number, f"{number + 1}" * 88
    told = {
        "block_number": START_SLOT - number,
        "block_timestamp": iso(at),
        "tx_hash": signature,
        "tx_from_address": token.pool,
        "kind": "buy",
        "from_token_address": quote_mint,
        "to_token_address": token.mint,
        "from_token_amount": f"{10 * token.price_usd / quote_usd:.9f}",
        "to_token_amount": "10.0",
        "price_from_in_usd": f"{quote_usd:f}",
        "price_to_in_usd": f"{token.price_usd:f}",
        "volume_in_usd": f"{10 * token.price_usd:f}",
    }
    return {"id": f"solana_{START_SLOT - number}_{signature}_0_{at}", "type": "trade", "attributes": told}
