"""Whole answers of every tool on a history small enough to follow by hand; the clock stands still."""

# A snapshot is as wide as what it holds.
# ruff: noqa: E501

from typing import Any

import pytest
from inline_snapshot import snapshot

from aura_mcp.app import Application
from tests.aura_mcp._facts import address, mint, signature
from tests.aura_mcp.tools._asking import Era, ask


def both(application: Application, tool: str, /, **arguments: object) -> dict[str, Any]:
    """Return text and structured content of a call, the same in both eras."""
    eras: tuple[Era, ...] = ("legacy", "2026-07-28")
    first, second = (ask(application, tool, arguments, era) for era in eras)
    assert first[:3] == second[:3]
    assert not first.is_error, first.text
    return {"text": first.text.splitlines(), "content": first.content}


def test_top_wallets(world: Application) -> None:
    """Our rule: ranks by the lower bound; who lacks known cost or results follows without a rank, with the reason."""
    assert both(world, "top_wallets", detail=True) == snapshot(
        {
            "text": [
                "2 of 4 wallets that sold in the window (all) are ranked.",
                "#1 Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3): won 1 of 1, at least 20.6 %, net +$200.00 / +2.0000 SOL",
                "#2 Bob (7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX): won 0 of 1, at least 0.0 %, net -$50.00 / -0.5000 SOL",
                "unranked 7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH: won 1 of 1, at least 20.6 %, net +$20.00 / +0.2000 SOL",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [
                    "1 wallet unranked: over 10 % of the proceeds have no known cost",
                    "1 wallet unranked: no closed round trip won or lost",
                ],
                "since": None,
                "window": "all",
                "sorted_by": "lb95",
                "judged_in": "usd",
                "wallets_total": 4,
                "ranked_total": 2,
                "wallets": [
                    {
                        "rank": 1,
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "total_trades": 1,
                        "wins": 1,
                        "losses": 0,
                        "break_evens": 0,
                        "win_rate": 100.0,
                        "win_rate_lb95": 20.65,
                        "net_usd": 200.0,
                        "net_sol": 2.0,
                        "unmatched_proceeds_usd": 0.0,
                        "roi_closed_pct": 66.67,
                        "basis_coverage_pct": 100.0,
                        "is_lotto": True,
                        "last_trade_at": "2026-05-28T20:31:40Z",
                        "history": "never fetched: only what was imported",
                    },
                    {
                        "rank": 2,
                        "wallet": {"address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX", "nickname": "Bob"},
                        "total_trades": 1,
                        "wins": 0,
                        "losses": 1,
                        "break_evens": 0,
                        "win_rate": 0.0,
                        "win_rate_lb95": 0.0,
                        "net_usd": -50.0,
                        "net_sol": -0.5,
                        "unmatched_proceeds_usd": 0.0,
                        "roi_closed_pct": -50.0,
                        "basis_coverage_pct": 100.0,
                        "is_lotto": None,
                        "last_trade_at": "2026-05-28T20:27:10Z",
                        "history": "never fetched: only what was imported",
                    },
                    {
                        "rank": None,
                        "unranked_reason": "the cost of only 28.6 % of its proceeds is known",
                        "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                        "total_trades": 1,
                        "wins": 1,
                        "losses": 0,
                        "break_evens": 0,
                        "win_rate": 100.0,
                        "win_rate_lb95": 20.65,
                        "net_usd": 20.0,
                        "net_sol": 0.2,
                        "unmatched_proceeds_usd": 300.0,
                        "roi_closed_pct": 20.0,
                        "basis_coverage_pct": 28.57,
                        "is_lotto": True,
                        "last_trade_at": "2026-05-28T20:27:35Z",
                    },
                ],
                "next_cursor": None,
            },
        }
    )


def test_top_wallets_is_concise(world: Application) -> None:
    """Our rule: a page of one, with the cursor of the next."""
    assert both(world, "top_wallets", limit=1, sort_by="pnl", currency="sol") == snapshot(
        {
            "text": [
                "2 of 4 wallets that sold in the window (all) are ranked.",
                "#1 Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3): won 1 of 1, at least 20.6 %, net +$200.00 / +2.0000 SOL",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [
                    "1 wallet unranked: over 10 % of the proceeds have no known cost",
                    "1 wallet unranked: no closed round trip won or lost",
                ],
                "since": None,
                "window": "all",
                "sorted_by": "pnl",
                "judged_in": "sol",
                "wallets_total": 4,
                "ranked_total": 2,
                "wallets": [
                    {
                        "rank": 1,
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "total_trades": 1,
                        "wins": 1,
                        "losses": 0,
                        "win_rate": 100.0,
                        "win_rate_lb95": 20.65,
                        "net_usd": 200.0,
                        "net_sol": 2.0,
                        "roi_closed_pct": 66.67,
                        "basis_coverage_pct": 100.0,
                        "is_lotto": True,
                        "last_trade_at": "2026-05-28T20:31:40Z",
                        "history": "never fetched: only what was imported",
                    }
                ],
                "next_cursor": "WyJlMGZhYmEyMjEwYjk1MjdjIixbMTc4MDAwMzYwMCwxXV0",
            },
        }
    )


