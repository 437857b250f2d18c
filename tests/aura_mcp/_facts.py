"""Small histories for the application's tests: trade rows, prices and a wallet list, written to files."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

START: Final = 1_780_000_000
HOUR: Final = 3_600

SOL_PRICE: Final = 100


def address(name: str) -> str:
    """Return an address on the curve that belongs to a name."""
    seed = sum(byte << (8 * place) for place, byte in enumerate(name.encode()))
    while True:
        key = Pubkey(seed.to_bytes(32, "little"))
        if key.is_on_curve():
            return str(key)
        seed += 1 << 240


def mint(name: str) -> str:
    """Return a mint of pump.fun, whose addresses end so, that belongs to a name."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    ending = sum(alphabet.index(letter) * 58**place for place, letter in enumerate(reversed("pump")))
    first = int.from_bytes(name.encode().ljust(32, b"\1"), "big")
    return str(Pubkey((first - first % 58**4 + ending).to_bytes(32, "big")))


def signature(name: str) -> str:
    """Return the signature that belongs to a name."""
    return str(Signature(name.encode().ljust(64, b"\1")))


def row(text: str) -> dict[str, object]:
    """Return a trade row: `alice buys 100 MEME for 1.5 at 60 as tx1`; without `as` it has no signature."""
    who, verb, quantity, token, _, quote, _, after, *named = text.split()
    return {
        "ts": START + int(after),
        "mint": mint(token),
        "pool": address(f"{token} pool"),
        "trader": address(who),
        "side": {"buys": "buy", "sells": "sell"}[verb],
        "sol": float(Decimal(quote)),
        "tokens": float(Decimal(quantity)),
        "signature": signature(named[1]) if named else None,
    }


def write_rows(path: Path, *texts: str) -> Path:
    """Write trade rows to a file."""
    path.write_text("".join(json.dumps(row(text)) + "\n" for text in texts), encoding="utf-8")
    return path


def write_prices(path: Path, price: float = SOL_PRICE) -> Path:
    """Write hourly SOL/USD closes that cover the first day of the rows."""
    closes = [[START - 2 * HOUR + HOUR * hour, price] for hour in range(26)]
    last = START + 48 * HOUR
    document = {
        "source": "test ohlcv/hour",
        "pair": "SOL/USDC",
        "pool": address("SOL pool"),
        "hourly_close": closes,
        "fetched_at": last,
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_wallets(path: Path, **nicknames: str) -> Path:
    """Write a wallet list; keys are the names that addresses come from, values the nicknames."""
    lines = [f"{address(name)},{nickname}" for name, nickname in nicknames.items()]
    path.write_text("\n".join(["address,nickname", *lines]) + "\n", encoding="utf-8")
    return path
