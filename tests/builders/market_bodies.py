"""Build what market providers answer, in their documented shapes; names stand for addresses.

Each function returns plain JSON values; `body` makes bytes of them. Keyword arguments replace whole fields, and
`LEFT_OUT` takes one away. Not responsible for a server that answers with them (`tests/fakes`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.units import USDC, WSOL
from tests.builders.facts import address, signature
from tests.builders.market import MEME, SEEN_AT

LEFT_OUT: Final = object()
SLOT: Final = 454_587_055
Json = dict[str, Any]


def body(value: object) -> bytes:
    """Return a value as a provider sends it."""
    return json.dumps(value).encode()


def changed(value: Json, changes: Mapping[str, object]) -> Json:
    """Return a value with fields replaced or left out."""
    return {name: found for name, found in {**value, **changes}.items() if found is not LEFT_OUT}


def dexscreener_pair(**changes: object) -> Json:
    """Return a pair of MEME against SOL at $0.01 and $100 a SOL, with $20,000 of liquidity."""
    pair: Json = {
        "chainId": "solana",
        "dexId": "pumpswap",
        "url": "https://dexscreener.com/solana/pool",
        "pairAddress": address("pool"),
        "baseToken": {"address": MEME, "name": "A Meme", "symbol": "MEME"},
        "quoteToken": {"address": WSOL, "name": "Wrapped SOL", "symbol": "SOL"},
        "priceNative": "0.0001",
        "priceUsd": "0.01",
        "txns": {
            "m5": {"buys": 0, "sells": 0},
            "h1": {"buys": 3, "sells": 2},
            "h6": {"buys": 30, "sells": 20},
            "h24": {"buys": 300, "sells": 200},
        },
        "volume": {"h24": 5000.5, "h6": 700, "h1": 50, "m5": 0},
        "priceChange": {"h24": 4.5},
        "liquidity": {"usd": 20000, "base": 1000000, "quote": 100},
        "fdv": 10000000,
        "marketCap": 10000000,
        "pairCreatedAt": (SEEN_AT - 86_400) * 1000,
        "info": {"imageUrl": "https://cdn.dexscreener.com/image", "websites": [], "socials": []},
    }
    return changed(pair, changes)


def geckoterminal_tokens(*tokens: Json, pools: Sequence[Json] = ()) -> Json:
    """Return an answer about tokens with their pools beside them."""
    return {"data": list(tokens), "included": list(pools)}


def geckoterminal_token(**changes: object) -> Json:
    """Return MEME at $0.01."""
    attributes: Json = {
        "address": MEME,
        "name": "A Meme",
        "symbol": "MEME",
        "decimals": 6,
        "image_url": "https://assets.geckoterminal.com/image",
        "total_supply": "1000000000000000.0",
        "normalized_total_supply": "1000000000.0",
        "price_usd": "0.01",
        "fdv_usd": "10000000",
        "total_reserve_in_usd": "20000.25",
        "volume_usd": {"h24": "5000.5"},
        "market_cap_usd": None,
        "last_trade_timestamp": str(SEEN_AT - 60),
    }
    mint = changes.get("address", MEME)
    return {"id": f"solana_{mint}", "type": "token", "attributes": changed(attributes, changes)}


def geckoterminal_pool(base: str = MEME, quote: str = WSOL, dex: str = "pumpswap", **changes: object) -> Json:
    """Return a pool of MEME against SOL at $0.01 and $100 a SOL."""
    counts = {"buys": 1, "sells": 1, "buyers": 1, "sellers": 1}
    attributes: Json = {
        "base_token_price_usd": "0.01",
        "base_token_price_native_currency": "0.0001",
        "base_token_balance": "1000000.0",
        "quote_token_price_usd": "100.0",
        "quote_token_balance": "100.0",
        "address": address("pool"),
        "name": "MEME / SOL",
        "pool_created_at": "2026-09-01T00:00:00Z",
        "transactions": dict.fromkeys(("m5", "m15", "m30", "h1", "h6", "h24"), counts),
        "volume_usd": {"h24": "5000.5"},
        "reserve_in_usd": "20000.0",
    }
    return {
        "id": f"solana_{address('pool')}",
        "type": "pool",
        "attributes": changed(attributes, changes),
        "relationships": {
            "base_token": {"data": {"id": f"solana_{base}", "type": "token"}},
            "quote_token": {"data": {"id": f"solana_{quote}", "type": "token"}},
            "dex": {"data": {"id": dex, "type": "dex"}},
        },
    }


def geckoterminal_candles(*rows: Sequence[object], base: str = WSOL, quote: str = USDC) -> Json:
    """Return candles (opened_at, open, high, low, close, volume) of a pool."""
    return {
        "data": {"id": "an-id", "type": "ohlcv_request_response", "attributes": {"ohlcv_list": list(rows)}},
        "meta": {
            "base": {"address": base, "name": "Base", "symbol": "BASE", "coingecko_coin_id": None},
            "quote": {"address": quote, "name": "Quote", "symbol": "QUOTE", "coingecko_coin_id": None},
        },
    }


def geckoterminal_trade(**changes: object) -> Json:
    """Return a purchase of 100 MEME for 0.01 SOL."""
    attributes: Json = {
        "block_number": SLOT,
        "block_timestamp": "2026-09-21T22:13:20Z",
        "tx_hash": signature("trade"),
        "tx_from_address": address("trader"),
        "kind": "buy",
        "from_token_address": WSOL,
        "to_token_address": MEME,
        "from_token_amount": "0.01",
        "to_token_amount": "100.0",
        "volume_in_usd": "1.0",
    }
    return {"id": "solana_trade", "type": "trade", "attributes": changed(attributes, changes)}


def jupiter_price(**changes: object) -> Json:
    """Return the price of one mint, $0.01, 25 slots behind the newest."""
    price: Json = {
        "createdAt": "2026-09-01T00:00:00Z",
        "liquidity": 20000.5,
        "usdPrice": 0.01,
        "blockId": SLOT - 25,
        "decimals": 6,
        "priceChange24h": -4.5,
    }
    return changed(price, changes)


def jupiter_token(**changes: object) -> Json:
    """Return what Jupiter's search says of MEME."""
    token: Json = {
        "id": MEME,
        "name": "A Meme",
        "symbol": "MEME",
        "decimals": 6,
        "dev": address("creator"),
        "circSupply": 1000000000,
        "totalSupply": 1000000000,
        "launchpad": "pump.fun",
        "holderCount": 321,
        "fdv": 10000000.5,
        "mcap": 10000000.5,
        "usdPrice": 0.01,
        "liquidity": 20000.5,
        "audit": {
            "mintAuthorityDisabled": True,
            "freezeAuthorityDisabled": False,
            "topHoldersPercentage": 12.5,
            "devMints": 2,
        },
        "organicScore": 0,
        "tags": ["unknown"],
        "createdAt": "2026-09-01T00:00:00.601720956Z",
    }
    return changed(token, changes)