def test_wallet_report(world: Application) -> None:
    """Our rule: one wallet by nickname, concise."""
    assert both(world, "wallet_report", wallets=["Alice in Chains"]) == snapshot(
        {
            "text": [
                "Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3), all: net +$200.00 / +2.0000 SOL; won 1 of 1, at least 20.6 %; 100.0 % of proceeds have a known cost; 1 position held."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["1 position of unknown value of today: unrealized P&L is unknown"],
                "since": None,
                "window": "all",
                "judged_in": "usd",
                "wallets": [
                    {
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "is_active": True,
                        "last_trade_at": "2026-05-28T20:31:40Z",
                        "history": "never fetched: only what was imported",
                        "figures_usd": {
                            "total_trades": 1,
                            "n": 1,
                            "wins": 1,
                            "losses": 0,
                            "win_rate": 100.0,
                            "win_rate_lb95": 20.65,
                            "net": 200.0,
                            "unmatched_proceeds": 0.0,
                            "basis_coverage_pct": 100.0,
                            "roi_closed_pct": 66.67,
                            "expectancy": 200.0,
                            "profit_factor": None,
                            "max_drawdown": 0.0,
                            "top1_share_pct": 100.0,
                        },
                        "figures_sol": {"net": 2.0, "unmatched_proceeds": 0.0},
                        "score": {
                            "value": None,
                            "reasons": ["fewer than 20 rated episodes", "most of the gains come from one token"],
                        },
                        "median_hold_s": 120,
                        "trips_total": 2,
                        "trips": [
                            {
                                "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                                "trip": 1,
                                "opened_at": "2026-05-28T20:31:40Z",
                                "closed_at": None,
                                "buys": 1,
                                "sells": 0,
                                "spent_usd": 100.0,
                                "spent_sol": 1.0,
                                "net_usd": 0.0,
                                "net_sol": 0.0,
                                "coverage_pct": None,
                                "outcome": "open",
                            },
                            {
                                "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                                "trip": 1,
                                "opened_at": "2026-05-28T20:26:40Z",
                                "closed_at": "2026-05-28T20:29:40Z",
                                "buys": 2,
                                "sells": 2,
                                "spent_usd": 300.0,
                                "spent_sol": 3.0,
                                "net_usd": 200.0,
                                "net_sol": 2.0,
                                "coverage_pct": 100.0,
                                "outcome": "win",
                            },
                        ],
                        "positions_total": 1,
                        "positions": [
                            {
                                "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                                "quantity": 10.0,
                                "known_basis_quantity": 10.0,
                                "parked_quantity": 0.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "state": "quiet",
                                "mark_usd": None,
                                "executable_usd": None,
                                "executable_sol": None,
                                "lots": 1,
                                "gaps": 0,
                            }
                        ],
                        "holdings": None,
                        "unknown": [
                            "5 trades whose source rounded amounts and left out network fees",
                            "5 trades whose place inside their second or block is unknown",
                            "positions whose value of today is unknown: in no total",
                            "profit_factor_usd, profit_factor_sol: no closed episode lost",
                        ],
                    }
                ],
            },
        }
    )


