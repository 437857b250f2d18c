"""Every number of a wallet's report, computed again from the raw facts of the demo recording by another program."""

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

import pytest

from aura_mcp.app import Application
from tests.aura_mcp.tools._asking import answer
from tests.aura_mcp.tools._oracle import Lot, Piece, Trip, read_recording, trips_of, wilson
from tests.aura_mcp.tools.conftest import DEMO_AS_OF

DIGITS: Final = {"sol": 9, "usd": 6}
WINDOWS: Final = {"all": None, "7d": 7 * 86_400, "1d": 86_400}
BUCKETS: Final = ((60, "< 1 min"), (300, "1-5 min"), (3_600, "5-60 min"), (86_400, "1-24 h"), (604_800, "1-7 d"))

UNKNOWN: Final = ("fees", "fee_drag_pct", "other_costs", "net_after_costs")

FACTS: Final = read_recording()


def wallets_with_rows_only(least: int) -> list[str]:
    """Return the wallets that only trade rows name, those with most of them, of which none are undated."""
    rows = Counter(fact["owner"] for fact in FACTS if fact.get("type") == "trade")
    exact = {fact["owner"] for fact in FACTS if fact.get("type") == "effect"}
    return sorted(owner for owner, count in rows.items() if count >= least and owner not in exact)


def whole(amount: int | None, currency: str) -> float | None:
    """Return an amount in whole units as JSON shows it."""
    return None if amount is None else float(Fraction(amount, 10 ** DIGITS[currency]))


def pct(part: float | Fraction | None) -> float | None:
    """Return a ratio in percent, to the hundredth."""
    return None if part is None else round(100 * float(part), 2)


