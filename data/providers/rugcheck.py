"""Ask RugCheck what could hurt holders of a token; it needs no key.

https://api.rugcheck.xyz/swagger/index.html: no rate is published, one call a second is kept. Shares are percentages
0-100, the normalized score is 0-100 with higher = riskier; accounts of pools and lockers are among the top holders and
are left out by `knownAccounts` and `markets`. A mint that is minutes old is answered with HTTP 400.
Not responsible for AURA's own risk (it weighs factors of several sources).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from data.providers._payload import (
    Reader,
    RefusedError,
    address_or_none,
    amount_or_none,
    count_or_none,
    meaningful,
    name_or_none,
    percent_or_none,
)
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.market import Safety
from engine.units import Mint

PROVIDER: Final = ProviderSpec(
    name="rugcheck",
    title="RugCheck",
    docs_url="https://api.rugcheck.xyz/swagger/index.html",
    base_url="https://api.rugcheck.xyz/v1",
    capabilities=frozenset({Capability.SAFETY}),
    paces=Paces(together=Pace(1, 1.0)),
)

_TOP: Final = 10
_MAX_WARNINGS: Final = 20
_NO_HOLDERS: Final = frozenset({"AMM", "LOCKER"})
_BPS_OF_PERCENT: Final = 100
_MAX_SCORE: Final = 100


class _Token(msgspec.Struct, rename="camel"):
    # What is left out is unknown, null says that there is none.
    mint_authority: str | msgspec.UnsetType | None = msgspec.UNSET
    freeze_authority: str | msgspec.UnsetType | None = msgspec.UNSET
    supply: Decimal | None = None


class _Meta(msgspec.Struct):
    mutable: bool | None = None


class _Extension(msgspec.Struct, rename="camel"):
    delegate: str | msgspec.UnsetType | None = msgspec.UNSET
    program_id: str | msgspec.UnsetType | None = msgspec.UNSET
    account_state: str | int | None = None


class _Extensions(msgspec.Struct, rename="camel"):
    non_transferable: bool | None = None
    default_account_state: _Extension | msgspec.UnsetType | None = msgspec.UNSET
    permanent_delegate: _Extension | msgspec.UnsetType | None = msgspec.UNSET
    transfer_hook: _Extension | msgspec.UnsetType | None = msgspec.UNSET
    pausable_config: _Extension | msgspec.UnsetType | None = msgspec.UNSET


class _Fee(msgspec.Struct):
    pct: Decimal | None = None


class _Holder(msgspec.Struct):
    address: str
    pct: Decimal
    owner: str | None = None


class _Account(msgspec.Struct):
    type: str | None = None


class _Lp(msgspec.Struct, rename={"locked_pct": "lpLockedPct", "locked_usd": "lpLockedUSD"}):
    locked_pct: Decimal | None = None
    locked_usd: Decimal | None = None


class _Market(msgspec.Struct):
    pubkey: str | None = None
    liquidityA: str | None = None  # noqa: N815 - RugCheck's name
    liquidityB: str | None = None  # noqa: N815 - RugCheck's name
    lp: _Lp | None = None


class _Risk(msgspec.Struct):
    name: str


class _Report(msgspec.Struct, rename="camel"):
    mint: str
    token: _Token | None = None
    token_meta: _Meta | None = None
    token_extensions: _Extensions | None = msgspec.field(default=None, name="token_extensions")
    transfer_fee: _Fee | None = None
    creator: str | None = None
    creator_balance: Decimal | None = None
    top_holders: list[_Holder] | None = None
    known_accounts: dict[str, _Account] | None = None
    markets: list[_Market] | None = None
    total_market_liquidity: Decimal | None = None
    total_holders: int | None = None
    rugged: bool | None = None
    score_normalised: int | None = msgspec.field(default=None, name="score_normalised")
    risks: list[_Risk] | None = None


class RugCheck:
    """Reports on the safety of tokens."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def safety(self, mint: Mint) -> Safety:
        """Return what is known of a mint's authorities, extensions, holders and liquidity.

        Raises:
            ProviderError: it did not answer, or not usefully; final with status 400 for a mint that is too new.
        """
        return await self.api.ask(
            lambda body: parse_report(body, mint, self.api.clock.epoch_s()),
            "report",
            method="GET",
            path=f"/tokens/{mint}/report",
        )


def connect(api: Api) -> RugCheck:
    """Return the client."""
    return RugCheck(api)