def test_wallet_report_in_detail(world: Application) -> None:
    """Our rule: every figure in both currencies, with why what is null is so."""
    assert both(world, "wallet_report", wallets=[address("alice")], detail=True) == snapshot(
        {
            "text": [
                "Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3), all: net +$200.00 / +2.0000 SOL; won 1 of 1, at least 20.6 %; 100.0 % of proceeds have a known cost; 1 position held."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["1 position of unknown value of today: unrealized P&L is unknown"],
                "since": None,
                "window": "all",
                "judged_in": "usd",
                "wallets": [
                    {
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "is_active": True,
                        "last_trade_at": "2026-05-28T20:31:40Z",
                        "history": "never fetched: only what was imported",
                        "figures_usd": {
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
                            "unmatched_proceeds": 0.0,
                            "basis_coverage_pct": 100.0,
                            "realizations": 3,
                            "unpriced_realizations": 0,
                            "roi_closed_pct": 66.67,
                            "pnl_ratio_pct": 50.0,
                            "spent": 400.0,
                            "expectancy": 200.0,
                            "profit_factor": None,
                            "max_drawdown": 0.0,
                            "top1_share_pct": 100.0,
                            "is_lotto": True,
                            "unrated": {"open": 1, "moved": 0, "unpriced": 0, "low_coverage": 0},
                            "pnl_buckets": {
                                "> 500 %": 0,
                                "200-500 %": 0,
                                "0-200 %": 1,
                                "-50-0 %": 0,
                                "< -50 %": 0,
                                "dead": 0,
                            },
                        },
                        "figures_sol": {
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
                            "unmatched_proceeds": 0.0,
                            "basis_coverage_pct": 100.0,
                            "realizations": 3,
                            "unpriced_realizations": 0,
                            "roi_closed_pct": 66.67,
                            "pnl_ratio_pct": 50.0,
                            "spent": 4.0,
                            "expectancy": 2.0,
                            "profit_factor": None,
                            "max_drawdown": 0.0,
                            "top1_share_pct": 100.0,
                            "is_lotto": True,
                            "unrated": {"open": 1, "moved": 0, "unpriced": 0, "low_coverage": 0},
                            "pnl_buckets": {
                                "> 500 %": 0,
                                "200-500 %": 0,
                                "0-200 %": 1,
                                "-50-0 %": 0,
                                "< -50 %": 0,
                                "dead": 0,
                            },
                        },
                        "score": {
                            "value": None,
                            "reasons": ["fewer than 20 rated episodes", "most of the gains come from one token"],
                            "parts": {"skill": 0.1216, "wilson": 0.2065, "breadth": 0.0, "recency": 0.998},
                            "not_measured": [
                                "copy_capture",
                                "integrity",
                                "early_buys",
                                "transactions_per_day",
                                "has_wash_flag",
                            ],
                            "is_former": None,
                        },
                        "hold": {
                            "mean_s": 105,
                            "quartile1_s": 60,
                            "median_s": 120,
                            "quartile3_s": 120,
                            "net_usd_by_hold": {
                                "< 1 min": 0.0,
                                "1-5 min": 200.0,
                                "5-60 min": 0.0,
                                "1-24 h": 0.0,
                                "1-7 d": 0.0,
                                "> 7 d": 0.0,
                            },
                            "net_sol_by_hold": {
                                "< 1 min": 0.0,
                                "1-5 min": 2.0,
                                "5-60 min": 0.0,
                                "1-24 h": 0.0,
                                "1-7 d": 0.0,
                                "> 7 d": 0.0,
                            },
                        },
                        "trips_total": 2,
                        "trips": [
                            {
                                "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                                "trip": 1,
                                "opened_at": "2026-05-28T20:31:40Z",
                                "closed_at": None,
                                "buys": 1,
                                "sells": 0,
                                "spent_usd": 100.0,
                                "spent_sol": 1.0,
                                "net_usd": 0.0,
                                "net_sol": 0.0,
                                "coverage_pct": None,
                                "outcome": "open",
                            },
                            {
                                "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                                "trip": 1,
                                "opened_at": "2026-05-28T20:26:40Z",
                                "closed_at": "2026-05-28T20:29:40Z",
                                "buys": 2,
                                "sells": 2,
                                "spent_usd": 300.0,
                                "spent_sol": 3.0,
                                "net_usd": 200.0,
                                "net_sol": 2.0,
                                "coverage_pct": 100.0,
                                "outcome": "win",
                            },
                        ],
                        "positions_total": 1,
                        "positions": [
                            {
                                "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                                "quantity": 10.0,
                                "known_basis_quantity": 10.0,
                                "parked_quantity": 0.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "state": "quiet",
                                "mark_usd": None,
                                "executable_usd": None,
                                "executable_sol": None,
                                "not_known": {
                                    "mark": "no price of the token is stored",
                                    "executable": "no pool with known reserves where x·y = k holds, and no quote",
                                },
                                "lots": 1,
                                "gaps": 0,
                            }
                        ],
                        "holdings": None,
                        "unknown": [
                            "5 trades whose source rounded amounts and left out network fees",
                            "5 trades whose place inside their second or block is unknown",
                            "positions whose value of today is unknown: in no total",
                            "other_costs_usd, net_after_costs_usd, other_costs_sol, net_after_costs_sol: costs outside of trades are unknown",
                            "profit_factor_usd, profit_factor_sol: no closed episode lost",
                            "win_rate_incl_dead_usd, win_rate_incl_dead_sol: open positions without a price of today: 1",
                            "fees_usd, fee_drag_pct_usd, fees_sol, fee_drag_pct_sol: trades that came without their network fees: 5",
                        ],
                    }
                ],
            },
        }
    )


def test_wallet_reports_side_by_side(world: Application) -> None:
    """Our rule: several wallets leave their lists out."""
    assert both(world, "wallet_report", wallets=["bob", address("carol")], window="7d", currency="sol") == snapshot(
        {
            "text": [
                "Bob (7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX), 7d: net -$50.00 / -0.5000 SOL; won 0 of 1, at least 0.0 %; 100.0 % of proceeds have a known cost; 0 positions held.",
                "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH, 7d: net +$20.00 / +0.2000 SOL; won 1 of 1, at least 20.6 %; 28.6 % of proceeds have a known cost; 0 positions held.",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [],
                "since": "2026-05-21T21:26:40Z",
                "window": "7d",
                "judged_in": "sol",
                "wallets": [
                    {
                        "wallet": {"address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX", "nickname": "Bob"},
                        "is_active": True,
                        "last_trade_at": "2026-05-28T20:27:10Z",
                        "history": "never fetched: only what was imported",
                        "figures_usd": {"net": -50.0, "unmatched_proceeds": 0.0},
                        "figures_sol": {
                            "total_trades": 1,
                            "n": 1,
                            "wins": 0,
                            "losses": 1,
                            "win_rate": 0.0,
                            "win_rate_lb95": 0.0,
                            "net": -0.5,
                            "unmatched_proceeds": 0.0,
                            "basis_coverage_pct": 100.0,
                            "roi_closed_pct": -50.0,
                            "expectancy": -0.5,
                            "profit_factor": 0.0,
                            "max_drawdown": 0.5,
                            "top1_share_pct": None,
                        },
                        "score": {"value": None, "reasons": ["fewer than 20 rated episodes"]},
                        "median_hold_s": 20,
                        "trips_total": 1,
                        "positions_total": 0,
                        "holdings": None,
                        "unknown": [
                            "2 trades whose source rounded amounts and left out network fees",
                            "2 trades whose place inside their second or block is unknown",
                            "top1_share_pct_usd, top1_share_pct_sol: no token gained",
                        ],
                    },
                    {
                        "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                        "is_active": True,
                        "last_trade_at": "2026-05-28T20:27:35Z",
                        "figures_usd": {"net": 20.0, "unmatched_proceeds": 300.0},
                        "figures_sol": {
                            "total_trades": 1,
                            "n": 1,
                            "wins": 1,
                            "losses": 0,
                            "win_rate": 100.0,
                            "win_rate_lb95": 20.65,
                            "net": 0.2,
                            "unmatched_proceeds": 3.0,
                            "basis_coverage_pct": 28.57,
                            "roi_closed_pct": 20.0,
                            "expectancy": 0.2,
                            "profit_factor": None,
                            "max_drawdown": 0.0,
                            "top1_share_pct": 100.0,
                        },
                        "score": {
                            "value": None,
                            "reasons": [
                                "basis coverage below 0.9",
                                "fewer than 20 rated episodes",
                                "most of the gains come from one token",
                            ],
                        },
                        "median_hold_s": 5,
                        "trips_total": 1,
                        "positions_total": 0,
                        "holdings": None,
                        "unknown": [
                            "sales of tokens whose cost is unknown: outside of P&L",
                            "3 trades whose source rounded amounts and left out network fees",
                            "3 trades whose place inside their second or block is unknown",
                            "profit_factor_usd, profit_factor_sol: no closed episode lost",
                        ],
                    },
                ],
            },
        }
    )


