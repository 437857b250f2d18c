"""All providers of speech and thought at once, on loopback, and the environment that leads a client to them.

    with VoiceProviders() as providers:
        providers.script.says("who leads")
        providers.script.replies.append([text("Alpha leads.")])
        ... VoiceSettings(**providers.settings()) ... or a process with providers.environment() ...

Not responsible for what any of them answers (`script`).
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from starlette.applications import Starlette

from tests.fakes.voice.anthropic import Anthropic
from tests.fakes.voice.elevenlabs import ElevenLabs
from tests.fakes.voice.openai import OpenAi
from tests.fakes.voice.script import ANTHROPIC_KEY, ELEVENLABS_KEY, OPENAI_KEY, Script
from tests.fakes.voice.serving import HOST, Serving

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
ELEVENLABS: Final = "elevenlabs"
NAMES: Final = (OPENAI, ANTHROPIC, ELEVENLABS)


class VoiceProviders:
    """The servers, each provider at a port of its own; use it as a context manager."""

    def __init__(self) -> None:
        self._all = (OpenAi(Script()), Anthropic(Script()), ElevenLabs(Script()))
        self._serving = Serving(application(*self._all), len(NAMES))
        self.script = self.renew()

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, traceback)

    def renew(self) -> Script:
        """Begin with a new script, for the next test."""
        self.script = Script()
        for provider in self._all:
            provider.script = self.script
        return self.script

    def url(self, name: str) -> str:
        """Return where a provider listens."""
        return f"http://{HOST}:{self._serving.ports[NAMES.index(name)]}"

    def refuse(self, name: str) -> None:
        """Let nobody connect to a provider any more; open sockets stay."""
        self._serving.refuse(NAMES.index(name))

    def admit(self, name: str) -> None:
        """Let them connect again."""
        self._serving.admit(NAMES.index(name))

    def cut(self) -> None:
        """Cut every open connection, of every provider."""
        self._serving.cut()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a process to these providers."""
        return environment({name: self.url(name) for name in NAMES})

    def settings(self, **more: object) -> dict[str, Any]:
        """Return the same for `VoiceSettings`; timeouts are short."""
        fields = {name.removeprefix("AURA_VOICE_").lower(): value for name, value in self.environment().items()}
        keys = {name.upper(): fields.pop(name) for name in list(fields) if name.endswith("_api_key")}
        return {**fields, **keys, "timeout_s": 5.0, **more}


def application(*providers: OpenAi | Anthropic | ElevenLabs) -> Starlette:
    """Return one application for all of them: their paths do not meet."""
    return Starlette(routes=[route for provider in providers for route in provider.routes])


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that lead a process to providers."""
    return {
        "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
        "OPENAI_API_KEY": OPENAI_KEY,
        "ELEVENLABS_API_KEY": ELEVENLABS_KEY,
        "AURA_VOICE_ANTHROPIC_URL": urls[ANTHROPIC],
        "AURA_VOICE_OPENAI_URL": f"{urls[OPENAI]}/v1",
        "AURA_VOICE_ELEVENLABS_URL": urls[ELEVENLABS],
    }
