"""Make something happen that the hub tells of: a large trade of a wallet that is followed, just now.

Not responsible for the hub (it is asked by `aura import`, as a person does).
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from data.clock import SystemClock
from tests.aura_mcp._facts import address, mint, signature

SOL_USD: Final = 100
HOUR_S: Final = 3_600


def whale_trade(folder: Path, environment: Mapping[str, str], name: str, *, sol: int) -> None:
    """Let Alice, who is followed, have bought for so many SOL a minute ago; the hub learns of it now."""
    now_s = SystemClock().epoch_s()
    prices = {
        "source": "test ohlcv/hour",
        "pair": "SOL/USDC",
        "pool": address("SOL pool"),
        "hourly_close": [[now_s // HOUR_S * HOUR_S - back * HOUR_S, SOL_USD] for back in (3, 2, 1)],
        "fetched_at": now_s,
    }
    row = {
        "ts": now_s - 60,
        "mint": mint("MEME"),
        "pool": address("MEME pool"),
        "trader": address("alice"),
        "side": "buy",
        "sol": float(sol),
        "tokens": 1000.0,
        "signature": signature(name),
    }
    (folder / "prices.json").write_text(json.dumps(prices), "utf-8")
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    (folder / "wallets.csv").write_text(f"address,nickname\n{address('alice')},Alice\n", "utf-8")
    files = [str(folder / file) for file in ("prices.json", "wallets.csv", "rows.jsonl")]
    subprocess.run(
        [sys.executable, "-m", "aura_mcp", "import", *files],
        env=dict(environment),
        check=True,
        stdout=subprocess.DEVNULL,
    )
