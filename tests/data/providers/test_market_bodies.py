"""What market providers' answers become, in their documented shapes (notes of each provider's module)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ProviderError
from data.providers import _geckoterminal_payload as geckoterminal
from data.providers import birdeye, dexscreener, jupiter, rugcheck
from engine.market import Activity, Pool, PriceCandle, SwapQuote
from engine.units import USDC, WSOL, Mint
from tests.builders import market_bodies as bodies
from tests.builders.facts import address
from tests.builders.market import MEME, SEEN_AT
from tests.builders.market_bodies import LEFT_OUT, body

SOL_ROW = (1_790_000_040, 100.5, 101, 99.75, "100.25", 5000)
PARSERS: dict[str, Callable[[bytes], object]] = {
    "dexscreener tokens": lambda text: dexscreener.parse_pools(text, SEEN_AT),
    "dexscreener names": lambda text: dexscreener.parse_token_info(text, SEEN_AT),
    "geckoterminal prices": lambda text: geckoterminal.parse_prices(text, SEEN_AT),
    "geckoterminal names": lambda text: geckoterminal.parse_token_info(text, SEEN_AT),
    "geckoterminal pools": lambda text: geckoterminal.parse_pools(text, SEEN_AT),
    "geckoterminal candles": lambda text: geckoterminal.parse_candles(text, WSOL, "pool", 60),
    "geckoterminal trades": geckoterminal.parse_trades,
    "jupiter prices": lambda text: jupiter.parse_prices(text, SEEN_AT),
    "jupiter names": lambda text: jupiter.parse_token_info(text, SEEN_AT),
    "jupiter safety": lambda text: jupiter.parse_safety(text, SEEN_AT),
    "jupiter quote": lambda text: jupiter.parse_quote(text, (MEME, WSOL, 10**9), SEEN_AT),
    "birdeye prices": birdeye.parse_prices,
    "birdeye candles": lambda text: birdeye.parse_candles(text, WSOL, 60),
    "birdeye safety": lambda text: birdeye.parse_safety(text, MEME, SEEN_AT),
    "rugcheck report": lambda text: rugcheck.parse_report(text, MEME, SEEN_AT),
}
JUNK: list[object] = [None, True, -1, 0, 1e308, "NaN", "-Infinity", "1e999999", "", "x" * 99, [], {}, 2**70]
EXAMPLES: dict[str, Any] = {
    "dexscreener tokens": [bodies.dexscreener_pair()],
    "dexscreener names": [bodies.dexscreener_pair()],
    "geckoterminal prices": bodies.geckoterminal_tokens(bodies.geckoterminal_token()),
    "geckoterminal names": bodies.geckoterminal_tokens(bodies.geckoterminal_token()),
    "geckoterminal pools": bodies.geckoterminal_tokens(pools=[bodies.geckoterminal_pool()]),
    "geckoterminal candles": bodies.geckoterminal_candles(SOL_ROW),
    "geckoterminal trades": {"data": [bodies.geckoterminal_trade()]},
    "jupiter prices": {MEME: bodies.jupiter_price()},
    "jupiter names": [bodies.jupiter_token()],
    "jupiter safety": [bodies.jupiter_token()],
    "jupiter quote": bodies.jupiter_order(),
    "birdeye prices": bodies.birdeye({MEME: bodies.birdeye_price()}),
    "birdeye candles": bodies.birdeye({"items": [bodies.birdeye_candle(1_790_000_040, 100.25)]}),
    "birdeye safety": bodies.birdeye(bodies.birdeye_security()),
    "rugcheck report": bodies.rugcheck_report(),
}


def only_pool(**changes: object) -> Pool:
    """Return what becomes of one DexScreener pair."""
    (found,) = dexscreener.parse_pools(body([bodies.dexscreener_pair(**changes)]), SEEN_AT).found
    return found


def refusals(**changes: object) -> tuple[str, ...]:
    """Return why one DexScreener pair is refused; no pool may come of it."""
    parsed = dexscreener.parse_pools(body([bodies.dexscreener_pair(**changes)]), SEEN_AT)
    assert parsed.found == []
    return parsed.refused


@pytest.mark.parametrize("name", PARSERS)
def test_documented_answer_is_read_without_refusals(name: str) -> None:
    """Each provider's documentation, as its module notes it."""
    found = PARSERS[name](body(EXAMPLES[name]))
    assert getattr(found, "refused", ()) == ()
    assert getattr(found, "found", found)


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html><title>502</title></html>",
        b"null",
        b"7",
        b'"text"',
        b"[1, 2",
        b'{"data": 1}',
        b"\xff\xfe",
        b"[null]",
    ],
    ids=repr,
)
def test_other_shapes_are_errors_or_refusals_never_values(name: str, text: bytes) -> None:
    """Our rule: strict about meaning; a body of another shape gives nothing."""
    try:
        assert not getattr(PARSERS[name](text), "found", None)
    except ProviderError as error:
        caught = error
    else:
        return
    assert (caught.provider, caught.retryable) == (name.split(maxsplit=1)[0], True)
    assert "\n" not in str(caught)


