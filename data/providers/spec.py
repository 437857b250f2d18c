"""Say what a provider is: what it can do, what it needs and how often it may be asked.

Each provider is one module of this package that exports `PROVIDER` and `connect(api)`; `list_providers` finds them.
Not responsible for sending anything (`_http`) or for what the user has set: `ProviderConfig` is handed in.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
NONE_NAMED: Final[Mapping[str, "Pace"]] = MappingProxyType({})


class Capability(StrEnum):
    """What some provider can be asked for."""

    HISTORY = "history"
    PRICE = "price"
    TOKEN_INFO = "token_info"
    POOLS = "pools"
    CANDLES = "candles"
    TRADES = "trades"
    SAFETY = "safety"
    QUOTE = "quote"


class Pace(NamedTuple):
    """At most `calls` in any window of `period_s` seconds."""

    calls: int
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """How often a provider may be asked: all calls together, each kind of call for itself, and named kinds otherwise.

    A kind of call is what `Api.request` is given as `call`; one that is named is not bound by `each`.
    """

    together: Pace | None = None
    each: Pace | None = None
    named: Mapping[str, Pace] = field(default_factory=lambda: NONE_NAMED)

    def __post_init__(self) -> None:
        _usual(self)

    @property
    def usual(self) -> Pace:
        """The rule for most kinds of call."""
        return _usual(self)

    def scaled(self, usual: Pace) -> "Paces":
        """Return these with another usual rule, and the others in the same proportion to it."""
        factor = usual.calls / self.usual.calls, usual.period_s / self.usual.period_s

        def scaled(pace: Pace | None) -> Pace | None:
            return pace and Pace(max(1, round(pace.calls * factor[0])), pace.period_s * factor[1])

        named = {name: pace for name, other in self.named.items() if (pace := scaled(other))}
        return Paces(together=scaled(self.together), each=scaled(self.each), named=named)


class ApiKey:
    """A secret that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Take a key of visible ASCII.

        Raises:
            ValueError: it holds white space or other characters that no header can carry; the key is not shown.
        """
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("a key is visible ASCII without spaces; copy it again")
        self._value = value

    def reveal(self) -> str:
        """Return the key itself, for the request that carries it."""
        return self._value

    def __repr__(self) -> str:
        return "ApiKey(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """What a provider declares of itself.

    `name` is that of its module and of its settings; `key_name` is the setting that holds its key, None when it has
    none, and `key_header` or `key_parameter` is where the key travels. `key_benefit` ends the sentence
    "with a key …". `credit_limit` is what a month allows without paying, None for no such limit.
    """

    name: str
    title: str
    docs_url: str
    base_url: str
    capabilities: frozenset[Capability]
    paces: Paces
    rpc_url: str | None = None
    key_name: str | None = None
    key_header: str | None = None
    key_parameter: str | None = None
    key_benefit: str = ""
    is_key_required: bool = False
    keyed_paces: Paces | None = None
    credit_limit: int | None = None
    max_in_flight: int = 16
    max_body_bytes: int = MAX_BODY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """What the user set about one provider; None means what its spec says.

    Addresses may hold keys of their own, so they are shown no more than the key is.
    `attempts` counts the first one, 1 switches retries off; each may take `timeout_s`, and between them a call waits
    `patience_s` in all, its turn in a lane not counted. After `pause_after` failures in a row nothing is sent for
    `pause_s`, the next time for twice that, up to 16 times. `is_offline` refuses every call.
    `batch` transactions at most are asked for in one request, which counts as one call of a lane.
    """

    base_url: str | None = field(default=None, repr=False)
    rpc_url: str | None = field(default=None, repr=False)
    socket_url: str | None = field(default=None, repr=False)
    api_key: ApiKey | None = None
    paces: Paces | None = None
    credit_limit: int | None = None
    timeout_s: float = 15.0
    attempts: int = 5
    patience_s: float = 60.0
    backoff_s: float = 0.5
    pause_after: int = 8
    pause_s: float = 15.0
    batch: int = 1
    is_offline: bool = False

    def without_retries(self) -> "ProviderConfig":
        """Return this with a single attempt."""
        return replace(self, attempts=1)


@cache
def list_providers() -> tuple[ProviderSpec, ...]:
    """Return every provider that a module of this package exports as `PROVIDER`, by name."""
    package = importlib.import_module("data.providers")
    modules = [
        importlib.import_module(f"data.providers.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
        if not found.name.startswith("_")
    ]
    specs = [spec for module in modules if isinstance(spec := getattr(module, "PROVIDER", None), ProviderSpec)]
    return tuple(sorted(specs, key=lambda spec: spec.name))


def _usual(paces: Paces) -> Pace:
    pace = paces.each or paces.together
    if pace is None:
        raise ValueError("paces need a rule for all calls together, or for each kind")
    return pace