def jupiter_order(**changes: object) -> Json:
    """Return an order without a taker: 1,000 MEME for 0.09 SOL."""
    order: Json = {
        "swapType": "aggregator",
        "inputMint": MEME,
        "outputMint": WSOL,
        "inAmount": "1000000000",
        "outAmount": "90000000",
        "otherAmountThreshold": "89000000",
        "swapMode": "ExactIn",
        "slippageBps": 50,
        "priceImpactPct": "-0.0219",
        "routePlan": [],
        "feeBps": 10,
        "router": "metis",
        "transaction": None,
        "requestId": "an-id",
    }
    return changed(order, changes)


def birdeye(data: object, *, is_success: bool = True) -> Json:
    """Return Birdeye's envelope."""
    return {"success": is_success, "data": data}


def birdeye_price(**changes: object) -> Json:
    """Return the price of one mint."""
    price: Json = {
        "isScaledUiToken": False,
        "value": 0.01,
        "updateUnixTime": SEEN_AT - 30,
        "updateHumanTime": "2026-09-21T22:12:50",
        "priceInNative": 0.0001,
        "priceChange24h": -4.5,
        "liquidity": 20000.5,
    }
    return changed(price, changes)


def birdeye_candle(opened_at: int, close: float, **changes: object) -> Json:
    """Return a flat candle of SOL."""
    candle: Json = {
        "address": WSOL,
        "type": "1m",
        "currency": "usd",
        "o": close,
        "h": close,
        "l": close,
        "c": close,
        "v": 10,
        "v_usd": 10 * close,
        "unix_time": opened_at,
    }
    return changed(candle, changes)


def birdeye_security(**changes: object) -> Json:
    """Return a security answer; shares are ratios."""
    security: Json = {
        "creatorAddress": address("creator"),
        "ownerAddress": None,
        "creatorPercentage": 0.05,
        "top10HolderPercent": 0.3041667,
        "mutableMetadata": True,
        "totalSupply": 1000000000.0,
        "freezeable": None,
        "freezeAuthority": None,
        "isToken2022": False,
        "nonTransferable": None,
    }
    return changed(security, changes)


def rugcheck_report(**changes: object) -> Json:
    """Return a report on MEME: a pool holds half, its creator 5 %, somebody else 10 %."""
    pool, vault = address("pool"), address("vault")
    holders = [(vault, pool, 50.5), (address("a1"), address("whale"), 10), (address("a2"), address("creator"), 5.25)]
    report: Json = {
        "mint": MEME,
        "tokenProgram": "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
        "creator": address("creator"),
        "creatorBalance": 52500000000000,
        "token": {"mintAuthority": None, "freezeAuthority": None, "supply": 1000000000000000, "decimals": 6},
        "token_extensions": {
            "nonTransferable": False,
            "defaultAccountState": None,
            "permanentDelegate": None,
            "transferHook": None,
            "pausableConfig": None,
        },
        "tokenMeta": {"name": "A Meme", "symbol": "MEME", "mutable": False},
        "topHolders": [
            {"address": account, "owner": owner, "pct": pct, "insider": False} for account, owner, pct in holders
        ],
        "risks": [{"name": "Mutable metadata", "value": "", "description": "", "score": 100, "level": "warn"}],
        "score": 101,
        "score_normalised": 1,
        "markets": [
            {
                "pubkey": pool,
                "liquidityA": vault,
                "liquidityB": address("other"),
                "lp": {"lpLockedPct": 100, "lpLockedUSD": 9},
            }
        ],
        "totalMarketLiquidity": 20000.5,
        "totalHolders": 321,
        "rugged": False,
        "transferFee": {"pct": 0, "maxAmount": 0},
        "knownAccounts": {pool: {"name": "A pool", "type": "AMM"}, address("creator"): {"type": "CREATOR"}},
    }
    return changed(report, changes)
