"""Find out which providers answer from here: each is asked one thing that costs little, all at once, within seconds.

Not responsible for how they did before (`Health`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

import anyio

from aura_mcp.services.providers import Providers
from data.clock import SystemClock
from data.errors import ProviderError
from data.providers import list_providers
from data.providers.serving import Serving
from engine.units import WSOL

TIMEOUT_S: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What came of asking a provider: `problem` is None where it answered; one without its key is not asked."""

    provider: str
    is_asked: bool
    problem: str | None


class Reaching:
    """Whether providers answer; asked from a thread."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    @classmethod
    def alone(cls) -> Self:
        """Return the way of a process without a database: what it spends is not counted."""
        return cls(Providers(SystemClock()))

    def look(self) -> list[Reach]:
        """Return for each provider whether it answers.

        Raises:
            SettingsError: a variable about a provider is out of its range.
        """
        questions = self._questions()
        specs = list_providers()

        async def ask() -> dict[str, str | None]:
            found: dict[str, str | None] = {}

            async def one(name: str) -> None:
                found[name] = await _problem(questions[name])

            async with anyio.create_task_group() as group:
                for name in questions:
                    group.start_soon(one, name)
            return found

        found = self._providers.ask(ask)
        return [Reach(provider=s.name, is_asked=s.name in found, problem=found.get(s.name)) for s in specs]

    def _questions(self) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return what each provider that can be asked is asked: the newest slot, or something about SOL."""
        questions = Serving.open(self._providers.api).trials(WSOL)
        questions["solana_rpc"] = self._providers.node.finalized_slot
        helius = self._providers.helius
        return questions if helius is None else questions | {"helius": helius.rpc.finalized_slot}


async def _problem(question: Callable[[], Awaitable[object]]) -> str | None:
    with anyio.move_on_after(TIMEOUT_S):
        try:
            await question()
        except ProviderError as error:
            # What the doctor says about it is the answer.
            return str(error)
        return None
    return f"no answer within {TIMEOUT_S:.0f} s"