def test_find_trades(world: Application) -> None:
    """Our rule: newest first, with what each sale realized."""
    assert both(world, "find_trades", wallet="alice in chains", limit=3) == snapshot(
        {
            "text": [
                "3 trades, newest first. More follow with next_cursor.",
                "2026-05-28 20:31 UTC Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3) BUY 5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump: $100.00",
                "2026-05-28 20:29 UTC Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3) SELL 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: net -$50.00 / -0.5000 SOL, -50.0 %",
                "2026-05-28 20:28 UTC Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3) SELL 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: net +$250.00 / +2.5000 SOL, 125.0 %",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["amounts with is_exact false were rounded by their source, without network fees"],
                "since": None,
                "until": "2026-05-28T21:26:40Z",
                "wallet": {"address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3", "nickname": "Alice in Chains"},
                "order": "newest",
                "trades": [
                    {
                        "at": "2026-05-28T20:31:40Z",
                        "side": "BUY",
                        "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                        "amount": 10.0,
                        "value_usd": 100.0,
                        "value_sol": 1.0,
                        "signature": "2wisK2v6XSHyYNbBboN8cKj8fGk93krT8LxkAdEzAjBmHDrCdtWQpAXYR3tGmcXPdKXa1Pgd8zg7KRsV7TPnWtFJ",
                        "is_exact": False,
                    },
                    {
                        "at": "2026-05-28T20:29:40Z",
                        "side": "SELL",
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "amount": 50.0,
                        "value_usd": 50.0,
                        "value_sol": 0.5,
                        "net_usd": -50.0,
                        "net_sol": -0.5,
                        "return_pct": -50.0,
                        "matched_pct": 100.0,
                        "signature": "2wic5EUFWStD6k6mQpUgLUnKuYmZZJESMyfiRt1iQ2yKWkugVguoKbfgskKfiagK7LdRAEPMtZTww8NKXYgiyovQ",
                        "is_exact": False,
                    },
                    {
                        "at": "2026-05-28T20:28:40Z",
                        "side": "SELL",
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "amount": 150.0,
                        "value_usd": 450.0,
                        "value_sol": 4.5,
                        "net_usd": 250.0,
                        "net_sol": 2.5,
                        "return_pct": 125.0,
                        "matched_pct": 100.0,
                        "signature": "2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW",
                        "is_exact": False,
                    },
                ],
                "next_cursor": "WyIxMWE2M2E1MWE4NmI2MjZjIixbMTc4MDAwMzYwMCxbMTc4MDAwMDEyMCwiMDAwMDAwMDAwMDAwMDAwMDAwMDAgMDAwMDAwMDAwMCAyd2lMcVMyUVZUVVNmN2NNRHFiRTRkcVg5cG56NHFjUmJjTmdoOG5TZExrc2tIeUFNVktCcTJvcUxTbTRmWXFFYk1qR0s1NjZlOEZuWXBzOXdkeWZTamJXIDdaSlJqb05tN0Rqb2t6eWJDbmFNcUo5Yk5RV1RQa1c0QnVhY2tENnpyOVkzIDEyMjg0MDU4ODgiXV1d",
            },
        }
    )