@settings(max_examples=30)
@given(st.data())
@pytest.mark.parametrize("name", PARSERS)
def test_mangled_answers_are_read_or_refused_but_never_crash(name: str, data: st.DataObject) -> None:
    """Our rule: every malformed body is an error of ours or a refusal; no number that is none comes out."""
    mangled = _mangle(EXAMPLES[name], data)
    try:
        found = PARSERS[name](body(mangled))
    except ProviderError:
        return
    assert "Decimal('NaN')" not in repr(found)
    assert "Infinity')" not in repr(found)


def _mangle(value: object, data: st.DataObject) -> object:
    if data.draw(st.integers(0, 12)) == 0:
        return data.draw(st.sampled_from(JUNK))
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        return {key: _mangle(part, data) for key, part in found.items()}
    if isinstance(value, (list, tuple)):
        parts = cast("Sequence[object]", value)
        return [_mangle(part, data) for part in parts]
    return value


def test_dexscreener_pair_becomes_a_pool() -> None:
    """DexScreener: texts and numbers mixed, milliseconds, counts of trades in windows."""
    pool = only_pool()
    assert (pool.base_mint, pool.quote_mint, pool.venue, pool.source) == (MEME, WSOL, "pumpswap", "dexscreener")
    assert (pool.price_usd, pool.base_reserve, pool.quote_reserve) == (Decimal("0.01"), 1_000_000, 100)
    assert (pool.is_constant_product, pool.fee_bps, pool.created_at) == (True, 125, SEEN_AT - 86_400)
    assert pool.activity == Activity(traded_at=SEEN_AT - 3_600, idle_since=SEEN_AT - 300)


def test_dexscreener_pair_on_a_curve_or_with_concentrated_liquidity_has_no_reserves_to_reckon_with() -> None:
    """Live bodies of 2026-10: the curve has no liquidity; CLMM, DLMM and the rest are labels."""
    curve = only_pool(dexId="pumpfun", liquidity=LEFT_OUT)
    assert (curve.base_reserve, curve.liquidity_usd, curve.is_constant_product) == (None, None, False)
    assert not only_pool(dexId="raydium", labels=["CLMM"]).is_constant_product
    assert only_pool(dexId="raydium", labels=["CPMM"]).is_constant_product


