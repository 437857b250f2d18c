"""What market providers really answered (live 2026-10-08, documentation of 2025 and 2026) becomes values."""

from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import ProviderError
from data.providers import _geckoterminal_payload as geckoterminal
from data.providers import birdeye, dexscreener, jupiter, rugcheck
from engine.market import Holding, Market, price_from_pools, sell_into, unrealized
from engine.units import USDC, WSOL, Address, Mint
from engine.wallets import PositionState

LIVE = "live_2026-10-08"
GARY = Mint("8ZCmwpW3MtC5UpNcZf7U4HMvRNTo71syU11BDiAFpump")
FROG = Mint("DoVAVzViX8Bjy3r15nwikSaSbzE6dV4ovd28aWpJpump")
POOL = Address("2uZuTQEjcXcR1ESwMdGTpqEwM5PCekEwrSNVRPc1EhS1")
SEEN_AT = 1_791_473_600


@pytest.fixture
def bodies(corpus: Path) -> Path:
    """Return the folder of recorded bodies."""
    return corpus / "market_api"


def test_live_pairs_of_dexscreener(bodies: Path) -> None:
    """One migrated token: its pool has reserves, its curve none; trades in the last 5 minutes."""
    parsed = dexscreener.parse_pools((bodies / LIVE / "dexs_token_pairs.json").read_bytes(), SEEN_AT)
    assert parsed.refused == ()
    pool, curve = parsed.found
    assert (pool.address, pool.is_constant_product, pool.quote_reserve) == (POOL, True, Decimal("327.02938"))
    assert (curve.venue, curve.base_reserve, curve.is_constant_product) == ("pumpfun", None, False)
    price = price_from_pools(GARY, parsed.found)
    assert price is not None
    assert (price.price_usd, price.liquidity_usd) == (Decimal("0.0006941"), Decimal("73411.54"))
    assert price.activity.traded_at == SEEN_AT - 300


@pytest.mark.parametrize("name", ["dexscreener1.json"])
def test_older_pairs_of_dexscreener(bodies: Path, name: str) -> None:
    """November 2025, 30 pairs of six kinds: only those known to hold x·y = k are reckoned with."""
    parsed = dexscreener.parse_pools((bodies / "dexscreener_2025-11" / name).read_bytes(), SEEN_AT)
    assert (len(parsed.found), parsed.refused) == (30, ())
    assert sum(pool.is_constant_product for pool in parsed.found) == 14


@pytest.mark.parametrize("name", ["dexs_boosts_top.json", "dexs_token_profiles_latest.json"])
def test_other_lists_of_dexscreener_hold_no_pairs(bodies: Path, name: str) -> None:
    """A list of something else is another answer."""
    with pytest.raises(ProviderError, match="dexId"):
        dexscreener.parse_pools((bodies / LIVE / name).read_bytes(), SEEN_AT)


def test_live_answers_of_geckoterminal(bodies: Path) -> None:
    """Candles in order, trades with signatures, pools on three venues."""
    live = bodies / LIVE
    candles = geckoterminal.parse_candles((live / "gt_ohlcv_minute.json").read_bytes(), GARY, POOL, 60)
    assert (len(candles.found), candles.refused) == (10, ())
    assert candles.found[-1].close_usd == Decimal("0.0007000674153187269")
    trades = geckoterminal.parse_trades((live / "gt_trades.json").read_bytes())
    assert ([trade.is_buy for trade in trades.found], trades.refused) == ([True, False, True], ())
    assert trades.found[1].base_amount == Decimal("1255.639495")
    pools = geckoterminal.parse_pools((live / "gt_trending_pools.json").read_bytes(), SEEN_AT)
    assert pools.refused == ()
    assert {pool.quote_mint for pool in pools.found} <= {WSOL, USDC}


@pytest.mark.parametrize(
    ("name", "found", "refused"),
    [
        ("onchain_networks_network_tokens_multi_addresses.json", 1, 0),
        ("onchain_networks_network_pools_multi_addresses.json", 0, 1),
        ("onchain_networks_network_tokens_token_address_pools.json", 0, 1),
    ],
)
def test_documented_pools_of_geckoterminal(bodies: Path, name: str, found: int, refused: int) -> None:
    """Its examples mix chains: only Solana's become pools."""
    parsed = geckoterminal.parse_pools((bodies / "geckoterminal_doc_examples" / name).read_bytes(), SEEN_AT)
    assert (bool(parsed.found), bool(parsed.refused)) == (bool(found), bool(refused))


