"""Whole answers of every tool on the demo recording: what `make demo` and the README are about, seen by a model."""

# A snapshot is as wide as what it holds.
# ruff: noqa: E501

from inline_snapshot import snapshot

from aura_mcp.app import Application
from tests.aura_mcp.tools.test_answers import both
from tests.aura_mcp.tools.test_sizes import BUSY, TRADED


def test_top_wallets(demo: Application) -> None:
    """Spec: whole-object snapshots of every tool on the demo recording."""
    assert both(demo, "top_wallets", limit=3, min_trades=2) == snapshot(
        {
            "text": [
                "827 of 1002 wallets that sold in the window (all) are ranked.",
                "#1 NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh: won 17 of 19, at least 68.6 %, net +$62.40 / +0.7567 SOL",
                "#2 g5HcBNwSo2GyeKwdsgLzCrmqeB3KeihLd87nS79kDaG: won 4 of 4, at least 51.0 %, net +$47.55 / +0.6368 SOL",
                "#3 D5jpq1mTBS8LAPaHfHN7uUWHzTuFJW3oqkkc1q5rAL8b: won 3 of 3, at least 43.9 %, net +$14.99 / +0.1986 SOL",
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [
                    "4 wallets unranked: over 10 % of the proceeds have no known cost",
                    "171 wallets unranked: no closed round trip won or lost",
                    "2 of those lack only a price in usd: try the other currency",
                ],
                "since": None,
                "window": "all",
                "sorted_by": "lb95",
                "judged_in": "usd",
                "wallets_total": 1002,
                "ranked_total": 827,
                "wallets": [
                    {
                        "rank": 1,
                        "wallet": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                        "total_trades": 19,
                        "wins": 17,
                        "losses": 2,
                        "win_rate": 89.47,
                        "win_rate_lb95": 68.61,
                        "net_usd": 62.402534,
                        "net_sol": 0.756668453,
                        "roi_closed_pct": 5.33,
                        "basis_coverage_pct": 94.65,
                        "last_trade_at": "2026-07-03T11:45:10Z",
                    },
                    {
                        "rank": 2,
                        "wallet": {"address": "g5HcBNwSo2GyeKwdsgLzCrmqeB3KeihLd87nS79kDaG"},
                        "total_trades": 4,
                        "wins": 4,
                        "losses": 0,
                        "win_rate": 100.0,
                        "win_rate_lb95": 51.01,
                        "net_usd": 47.553137,
                        "net_sol": 0.6368,
                        "roi_closed_pct": 14.44,
                        "basis_coverage_pct": 100.0,
                        "is_lotto": True,
                        "last_trade_at": "2026-07-03T11:44:18Z",
                    },
                    {
                        "rank": 3,
                        "wallet": {"address": "D5jpq1mTBS8LAPaHfHN7uUWHzTuFJW3oqkkc1q5rAL8b"},
                        "total_trades": 3,
                        "wins": 3,
                        "losses": 0,
                        "win_rate": 100.0,
                        "win_rate_lb95": 43.85,
                        "net_usd": 14.98744,
                        "net_sol": 0.1986,
                        "roi_closed_pct": 16.52,
                        "basis_coverage_pct": 100.0,
                        "is_lotto": True,
                        "last_trade_at": "2026-06-29T19:13:41Z",
                    },
                ],
                "next_cursor": "WyI3MGRjMDdhOTA2YjhhNDgwIixbMTc4MzA4MDAwMCwzXV0",
            },
        }
    )


