"""Say what the agent needs of those who hear, think and speak for it: small protocols, one file for each provider.

Audio is 16-bit little-endian mono PCM everywhere. Every method that waits can be cancelled at any point.
Failures are `VoiceProviderError`, nothing else. Not responsible for devices (`voice.audio`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from voice.tools import ToolInfo


class Utterance(Protocol):
    """One thing that is being said, from the press of the key to its release."""

    sample_rate: int
    """What `feed` expects, in hertz."""

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard; never waits."""
        ...

    def partials(self) -> AsyncIterator[str]:
        """Yield the whole text heard so far, each time it changes; ends with the utterance."""
        ...

    async def finish(self) -> str:
        """Return the final text, after the last `feed`; empty where nothing was said.

        Raises:
            VoiceProviderError: the provider did not answer.
        """
        ...

    async def cancel(self) -> None:
        """Forget what was said; safe at any time, also twice."""
        ...


class Transcriber(Protocol):
    """Speech to text over a connection that is kept where the provider has one."""

    name: str

    async def start(self, keywords: Sequence[str]) -> None:
        """Connect and warm up; `keywords` are words to expect. May be called again with others.

        Raises:
            VoiceProviderError: the provider cannot be used now.
        """
        ...

    def begin(self) -> Utterance:
        """Return a new utterance, which can be fed at once."""
        ...

    async def aclose(self) -> None:
        """Close the connection; a second call does nothing."""
        ...


class SpokenAudio(NamedTuple):
    """A piece of speech, and the words that begin to be heard with it; empty where it goes on with earlier ones."""

    pcm: bytes
    text: str


class Speech(Protocol):
    """One answer being spoken: text in as it is written, audio out as it comes."""

    sample_rate: int
    """Of what `audio` yields, in hertz."""

    async def say(self, text: str) -> None:
        """Add a sentence or a clause."""
        ...

    async def finish(self) -> None:
        """Say that no more text comes; `audio` then ends with the last of it."""
        ...

    def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order.

        Raises:
            VoiceProviderError: the provider stopped in the middle.
        """
        ...

    async def cancel(self) -> None:
        """Say no more; audio that still comes is dropped. Safe at any time, also twice."""
        ...


class Speaker(Protocol):
    """Text to speech over a connection that is kept where the provider has one."""

    name: str

    async def start(self) -> None:
        """Connect and warm up.

        Raises:
            VoiceProviderError: the provider cannot be used now.
        """
        ...

    def begin(self) -> Speech:
        """Return a new speech, which can be given text at once."""
        ...

    async def aclose(self) -> None:
        """Close the connection; a second call does nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the model is asked: messages in the shape of the Anthropic Messages API, alternating, user first."""

    system: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[ToolInfo]


class TextDelta(NamedTuple):
    """More of the answer."""

    text: str


class ToolCall(NamedTuple):
    """A tool that the model wants to run, complete with its arguments."""

    id: str
    name: str
    arguments: Mapping[str, Any]


class Stop(NamedTuple):
    """The end of one reply. After `tool_use` the model waits for the results.

    `verbatim` is the whole reply in the provider's own blocks, where nothing else may go back with the results: they
    mean something to the provider only. Empty where words and calls say everything.
    """

    reason: Literal["end", "tool_use", "length", "refusal"]
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    verbatim: tuple[Mapping[str, Any], ...] = ()


MindEvent = TextDelta | ToolCall | Stop


class Mind(Protocol):
    """A language model."""

    name: str

    async def start(self) -> None:
        """Connect and warm up, with as little cost as possible.

        Raises:
            VoiceProviderError: the provider cannot be used now.
        """
        ...

    def reply(self, request: Request) -> AsyncIterator[MindEvent]:
        """Yield one reply as it is written, a `Stop` last.

        Raises:
            VoiceProviderError: the provider refused, or stopped in the middle.
        """
        ...

    async def aclose(self) -> None:
        """Close the connection; a second call does nothing."""
        ...