def test_find_best_trades_of_a_span(world: Application) -> None:
    """Our rule: my best performing trades from last week are sales of known cost in a free span, by return."""
    span = {"since": "2026-05-28T00:00:00Z", "until": "2026-05-29"}
    assert both(world, "find_trades", order="best_pct", **span, detail=True) == snapshot(
        {
            "text": [
                "4 trades, best pct first.",
                "2026-05-28 20:28 UTC Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3) SELL 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: net +$250.00 / +2.5000 SOL, 125.0 %",
                "2026-05-28 20:27 UTC 7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH SELL 5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump: net +$20.00 / +0.2000 SOL, 20.0 %",
                "2026-05-28 20:27 UTC Bob (7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX) SELL 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: net -$50.00 / -0.5000 SOL, -50.0 %",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["amounts with is_exact false were rounded by their source, without network fees"],
                "since": "2026-05-27T23:59:59Z",
                "until": "2026-05-29T00:00:00Z",
                "order": "best_pct",
                "trades": [
                    {
                        "at": "2026-05-28T20:28:40Z",
                        "side": "SELL",
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "amount": 150.0,
                        "value_usd": 450.0,
                        "value_sol": 4.5,
                        "net_usd": 250.0,
                        "net_sol": 2.5,
                        "return_pct": 125.0,
                        "matched_pct": 100.0,
                        "signature": "2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW",
                        "ref": "2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW#1228405888",
                        "is_exact": False,
                        "pool": "6Cdgehzrkp13U7oPWLWiSg1Rnipg4bQt6B2mfzoYQ5T5",
                    },
                    {
                        "at": "2026-05-28T20:27:35Z",
                        "side": "SELL",
                        "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                        "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                        "amount": 5.0,
                        "value_usd": 120.0,
                        "value_sol": 1.2,
                        "net_usd": 20.0,
                        "net_sol": 0.2,
                        "return_pct": 20.0,
                        "matched_pct": 100.0,
                        "signature": "2z2rfSB7EFGkuETtA1o9vheF8NEdHqXBFai22jwfALcLG7FEjrrW16u9fUaVRr57Fe7NH9Ui4fcdRLKmGvSskvQY",
                        "ref": "2z2rfSB7EFGkuETtA1o9vheF8NEdHqXBFai22jwfALcLG7FEjrrW16u9fUaVRr57Fe7NH9Ui4fcdRLKmGvSskvQY#1968373713",
                        "is_exact": False,
                        "pool": "5XY6NtMox1QVadnNXr5FmxqENE7r6Kzv2BmaL17yQWxX",
                    },
                    {
                        "at": "2026-05-28T20:27:10Z",
                        "side": "SELL",
                        "wallet": {"address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX", "nickname": "Bob"},
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "amount": 10.0,
                        "value_usd": 50.0,
                        "value_sol": 0.5,
                        "net_usd": -50.0,
                        "net_sol": -0.5,
                        "return_pct": -50.0,
                        "matched_pct": 100.0,
                        "ref": "row:fa08ca68c5f6c487f9df12ddf5e52330#0",
                        "is_exact": False,
                        "pool": "6Cdgehzrkp13U7oPWLWiSg1Rnipg4bQt6B2mfzoYQ5T5",
                    },
                    {
                        "at": "2026-05-28T20:29:40Z",
                        "side": "SELL",
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "amount": 50.0,
                        "value_usd": 50.0,
                        "value_sol": 0.5,
                        "net_usd": -50.0,
                        "net_sol": -0.5,
                        "return_pct": -50.0,
                        "matched_pct": 100.0,
                        "signature": "2wic5EUFWStD6k6mQpUgLUnKuYmZZJESMyfiRt1iQ2yKWkugVguoKbfgskKfiagK7LdRAEPMtZTww8NKXYgiyovQ",
                        "ref": "2wic5EUFWStD6k6mQpUgLUnKuYmZZJESMyfiRt1iQ2yKWkugVguoKbfgskKfiagK7LdRAEPMtZTww8NKXYgiyovQ#1302682393",
                        "is_exact": False,
                        "pool": "6Cdgehzrkp13U7oPWLWiSg1Rnipg4bQt6B2mfzoYQ5T5",
                    },
                ],
                "next_cursor": None,
            },
        }
    )


def test_explain_sale(world: Application) -> None:
    """Our rule: a sale names the lots that it consumed, each by its signature."""
    found = both(world, "explain_pnl", wallet=address("alice"), signature=signature("a3"), detail=True)
    assert found == snapshot(
        {
            "text": [
                "Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3): 1 disposal matched to 2 lots; proceeds $450.00 less cost $200.00 and fees $ unknown: net +$250.00 / +2.5000 SOL."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [
                    "some amounts were rounded by their source, which left out network fees: net is before those"
                ],
                "wallet": {"address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3", "nickname": "Alice in Chains"},
                "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                "disposals_total": 1,
                "parts_total": 2,
                "cost_usd": 200.0,
                "cost_sol": 2.0,
                "fees_usd": None,
                "fees_sol": None,
                "proceeds_usd": 450.0,
                "proceeds_sol": 4.5,
                "net_usd": 250.0,
                "net_sol": 2.5,
                "unmatched_usd": 0.0,
                "unmatched_sol": 0.0,
                "matched_pct": 100.0,
                "sales": [
                    {
                        "kind": "SELL",
                        "sold_at": "2026-05-28T20:28:40Z",
                        "sold_in": "2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW",
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "trip": 1,
                        "quantity": 150.0,
                        "matched_pct": 100.0,
                        "net_usd": 250.0,
                        "net_sol": 2.5,
                        "price_source": "import",
                        "price_age_s": 120,
                        "parts": [
                            {
                                "basis": "known",
                                "bought_at": "2026-05-28T20:26:40Z",
                                "bought_in": "2whpMq8iTUeumrdWqspKWwwueNqq5vNQ4sndDeKu5xKzDN68567xqu68FqdrZV95ZPvxckVa9FqTnDrpmpZYNawi",
                                "held_s": 120,
                                "quantity": 100.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "proceeds_usd": 300.0,
                                "proceeds_sol": 3.0,
                                "fees_usd": None,
                                "fees_sol": None,
                                "net_usd": 200.0,
                                "net_sol": 2.0,
                                "price_source": "import",
                                "price_age_s": 0,
                            },
                            {
                                "basis": "known",
                                "bought_at": "2026-05-28T20:27:40Z",
                                "bought_in": "2wi5bdaZUU4gDV7w2rhmnntiQ6pQaNzQqF5exPZAreYRyq2eDHiaLTwyo9CTcWzA5Nq7TunqPh3dAXMzMjGbufGc",
                                "held_s": 60,
                                "quantity": 50.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "proceeds_usd": 150.0,
                                "proceeds_sol": 1.5,
                                "fees_usd": None,
                                "fees_sol": None,
                                "net_usd": 50.0,
                                "net_sol": 0.5,
                                "price_source": "import",
                                "price_age_s": 60,
                            },
                        ],
                        "parts_total": 2,
                    }
                ],
                "next_cursor": None,
            },
        }
    )


