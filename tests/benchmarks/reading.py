"""Measure reading transactions against bare typed decoding and against solana-dex-parser, on the same files and core.

AURA and the npm package start from the bytes of a file and end with trades: legs with fees, tips and rent here, trades
there. The floor decodes the same bytes into typed values and does nothing with them.
Not responsible for asserting times: machines differ, ratios are printed.
"""

import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

import platformdirs
from msgspec.json import Decoder

from engine.reading import read_transaction
from engine.reading.payload import LenientResult
from tests.conftest import CORPUS

ROUNDS: Final = 9
TIMES: Final = 5
"""How often each round goes through all files."""

PACKAGE: Final = "solana-dex-parser@2.6.7"
_SCRIPT: Final = Path(__file__).with_name("dex_parser.mjs")


def measure() -> dict[str, float]:
    """Return transactions per second of each way and the ratios; medians of interleaved rounds on one core.

    Empty without the recorded data, and without the package's numbers where node or npm is missing: each with a line
    that says so.
    """
    folder = CORPUS / "raw_tx"
    texts = [path.read_bytes() for path in sorted(folder.glob("*.json"))]
    if not texts:
        print(f"reading: skipped, no recorded transactions in {folder}")
        return {}
    with _one_core(), _dex_parser(folder) as parser:
        seconds = _interleave(texts, parser)
    count = len(texts) * TIMES
    speeds = {f"{name}_tx_per_s": count / statistics.median(rounds) for name, rounds in seconds.items() if rounds}
    aura, floor = speeds["aura_tx_per_s"], speeds["decode_only_tx_per_s"]
    ratios = {"aura_to_decode_only_ratio": aura / floor}
    if "solana_dex_parser_tx_per_s" in speeds:
        ratios["aura_to_solana_dex_parser_ratio"] = aura / speeds["solana_dex_parser_tx_per_s"]
    return speeds | ratios


def _interleave(texts: Sequence[bytes], parser: subprocess.Popen[str] | None) -> dict[str, list[float]]:
    decode = Decoder(LenientResult).decode
    seconds: dict[str, list[float]] = {"aura": [], "decode_only": [], "solana_dex_parser": []}
    for round_number in range(ROUNDS + 1):
        found = {"aura": _time(read_transaction, texts), "decode_only": _time(decode, texts)}
        if parser is not None:
            found["solana_dex_parser"] = _ask(parser)
        if round_number:
            # The first round only warms up.
            for name, value in found.items():
                seconds[name].append(value)
    return seconds


def _time(work: Callable[[bytes], object], texts: Sequence[bytes]) -> float:
    start = perf_counter()
    for _ in range(TIMES):
        for text in texts:
            work(text)
    return perf_counter() - start


def _ask(parser: subprocess.Popen[str]) -> float:
    if parser.stdin is None or parser.stdout is None:
        raise RuntimeError("the parser was started without pipes")
    parser.stdin.write(f"{TIMES}\n")
    parser.stdin.flush()
    return int(parser.stdout.readline()) / 1e9


@contextmanager
def _one_core() -> Generator[None]:
    """Keep this process and those it starts on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _dex_parser(folder: Path) -> Generator[subprocess.Popen[str] | None]:
    """Start the npm package, installed once outside the repository; None where that cannot be done."""
    home = _install()
    if home is None:
        yield None
        return
    command = ["node", str(_SCRIPT), str(home), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parser:
        yield parser
        if parser.stdin is not None:
            parser.stdin.close()


def _install() -> Path | None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("reading: solana-dex-parser is left out, node and npm are needed for it")
        return None
    home = platformdirs.user_cache_path("aura-benchmarks") / PACKAGE.replace("@", "-")
    if not (home / "node_modules" / "solana-dex-parser").is_dir():
        home.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", "--silent", PACKAGE]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            print(f"reading: solana-dex-parser is left out, `npm install {PACKAGE}` failed")
            return None
    return home


if __name__ == "__main__":
    for metric, value in measure().items():
        print(f"{metric:>32} {value:>12,.2f}")