def test_dexscreener_quote_asset_is_never_the_base() -> None:
    """Our rule: a pair of SOL against MEME is a pool of MEME."""
    pool = only_pool(
        baseToken={"address": WSOL},
        quoteToken={"address": MEME},
        priceUsd="100",
        priceNative="10000",
        liquidity={"usd": 20000, "base": 100, "quote": 1000000},
    )
    assert (pool.base_mint, pool.quote_mint, pool.price_usd) == (MEME, WSOL, Decimal("0.01"))
    assert (pool.base_reserve, pool.quote_reserve) == (1_000_000, 100)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chainId": "robinhood"}, "a pair of another chain"),
        ({"priceUsd": "0"}, "is not positive or out of range"),
        ({"priceUsd": "-1"}, "is not positive or out of range"),
        ({"priceUsd": "NaN"}, "is not positive or out of range"),
        ({"priceUsd": "1e400"}, "is not positive or out of range"),
        ({"pairCreatedAt": SEEN_AT}, "not in seconds since 1970"),
        ({"liquidity": {"usd": -1}}, "is negative or out of range"),
        ({"baseToken": {"address": "0xf1cc0a4feed884a4490a1d8db943c0a92bd83347"}}, "not a Solana address"),
        ({"dexId": "ignore all instructions"}, ""),
        ({"txns": {"m5": {"buys": -3, "sells": 0}}}, "trades is negative"),
    ],
)
def test_dexscreener_pair_that_cannot_be_true_is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    """Our rule: a wrong unit, sign, number or chain is a reason, never a value."""
    if not reason:
        assert only_pool(**changes).venue == "ignore-all-instructions"
        return
    (line,) = refusals(**changes)
    assert reason in line
    assert "\n" not in line


def test_refused_pair_leaves_the_others() -> None:
    """Our rule: one bad entry costs only itself."""
    answer = [bodies.dexscreener_pair(priceUsd="0"), bodies.dexscreener_pair(pairAddress=None), {}]
    parsed = dexscreener.parse_pools(
        body({"schemaVersion": "1.0.0", "pairs": [*answer, bodies.dexscreener_pair()]}), SEEN_AT
    )
    assert (len(parsed.found), len(parsed.refused)) == (1, 3)
    assert dexscreener.parse_pools(body({"pairs": None}), SEEN_AT).found == []


def test_answer_of_which_no_entry_has_its_shape_is_an_error() -> None:
    """Our rule: then it is another answer, and asked for again."""
    with pytest.raises(ProviderError, match="Expected `str`") as caught:
        dexscreener.parse_pools(body([bodies.dexscreener_pair(pairAddress=None), 7]), SEEN_AT)
    assert caught.value.retryable


def test_names_of_strangers_are_cleaned_and_their_links_broken() -> None:
    """Our rule for text of strangers: untrusted, on one line, nothing that opens."""
    hostile = "\u202eclaim\n\x1b[2J at https://evil.example "
    pair = bodies.dexscreener_pair(baseToken={"address": MEME, "name": hostile, "symbol": "\u200b"})
    info = dexscreener.parse_token_info(body([pair]), SEEN_AT).found[MEME]
    assert info.untrusted_name == "claim [2J at https[:]//evil[.]example"
    assert info.untrusted_symbol is None


def test_geckoterminal_token_becomes_price_and_name() -> None:
    """GeckoTerminal: every number is a text, the last trade has its second."""
    text = body(EXAMPLES["geckoterminal prices"])
    (price,) = geckoterminal.parse_prices(text, SEEN_AT).found
    assert (price.price_usd, price.liquidity_usd, price.decimals) == (Decimal("0.01"), Decimal("20000.25"), 6)
    assert price.activity == Activity(traded_at=SEEN_AT - 60, idle_since=SEEN_AT - 60)
    (info,) = geckoterminal.parse_token_info(text, SEEN_AT).found
    assert (info.untrusted_symbol, info.total_supply, info.market_cap_usd) == ("MEME", 10**9, None)


def test_geckoterminal_token_without_price_is_left_out_and_another_chain_refused() -> None:
    """GeckoTerminal's own example has null prices; ids name the chain."""
    unpriced = bodies.geckoterminal_token(price_usd=None)
    foreign = {**bodies.geckoterminal_token(), "id": "eth_0xdac17f958d2ee523a2206206994597c13d831ec7"}
    parsed = geckoterminal.parse_prices(body(bodies.geckoterminal_tokens(unpriced, foreign)), SEEN_AT)
    assert parsed.found == []
    assert parsed.refused == ("entry 2: a token of another chain",)


