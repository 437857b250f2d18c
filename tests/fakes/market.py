"""A market of tokens with prices, pools and candles, as the five providers of market data tell it.

One table of tokens is behind all of them, so what they say agrees. Prices stand still until the test sets them;
candles are a function of the minute.
Not responsible for HTTP (`tests.fakes.upstream`) or for how each provider spells it (`tests.fakes.spelled`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from engine.units import USDC, WSOL
from tests.builders.transactions import address
from tests.fakes.chain import START_TIME

SOL_POOL: Final = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"
INTERVALS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_BILLION: Final = Decimal(1_000_000_000)


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token and its pool against SOL; `base` and `quote` are the pool's reserves in whole tokens and SOL."""

    mint: str
    price_usd: Decimal
    symbol: str = "MEME"
    name: str = "A meme"
    decimals: int = 6
    supply: Decimal = _BILLION
    base: Decimal = Decimal(50_000_000)
    quote: Decimal = Decimal(350)
    dex: str = "pumpswap"
    created_at: int = START_TIME - 86_400
    is_priced: bool = True
    has_liquidity: bool = True
    risk: int = 1
    links: Sequence[str] = ("https://meme.example",)

    @property
    def pool(self) -> str:
        """The address of its pool."""
        return SOL_POOL if self.mint == WSOL else address(f"pool of {self.mint[:16]}")


class Candle(NamedTuple):
    """Open, high, low, close in USD for one token, and the volume."""

    at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume_usd: Decimal


@dataclass
class Market:
    """Every token by mint; `now` is what the providers believe the time to be."""

    now: Callable[[], int] = lambda: START_TIME
    sol_usd: Decimal = Decimal(150)
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])

    def __post_init__(self) -> None:
        self.list_token(
            Token(
                mint=WSOL,
                price_usd=self.sol_usd,
                symbol="SOL",
                name="Wrapped SOL",
                decimals=9,
                base=Decimal(100_000),
                quote=100_000 * self.sol_usd,
                dex="orca",
                created_at=START_TIME - 900 * 86_400,
            )
        )

    def list_token(self, token: Token) -> Token:
        """Add a token, or say something new of one."""
        self.tokens[token.mint] = token
        return token

    def set_price(self, mint: str, price_usd: Decimal | str) -> None:
        """Change a token's price."""
        self.tokens[mint] = replace(self.tokens[mint], price_usd=Decimal(price_usd))

    def of_pool(self, pool: str) -> Token | None:
        """Return the token whose pool this is."""
        return next((token for token in self.tokens.values() if token.pool == pool), None)

    def quote_of(self, token: Token) -> tuple[str, str, str, Decimal]:
        """Return the other side of its pool: mint, symbol, name, USD price."""
        if token.mint == WSOL:
            return USDC, "USDC", "USD Coin", Decimal(1)
        return WSOL, "SOL", "Wrapped SOL", self.tokens[WSOL].price_usd

    def liquidity_usd(self, token: Token) -> Decimal:
        """Return what its pool holds in USD."""
        return token.base * token.price_usd + token.quote * self.quote_of(token)[3]

    def candles(self, token: Token, interval_s: int, before: int, count: int) -> list[Candle]:
        """Return the last candles that opened before a time, newest first; the newest may be open still."""
        last = (min(before, self.now()) - 1) // interval_s * interval_s
        first = max(token.created_at // interval_s * interval_s, last - (count - 1) * interval_s)
        return [_candle(token, at, interval_s) for at in range(last, first - 1, -interval_s)]


def _candle(token: Token, at: int, interval_s: int) -> Candle:
    opened, closed = (token.price_usd * (1000 + (time // 60 * 7919) % 21 - 10) / 1000 for time in (at, at + interval_s))
    return Candle(at, opened, max(opened, closed) * Decimal("1.01"), min(opened, closed), closed, Decimal(1_000))


def known(market: Market, csv: str) -> list[Token]:
    """Return those of the mints that there are."""
    return [market.tokens[mint] for mint in csv.split(",") if mint in market.tokens]


def iso(at: int) -> str:
    """Return a time as text."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