def test_wallet_report(demo: Application) -> None:
    """Spec: as above."""
    assert both(demo, "wallet_report", wallets=[BUSY]) == snapshot(
        {
            "text": [
                "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh, all: net +$62.40 / +0.7567 SOL; won 17 of 19, at least 68.6 %; 94.7 % of proceeds have a known cost; 2 positions held."
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": ["2 positions of unknown value of today: unrealized P&L is unknown"],
                "since": None,
                "window": "all",
                "judged_in": "usd",
                "wallets": [
                    {
                        "wallet": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                        "is_active": True,
                        "last_trade_at": "2026-07-03T11:45:10Z",
                        "figures_usd": {
                            "total_trades": 19,
                            "n": 19,
                            "wins": 17,
                            "losses": 2,
                            "win_rate": 89.47,
                            "win_rate_lb95": 68.61,
                            "net": 62.402534,
                            "unmatched_proceeds": 202.463893,
                            "basis_coverage_pct": 94.65,
                            "roi_closed_pct": 5.33,
                            "expectancy": 6.375557,
                            "profit_factor": 10.99,
                            "max_drawdown": 10.479036,
                            "top1_share_pct": 54.6,
                        },
                        "figures_sol": {"net": 0.756668453, "unmatched_proceeds": 2.7407},
                        "score": {"value": None, "reasons": ["fewer than 20 rated episodes"]},
                        "median_hold_s": 3,
                        "trips_total": 21,
                        "trips": [
                            {
                                "mint": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                                "trip": 13,
                                "opened_at": "2026-07-03T11:45:09Z",
                                "closed_at": "2026-07-03T11:45:10Z",
                                "buys": 1,
                                "sells": 1,
                                "spent_usd": 104.529199,
                                "spent_sol": 1.2808,
                                "net_usd": 6.357608,
                                "net_sol": 0.0779,
                                "coverage_pct": 100.0,
                                "outcome": "win",
                            },
                            {
                                "mint": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                                "trip": 12,
                                "opened_at": "2026-07-03T11:44:13Z",
                                "closed_at": "2026-07-03T11:44:15Z",
                                "buys": 1,
                                "sells": 1,
                                "spent_usd": 114.575689,
                                "spent_sol": 1.4039,
                                "net_usd": 6.969701,
                                "net_sol": 0.0854,
                                "coverage_pct": 100.0,
                                "outcome": "win",
                            },
                            {
                                "mint": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                                "trip": 11,
                                "opened_at": "2026-07-03T11:44:07Z",
                                "closed_at": "2026-07-03T11:44:10Z",
                                "buys": 1,
                                "sells": 1,
                                "spent_usd": 112.837344,
                                "spent_sol": 1.3826,
                                "net_usd": 5.435388,
                                "net_sol": 0.0666,
                                "coverage_pct": 100.0,
                                "outcome": "win",
                            },
                        ],
                        "positions_total": 2,
                        "positions": [
                            {
                                "mint": "4ivABKoFDQJtgTwwTxSiAR2pppZ2UtNmVkCmqHA3pump",
                                "quantity": 2177563.8,
                                "known_basis_quantity": 2177563.8,
                                "parked_quantity": 0.0,
                                "cost_usd": 65.431639,
                                "cost_sol": 0.911573607,
                                "state": None,
                                "mark_usd": None,
                                "executable_usd": None,
                                "executable_sol": None,
                                "lots": 1,
                                "gaps": 0,
                            },
                            {
                                "mint": "H2HmTSxj5mTm4kYe4kJbJuG1HitVoXZ929n1RyrXpump",
                                "quantity": 1668532.1,
                                "known_basis_quantity": 1668532.1,
                                "parked_quantity": 0.0,
                                "cost_usd": 12.240109,
                                "cost_sol": 0.162194846,
                                "state": None,
                                "mark_usd": None,
                                "executable_usd": None,
                                "executable_sol": None,
                                "lots": 1,
                                "gaps": 0,
                            },
                        ],
                        "holdings": None,
                        "unknown": [
                            "2 sales of tokens whose cost is unknown: outside of P&L",
                            "64 trades whose source rounded amounts and left out network fees",
                            "64 trades whose place inside their second or block is unknown",
                            "2 positions whose value of today is unknown: in no total",
                        ],
                    }
                ],
            },
        }
    )