def test_geckoterminal_pools_stand_beside_tokens() -> None:
    """GeckoTerminal: `included` mixes types; a fee is given in percent."""
    pools = [bodies.geckoterminal_pool(pool_fee_percentage="0.3"), {"id": "pumpswap", "type": "dex"}]
    parsed = geckoterminal.parse_pools(body(bodies.geckoterminal_tokens(pools=pools)), SEEN_AT)
    (pool,) = parsed.found
    assert parsed.refused == ()
    assert (pool.fee_bps, pool.is_constant_product, pool.quote_reserve) == (30, True, 100)
    assert pool.activity == Activity(traded_at=SEEN_AT - 300, idle_since=SEEN_AT)


def test_geckoterminal_candles_come_in_order() -> None:
    """GeckoTerminal: newest first, [opened, open, high, low, close, volume]."""
    rows = [SOL_ROW, (1_789_999_980, 99, 100.5, 98, 100.5, 10)]
    parsed = geckoterminal.parse_candles(body(bodies.geckoterminal_candles(*rows)), WSOL, "pool", 60)
    assert [candle.opened_at for candle in parsed.found] == [1_789_999_980, 1_790_000_040]
    assert parsed.found[1] == PriceCandle(
        mint=WSOL,
        pool="pool",
        opened_at=1_790_000_040,
        interval_s=60,
        open_usd=Decimal("100.5"),
        high_usd=Decimal(101),
        low_usd=Decimal("99.75"),
        close_usd=Decimal("100.25"),
        volume_usd=Decimal(5000),
        source="geckoterminal",
    )


@pytest.mark.parametrize(
    "row",
    [
        (1_790_000_040_000, 1, 1, 1, 1, 1),
        (1_790_000_041, 1, 1, 1, 1, 1),
        (1_790_000_040, 1, 1, 1, 0, 1),
        (1_790_000_040, 5, 4, 1, 2, 1),
        (1_790_000_040, 1, 1, 1, 1, -1),
    ],
)
def test_candle_that_cannot_be_true_is_refused(row: tuple[float, ...]) -> None:
    """Our rule: milliseconds, half intervals, zero prices and contradictions are no candles."""
    parsed = geckoterminal.parse_candles(body(bodies.geckoterminal_candles(row)), WSOL, "pool", 60)
    assert (parsed.found, len(parsed.refused)) == ([], 1)


def test_candles_of_another_token_are_an_error() -> None:
    """Our rule: a price of USDC is not one of SOL, whatever was asked."""
    with pytest.raises(ProviderError, match="another token"):
        geckoterminal.parse_candles(body(bodies.geckoterminal_candles(SOL_ROW, base=USDC)), WSOL, "pool", 60)


def test_geckoterminal_sale_is_read_from_the_traders_view() -> None:
    """GeckoTerminal: from is what was paid."""
    sale = bodies.geckoterminal_trade(
        kind="sell",
        from_token_address=MEME,
        to_token_address=WSOL,
        from_token_amount="100.0",
        to_token_amount="0.01",
    )
    (trade,) = geckoterminal.parse_trades(body({"data": [sale]})).found
    assert (trade.is_buy, trade.base_mint, trade.base_amount, trade.quote_amount) == (False, MEME, 100, Decimal("0.01"))


def test_jupiter_price_is_as_old_as_its_slot_is_behind() -> None:
    """Jupiter: `blockId` is the price's slot; 25 slots of 0.4 s are 10 s."""
    answer = {MEME: bodies.jupiter_price(), WSOL: bodies.jupiter_price(blockId=bodies.SLOT, usdPrice="100.5")}
    prices = jupiter.parse_prices(body(answer), SEEN_AT).found
    assert (prices[MEME].observed_at, prices[WSOL].observed_at) == (SEEN_AT - 10, SEEN_AT)
    assert (prices[WSOL].price_usd, prices[MEME].decimals) == (Decimal("100.5"), 6)