def test_explain_round_trip(world: Application) -> None:
    """Our rule: a round trip is the sum of its sales; the total is of all pages."""
    found = both(world, "explain_pnl", wallet="Alice in Chains", mint=mint("MEME"), trip=1, limit=1)
    assert found == snapshot(
        {
            "text": [
                "Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3): 2 disposals matched to 3 lots; proceeds $500.00 less cost $300.00 and fees $ unknown: net +$200.00 / +2.0000 SOL."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [
                    "some amounts were rounded by their source, which left out network fees: net is before those"
                ],
                "wallet": {"address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3", "nickname": "Alice in Chains"},
                "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                "disposals_total": 2,
                "parts_total": 3,
                "cost_usd": 300.0,
                "cost_sol": 3.0,
                "fees_usd": None,
                "fees_sol": None,
                "proceeds_usd": 500.0,
                "proceeds_sol": 5.0,
                "net_usd": 200.0,
                "net_sol": 2.0,
                "unmatched_usd": 0.0,
                "unmatched_sol": 0.0,
                "matched_pct": 100.0,
                "sales": [
                    {
                        "kind": "SELL",
                        "sold_at": "2026-05-28T20:28:40Z",
                        "sold_in": "2wiLqS2QVTUSf7cMDqbE4dqX9pnz4qcRbcNgh8nSdLkskHyAMVKBq2oqLSm4fYqEbMjGK566e8FnYps9wdyfSjbW",
                        "quantity": 150.0,
                        "matched_pct": 100.0,
                        "net_usd": 250.0,
                        "net_sol": 2.5,
                        "parts": [
                            {
                                "basis": "known",
                                "bought_at": "2026-05-28T20:26:40Z",
                                "bought_in": "2whpMq8iTUeumrdWqspKWwwueNqq5vNQ4sndDeKu5xKzDN68567xqu68FqdrZV95ZPvxckVa9FqTnDrpmpZYNawi",
                                "held_s": 120,
                                "quantity": 100.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "proceeds_usd": 300.0,
                                "proceeds_sol": 3.0,
                                "net_usd": 200.0,
                                "net_sol": 2.0,
                            },
                            {
                                "basis": "known",
                                "bought_at": "2026-05-28T20:27:40Z",
                                "bought_in": "2wi5bdaZUU4gDV7w2rhmnntiQ6pQaNzQqF5exPZAreYRyq2eDHiaLTwyo9CTcWzA5Nq7TunqPh3dAXMzMjGbufGc",
                                "held_s": 60,
                                "quantity": 50.0,
                                "cost_usd": 100.0,
                                "cost_sol": 1.0,
                                "proceeds_usd": 150.0,
                                "proceeds_sol": 1.5,
                                "net_usd": 50.0,
                                "net_sol": 0.5,
                            },
                        ],
                        "parts_total": 2,
                    }
                ],
                "next_cursor": "WyI2OWYzZTcyMmI1NmQxOGFmIixbMTc4MDAwMDEyMCwiNkNkZ2VoZzc3QzRGd0s0dzhHazFrMzVrMkZwNnRYMm9KZkJjTGMxdXB1bXAiLCIyd2lMcVMyUVZUVVNmN2NNRHFiRTRkcVg5cG56NHFjUmJjTmdoOG5TZExrc2tIeUFNVktCcTJvcUxTbTRmWXFFYk1qR0s1NjZlOEZuWXBzOXdkeWZTamJXIzEyMjg0MDU4ODgiXV0",
            },
        }
    )