def test_find_trades(demo: Application) -> None:
    """Spec: "my best performing trades from last week"."""
    assert both(demo, "find_trades", wallet=BUSY, window="7d", order="best_pnl", limit=2) == snapshot(
        {
            "text": [
                "2 trades, best pnl first. More follow with next_cursor.",
                "2026-06-30 03:00 UTC NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh SELL HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump: net +$23.82 / +0.3190 SOL, 12.8 %",
                "2026-06-30 03:00 UTC NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh SELL HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump: net +$17.62 / +0.2360 SOL, 10.5 %",
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": ["amounts with is_exact false were rounded by their source, without network fees"],
                "since": "2026-06-26T12:00:00Z",
                "until": "2026-07-03T12:00:00Z",
                "wallet": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                "order": "best_pnl",
                "trades": [
                    {
                        "at": "2026-06-30T03:00:38Z",
                        "side": "SELL",
                        "mint": "HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump",
                        "amount": 1018458.6,
                        "value_usd": 209.284581,
                        "value_sol": 2.8026,
                        "net_usd": 23.821374,
                        "net_sol": 0.319,
                        "return_pct": 12.84,
                        "matched_pct": 100.0,
                        "ref": "row:36a20a5f3983e7df0402f82346cebbbc#0",
                        "is_exact": False,
                    },
                    {
                        "at": "2026-06-30T03:00:45Z",
                        "side": "SELL",
                        "mint": "HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump",
                        "amount": 1108008.3,
                        "value_usd": 185.627493,
                        "value_sol": 2.4858,
                        "net_usd": 17.623336,
                        "net_sol": 0.236,
                        "return_pct": 10.49,
                        "matched_pct": 100.0,
                        "ref": "row:4030b4d85aaeed8b78ee101aab5fccf1#0",
                        "is_exact": False,
                    },
                ],
                "next_cursor": "WyIzYmVhNDFlNDI3M2E5MzljIixbMTc4MzA4MDAwMCxbMTc2MjMzMzYsIk5VTExpb0VVaGQ4OUpvNUFjbTlzWDg4YndqTmpyc0FWeTZLV2tYRDdxWmggSFhnanYzRDlNb0N2TE5mYnROd3Z2N3NzOGZnUXR4ekp3aUtRRW1EeHB1bXAgcm93OjQwMzBiNGQ4NWFhZWVkOGI3OGVlMTAxYWFiNWZjY2YxIzAiXV1d",
            },
        }
    )


def test_explain_pnl(demo: Application) -> None:
    """Spec: the lots and signatures behind one number."""
    assert both(demo, "explain_pnl", wallet=BUSY, mint=TRADED, limit=1) == snapshot(
        {
            "text": [
                "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh: 13 disposals matched to 13 lots; proceeds $1,467.24 less cost $1,401.10 and fees $ unknown: net +$66.14 / +0.8104 SOL."
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [
                    "some amounts were rounded by their source, which left out network fees: net is before those"
                ],
                "wallet": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                "mint": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                "disposals_total": 13,
                "parts_total": 13,
                "cost_usd": 1401.097692,
                "cost_sol": 17.1677,
                "fees_usd": None,
                "fees_sol": None,
                "proceeds_usd": 1467.236405,
                "proceeds_sol": 17.9781,
                "net_usd": 66.138713,
                "net_sol": 0.8104,
                "unmatched_usd": 0.0,
                "unmatched_sol": 0.0,
                "matched_pct": 100.0,
                "sales": [
                    {
                        "kind": "SELL",
                        "sold_at": "2026-07-03T11:41:24Z",
                        "sold_in": "row:bd0e0aad8de34984542467a14a2c6288#0",
                        "trip": 1,
                        "quantity": 2075337.6,
                        "matched_pct": 100.0,
                        "net_usd": 1.656733,
                        "net_sol": 0.0203,
                        "parts": [
                            {
                                "basis": "known",
                                "bought_at": "2026-07-03T11:41:06Z",
                                "bought_in": "row:4e77a76608236966a345038232ee66dd#0",
                                "held_s": 18,
                                "quantity": 2075337.6,
                                "cost_usd": 97.796173,
                                "cost_sol": 1.1983,
                                "proceeds_usd": 99.452906,
                                "proceeds_sol": 1.2186,
                                "net_usd": 1.656733,
                                "net_sol": 0.0203,
                            }
                        ],
                        "parts_total": 1,
                    }
                ],
                "next_cursor": "WyI3NWQyM2ZlYTFmOGU4MDAxIixbMTc4MzA3ODg4NCwiOFhhMWpxQmhyeEVGWDRIZ01kOU5OUlZqSzVhcDd0QnJyNWFlYkNHS3B1bXAiLCJyb3c6YmQwZTBhYWQ4ZGUzNDk4NDU0MjQ2N2ExNGEyYzYyODgjMCJdXQ",
            },
        }
    )