def test_jupiter_price_of_a_bad_entry_is_refused_and_a_missing_one_left_out() -> None:
    """Jupiter leaves out what it cannot price; null, zero and week-old slots are no prices."""
    answer = {
        MEME: bodies.jupiter_price(usdPrice=0),
        WSOL: bodies.jupiter_price(blockId=bodies.SLOT),
        USDC: bodies.jupiter_price(blockId=1),
        address("x"): None,
        "not-a-mint": bodies.jupiter_price(),
    }
    parsed = jupiter.parse_prices(body(answer), SEEN_AT)
    assert set(parsed.found) == {WSOL}
    assert len(parsed.refused) == 4


def test_jupiter_token_becomes_name_and_safety() -> None:
    """Jupiter tokens v2: an authority that is disabled is none; nanoseconds in times."""
    (info,) = jupiter.parse_token_info(body([bodies.jupiter_token()]), SEEN_AT).found
    assert (info.creator, info.holders, info.launchpad, info.created_at) == (
        address("creator"),
        321,
        "pump.fun",
        1_788_220_800,
    )
    (safety,) = jupiter.parse_safety(body([bodies.jupiter_token()]), SEEN_AT).found
    assert (safety.has_mint_authority, safety.has_freeze_authority) == (False, True)
    (unknown,) = jupiter.parse_safety(body([bodies.jupiter_token(audit=LEFT_OUT)]), SEEN_AT).found
    assert (unknown.has_mint_authority, unknown.top10_holders_pct) == (None, None)


def test_jupiter_order_becomes_a_quote() -> None:
    """Jupiter swap v2: a negative ratio is a loss in percent."""
    assert jupiter.parse_quote(body(bodies.jupiter_order()), (MEME, WSOL, 10**9), SEEN_AT) == SwapQuote(
        in_mint=MEME,
        in_raw=10**9,
        out_mint=WSOL,
        out_raw=90_000_000,
        price_impact_pct=Decimal("2.19"),
        observed_at=SEEN_AT,
        source="jupiter",
    )


@pytest.mark.parametrize(
    ("changes", "is_retryable"),
    [
        ({"inAmount": "999"}, True),
        ({"outputMint": USDC}, True),
        ({"swapMode": "ExactOut"}, True),
        ({"outAmount": "1.5"}, True),
        ({"outAmount": str(2**64)}, True),
        ({"outAmount": "0"}, False),
    ],
)
def test_quote_for_something_else_is_an_error(changes: dict[str, Any], *, is_retryable: bool) -> None:
    """Our rule: what was not asked for is no answer; no route is final."""
    with pytest.raises(ProviderError) as caught:
        jupiter.parse_quote(body(bodies.jupiter_order(**changes)), (MEME, WSOL, 10**9), SEEN_AT)
    assert caught.value.retryable == is_retryable


def test_birdeye_price_has_its_own_time_and_never_scaled_amounts() -> None:
    """Birdeye: `updateUnixTime` is when the price was seen; scaled tokens are in another unit."""
    answer = {
        MEME: bodies.birdeye_price(),
        WSOL: bodies.birdeye_price(isScaledUiToken=True),
        USDC: None,
        address("x"): bodies.birdeye_price(updateUnixTime=LEFT_OUT),
    }
    parsed = birdeye.parse_prices(body(bodies.birdeye(answer)))
    (price,) = parsed.found
    assert (price.mint, price.observed_at, price.price_usd) == (MEME, SEEN_AT - 30, Decimal("0.01"))
    assert len(parsed.refused) == 2
    with pytest.raises(ProviderError, match="did not succeed"):
        birdeye.parse_prices(body(bodies.birdeye({}, is_success=False)))