def test_documented_candles_of_another_chain_are_an_error(bodies: Path) -> None:
    """Its example of candles is of Ethereum."""
    name = "onchain_networks_network_pools_pool_address_ohlcv_timeframe.json"
    with pytest.raises(ProviderError, match="another token"):
        geckoterminal.parse_candles((bodies / "geckoterminal_doc_examples" / name).read_bytes(), WSOL, POOL, 86_400)


def test_live_answers_of_jupiter(bodies: Path) -> None:
    """Prices with their slots, a token of Token-2022, a sale that moves the price by 8.5 %."""
    live = bodies / LIVE
    prices = jupiter.parse_prices((live / "jup_price_v3.json").read_bytes(), SEEN_AT)
    assert (set(prices.found), prices.refused) == ({GARY, FROG, WSOL}, ())
    assert prices.found[FROG].observed_at == SEEN_AT - 12
    (info,) = jupiter.parse_token_info((live / "jup_tokens_v2_search.json").read_bytes(), SEEN_AT).found
    assert (info.untrusted_symbol, info.decimals, info.holders) == ("Gary", 6, 2988)
    quote = jupiter.parse_quote((live / "jup_quote_sell.json").read_bytes(), (GARY, WSOL, 5 * 10**12), SEEN_AT)
    assert (quote.out_raw, quote.price_impact_pct) == (25_082_725_073, Decimal("8.513942471226"))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("doc_swap_v1_get-quote__0.json", (WSOL, USDC, 10**8)),
        ("doc_ultra_response__0.json", (USDC, WSOL, 10**8)),
        ("ultra_ultra___paths_order_get_responses_200_content_application_json.json", (WSOL, USDC, 10**8)),
    ],
)
def test_documented_quotes_of_jupiter(bodies: Path, name: str, asked: tuple[Mint, Mint, int]) -> None:
    """Every generation of its quotes has the fields that are read."""
    path = bodies / "jupiter_doc_examples" / name
    assert jupiter.parse_quote(path.read_bytes(), asked, SEEN_AT).out_raw > 0


def test_documented_answers_of_birdeye(bodies: Path) -> None:
    """Prices with their time; 30.4 % of BONK in ten hands."""
    examples = bodies / "birdeye_doc_examples"
    prices = birdeye.parse_prices((examples / "get-defi-multi_price.json").read_bytes())
    assert (prices.found[0].mint, len(prices.found), prices.refused) == (WSOL, 2, ())
    safety = birdeye.parse_safety((examples / "get-defi-token_security.json").read_bytes(), GARY, SEEN_AT)
    assert (safety.top10_holders_pct, safety.has_mutable_metadata) == (Decimal("30.416674046414"), True)


def test_live_report_of_rugcheck(bodies: Path) -> None:
    """The curve's half of the supply is nobody's; one wallet holds the rest."""
    body = (bodies / LIVE / "rugcheck_report_risky.json").read_bytes()
    safety = rugcheck.parse_report(body, Mint("EDQRk4ETkyb4qkcGfeVMxK3FsFXava7Q3HFxmpJXpump"), SEEN_AT)
    assert (round(safety.largest_holder_pct or 0, 2), safety.provider_score) == (Decimal("49.86"), 62)
    assert (safety.has_mint_authority, safety.has_permanent_delegate, safety.lp_locked_pct) == (False, False, 100)
    assert len(safety.untrusted_warnings) == 2


def test_reserves_and_quote_tell_about_the_same(bodies: Path) -> None:
    """A quote for 5M tokens, minutes after the pool was seen at a 13 % higher price: x·y = k comes within that."""
    live = bodies / LIVE
    pools = dexscreener.parse_pools((live / "dexs_token_pairs.json").read_bytes(), SEEN_AT).found
    quote = jupiter.parse_quote((live / "jup_quote_sell.json").read_bytes(), (GARY, WSOL, 5 * 10**12), SEEN_AT)
    sale = sell_into(pools[0], quote.in_raw, 6)
    assert sale is not None
    assert quote.out_raw < sale.quote_raw < quote.out_raw * 115 // 100
    price = price_from_pools(GARY, pools)
    market = Market(price=price, pools=pools, sol_price_e12=109 * 10**12)
    assert unrealized(Holding(GARY, 5 * 10**12, 6), market, as_of=SEEN_AT).state is PositionState.LIVE