def test_edit_wallet(demo: Application) -> None:
    """Our rule: an edit that changes nothing, because the recording is everybody's."""
    assert both(demo, "edit_wallet", wallet=BUSY, action="untrack") == snapshot(
        {
            "text": ["untrack NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh: nothing to change. It is not followed."],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": ["it was so before: nothing changed"],
                "wallet": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                "is_tracked": False,
                "entity": {"address": "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"},
                "members": ["NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"],
                "members_total": 1,
                "has_changed": False,
                "refolded_positions": 0,
                "whale_minimum_usd": 10000.0,
            },
        }
    )


def test_token_report(demo: Application) -> None:
    """Spec: price, flows, who holds it."""
    assert both(demo, "token_report", mint=TRADED, window="7d") == snapshot(
        {
            "text": [
                "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump: price $0.0000560010 (trade, 882 s old); in 7d no followed wallet traded it; 198 of 269 entities seen hold it, 0 of the followed had it. Liquidity and risk are not known."
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [
                    "no pool of the last day is stored",
                    "no risk is computed yet: unknown is not safe",
                    "no price and no candle of this token is stored",
                    "safety: AURA_OFFLINE is set: no provider is asked",
                ],
                "mint": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                "decimals": 6,
                "window": "7d",
                "price": None,
                "market_state": "live",
                "last_trade": {
                    "price_usd": 5.60009646281e-05,
                    "price_sol": 6.86181818182e-07,
                    "source": "trade",
                    "at": "2026-07-03T11:45:18Z",
                    "age_s": 882,
                },
                "liquidity_usd": None,
                "safety": None,
                "risk": None,
                "flow_tracked": None,
                "flow_all": {
                    "buyers": 242,
                    "sellers": 27,
                    "trades": 656,
                    "bought_usd": 34718.376018,
                    "bought_sol": 425.4055,
                    "sold_usd": 31867.73548,
                    "sold_sol": 390.4765,
                    "net_usd": 2850.640538,
                    "net_sol": 34.929,
                    "trades_without_value": 15,
                    "last_trade_at": "2026-07-03T11:45:18Z",
                },
                "first_trade_at": "2026-07-03T11:40:18Z",
                "entities_total": 269,
                "tracked_total": 0,
                "holding_total": 198,
                "holders": [
                    {
                        "wallet": {"address": "71yViKWrSKThN6nwZEhvYu4ktGzh8LeN1BBXr5U357vq"},
                        "is_tracked": False,
                        "quantity": 19991668.65,
                        "last_event_at": "2026-07-03T11:43:20Z",
                    },
                    {
                        "wallet": {"address": "HLJR5Q3zbuqc1Ph5wgcuxouXCBp9SfpTbtnDcfz6kCst"},
                        "is_tracked": False,
                        "quantity": 19057103.8,
                        "last_event_at": "2026-07-03T11:43:24Z",
                    },
                    {
                        "wallet": {"address": "BQn6p8HTrASsUMUpxBsWbs9TxP1zHzZ1jyaKjng3KUw1"},
                        "is_tracked": False,
                        "quantity": 18571367.4,
                        "net_usd": -1.016165,
                        "net_sol": -0.012451116,
                        "last_event_at": "2026-07-03T11:44:08Z",
                    },
                    {
                        "wallet": {"address": "HS5C11QLKM1CH5Npis3WKpPEbPHJugZzbw53bZCJ9kLc"},
                        "is_tracked": False,
                        "quantity": 17240106.5,
                        "last_event_at": "2026-07-03T11:44:23Z",
                    },
                    {
                        "wallet": {"address": "JBoajfHToFMwnFFFM1ynGGWsmdUf2s4VTCXNrXwMpEZr"},
                        "is_tracked": False,
                        "quantity": 16589833.61,
                        "last_event_at": "2026-07-03T11:44:33Z",
                    },
                    {
                        "wallet": {"address": "5bPNGuPJLbtXv8BKwiFbuVYQpY1Su998iEXaBBuEDrtf"},
                        "is_tracked": False,
                        "quantity": 15294852.42,
                        "last_event_at": "2026-07-03T11:42:41Z",
                    },
                    {
                        "wallet": {"address": "GvPVG5QbtUWC8wLvGQmwxJC53ZW1FEYSndXMnrkF32Ak"},
                        "is_tracked": False,
                        "quantity": 14110971.15,
                        "net_usd": 32.602048,
                        "net_sol": 0.399474053,
                        "last_event_at": "2026-07-03T11:44:28Z",
                    },
                    {
                        "wallet": {"address": "Fqb1pk1s6E4uexRB1Rb4QtZgArCiaWJjKvm2M7gd1QTB"},
                        "is_tracked": False,
                        "quantity": 13143078.0,
                        "last_event_at": "2026-07-03T11:40:43Z",
                    },
                ],
            },
        }
    )


