"""The tables of programs and tip accounts: public addresses, each once, each an address."""

from pathlib import Path

from engine.address import parse_address
from engine.reading import programs
from engine.reading.kinds import TRADE_KINDS, VENUE_KINDS, Kind, Program
from engine.reading.programs import PROGRAMS
from engine.reading.tips import TIP_ACCOUNTS

LINES = 300


def test_every_program_is_an_address_with_a_name() -> None:
    """Our rule: a line is a program id and the name people know it by; a dictionary would hide a second line."""
    assert len(PROGRAMS) > LINES
    for address, program in PROGRAMS.items():
        assert parse_address(address) == address
        assert program.name == program.name.strip() != ""
        assert isinstance(program.kind, Kind)


def test_no_program_stands_in_two_lines() -> None:
    """Our rule: one program, one kind."""
    source = _source("programs.py")
    for address in PROGRAMS:
        assert source.count(f" {address} ") == 1, address


def test_venues_people_know_have_their_names() -> None:
    """Issue: venues by program id with a readable name."""
    known = {
        "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P": Program("pump.fun", Kind.LAUNCHPAD),
        "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA": Program("PumpSwap", Kind.AMM),
        "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": Program("Raydium v4", Kind.AMM),
        "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C": Program("Raydium CPMM", Kind.AMM),
        "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK": Program("Raydium CLMM", Kind.AMM),
        "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj": Program("Raydium LaunchLab", Kind.LAUNCHPAD),
        "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4": Program("Jupiter v6", Kind.AGGREGATOR),
        "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc": Program("Orca Whirlpool", Kind.AMM),
        "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo": Program("Meteora DLMM", Kind.AMM),
        "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG": Program("Meteora DAMM v2", Kind.AMM),
        "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN": Program("Meteora DBC", Kind.LAUNCHPAD),
        "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma": Program("OKX DEX", Kind.AGGREGATOR),
        "BSfD6SHZigAfDWSjzD5Q41jw8LmKwtmjskPH9XW1mrRW": Program("Photon", Kind.TERMINAL),
        "FLASHX8DrLbgeR8FcfNV1F5krxYcYMUdBkrP1EPBtxB9": Program("Axiom", Kind.TERMINAL),
        "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY": Program("Phoenix", Kind.ORDER_BOOK),
    }
    assert {address: PROGRAMS[address] for address in known} == known


def test_tip_accounts_are_addresses_each_once_and_no_programs() -> None:
    """Issue: `tip` = Jito + known relays; Jito has eight accounts."""
    source = _source("tips.py")
    for address in TIP_ACCOUNTS:
        assert parse_address(address) == address
        assert source.count(address) == 1, address
    assert TIP_ACCOUNTS.isdisjoint(PROGRAMS)
    assert len(source.partition('"Jito": """')[2].partition('"""')[0].split()) == 8


def test_programs_that_trade_are_venues() -> None:
    """Our rule: where a trade happened is shown."""
    assert TRADE_KINDS < VENUE_KINDS


def _source(name: str) -> str:
    return (Path(programs.__file__).parent / name).read_text("utf-8")