def moment(at: int | None) -> str | None:
    """Return epoch seconds as JSON shows them."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def figures(trips: list[Trip], currency: str, since: int | None, *, holds_any: bool) -> dict[str, Any]:
    """Return what a report says of a window in one currency, in the words of the report."""
    real = [trip for trip in trips if trip.number]
    inside = [t for t in real if t.closed_at is None or since is None or t.closed_at > since]
    outcomes = Counter(trip.outcome(currency) for trip in inside)
    rated = [trip for trip in inside if trip.outcome(currency) in {"win", "loss", "break_even"}]
    rated.sort(key=lambda t: (t.closed_at or 0, t.mint, t.number))
    nets = [trip.net(currency) or 0 for trip in rated]
    wins, n = outcomes["win"], outcomes["win"] + outcomes["loss"]
    low, high = wilson(wins, n) if n else (None, None)
    pieces = [p for t in trips for p in t.pieces if since is None or p.sold_at > since]
    known = [p for p in pieces if p.is_known]
    flows = [(p.proceeds[currency], p.cost[currency]) for p in known]
    results = [proceeds - cost for proceeds, cost in flows if proceeds is not None and cost is not None]
    matched = sum(p.proceeds[currency] or 0 for p in known)
    unmatched = sum(p.proceeds[currency] or 0 for p in pieces if not p.is_known)
    net = sum(results) if results or not known else None
    spent = [trip.spent[currency] for trip in inside]
    every = [trip.net(currency) for trip in inside]
    total_spent = None if None in spent else sum(value for value in spent if value is not None)
    total_net = None if None in every else sum(value for value in every if value is not None)
    is_known = total_spent is not None and total_net is not None
    cost = sum(trip.total("cost", currency) or 0 for trip in rated)
    gains, losses = (
        sum(v for v, t in zip(nets, rated, strict=True) if t.outcome(currency) == kind) for kind in ("win", "loss")
    )
    by_mint: defaultdict[str, int] = defaultdict(int)
    for trip, value in zip(rated, nets, strict=True):
        by_mint[trip.mint] += value
    positive = [value for value in by_mint.values() if value > 0]
    running = peak = deepest = 0
    for value in nets:
        running += value
        peak = max(peak, running)
        deepest = max(deepest, peak - running)
    return {
        "total_trades": len(rated),
        "n": n,
        "wins": wins,
        "losses": outcomes["loss"],
        "break_evens": outcomes["break_even"],
        "win_rate": round(100 * wins / n, 2) if n else None,
        "win_rate_incl_dead": None if holds_any or not n else round(100 * wins / n, 2),
        "win_rate_lb95": None if low is None else round(max(low, 0.0), 2),
        "win_rate_ub95": None if high is None else round(min(high, 100.0), 2),
        "gross": whole(net, currency),
        "net": whole(net, currency),
        "proceeds": whole(matched + unmatched, currency),
        "unmatched_proceeds": whole(unmatched, currency),
        "basis_coverage_pct": pct(matched / (matched + unmatched)) if matched + unmatched else None,
        "realizations": len(known),
        "unpriced_realizations": len(known) - len(results),
        "roi_closed_pct": pct(sum(nets) / cost) if cost else None,
        "pnl_ratio_pct": pct(total_net / total_spent) if is_known and total_spent and total_net is not None else None,
        "spent": whole(total_spent, currency) if is_known or total_spent is None else None,
        "expectancy": whole(round(Fraction(sum(nets), len(nets))), currency) if nets else None,
        "profit_factor": round(gains / -losses, 2) if losses else None,
        "max_drawdown": whole(deepest, currency) if nets else None,
        "top1_share_pct": pct(max(positive) / sum(positive)) if positive else None,
        "is_lotto": max(positive) / sum(positive) > 0.6 if positive else None,
        "unrated": {reason: outcomes[reason] for reason in ("open", "moved", "unpriced", "low_coverage")},
        "pnl_buckets": pnl_buckets(rated, currency),
    }


def pnl_buckets(rated: list[Trip], currency: str) -> dict[str, int]:
    """Return how many round trips returned how much of what they cost."""
    counts: dict[str, int] = dict.fromkeys(("> 500 %", "200-500 %", "0-200 %", "-50-0 %", "< -50 %", "dead"), 0)
    for trip in rated:
        net, cost = trip.net(currency) or 0, trip.total("cost", currency) or 0
        share = Fraction(net, cost)
        name = "> 500 %" if share > 5 else "200-500 %" if share >= 2 else "0-200 %" if share >= 0 else None
        counts[name or ("-50-0 %" if share >= Fraction(-1, 2) else "< -50 %")] += 1
    return counts


def hold(trips: list[Trip], since: int | None) -> dict[str, Any]:
    """Return how long what was sold had been held; every round trip weighs the same."""
    sizes: defaultdict[tuple[str, int], int] = defaultdict(int)
    known = [(t, p) for t in trips for p in t.pieces if p.is_known]
    for trip, piece in known:
        sizes[trip.mint, trip.number] += piece.quantity
    weights = sorted(
        (p.held_s, 10**12 * p.quantity // sizes[t.mint, t.number])
        for t, p in known
        if since is None or p.sold_at > since
    )
    whole_weight = sum(weight for _, weight in weights)

    def quantile(quarters: int) -> int | None:
        reached = 0
        for held, weight in weights:
            reached += weight
            if 4 * reached >= quarters * whole_weight:
                return held
        return None

    mean = Fraction(sum(held * weight for held, weight in weights), whole_weight) if whole_weight else None
    pieces = [p for _, p in known if since is None or p.sold_at > since]
    return {
        "mean_s": None if mean is None else int(mean + Fraction(1, 2)),
        "quartile1_s": quantile(1),
        "median_s": quantile(2),
        "quartile3_s": quantile(3),
        "net_usd_by_hold": {name: by_hold(pieces, name, "usd") for name in (*(b for _, b in BUCKETS), "> 7 d")},
        "net_sol_by_hold": {name: by_hold(pieces, name, "sol") for name in (*(b for _, b in BUCKETS), "> 7 d")},
    }


def by_hold(pieces: list[Piece], name: str, currency: str) -> float | None:
    """Return what was earned on what was held for one span of time."""
    mine = [p for p in pieces if next((b for bound, b in BUCKETS if p.held_s < bound), "> 7 d") == name]
    values = [(p.proceeds[currency], p.cost[currency]) for p in mine]
    known = [proceeds - cost for proceeds, cost in values if proceeds is not None and cost is not None]
    return whole(sum(known), currency) if known or not mine else None


@pytest.mark.parametrize("window", WINDOWS)
def test_every_number_follows_from_the_facts(demo: Application, window: str) -> None:
    """Spec: every number in wallet_report is recomputed in the test from the raw facts."""
    span = WINDOWS[window]
    since = None if span is None else DEMO_AS_OF - span
    wallets = wallets_with_rows_only(20)
    assert len(wallets) >= 10
    for wallet in wallets:
        trips, lots = trips_of(FACTS, wallet)
        report = answer(demo, "wallet_report", wallets=[wallet], window=window, detail=True)["wallets"][0]
        for currency in ("usd", "sol"):
            expected = figures(trips, currency, since, holds_any=report["positions_total"] > 0)
            found = report[f"figures_{currency}"]
            assert {name: found[name] for name in expected} == expected, wallet
            # Trade rows carry no fees, nothing else is known of these wallets, and nothing has a price of today.
            assert found.keys() - expected.keys() == set(UNKNOWN)
            if rows_of(wallet, since):
                assert [found[name] for name in UNKNOWN] == [None] * len(UNKNOWN)
        assert report["hold"] == hold(trips, since), wallet
        assert report["score"]["parts"] == score_parts(trips), wallet
        assert report["score"]["value"] is None or len(trips) > 20
        assert report["last_trade_at"] == moment(max(row["block_time"] for row in rows_of(wallet, None)))
        assert report["is_active"] is bool(rows_of(wallet, since))
        check_unknown(report, wallet, trips, since)
        check_lists(report, trips, lots)


def rows_of(wallet: str, since: int | None) -> list[dict[str, Any]]:
    """Return the trade rows of a wallet in a window."""
    rows = (fact for fact in FACTS if fact.get("type") == "trade" and fact["owner"] == wallet)
    return [row for row in rows if since is None or row["block_time"] > since]


def score_parts(trips: list[Trip]) -> dict[str, float]:
    """Return the parts of the score that are known, over all time and in USD (DOMAIN §4)."""
    rated = [t for t in trips if t.number and t.outcome("usd") in {"win", "loss", "break_even"}]
    rated.sort(key=lambda t: (t.closed_at or 0, t.mint, t.number))
    if not rated:
        return {}
    parts: dict[str, float] = {}
    returns = [
        math.log(max(0.01, 1 + (t.net("usd") or 0) / cost)) for t in rated if (cost := t.total("cost", "usd") or 0) > 0
    ]
    if returns:
        parts["skill"] = sum(returns) / (len(returns) + 20) / 0.2
    decided = [t.outcome("usd") == "win" for t in rated if t.outcome("usd") != "break_even"]
    if decided:
        parts["wilson"] = max(0.0, wilson(sum(decided), len(decided))[0]) / 100
    by_mint: defaultdict[str, int] = defaultdict(int)
    for trip in rated:
        by_mint[trip.mint] += trip.net("usd") or 0
    gains = [gain for gain in by_mint.values() if gain > 0]
    parts["breadth"] = (1 / sum((gain / sum(gains)) ** 2 for gain in gains) - 1) / 9 if gains else 0.0
    parts["recency"] = 2 ** -((DEMO_AS_OF - (rated[-1].closed_at or 0)) / (14 * 86_400))
    return {name: round(min(1.0, max(0.0, part)), 4) for name, part in parts.items()}


def check_unknown(report: dict[str, Any], wallet: str, trips: list[Trip], since: int | None) -> None:
    """Compare how often something is not known."""
    rows = rows_of(wallet, since)
    unvalued = sum(row["quote_raw"] is None for row in rows)
    unmatched = sum(not p.is_known and (since is None or p.sold_at > since) for t in trips for p in t.pieces)
    lines = " | ".join(report["unknown"])
    for count, words in (
        (len(rows), "trades whose source rounded amounts"),
        (len(rows), "trades whose place inside their second"),
        (unvalued, "trades whose price paid or received is unknown"),
        (unmatched, "sales of tokens whose cost is unknown"),
        (report["positions_total"], "positions whose value of today is unknown"),
    ):
        if count > 1:
            assert f"{count} {words}" in lines, wallet
        else:
            assert (words in lines) is bool(count), wallet


def check_lists(report: dict[str, Any], trips: list[Trip], lots: dict[str, list[Lot]]) -> None:
    """Compare the round trips and the positions that a report lists."""
    real = sorted((t for t in trips if t.number), key=lambda t: (t.opened_at, t.mint, t.number), reverse=True)
    assert report["trips_total"] == len(real)
    for shown, trip in zip(report["trips"], real, strict=False):
        matched, rest = trip.total("proceeds", "usd"), trip.unmatched("usd")
        covered = None if matched is None or rest is None or not matched + rest else pct(matched / (matched + rest))
        net_known = trip.net("usd") is not None
        assert shown == {
            "mint": trip.mint,
            "trip": trip.number,
            "opened_at": moment(trip.opened_at),
            "closed_at": moment(trip.closed_at),
            "buys": trip.buys,
            "sells": trip.sells,
            "spent_usd": whole(trip.spent["usd"], "usd"),
            "spent_sol": whole(trip.spent["sol"], "sol"),
            "net_usd": whole(trip.net("usd"), "usd"),
            "net_sol": whole(trip.net("sol"), "sol"),
            "coverage_pct": covered if net_known else None,
            "outcome": trip.outcome("usd"),
        }
    held = {mint: [lot for lot in of_mint if lot.left] for mint, of_mint in lots.items()}
    unvalued = {row["mint"] for row in FACTS if row.get("side") == "BUY" and row["quote_raw"] is None}
    shown = {row["mint"]: row for row in report["positions"]}
    assert len(shown) == min(report["positions_total"], 12)
    for mint, row in shown.items():
        known = held.get(mint, [])
        assert row["known_basis_quantity"] == whole_tokens(known)
        if mint not in unvalued:
            assert row == {
                "mint": mint,
                "quantity": whole_tokens(known),
                "known_basis_quantity": whole_tokens(known),
                "parked_quantity": 0,
                "cost_usd": whole(cost_left(known, "usd"), "usd"),
                "cost_sol": whole(cost_left(known, "sol"), "sol"),
                "lots": len(known),
                "gaps": 0,
            }
    if report["positions_total"] <= 12:
        assert shown.keys() >= {mint for mint, known in held.items() if known}


def whole_tokens(lots: list[Lot]) -> float:
    """Return what is left of lots, in whole tokens of six decimals."""
    return float(Fraction(sum(lot.left for lot in lots), 10**6))


def cost_left(lots: list[Lot], currency: str) -> int | None:
    """Return what the rest of lots cost: all of it less the shares of what was sold, each rounded down."""
    costs = [
        None if (cost := lot.cost[currency]) is None else cost - cost * (lot.quantity - lot.left) // lot.quantity
        for lot in lots
    ]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def test_concise_report_shows_the_same_numbers(demo: Application) -> None:
    """Our rule: what is left out is left out; what is shown is what the detailed answer says."""
    for wallet in wallets_with_rows_only(40):
        concise = answer(demo, "wallet_report", wallets=[wallet])["wallets"][0]
        detailed = answer(demo, "wallet_report", wallets=[wallet], detail=True)["wallets"][0]
        assert concise.pop("median_hold_s") == detailed["hold"]["median_s"]
        for name in ("figures_usd", "figures_sol"):
            figures_shown = concise.pop(name)
            assert figures_shown == {key: detailed[name][key] for key in figures_shown}
        assert concise.pop("score")["value"] == detailed["score"]["value"]
        counted = [[line for line in r.pop("unknown") if "_usd" not in line] for r in (concise, detailed)]
        assert counted[0] == counted[1]
        for name in ("trips", "positions"):
            rows = concise.pop(name)
            full = detailed[name][: len(rows)]
            assert rows == [{key: of[key] for key in row} for row, of in zip(rows, full, strict=True)]
        assert concise == {name: detailed[name] for name in concise}
