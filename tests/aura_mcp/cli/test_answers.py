"""What the commands answer, as whole objects: the schema that scripts rely on.

Times of the answers are those of the machine, so `as_of` is taken out first.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from tests.aura_mcp._facts import address, mint, signature, write_rows, write_wallets
from tests.aura_mcp.cli.conftest import Aura


def answer(aura: Aura, *arguments: str | Path) -> dict[str, Any]:
    """Return the JSON answer of a command that must succeed, without the moment it was given."""
    done = aura(*arguments, "--json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    found.pop("as_of", None)
    return found


def named(found: object) -> object:
    """Return an answer with names in the place of addresses and signatures."""
    text = json.dumps(found)
    for name in ("alice", "bob", "carol", "dave", "MEME pool", "CAT pool"):
        text = text.replace(address(name), f"<{name}>")
    for name in ("MEME", "CAT"):
        text = text.replace(mint(name), f"<{name}>")
    for name in ("a1", "a2", "a3", "a4", "a5", "c1", "c2", "c3", "d1", "d2"):
        text = text.replace(signature(name), f"<{name}>")
    return json.loads(text)


def test_top(aura: Aura, history: Path) -> None:
    """Spec: DOMAIN §4; ranked by the lower bound, low coverage shown but not ranked."""
    assert named(answer(aura, "top", "--db", history)) == snapshot(
        {
            "since": None,
            "window": "all",
            "by": "lb95",
            "currency": "usd",
            "standings": [
                {
                    "rank": 1,
                    "unranked_reason": None,
                    "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
                    "total_trades": 1,
                    "n": 1,
                    "wins": 1,
                    "losses": 0,
                    "break_evens": 0,
                    "win_rate": 100.0,
                    "win_rate_lb95": 20.65,
                    "net": {"sol": 2.0, "usd": 200.0},
                    "unmatched_proceeds": {"sol": 0, "usd": 0},
                    "roi_closed_pct": 66.67,
                    "basis_coverage_pct": 100.0,
                    "is_lotto": True,
                    "last_trade_at": "2026-05-28T20:31:40Z",
                    "history": {
                        "coverage": "never_fetched",
                        "complete_since": None,
                        "is_from_start": False,
                        "checked_at": None,
                        "pending_transactions": 0,
                        "gaps": 0,
                        "drifting_accounts": 0,
                        "unreadable_transactions": 0,
                        "being_closed": 0,
                        "unclosable": 0,
                    },
                },
                {
                    "rank": 2,
                    "unranked_reason": None,
                    "wallet": {"address": "<bob>", "nickname": "Bob", "is_program_derived": False},
                    "total_trades": 1,
                    "n": 1,
                    "wins": 0,
                    "losses": 1,
                    "break_evens": 0,
                    "win_rate": 0.0,
                    "win_rate_lb95": 0.0,
                    "net": {"sol": -0.5, "usd": -50.0},
                    "unmatched_proceeds": {"sol": 0, "usd": 0},
                    "roi_closed_pct": -50.0,
                    "basis_coverage_pct": 100.0,
                    "is_lotto": None,
                    "last_trade_at": "2026-05-28T20:27:10Z",
                    "history": {
                        "coverage": "never_fetched",
                        "complete_since": None,
                        "is_from_start": False,
                        "checked_at": None,
                        "pending_transactions": 0,
                        "gaps": 0,
                        "drifting_accounts": 0,
                        "unreadable_transactions": 0,
                        "being_closed": 0,
                        "unclosable": 0,
                    },
                },
                {
                    "rank": None,
                    "unranked_reason": "the cost of only 28.6 % of its proceeds is known",
                    "wallet": {"address": "<carol>", "nickname": None, "is_program_derived": False},
                    "total_trades": 1,
                    "n": 1,
                    "wins": 1,
                    "losses": 0,
                    "break_evens": 0,
                    "win_rate": 100.0,
                    "win_rate_lb95": 20.65,
                    "net": {"sol": 0.2, "usd": 20.0},
                    "unmatched_proceeds": {"sol": 3.0, "usd": 300.0},
                    "roi_closed_pct": 20.0,
                    "basis_coverage_pct": 28.57,
                    "is_lotto": True,
                    "last_trade_at": "2026-05-28T20:27:35Z",
                    "history": None,
                },
            ],
            "wallets": 4,
            "ranked": 2,
            "low_coverage": 1,
            "unrated": 1,
            "unpriced": 0,
            "next_cursor": None,
        }
    )


def test_wallet(aura: Aura, history: Path) -> None:
    """Spec: stats, episodes, open lots, last trades, and what is unknown with the reason."""
    found = answer(aura, "wallet", "alice in chains", "--db", history, "--limit", "2")
    assert named(found) == snapshot(
        {
            "since": None,
            "window": "all",
            "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
            "is_active": True,
            "last_trade_at": "2026-05-28T20:31:40Z",
            "usd": {
                "currency": "usd",
                "total_trades": 1,
                "n": 1,
                "wins": 1,
                "losses": 0,
                "break_evens": 0,
                "win_rate": 100.0,
                "win_rate_lb95": 20.65,
                "win_rate_ub95": 100.0,
                "win_rate_incl_dead": None,
                "gross": 200.0,
                "fees": None,
                "net": 200.0,
                "other_costs": None,
                "net_after_costs": None,
                "fee_drag_pct": None,
                "proceeds": 500.0,
                "unmatched_proceeds": 0,
                "basis_coverage_pct": 100.0,
                "realizations": 3,
                "unpriced_realizations": 0,
                "roi_closed_pct": 66.67,
                "pnl_ratio_pct": 50.0,
                "spent": 400.0,
                "expectancy": 200.0,
                "profit_factor": None,
                "max_drawdown": 0,
                "top1_share_pct": 100.0,
                "is_lotto": True,
                "unrated": {"open": 1, "moved": 0, "unpriced": 0, "low_coverage": 0},
                "pnl_buckets": {"> 500 %": 0, "200-500 %": 0, "0-200 %": 1, "-50-0 %": 0, "< -50 %": 0, "dead": 0},
                "missing": {
                    "other_costs": "costs outside of trades are unknown",
                    "net_after_costs": "costs outside of trades are unknown",
                    "profit_factor": "no closed episode lost",
                    "win_rate_incl_dead": "open positions without a price of today: 1",
                    "fees": "trades that came without their network fees: 5",
                    "fee_drag_pct": "trades that came without their network fees: 5",
                },
            },
            "sol": {
                "currency": "sol",
                "total_trades": 1,
                "n": 1,
                "wins": 1,
                "losses": 0,
                "break_evens": 0,
                "win_rate": 100.0,
                "win_rate_lb95": 20.65,
                "win_rate_ub95": 100.0,
                "win_rate_incl_dead": None,
                "gross": 2.0,
                "fees": None,
                "net": 2.0,
                "other_costs": None,
                "net_after_costs": None,
                "fee_drag_pct": None,
                "proceeds": 5.0,
                "unmatched_proceeds": 0,
                "basis_coverage_pct": 100.0,
                "realizations": 3,
                "unpriced_realizations": 0,
                "roi_closed_pct": 66.67,
                "pnl_ratio_pct": 50.0,
                "spent": 4.0,
                "expectancy": 2.0,
                "profit_factor": None,
                "max_drawdown": 0,
                "top1_share_pct": 100.0,
                "is_lotto": True,
                "unrated": {"open": 1, "moved": 0, "unpriced": 0, "low_coverage": 0},
                "pnl_buckets": {"> 500 %": 0, "200-500 %": 0, "0-200 %": 1, "-50-0 %": 0, "< -50 %": 0, "dead": 0},
                "missing": {
                    "other_costs": "costs outside of trades are unknown",
                    "net_after_costs": "costs outside of trades are unknown",
                    "profit_factor": "no closed episode lost",
                    "win_rate_incl_dead": "open positions without a price of today: 1",
                    "fees": "trades that came without their network fees: 5",
                    "fee_drag_pct": "trades that came without their network fees: 5",
                },
            },
            "hold": {
                "mean_s": 105,
                "quartile1_s": 60,
                "median_s": 120,
                "quartile3_s": 120,
                "buckets": [
                    {"bucket": "< 1 min", "realizations": 0, "net_sol": 0, "net_usd": 0},
                    {"bucket": "1-5 min", "realizations": 3, "net_sol": 2.0, "net_usd": 200.0},
                    {"bucket": "5-60 min", "realizations": 0, "net_sol": 0, "net_usd": 0},
                    {"bucket": "1-24 h", "realizations": 0, "net_sol": 0, "net_usd": 0},
                    {"bucket": "1-7 d", "realizations": 0, "net_sol": 0, "net_usd": 0},
                    {"bucket": "> 7 d", "realizations": 0, "net_sol": 0, "net_usd": 0},
                ],
            },
            "score": {
                "value": None,
                "reasons": ["fewer than 20 rated episodes", "most of the gains come from one token"],
                "parts": {"skill": 0.1216, "wilson": 0.2065, "breadth": 0.0, "recency": 0.0002},
                "missing": ["copy_capture", "integrity", "early_buys", "transactions_per_day", "has_wash_flag"],
                "is_former": None,
            },
            "trips_total": 2,
            "trips": [
                {
                    "mint": "<CAT>",
                    "number": 1,
                    "opened_at": "2026-05-28T20:31:40Z",
                    "closed_at": None,
                    "buys": 1,
                    "sells": 0,
                    "spent": {"sol": 1.0, "usd": 100.0},
                    "net": {"sol": 0, "usd": 0},
                    "coverage_pct": None,
                    "outcome": "open",
                },
                {
                    "mint": "<MEME>",
                    "number": 1,
                    "opened_at": "2026-05-28T20:26:40Z",
                    "closed_at": "2026-05-28T20:29:40Z",
                    "buys": 2,
                    "sells": 2,
                    "spent": {"sol": 3.0, "usd": 300.0},
                    "net": {"sol": 2.0, "usd": 200.0},
                    "coverage_pct": 100.0,
                    "outcome": "win",
                },
            ],
            "positions_total": 1,
            "positions": [
                {
                    "mint": "<CAT>",
                    "quantity": 10.0,
                    "known_basis": 10.0,
                    "parked": 0,
                    "cost": {"sol": 1.0, "usd": 100.0},
                    "worth": {
                        "state": None,
                        "dead_reason": None,
                        "mark": {"sol": None, "usd": None},
                        "executable": {"sol": None, "usd": None},
                        "price_usd": None,
                        "price_source": None,
                        "price_age_s": None,
                        "liquidity_usd": None,
                        "via": None,
                        "executable_age_s": None,
                        "missing": {
                            "mark": "no price of the token is stored",
                            "executable": "no pool with known reserves where x·y = k holds, and no quote",
                            "state": "no trade of the last day is known, and nobody observed that there was none",
                        },
                    },
                    "gaps": 0,
                    "lots": [
                        {
                            "basis": "known",
                            "acquired_at": "2026-05-28T20:31:40Z",
                            "signature": "<a5>",
                            "quantity": 10.0,
                            "cost": {"sol": 1.0, "usd": 100.0},
                        }
                    ],
                }
            ],
            "holdings": {
                "positions": 1,
                "dead": 0,
                "unmarked": 1,
                "unvalued": 1,
                "uncosted": 1,
                "mark": {"sol": None, "usd": None},
                "executable": {"sol": None, "usd": None},
                "unrealized": {"sol": None, "usd": None},
            },
            "last_trades": [
                {
                    "at": "2026-05-28T20:31:40Z",
                    "slot": None,
                    "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
                    "side": "BUY",
                    "tx_class": "BUY",
                    "mint": "<CAT>",
                    "amount": 10.0,
                    "amount_raw": "10000000",
                    "quote_symbol": "SOL",
                    "quote_amount": 1.0,
                    "value": {"sol": 1.0, "usd": 100.0},
                    "fee_sol": None,
                    "realized": None,
                    "matched_pct": None,
                    "price_source": "import",
                    "price_age_s": 300,
                    "pool": "<CAT pool>",
                    "is_exact": False,
                    "is_order_certain": False,
                    "signature": "<a5>",
                    "ref": "<a5>#541722845",
                },
                {
                    "at": "2026-05-28T20:29:40Z",
                    "slot": None,
                    "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
                    "side": "SELL",
                    "tx_class": "SELL",
                    "mint": "<MEME>",
                    "amount": 50.0,
                    "amount_raw": "50000000",
                    "quote_symbol": "SOL",
                    "quote_amount": 0.5,
                    "value": {"sol": 0.5, "usd": 50.0},
                    "fee_sol": None,
                    "realized": {"sol": -0.5, "usd": -50.0},
                    "matched_pct": 100.0,
                    "price_source": "import",
                    "price_age_s": 180,
                    "pool": "<MEME pool>",
                    "is_exact": False,
                    "is_order_certain": False,
                    "signature": "<a4>",
                    "ref": "<a4>#1302682393",
                },
            ],
            "unknown": [
                {
                    "code": "rounded_trades",
                    "count": 5,
                    "reason": "trades whose source rounded amounts and left out network fees",
                },
                {
                    "code": "uncertain_order",
                    "count": 5,
                    "reason": "trades whose place inside their second or block is unknown",
                },
                {
                    "code": "open_positions",
                    "count": 1,
                    "reason": "positions whose value of today is unknown: in no total",
                },
            ],
        }
    )


def test_trades(aura: Aura, history: Path) -> None:
    """Our rule: newest first, each sale with what it realized."""
    found = answer(aura, "trades", address("alice"), "--db", history, "--limit", "1")
    assert found.pop("next_cursor") is not None
    assert named(found) == snapshot(
        {
            "since": None,
            "window": "all",
            "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
            "trades": [
                {
                    "at": "2026-05-28T20:31:40Z",
                    "slot": None,
                    "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
                    "side": "BUY",
                    "tx_class": "BUY",
                    "mint": "<CAT>",
                    "amount": 10.0,
                    "amount_raw": "10000000",
                    "quote_symbol": "SOL",
                    "quote_amount": 1.0,
                    "value": {"sol": 1.0, "usd": 100.0},
                    "fee_sol": None,
                    "realized": None,
                    "matched_pct": None,
                    "price_source": "import",
                    "price_age_s": 300,
                    "pool": "<CAT pool>",
                    "is_exact": False,
                    "is_order_certain": False,
                    "signature": "<a5>",
                    "ref": "<a5>#541722845",
                }
            ],
        }
    )


def test_audit(aura: Aura, history: Path) -> None:
    """Spec: DOMAIN §3, provenance: one realized amount down to its lots and signatures."""
    found = answer(aura, "trades", address("alice"), "--audit", signature("a3"), "--db", history)
    assert named(found) == snapshot(
        {
            "last_fact_at": "2026-05-28T20:31:40Z",
            "wallet": {"address": "<alice>", "nickname": "Alice in Chains", "is_program_derived": False},
            "mint": "<MEME>",
            "disposals_total": 1,
            "parts_total": 2,
            "cost": {"sol": 2.0, "usd": 200.0},
            "fees": {"sol": None, "usd": None},
            "proceeds": {"sol": 4.5, "usd": 450.0},
            "net": {"sol": 2.5, "usd": 250.0},
            "unmatched": {"sol": 0, "usd": 0},
            "matched_pct": 100.0,
            "is_exact": False,
            "sales": [
                {
                    "kind": "SELL",
                    "mint": "<MEME>",
                    "trip": 1,
                    "disposed": {
                        "ref": "<a3>#1228405888",
                        "signature": "<a3>",
                        "at": "2026-05-28T20:28:40Z",
                        "price_source": "import",
                        "price_age_s": 120,
                        "is_exact": False,
                    },
                    "quantity": 150.0,
                    "value": {"sol": 4.5, "usd": 450.0},
                    "matched_pct": 100.0,
                    "net": {"sol": 2.5, "usd": 250.0},
                    "unmatched": {"sol": 0, "usd": 0},
                    "parts": [
                        {
                            "basis": "known",
                            "acquired": {
                                "ref": "<a1>#984046757",
                                "signature": "<a1>",
                                "at": "2026-05-28T20:26:40Z",
                                "price_source": "import",
                                "price_age_s": 0,
                                "is_exact": False,
                            },
                            "held_s": 120,
                            "quantity": 100.0,
                            "cost": {"sol": 1.0, "usd": 100.0},
                            "fees": {"sol": None, "usd": None},
                            "proceeds": {"sol": 3.0, "usd": 300.0},
                            "net": {"sol": 2.0, "usd": 200.0},
                        },
                        {
                            "basis": "known",
                            "acquired": {
                                "ref": "<a2>#334131038",
                                "signature": "<a2>",
                                "at": "2026-05-28T20:27:40Z",
                                "price_source": "import",
                                "price_age_s": 60,
                                "is_exact": False,
                            },
                            "held_s": 60,
                            "quantity": 50.0,
                            "cost": {"sol": 1.0, "usd": 100.0},
                            "fees": {"sol": None, "usd": None},
                            "proceeds": {"sol": 1.5, "usd": 150.0},
                            "net": {"sol": 0.5, "usd": 50.0},
                        },
                    ],
                }
            ],
            "next_cursor": None,
        }
    )


def test_audit_for_people(aura: Aura, history: Path) -> None:
    """Our rule: the sum can be followed line by line."""
    assert aura("trades", address("alice"), "--audit", signature("a3"), "--db", history).out == snapshot("""\
