"""Numbers that only transactions read in full have: fees, costs outside of trades, holdings with their gaps."""

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client

from aura_mcp.app import Application, open_application
from aura_mcp.settings import Settings
from data.clock import FixedClock
from tests.aura_mcp._facts import START, address, mint, signature, write_prices
from tests.aura_mcp.tools._asking import Reply, answer, talk, to_reply
from tests.aura_mcp.tools._oracle import SOL
from tests.aura_mcp.tools.test_wallet_numbers import FACTS, whole

LAMPORTS: Final = 10**9
EXACT: Final[defaultdict[str, list[dict[str, Any]]]] = defaultdict(list)
for _fact in FACTS:
    if _fact.get("type") == "effect":
        EXACT[_fact["owner"]].append(_fact)


def fees_of(effect: dict[str, Any]) -> int:
    """Return what a transaction cost its payer beside the trade."""
    return int(effect["base_fee_lamports"] + effect["priority_fee_lamports"] + effect["tip_lamports"])


def test_costs_and_holdings_of_wallets_read_in_full(demo: Application) -> None:
    """Spec: every number from the raw facts: what was spent with fees, what failed, rent, what was bought is held."""

    async def ask(client: Client) -> dict[str, Reply]:
        questions = {wallet: {"wallets": [wallet], "detail": True} for wallet in EXACT}
        return {
            wallet: to_reply(await client.call_tool("wallet_report", question))
            for wallet, question in questions.items()
        }

    checked = 0
    for wallet, reply in talk(demo, ask).items():
        effects = EXACT[wallet]
        if reply.is_error:
            assert "no transaction" in reply.text
            continue
        report = reply.content["wallets"][0]
        bought = [(effect, leg) for effect in effects if effect["class"] == "BUY" for leg in effect["legs"]]
        if any(leg[4] != SOL for _, leg in bought):
            continue
        checked += 1
        other = sum(effect["rent_lamports"] + effect["other_rent_lamports"] for effect in effects)
        other += sum(fees_of(effect) for effect in effects if effect["class"] == "FAILED")
        spent = sum(int(leg[5]) + fees_of(effect) for effect, leg in bought)
        found = report["figures_sol"]
        expected = {"realizations": 0, "fees": 0, "gross": 0, "net": 0, "fee_drag_pct": None}
        expected |= {"other_costs": whole(other, "sol"), "net_after_costs": whole(-other, "sol")}
        expected |= {"spent": whole(spent, "sol")}
        assert {name: found[name] for name in expected} == expected, wallet
        known = {leg[1]: leg for _, leg in bought}
        assert len(known) == len(bought)
        for row in report["positions"]:
            leg = known.get(row["mint"])
            quantity = 0.0 if leg is None else float(Fraction(int(leg[2]), 10 ** leg[3]))
            assert row["known_basis_quantity"] == quantity, wallet
            assert row["cost_sol"] == (None if leg is None else whole(int(leg[5]), "sol"))
            assert row["quantity"] >= quantity
            assert 0 <= row["parked_quantity"] <= row["quantity"]
        assert known.keys() <= {row["mint"] for row in report["positions"]}
    assert checked > 50


def effect(name: str, at: int, side: str, tokens: int, lamports: int, held: int, **costs: int) -> dict[str, Any]:
    """Return what a transaction did to alice, in the format of `aura export`; fees are costs beside the trade."""
    sign = -1 if side == "BUY" else 1
    fees = {"base_fee_lamports": 5_000, "priority_fee_lamports": 0, "tip_lamports": 0, **costs}
    is_trade = side in {"BUY", "SELL"}
    token = mint("MEME")
    return {
        "type": "effect",
        "signature": signature(name),
        "owner": address("alice"),
        "source": "rpc",
        "slot": 350_000_000 + at,
        "block_time": START + at,
        "index_in_block": 1,
        "role": "fee_payer",
        "class": side,
        "quote": [SOL, sign * lamports] if is_trade else None,
        "sol_flow_lamports": sign * lamports if is_trade else 0,
        **fees,
        "rent_lamports": 0,
        "other_rent_lamports": 0,
        "native_delta_lamports": (sign * lamports if is_trade else 0) - sum(fees.values()),
        "wsol_delta_lamports": 0,
        "venue_fee_raw": None,
        "venues": ["pump.fun"],
        "issues": [],
        "legs": [[side, token, str(tokens), 6, SOL, str(lamports)]] if is_trade else [],
        "balances": [[address("account"), token, str(held), str(held - sign * tokens)]] if is_trade else [],
    }


@pytest.mark.parametrize("currency", ["sol", "usd"])
def test_fees_of_a_round_trip_are_in_its_net(tmp_path: Path, currency: str) -> None:
    """Spec: DOMAIN §4: net = proceeds - cost - fees of the buy pro rata and of the sale; failed ones beside it.

    100 bought for 1 SOL and 0.004 of fees, 50 sold for 0.8 and 0.001, one failure of 0.0005; a SOL is 100 USD.
    """
    token = 10**6
    effects = [
        effect("b", 0, "BUY", 100 * token, LAMPORTS, 0, priority_fee_lamports=995_000, tip_lamports=3_000_000),
        effect("s", 60, "SELL", 50 * token, 800_000_000, 100 * token, priority_fee_lamports=995_000),
        effect("f", 90, "FAILED", 0, 0, 0, priority_fee_lamports=495_000),
    ]
    file = tmp_path / "facts.jsonl"
    lines = [{"format": "aura-facts", "version": 1}, *effects]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    clock = FixedClock(START + 3_600)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        assert application.imports.run([write_prices(tmp_path / "sol.json"), file]).unreadable == ()
        report = answer(application, "wallet_report", wallets=[address("alice")], detail=True)["wallets"][0]
    rate = 100 if currency == "usd" else 1
    found = report[f"figures_{currency}"]
    fees, gross = Fraction("0.002") + Fraction("0.001"), Fraction("0.3")
    expected = {
        "gross": gross,
        "fees": fees,
        "net": gross - fees,
        "other_costs": Fraction("0.0005"),
        "net_after_costs": gross - fees - Fraction("0.0005"),
        "proceeds": Fraction("0.8"),
        "spent": Fraction("1.004"),
    }
    assert {name: found[name] for name in expected} == {name: float(rate * value) for name, value in expected.items()}
    assert found["fee_drag_pct"] == 1.0
    (position,) = report["positions"]
    assert (position["quantity"], position["known_basis_quantity"], position["gaps"]) == (50, 50, 0)
    assert position[f"cost_{currency}"] == 0.5 * rate