def test_token_flows(demo: Application) -> None:
    """Spec: net buying in a window."""
    assert both(demo, "token_flows", window="30d", whose="all", limit=2) == snapshot(
        {
            "text": [
                "11 tokens traded by all wallets, net buying first.",
                "HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump: 238 buyers, 39 sellers, net +$7,225.70 / +97.6352 SOL",
                "wUrFv415kKhZ3Q4MdxhNfCtpzU5r9NT11tqAE4ipump: 226 buyers, 26 sellers, net +$5,960.32 / +73.6936 SOL",
            ],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": ["186 trades without a known value in no sum"],
                "since": "2026-06-03T12:00:00Z",
                "until": "2026-07-03T12:00:00Z",
                "whose": "all",
                "order": "net_buying",
                "tracked_entities": 478,
                "tokens_total": 11,
                "trades_total": 4606,
                "tokens": [
                    {
                        "mint": "HXgjv3D9MoCvLNfbtNwvv7ss8fgQtxzJwiKQEmDxpump",
                        "buyers": 238,
                        "sellers": 39,
                        "trades": 817,
                        "bought_usd": 32259.561536,
                        "bought_sol": 433.0371,
                        "sold_usd": 25033.857458,
                        "sold_sol": 335.4019,
                        "net_usd": 7225.704078,
                        "net_sol": 97.6352,
                        "trades_without_value": 10,
                        "last_trade_at": "2026-06-30T03:04:31Z",
                        "entities": [
                            {
                                "wallet": {"address": "AgKMwTUogKDQQujBbS2uY1oogkU3m7rK8L5DpSwUDxxc"},
                                "net_usd": 558.726952,
                                "net_sol": 7.4821,
                                "trades": 15,
                                "last_trade_at": "2026-06-30T03:02:38Z",
                            },
                            {
                                "wallet": {"address": "6NGN6KyYdzptusgeg3fWSC1CKMDz3b9nSGDrxYAjzUWa"},
                                "net_usd": 521.911905,
                                "net_sol": 7.0098,
                                "trades": 7,
                                "last_trade_at": "2026-06-30T03:00:24Z",
                            },
                        ],
                    },
                    {
                        "mint": "wUrFv415kKhZ3Q4MdxhNfCtpzU5r9NT11tqAE4ipump",
                        "buyers": 226,
                        "sellers": 26,
                        "trades": 506,
                        "bought_usd": 14145.739137,
                        "bought_sol": 174.8983,
                        "sold_usd": 8185.415663,
                        "sold_sol": 101.2047,
                        "net_usd": 5960.323474,
                        "net_sol": 73.6936,
                        "trades_without_value": 71,
                        "last_trade_at": "2026-07-03T07:46:18Z",
                        "entities": [
                            {
                                "wallet": {"address": "3TvjfwkAdfuPTQnnH8YvpNUMySCUoSkQzQcbNZFH4h6c"},
                                "net_usd": -6603.358294,
                                "net_sol": -81.6441,
                                "trades": 13,
                                "last_trade_at": "2026-07-03T07:46:12Z",
                            },
                            {
                                "wallet": {"address": "3ZmTCiutgyT2wG1773XsNxfkty8cPYUgLgQ4TQgLk5sv"},
                                "net_usd": 817.743283,
                                "net_sol": 10.1106,
                                "trades": 1,
                                "last_trade_at": "2026-07-03T07:44:13Z",
                            },
                        ],
                    },
                ],
                "next_cursor": "WyI1MTFkMTZjOGU2Y2Y2MDNmIixbMTc4MzA4MDAwMCwyXV0",
            },
        }
    )