wallet    7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3
sold      150.00 of 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump
for       4.5000 SOL, 450.00 USD
at        2026-05-28 20:28:40 UTC
tx        2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW

Lot  Bought (UTC)          Held  Quantity  Cost SOL  Proceeds SOL  Fees SOL  Net SOL
  1  2026-05-28 20:26:40  2m 0s    100.00    1.0000        3.0000         –  +2.0000
    tx 2whpMq8iTUeumrdWqspKWwwueNqq5vNQ4sndDeKu5xKzDN68567xqu68FqdrZV95ZPvxckVa9FqTnDrpmpZYNawi
  2  2026-05-28 20:27:40  1m 0s     50.00    1.0000        1.5000         –  +0.5000
    tx 2wi5bdaZUU4gDV7w2rhmnntiQ6pQaNzQqF5exPZAreYRyq2eDHiaLTwyo9CTcWzA5Nq7TunqPh3dAXMzMjGbufGc

net +2.5000 SOL = 4.5000 proceeds − 2.0000 cost, or +250.00 USD; cost known for 100.0 % of it
amounts as their source rounded them; network fees are unknown and left out
""")


def test_top_for_people(aura: Aura, history: Path) -> None:
    """Our rule: full addresses, numbers to the right, units in the headings."""
    assert aura("top", "--db", history).out == snapshot("""\