def test_token_report(world: Application) -> None:
    """Our rule: price with source and age; what is not known is null and named."""
    assert both(world, "token_report", mint=mint("MEME"), detail=True) == snapshot(
        {
            "text": [
                "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: price $1.25000 (candle:geckoterminal, 3600 s old); in 1d followed wallets net -$150.00; 0 of 3 entities seen hold it, 2 of the followed had it. Liquidity and risk are not known."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [
                    "no pool of the last day is stored",
                    "no risk is computed yet: unknown is not safe",
                    "safety: AURA_OFFLINE is set: no provider is asked",
                ],
                "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                "decimals": 6,
                "window": "1d",
                "price": {
                    "price_usd": 1.25,
                    "source": "candle:geckoterminal",
                    "at": "2026-05-28T20:26:40Z",
                    "age_s": 3600,
                    "interval_s": 3600,
                },
                "market_state": "quiet",
                "last_trade": {
                    "price_usd": 1.0,
                    "price_sol": 0.01,
                    "source": "trade",
                    "at": "2026-05-28T20:29:40Z",
                    "age_s": 3420,
                    "signature": "2wic5EUFWStD6k6mQpUgLUnKuYmZZJESMyfiRt1iQ2yKWkugVguoKbfgskKfiagK7LdRAEPMtZTww8NKXYgiyovQ",
                },
                "liquidity_usd": None,
                "pools": [],
                "safety": None,
                "risk": None,
                "flow_tracked": {
                    "buyers": 1,
                    "sellers": 1,
                    "trades": 6,
                    "bought_usd": 400.0,
                    "bought_sol": 4.0,
                    "sold_usd": 550.0,
                    "sold_sol": 5.5,
                    "net_usd": -150.0,
                    "net_sol": -1.5,
                    "trades_without_value": 0,
                    "last_trade_at": "2026-05-28T20:29:40Z",
                },
                "flow_all": {
                    "buyers": 1,
                    "sellers": 2,
                    "trades": 7,
                    "bought_usd": 400.0,
                    "bought_sol": 4.0,
                    "sold_usd": 850.0,
                    "sold_sol": 8.5,
                    "net_usd": -450.0,
                    "net_sol": -4.5,
                    "trades_without_value": 0,
                    "last_trade_at": "2026-05-28T20:29:40Z",
                },
                "first_trade_at": "2026-05-28T20:26:40Z",
                "entities_total": 3,
                "tracked_total": 2,
                "holding_total": 0,
                "holders": [
                    {
                        "wallet": {
                            "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                            "nickname": "Alice in Chains",
                        },
                        "is_tracked": True,
                        "quantity": 0.0,
                        "known_basis_quantity": 0.0,
                        "net_usd": 200.0,
                        "net_sol": 2.0,
                        "spent_usd": 300.0,
                        "spent_sol": 3.0,
                        "sales": 2,
                        "last_event_at": "2026-05-28T20:29:40Z",
                    },
                    {
                        "wallet": {"address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX", "nickname": "Bob"},
                        "is_tracked": True,
                        "quantity": 0.0,
                        "known_basis_quantity": 0.0,
                        "net_usd": -50.0,
                        "net_sol": -0.5,
                        "spent_usd": 100.0,
                        "spent_sol": 1.0,
                        "sales": 1,
                        "last_event_at": "2026-05-28T20:27:10Z",
                    },
                    {
                        "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                        "is_tracked": False,
                        "quantity": 0.0,
                        "known_basis_quantity": 0.0,
                        "spent_usd": None,
                        "spent_sol": None,
                        "sales": 0,
                        "last_event_at": "2026-05-28T20:27:20Z",
                    },
                ],
            },
        }
    )


def test_token_flows(world: Application) -> None:
    """Our rule: net buying of followed entities; purchases and sales of one are netted first."""
    assert both(world, "token_flows", whose="all", detail=True, limit=2) == snapshot(
        {
            "text": [
                "2 tokens traded by all wallets, net buying first.",
                "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump: 1 buyer, 1 seller, net +$80.00 / +0.8000 SOL",
                "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump: 1 buyer, 2 sellers, net -$450.00 / -4.5000 SOL",
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["2 trades without a known value in no sum"],
                "since": "2026-05-27T21:26:40Z",
                "until": "2026-05-28T21:26:40Z",
                "whose": "all",
                "order": "net_buying",
                "tracked_entities": 3,
                "tokens_total": 2,
                "trades_total": 12,
                "tokens": [
                    {
                        "mint": "5XY6MTb9uMbXcNPw9CmcQysi71bRczXo8SnNjRfkpump",
                        "buyers": 1,
                        "sellers": 1,
                        "trades": 5,
                        "bought_usd": 200.0,
                        "bought_sol": 2.0,
                        "sold_usd": 120.0,
                        "sold_sol": 1.2,
                        "net_usd": 80.0,
                        "net_sol": 0.8,
                        "trades_without_value": 2,
                        "last_trade_at": "2026-05-28T20:31:40Z",
                        "entities": [
                            {
                                "wallet": {
                                    "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                                    "nickname": "Alice in Chains",
                                },
                                "net_usd": 100.0,
                                "net_sol": 1.0,
                                "trades": 1,
                                "last_trade_at": "2026-05-28T20:31:40Z",
                            },
                            {
                                "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                                "net_usd": -20.0,
                                "net_sol": -0.2,
                                "trades": 2,
                                "last_trade_at": "2026-05-28T20:27:35Z",
                            },
                            {
                                "wallet": {"address": "7kqy2v2pdc8CRFsdgv4JDKFegUiejC4Ny2szWcfxciFh"},
                                "net_usd": None,
                                "net_sol": None,
                                "trades": 2,
                                "last_trade_at": "2026-05-28T20:27:55Z",
                            },
                        ],
                    },
                    {
                        "mint": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "buyers": 1,
                        "sellers": 2,
                        "trades": 7,
                        "bought_usd": 400.0,
                        "bought_sol": 4.0,
                        "sold_usd": 850.0,
                        "sold_sol": 8.5,
                        "net_usd": -450.0,
                        "net_sol": -4.5,
                        "trades_without_value": 0,
                        "last_trade_at": "2026-05-28T20:29:40Z",
                        "entities": [
                            {
                                "wallet": {"address": "7gwYbQXbSUKRWrf2sUEoYZ5LvoE6jXREtrgvbLwTK9qH"},
                                "net_usd": -300.0,
                                "net_sol": -3.0,
                                "trades": 1,
                                "last_trade_at": "2026-05-28T20:27:20Z",
                            },
                            {
                                "wallet": {
                                    "address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                                    "nickname": "Alice in Chains",
                                },
                                "net_usd": -200.0,
                                "net_sol": -2.0,
                                "trades": 4,
                                "last_trade_at": "2026-05-28T20:29:40Z",
                            },
                            {
                                "wallet": {
                                    "address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX",
                                    "nickname": "Bob",
                                },
                                "net_usd": 50.0,
                                "net_sol": 0.5,
                                "trades": 2,
                                "last_trade_at": "2026-05-28T20:27:10Z",
                            },
                        ],
                    },
                ],
                "next_cursor": None,
            },
        }
    )