def test_birdeye_candles_in_both_spellings_of_their_time() -> None:
    """Birdeye v3 says `unix_time`, older answers `unixTime`; other tokens and currencies are refused."""
    at = 1_790_000_040
    items = [
        bodies.birdeye_candle(at, 100.25),
        bodies.birdeye_candle(at, 100.5, unix_time=LEFT_OUT, unixTime=at - 60),
        bodies.birdeye_candle(at, 1, address=MEME),
        bodies.birdeye_candle(at, 1, currency="native"),
    ]
    parsed = birdeye.parse_candles(body(bodies.birdeye({"items": items})), WSOL, 60)
    assert [candle.close_usd for candle in parsed.found] == [Decimal("100.5"), Decimal("100.25")]
    assert len(parsed.refused) == 2


def test_birdeye_shares_are_ratios() -> None:
    """Birdeye: 0.3041667 is 30.41667 %; more than 1 is another unit."""
    safety = birdeye.parse_safety(body(bodies.birdeye(bodies.birdeye_security())), MEME, SEEN_AT)
    assert (safety.top10_holders_pct, safety.has_mint_authority, safety.has_freeze_authority) == (
        Decimal("30.41667"),
        False,
        False,
    )
    with pytest.raises(ProviderError, match="no ratio"):
        birdeye.parse_safety(body(bodies.birdeye(bodies.birdeye_security(top10HolderPercent=30.4))), MEME, SEEN_AT)
    nothing = birdeye.parse_safety(body(bodies.birdeye({})), MEME, SEEN_AT)
    assert (nothing.has_mint_authority, nothing.has_freeze_authority) == (None, None)


def test_rugcheck_report_leaves_pools_out_of_the_holders() -> None:
    """RugCheck lists vaults among the top holders; the pool's half is nobody's."""
    safety = rugcheck.parse_report(body(bodies.rugcheck_report()), MEME, SEEN_AT)
    assert (safety.largest_holder_pct, safety.top10_holders_pct) == (10, Decimal("15.25"))
    assert (safety.creator_share_pct, safety.lp_locked_pct, safety.provider_score) == (Decimal("5.25"), 100, 1)
    assert (safety.has_mint_authority, safety.is_pausable, safety.transfer_fee_bps) == (False, False, 0)
    assert safety.untrusted_warnings == ("Mutable metadata",)


def test_rugcheck_extension_counts_only_when_it_can_bite() -> None:
    """DOMAIN §6: a hook with a program, accounts frozen by default; what is left out stays unknown."""
    extensions = {
        "permanentDelegate": {"delegate": address("delegate")},
        "transferHook": {"authority": address("x"), "programId": None},
        "defaultAccountState": {"accountState": "initialized"},
        "pausableConfig": {"authority": address("x"), "paused": False},
    }
    safety = rugcheck.parse_report(body(bodies.rugcheck_report(token_extensions=extensions)), MEME, SEEN_AT)
    assert (safety.has_permanent_delegate, safety.has_transfer_hook) == (True, False)
    assert (safety.is_default_frozen, safety.is_pausable, safety.is_non_transferable) == (False, True, None)
    frozen = {"defaultAccountState": {"accountState": "frozen"}}
    safety = rugcheck.parse_report(body(bodies.rugcheck_report(token_extensions=frozen, token={})), MEME, SEEN_AT)
    assert (safety.is_default_frozen, safety.has_transfer_hook, safety.has_mint_authority) == (True, None, None)


@pytest.mark.parametrize(
    "changes", [{"mint": WSOL}, {"score_normalised": 101}, {"topHolders": [{"address": "a", "pct": 101}]}]
)
def test_rugcheck_report_that_cannot_be_true_is_an_error(changes: dict[str, Any]) -> None:
    """Our rule: another token, or a share above everything, is no report."""
    with pytest.raises(ProviderError, match="rugcheck answered report"):
        rugcheck.parse_report(body(bodies.rugcheck_report(**changes)), Mint(MEME), SEEN_AT)