Top wallets  by the lower bound of the win rate, all time, judged in USD
#  Wallet                                         Trips  Won %  Min %  Net SOL  Net USD  ROI %  Basis %  Hist.
──────────────────────────────────────────────────────────────────────────────────────────────────────────────
1  Alice in Chains                                    1  100.0   20.6  +2.0000  +200.00  +66.7    100.0  none
   7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3
2  Bob                                                1    0.0    0.0  -0.5000   -50.00  -50.0    100.0  none
   7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX
–  7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH       1  100.0   20.6  +0.2000   +20.00  +20.0     28.6  –
4 wallets sold something. 2 are ranked; 1 are not, because less than 90 % of their proceeds have a known cost;
1 closed no round trip that counts.
Hist.: of a followed wallet's history is stored: full, load (being fetched), gaps (being closed), lost (gaps
that cannot be closed), none (only what was imported); – is not followed.
""")


def test_wallet_for_people(aura: Aura, history: Path) -> None:
    """Our rule: the most important first, the unknown last, nothing unknown shown as 0."""
    assert aura("wallet", address("carol"), "--db", history).out == snapshot("""\

7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH
all time, last trade 2026-05-28 20:27:35 UTC

round trips        1  1 won, 0 lost, 0 even
won            100.0  %, at least 20.6 % with 95 % confidence
net P&L      +0.2000  SOL, +20.00 USD, before fees that are unknown
fees               –  trades that came without their network fees: 3
unmatched     3.0000  SOL, 300.00 USD, outside of P&L
known cost      28.6  % of all proceeds
return         +20.0  % on the cost of what was closed
held              5s  median; half of it 5s to 5s
score              –  basis coverage below 0.9; fewer than 20 rated episodes; most of the gains come from one
                      token

