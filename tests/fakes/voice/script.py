"""What the providers will say, how fast, and what they were told: one value that a test sets and reads.

Not responsible for saying it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.voice.faults import Faults
from tests.fakes.voice.replies import Reply
from tests.fakes.voice.sound import TONE_HZ, is_audible

OPENAI_KEY: Final = "sk-openai-test-0123456789abcdef"
ANTHROPIC_KEY: Final = "sk-ant-test-0123456789abcdef"
ELEVENLABS_KEY: Final = "sk_eleven_test_0123456789abcdef"


@dataclass(slots=True, kw_only=True)
class Pace:
    """How long the providers take; nothing by default. All in seconds, except for `tokens_per_s`.

    `text_s`: from the commit to the final transcript. `partial_s`: how far a partial transcript lags behind the audio.
    `first_token_s`, `tokens_per_s` (0: at once): the model. `first_byte_s`: from a text to its first audio.
    `chunk_s`: between chunks of audio, of a tenth of a second each.
    """

    text_s: float = 0.0
    partial_s: float = 0.0
    first_token_s: float = 0.0
    tokens_per_s: float = 0.0
    first_byte_s: float = 0.0
    chunk_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Saying:
    """What an utterance says, and how much audible sound each word of it takes."""

    text: str
    word_s: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An utterance as a transcription received it."""

    by: str
    pcm: bytes
    rate_hz: int
    keywords: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a provider did, at a time of the monotonic clock, which is the same in every process."""

    at_s: float
    name: str
    detail: str = ""


@dataclass(slots=True)
class Script:
    """Sayings are used up by utterances that are finished, replies by requests; when they run out, nothing is said.

    A text with one of the words in `pitches` is spoken at that pitch in hertz, so that a room can tell it from others.
    """

    sayings: list[Saying] = field(default_factory=list[Saying])
    replies: list[Reply] = field(default_factory=list[Reply])
    otherwise: Reply | None = None
    pace: Pace = field(default_factory=Pace)
    faults: Faults = field(default_factory=Faults)
    heard: list[Heard] = field(default_factory=list[Heard])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    spoken: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    opened: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    moments: list[Moment] = field(default_factory=list[Moment])
    pitches: dict[str, int] = field(default_factory=dict[str, int])

    def says(self, *texts: str) -> None:
        """Let the next utterances say this."""
        self.sayings += map(Saying, texts)

    @property
    def next_saying(self) -> Saying:
        """What is being said now."""
        return self.sayings[0] if self.sayings else Saying("")

    def said(self) -> Saying:
        """Return what has been said, and go on to the next."""
        return self.sayings.pop(0) if self.sayings else Saying("")

    def mark(self, name: str, detail: str = "") -> None:
        """Note when something happened; to be called on the server's loop."""
        self.moments.append(Moment(asyncio.get_running_loop().time(), name, detail))

    def pitch_of(self, text: str) -> int:
        """Return the pitch at which a text is spoken."""
        return next((pitch for word, pitch in self.pitches.items() if word in text), TONE_HZ)

    def spoken_in(self, context: str) -> str:
        """Return everything that a context was given to say."""
        return "".join(text for name, text in self.spoken if name == context)


class Growing:
    """The words that have been heard of an utterance so far: as many as the audible sound has room for."""

    def __init__(self, script: Script, rate_hz: int) -> None:
        self._script = script
        self._rate_hz = rate_hz
        self._audible = 0
        self.pcm = bytearray()

    def feed(self, pcm: bytes) -> None:
        """Take in more audio."""
        self.pcm += pcm
        if is_audible(pcm):
            self._audible += len(pcm) // 2

    @property
    def words(self) -> Sequence[str]:
        """The words so far."""
        saying = self._script.next_saying
        words = saying.text.split()
        return words[: int(self._audible / self._rate_hz / saying.word_s)] if saying.word_s else words