def test_ambiguous_search_gives_candidates(world: Application) -> None:
    """Our rule: part of two nicknames is never resolved silently."""
    assert both(world, "search", query="bo") == snapshot(
        {
            "text": [
                "2 matches: wallet Bob Jr 7d6g8g2P4Xm13VF4AniKKwA137d5s7pP9oer7SPT1Dy1; wallet Bob 7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX. Ambiguous: ask which is meant."
            ],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [],
                "matches_total": 2,
                "is_ambiguous": True,
                "matches": [
                    {
                        "kind": "wallet",
                        "address": "7d6g8g2P4Xm13VF4AniKKwA137d5s7pP9oer7SPT1Dy1",
                        "nickname": "Bob Jr",
                        "is_tracked": True,
                        "why": "start of the nickname",
                        "is_exact": False,
                        "transfers_and_trades": 0,
                        "last_event_at": None,
                    },
                    {
                        "kind": "wallet",
                        "address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX",
                        "nickname": "Bob",
                        "is_tracked": True,
                        "why": "start of the nickname",
                        "is_exact": False,
                        "transfers_and_trades": 2,
                        "last_event_at": "2026-05-28T20:27:10Z",
                    },
                ],
                "next_cursor": None,
            },
        }
    )


def test_search_finds_a_token_by_its_start(world: Application) -> None:
    """Our rule: a mint is found by its first characters."""
    assert both(world, "search", query=mint("MEME")[:6]) == snapshot(
        {
            "text": ["1 match: token 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump."],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [],
                "matches_total": 1,
                "is_ambiguous": False,
                "matches": [
                    {
                        "kind": "token",
                        "address": "6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump",
                        "why": "start of the address",
                        "is_exact": False,
                        "transfers_and_trades": 7,
                        "last_event_at": "2026-05-28T20:29:40Z",
                    }
                ],
                "next_cursor": None,
            },
        }
    )


def test_query_sql(world: Application) -> None:
    """Our rule: rows with typed cells; beyond the limit it says that there are more."""
    sql = "SELECT side, count(*) AS trades, sum(value_usd_micro) AS usd_micro, 1.5 AS d, true AS b, NULL AS n FROM trade GROUP BY side ORDER BY side"
    assert both(world, "query_sql", sql=sql, limit=1) == snapshot(
        {
            "text": ["1 row, and there are more: side, trades, usd_micro, d, b, n."],
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": ["more rows exist than are shown"],
                "columns": [
                    {"name": "side", "type": "VARCHAR"},
                    {"name": "trades", "type": "BIGINT"},
                    {"name": "usd_micro", "type": "HUGEINT"},
                    {"name": "d", "type": "DECIMAL(2,1)"},
                    {"name": "b", "type": "BOOLEAN"},
                    {"name": "n", "type": '"NULL"'},
                ],
                "rows": [["BUY", 6, 600000000, 1.5, True, None]],
                "row_count": 1,
                "has_more": True,
            },
        }
    )


def test_edit_wallet(own_world: Application) -> None:
    """Our rule: an edit says what it changed; doing it again changes nothing."""
    found = ask(own_world, "edit_wallet", {"wallet": address("bob"), "action": "group", "entity": "Alice in Chains"})
    assert {"text": found.text, "content": found.content} == snapshot(
        {
            "text": "group Bob (7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX): done. It is followed, one of 2 wallets of Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3).",
            "content": {
                "as_of": "2026-05-28T21:26:40Z",
                "last_fact_at": "2026-05-28T20:31:40Z",
                "notes": [],
                "wallet": {"address": "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX", "nickname": "Bob"},
                "is_tracked": True,
                "entity": {"address": "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3", "nickname": "Alice in Chains"},
                "members": [
                    "7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3",
                    "7dFTnr8mvkHEQABLrsnybnHAm84HhEAJdn4ZpMccEhSX",
                ],
                "members_total": 2,
                "has_changed": True,
                "refolded_positions": 2,
                "whale_minimum_usd": 10000.0,
            },
        }
    )
    again = ask(own_world, "edit_wallet", {"wallet": address("bob"), "action": "group", "entity": "Alice in Chains"})
    assert again.content["has_changed"] is False
    assert again.content["notes"] == ["it was so before: nothing changed"]


@pytest.mark.parametrize("tool", ["token_flows", "top_wallets"])
def test_nothing_in_the_window_is_no_error(world: Application, tool: str) -> None:
    """Our rule: an empty answer says over which span it is empty."""
    found = ask(world, tool, {"window": "1d"} if tool == "top_wallets" else {"since": "2026-06-30"})
    if tool == "token_flows":
        assert found.is_error
        assert "holds no time" in found.text
    else:
        assert not found.is_error
