"""Wire everything once: settings, clock, store and the services over them; close what was opened.

Not responsible for what any of them does.
"""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from aura_mcp.errors import NotFoundError
from aura_mcp.services.answers import Answers
from aura_mcp.services.boards import Boards
from aura_mcp.services.boundary import reported
from aura_mcp.services.brief import Briefs
from aura_mcp.services.changes import Changes
from aura_mcp.services.decoding import Decoding
from aura_mcp.services.editing import Editing
from aura_mcp.services.events import EventConfig, Events
from aura_mcp.services.explaining import Explaining
from aura_mcp.services.exports import Exports
from aura_mcp.services.finding import Finding
from aura_mcp.services.flows import TokenFlows
from aura_mcp.services.imports import Imports
from aura_mcp.services.jobs import Jobs
from aura_mcp.services.ledger_state import LedgerState
from aura_mcp.services.looking import Looking
from aura_mcp.services.parties import Parties
from aura_mcp.services.prices import Prices
from aura_mcp.services.providers import THE_INTERNET, Network, Providers
from aura_mcp.services.reach import Reaching
from aura_mcp.services.reports import Reports
from aura_mcp.services.safety import SafetyChecks
from aura_mcp.services.search import Search
from aura_mcp.services.sql import Sql
from aura_mcp.services.tokens import Tokens
from aura_mcp.services.trades import Trades
from aura_mcp.services.verification import Verification
from aura_mcp.services.wallets import Wallets
from aura_mcp.services.webhooks import Webhooks
from aura_mcp.settings import Settings
from data.clock import Clock, SystemClock
from data.providers.serving import Serving
from data.store import Store
from data.store.usage import Usage


class Application:
    """The services of one process. The database is opened when the first service that needs it is asked for."""

    def __init__(
        self, settings: Settings, database: Path, clock: Clock, *, may_create: bool, network: Network = THE_INTERNET
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self._may_create = may_create
        self._network = network
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The open database, with everything booked that an interrupted import left behind.

        Raises:
            NotFoundError: there is none, and none may be created.
        """
        if self._store is None:
            if not self._may_create and not self.database.exists():
                raise NotFoundError(f"there is no database {self.database}; `aura init` or `aura import` creates it")
            if self.database == self.settings.database:
                self.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = Store.open(
                self.database,
                memory_limit_mb=self.settings.memory_limit_mb,
                idle_limit_mb=self.settings.idle_limit_mb,
                threads=self.settings.threads,
            )
            self._store.booking.book()
        return self._store

    @cached_property
    def decoding(self) -> Decoding:
        """The reading of transactions that are stored nowhere; needs no database."""
        return Decoding()

    @cached_property
    def parties(self) -> Parties:
        """Wallets by name."""
        return Parties(self.store)

    @cached_property
    def trades(self) -> Trades:
        """Lists of trades."""
        return Trades(self.store, self.parties, self.clock)

    @cached_property
    def _ledger(self) -> LedgerState:
        return LedgerState(self.store)

    @cached_property
    def reports(self) -> Reports:
        """Reports on one wallet."""
        return Reports(self.store, self.parties, self._ledger, self.clock)

    @cached_property
    def wallets(self) -> Wallets:
        """Reports on one wallet, with its last trades."""
        return Wallets(self.reports, self.trades)

    @cached_property
    def boards(self) -> Boards:
        """Rankings of wallets."""
        return Boards(self.store, self.parties, self._ledger, self.clock)

    @cached_property
    def explaining(self) -> Explaining:
        """Where realized amounts come from."""
        return Explaining(self.store, self.parties, self.clock)

    @cached_property
    def imports(self) -> Imports:
        """The way of facts into the database."""
        return Imports(self.store)

    @cached_property
    def exports(self) -> Exports:
        """The way of facts out of the database."""
        return Exports(self.store)

    @cached_property
    def verification(self) -> Verification:
        """The audit of the whole ledger."""
        return Verification(self.store)

    @cached_property
    def events(self) -> Events:
        """What happened."""
        config = EventConfig(whale_usd=self.settings.whale_usd, max_age_s=self.settings.event_age_s)
        return Events(self.store, self.clock, config)

    @cached_property
    def jobs(self) -> Jobs:
        """What is done again and again."""
        return Jobs(self.store, self.events, self.clock)

    @cached_property
    def providers(self) -> Providers:
        """The way to providers, for the event loop that asks first and closes it."""
        usage = Usage(self.store.database, self.clock)
        return Providers(self.clock, usage, is_offline=self.settings.offline, network=self._network)

    @cached_property
    def webhooks(self) -> Webhooks:
        """What Helius pushes to this machine."""
        return Webhooks(self.store, self.providers)

    @cached_property
    def reaching(self) -> Reaching:
        """Whether providers answer."""
        return Reaching(self.providers)

    @cached_property
    def prices(self) -> Prices:
        """The way of prices into the database, for the event loop of the providers."""
        return Prices(self.store, self.serving, self.clock)

    @cached_property
    def serving(self) -> Serving:
        """Who tells something of the market."""
        return Serving.open(self.providers.api)

    @cached_property
    def answers(self) -> Answers:
        """What tools, resources and prompts ask."""
        flows = TokenFlows(self.store, self.parties, self.clock)
        return Answers(
            boards=self.boards,
            reports=self.reports,
            finding=Finding(self.store, self.parties, self.clock),
            explaining=self.explaining,
            editing=Editing(self.store, self.parties, self.events, self.clock),
            tokens=Tokens(self.store, self.parties, flows, self.clock),
            looking=Looking(None if self.settings.offline else lambda: self.prices, self.clock),
            safety=SafetyChecks(self.store, None if self.settings.offline else lambda: self.serving, self.clock),
            flows=flows,
            search=Search(self.store, self.parties, self.clock),
            sql=Sql(self.store, self.clock),
            briefs=Briefs(self.store, self.parties, flows, self.clock),
            changes=Changes(self.store),
            events=self.events,
        )

    def close(self) -> None:
        """Close what was opened; a second call does nothing."""
        if self._store is not None:
            self._store.close()


@contextmanager
def open_application(
    database: Path | None = None,
    *,
    may_create: bool = True,
    settings: Settings | None = None,
    clock: Clock | None = None,
    network: Network = THE_INTERNET,
) -> Generator[Application]:
    """Yield the application over `database`, or over the one that the settings name, and close it at the end.

    A missing database is created where `may_create` says so, and is an error elsewhere.

    Raises:
        AuraError: the environment, the database or the question cannot be answered; one line says why.
    """
    settings = settings or Settings.load()
    application = Application(
        settings, database or settings.database, clock or SystemClock(), may_create=may_create, network=network
    )
    with reported():
        try:
            yield application
        finally:
            application.close()