def parse_report(body: bytes, mint: Mint, observed_at: int) -> Safety:
    """Return what a report says.

    Raises:
        ProviderError: it is none, about another token, or a number in it cannot be what its field says.
    """
    report = Reader(PROVIDER.name, "report").decode(body, _Report)
    with meaningful(PROVIDER.name, "report"):
        if report.mint != mint:
            raise RefusedError("a report on another token")
        return _safety(report, mint, observed_at)


def _safety(report: _Report, mint: Mint, observed_at: int) -> Safety:
    token, extensions = report.token or _Token(), report.token_extensions or _Extensions()
    fee_pct = percent_or_none(report.transfer_fee.pct if report.transfer_fee else None, "transfer fee")
    shares = _shares(report)
    names = [name for risk in report.risks or [] if (name := name_or_none(risk.name)) is not None]
    return Safety(
        mint=mint,
        observed_at=observed_at,
        source=PROVIDER.name,
        has_mint_authority=_is_somebody(token.mint_authority),
        has_freeze_authority=_is_somebody(token.freeze_authority),
        has_permanent_delegate=_known(extensions.permanent_delegate, lambda found: _is_somebody(found.delegate)),
        has_transfer_hook=_known(extensions.transfer_hook, lambda found: _is_somebody(found.program_id)),
        is_default_frozen=_known(extensions.default_account_state, _is_frozen),
        is_pausable=_known(extensions.pausable_config, lambda _: True),
        is_non_transferable=extensions.non_transferable,
        transfer_fee_bps=None if fee_pct is None else int(fee_pct * _BPS_OF_PERCENT),
        has_mutable_metadata=None if report.token_meta is None else report.token_meta.mutable,
        is_rugged=report.rugged,
        creator=address_or_none(report.creator),
        creator_share_pct=_creator_share(report),
        largest_holder_pct=None if shares is None else max(shares, default=None),
        top10_holders_pct=None if shares is None else _top_share(shares),
        lp_locked_pct=_locked_share(report.markets or []),
        liquidity_usd=amount_or_none(report.total_market_liquidity, "liquidity"),
        holders=count_or_none(report.total_holders, "holders"),
        provider_score=_score(report.score_normalised),
        untrusted_warnings=tuple(names[:_MAX_WARNINGS]),
    )


def _is_somebody(address: str | msgspec.UnsetType | None) -> bool | None:
    return None if address is msgspec.UNSET else address_or_none(address) is not None


def _known(extension: _Extension | msgspec.UnsetType | None, read: Callable[[_Extension], bool | None]) -> bool | None:
    if extension is msgspec.UNSET:
        return None
    return False if extension is None else read(extension)


def _is_frozen(extension: _Extension) -> bool | None:
    states = {"frozen": True, "2": True, "initialized": False, "1": False}
    return states.get(str(extension.account_state).lower())


def _shares(report: _Report) -> list[Decimal] | None:
    """Return the shares of the largest holders that are neither pools nor lockers, None when nobody listed them."""
    if report.top_holders is None:
        return None
    pools = _pool_accounts(report.known_accounts or {}, report.markets or [])
    held = [holder for holder in report.top_holders if not {holder.address, holder.owner or ""} & pools]
    return [share for holder in held if (share := percent_or_none(holder.pct, "a holder's share")) is not None]


def _top_share(shares: Sequence[Decimal]) -> Decimal:
    # Rounded shares may add up to a little more than everything.
    return min(Decimal(100), sum(sorted(shares)[-_TOP:], Decimal(0)))


def _pool_accounts(known: Mapping[str, _Account], markets: Sequence[_Market]) -> frozenset[str]:
    named = {address for address, account in known.items() if account.type in _NO_HOLDERS}
    vaults = {text for market in markets for text in (market.pubkey, market.liquidityA, market.liquidityB) if text}
    return frozenset(named | vaults)


def _creator_share(report: _Report) -> Decimal | None:
    supply = report.token.supply if report.token else None
    if report.creator_balance is None or not supply:
        return None
    balance = amount_or_none(report.creator_balance, "creator's balance")
    return None if balance is None else percent_or_none(round(100 * balance / supply, 6), "creator's share")


def _locked_share(markets: Sequence[_Market]) -> Decimal | None:
    """Return the locked share of the market with most locked; the summary's figure contradicts its own report."""
    shares = [
        (amount_or_none(market.lp.locked_usd, "locked") or Decimal(0), percent_or_none(market.lp.locked_pct, "locked"))
        for market in markets
        if market.lp is not None and market.lp.locked_pct is not None
    ]
    return max(shares, key=lambda share: share[0], default=(Decimal(0), None))[1]


def _score(score: int | None) -> int | None:
    if score is not None and not 0 <= score <= _MAX_SCORE:
        raise RefusedError("a normalized score outside of 0 to 100")
    return score