def test_search(demo: Application) -> None:
    """Spec: wallets and tokens by the start of an address; ambiguous gives candidates."""
    assert both(demo, "search", query=TRADED[:3]) == snapshot(
        {
            "text": ["1 match: token 8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump."],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [],
                "matches_total": 1,
                "is_ambiguous": False,
                "matches": [
                    {
                        "kind": "token",
                        "address": "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump",
                        "why": "start of the address",
                        "is_exact": False,
                        "transfers_and_trades": 656,
                        "last_event_at": "2026-07-03T11:45:18Z",
                    }
                ],
                "next_cursor": None,
            },
        }
    )


def test_query_sql(demo: Application) -> None:
    """Spec: read-only over documented views."""
    sql = "SELECT side, count(*) AS trades, sum(value_lamports) AS lamports FROM trade GROUP BY ALL ORDER BY ALL"
    assert both(demo, "query_sql", sql=sql) == snapshot(
        {
            "text": ["4 rows: side, trades, lamports."],
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [],
                "columns": [
                    {"name": "side", "type": "VARCHAR"},
                    {"name": "trades", "type": "BIGINT"},
                    {"name": "lamports", "type": "HUGEINT"},
                ],
                "rows": [
                    ["BUY", 2713, 2270864019163],
                    ["IN", 11, None],
                    ["OUT", 7, None],
                    ["SELL", 1929, 2200956268196],
                ],
                "row_count": 4,
                "has_more": False,
            },
        }
    )


def test_system_status(demo: Application) -> None:
    """Our rule: the file and its size differ from run to run."""
    found = both(demo, "system_status")
    del found["text"], found["content"]["database"]["path"], found["content"]["database"]["size_bytes"]
    assert found == snapshot(
        {
            "content": {
                "as_of": "2026-07-03T12:00:00Z",
                "last_fact_at": "2026-07-03T11:45:18Z",
                "notes": [],
                "version": "0.1.0",
                "database": {"last_slot": 403124774, "last_fact_at": "2026-07-03T11:45:18Z"},
                "hub": None,
                "live": {
                    "is_offline": True,
                    "followed": 478,
                    "histories": {"never_fetched": 478},
                    "gaps_being_closed": 0,
                    "gaps_unclosable": 0,
                    "unfinalized": 0,
                    "taken_back": 0,
                    "jobs": [],
                    "providers": [],
                    "pending": 0,
                    "oldest_pending_at": None,
                    "failing": 0,
                    "last_event": 0,
                    "missing_keys": [
                        {"name": "BIRDEYE_API_KEY", "benefit": "prices and candles have one more source"},
                        {
                            "name": "HELIUS_API_KEY",
                            "benefit": "wallets are back-filled faster, and webhooks tell of trades within seconds",
                        },
                        {"name": "JUPITER_API_KEY", "benefit": "prices and quotes come twice as fast"},
                    ],
                },
            }
        }
    )