Round trips
Opened (UTC)         For  Spent SOL  Net SOL  Net USD  Basis %  Result  Token
──────────────────────────────────────────────────────────────────────────────────────────────────────────────
2026-05-28 20:27:30   5s     1.0000  +0.2000   +20.00    100.0  win     5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjR
                                                                        fkpump

Last trades
Time (UTC)           Side  Amount     SOL     USD  Net SOL  Basis %
2026-05-28 20:27:35  SELL   ~5.00  1.2000  120.00  +0.2000    100.0
    token  5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump
    tx     2z2rfSB7EFGkuETtA1o9vheF8NEdHqXBFai22jwfALcLG7FEjrrW16u9fUaVRr57Fe7NH9Ui4fcdRLKmGvSskvQY
2026-05-28 20:27:30  BUY    ~5.00  1.0000  100.00
    token  5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump
    tx     2z2bRdjGDFrzTbyTy2uherhSNeG3oNuAVDQzHziPPePtVeJibfFtWY3J8B1tNpE2jfDDRzBSpEQU32pbh1jpDr5e
2026-05-28 20:27:20  SELL  ~10.00  3.0000  300.00        –      0.0
    token  6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump
    tx     2z2LBqHRCGTE1yV3n42FP1kdcvHUJvH9ir7xZFV7cxBSjBNCTTfH1yBSasTHKnNxDgK4aptBZoCJejKS772kgmkk
~ as the source rounded it; network fees of these trades are unknown and left out

Not known
1  sales of tokens whose cost is unknown: outside of P&L
3  trades whose source rounded amounts and left out network fees
3  trades whose place inside their second or block is unknown
What is unknown is in no figure; --json gives the reason for every figure that is missing.
""")


def test_verify(aura: Aura, history: Path) -> None:
    """Spec: exit code 0 when everything adds up."""
    found = answer(aura, "verify", "--db", history)
    assert found.pop("database") == str(history)
    assert found == snapshot({"is_sound": True, "positions": 6, "realizations": 7, "differences": []})


def test_import_says_what_was_new_and_what_was_not(aura: Aura, tmp_path: Path) -> None:
    """Spec: read, new, duplicate, quarantined, rejected with reasons; again: 0 new."""
    rows = write_rows(tmp_path / "rows.jsonl", "alice buys 1 MEME for 1 at 0", "alice sells 1 MEME for 2 at 5")
    with rows.open("a") as file:
        file.write('{"ts":1,"mint":"nope","trader":"x","side":"buy","sol":1,"tokens":1}\n')
    database = tmp_path / "new.duckdb"
    assert answer(aura, "import", rows, "--db", database) == snapshot(
        {
            "files": 1,
            "skipped_files": 0,
            "read": 3,
            "new": 2,
            "duplicate": 0,
            "quarantined": 0,
            "rejected": 1,
            "rejections": [{"reason": "ts is not a time in seconds since Solana began", "count": 1}],
            "unreadable": [],
            "booked_positions": 1,
        }
    )
    assert answer(aura, "import", rows, "--db", database)["new"] == 0


def test_init_loads_the_starter_list_once(aura: Aura, own_home: Path) -> None:
    """Spec: labelled wallets, loaded by `aura init`."""
    found = answer(aura, "init")
    assert found.pop("database") == str(own_home / "aura.duckdb")
    assert found == snapshot({"wallets": 478, "new": 478, "duplicate": 0, "program_derived": 1})
    assert answer(aura, "init")["new"] == 0


def test_export_can_be_imported_to_the_same_ledger(aura: Aura, history: Path, tmp_path: Path) -> None:
    """Spec: `import` of an export gives the same ledger; the same facts give the same bytes."""
    first, copy, second = tmp_path / "a.jsonl.gz", tmp_path / "copy.duckdb", tmp_path / "b.jsonl.gz"
    found = answer(aura, "export", first, "--db", history)
    assert (found["file"], found["facts"]) == (str(first), snapshot(41))
    assert answer(aura, "import", first, "--db", copy)["new"] == found["facts"]
    assert answer(aura, "export", second, "--db", copy)["facts"] == found["facts"]
    assert first.read_bytes() == second.read_bytes()
    for question in (["top"], ["wallet", address("alice")], ["trades"]):
        assert answer(aura, *question, "--db", copy) == answer(aura, *question, "--db", history)


def test_pages_join_without_a_gap_or_a_repetition(aura: Aura, history: Path) -> None:
    """Our rule: a cursor goes on exactly where the page ended."""
    for command, rows in (("trades", "trades"), ("top", "standings")):
        whole = answer(aura, command, "--db", history)[rows]
        pieces: list[Any] = []
        page = answer(aura, command, "--db", history, "--limit", "2")
        pieces += page[rows]
        while page["next_cursor"] is not None:
            page = answer(aura, command, "--db", history, "--limit", "2", "--cursor", page["next_cursor"])
            pieces += page[rows]
        assert pieces == whole


@pytest.mark.parametrize("by", ["lb95", "win_rate", "pnl", "roi", "trades", "coverage"])
def test_every_order_ranks_the_same_wallets(aura: Aura, history: Path, by: str) -> None:
    """Our rule: an order changes places, never who is ranked."""
    found = answer(aura, "top", "--by", by, "--db", history)["standings"]
    ranked = [line["wallet"]["address"] for line in found if line["rank"] is not None]
    assert sorted(ranked) == sorted([address("alice"), address("bob")])
    assert [line["rank"] for line in found] == [1, 2, None]


def test_window_takes_what_closed_in_it(aura: Aura, history: Path) -> None:
    """Spec: windows by closing time, ending now; the history is older than a day."""
    assert answer(aura, "top", "--window", "1d", "--db", history)["standings"] == []
    assert "--window all" in aura("top", "--window", "1d", "--db", history).out


def test_nicknames_find_their_wallets(aura: Aura, tmp_path: Path) -> None:
    """Our rule: any case; a part of a name, or a name that is not there, is asked back with candidates."""
    database = tmp_path / "names.duckdb"
    files = [
        write_rows(tmp_path / "rows.jsonl", "alice buys 1 MEME for 1 at 0"),
        write_wallets(tmp_path / "wallets.csv", alice="Alice Cooper", bob="Alice Liddell"),
    ]
    assert aura("import", *files, "--db", database).code == 0
    assert answer(aura, "wallet", "ALICE COOPER", "--db", database)["wallet"]["address"] == address("alice")
    asked = aura("wallet", "alice", "--db", database)
    assert asked.code == 1
    assert address("alice") in asked.err
    assert address("bob") in asked.err
    unknown = aura("wallet", "zoe", "--db", database)
    assert unknown.err.startswith("aura: wallet 'zoe' is neither an address nor a known nickname; `aura init` loads")
