"""A conversation with AURA as a person has it: a terminal with a key, a microphone, a speaker, and who answers.

`aura voice` runs as a real process; its log tells when it listens, its transcript what was heard.
Not responsible for what is asked or asserted.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from tests.fakes.ear import Ear
from tests.fakes.sound import SoundCard
from tests.fakes.terminal import FakeTerminal, Kind
from tests.fakes.voice.replies import Block, results_of, text
from tests.fakes.voice.script import Pace, Saying, Script
from tests.fakes.voice.stand import NAMES, VoiceProviders

ROOT: Final = Path(__file__).resolve().parents[3]
WITHIN_S: Final = 20.0
"""Within this anything happens that does not wait for anybody, also on a busy machine."""

_POLL_S: Final = 0.01

Rounds = Sequence[Sequence[Block]]
"""What the model replies to a question: first, then after the results of its calls, and so on."""


class Lines:
    """A file of JSON lines that another process writes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._size = 0
        self._rest = b""
        self.found: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """Return all lines that are complete."""
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self._size)
                fresh = file.read()
            self._size += len(fresh)
            *whole, self._rest = (self._rest + fresh).split(b"\n")
            self.found += map(json.loads, whole)
        return self.found

    def wait_for(
        self, is_wanted: Callable[[dict[str, Any]], bool], *, since: int = 0, timeout_s: float = WITHIN_S
    ) -> dict[str, Any]:
        """Return the first line behind `since` that is wanted.

        Raises:
            TimeoutError: it was not written in time; the last lines are in the message.
        """
        ticking = threading.Event()
        for _ in range(int(timeout_s / _POLL_S)):
            for line in self.read()[since:]:
                if is_wanted(line):
                    return line
            ticking.wait(_POLL_S)
        last = "\n".join(map(json.dumps, self.found[-30:]))
        raise TimeoutError(f"not written within {timeout_s} s to {self._file.name}; its last lines are:\n{last}")


class Talk:
    """One run of `aura voice`, and whoever talks with it."""

    def __init__(
        self,
        card: SoundCard,
        providers: VoiceProviders,
        folder: Path,
        *,
        home: Path,
        kind: Kind = "kitty",
        options: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self.card = card
        self.providers = providers
        self.script: Script = providers.script
        self._answers: dict[str, Rounds] = {}
        self.script.otherwise = self._reply
        self.log = Lines(folder / "voice.log")
        self.transcript = Lines(folder / "transcript.jsonl")
        transcript = ["--transcript", str(folder / "transcript.jsonl")]
        self.environment = environment_of(card, providers, home, folder, settings)
        self.terminal = FakeTerminal(
            [sys.executable, "-m", "voice", "voice", *transcript, *options],
            environment=self.environment,
            folder=ROOT,
            kind=kind,
        )
        self._shown = 0
        self.room: Ear = card.listen()

    def wait_until_ready(self) -> None:
        """Wait until everybody who answers is there."""
        self.log.wait_for(lambda line: line["event"] == "ready", timeout_s=60.0)

    def renew(self) -> None:
        """Forget what was scripted and what happened; sockets that are open stay with the script.

        A key that a failed test left pressed is let go.
        """
        if self.phase != "listening":
            self.hush()
        for name in NAMES:
            self.providers.admit(name)
        script = self.script
        for things in (script.sayings, script.replies, script.heard, script.asked, script.spoken, script.moments):
            things.clear()
        self._shown = len(self.terminal.text)
        script.pitches.clear()
        script.faults.mend()
        script.pace = Pace()
        script.otherwise = self._reply
        self._answers.clear()

    def answers(self, question: str, *rounds: Sequence[Block] | str) -> None:
        """Script what the model replies to a question."""
        self._answers[question] = [[text(blocks)] if isinstance(blocks, str) else blocks for blocks in rounds]

    def hold(self) -> None:
        """Press the key; returns once the microphone is listened to."""
        since = len(self.log.read())
        self.terminal.press()
        self.wait_for_phase("recording", since)

    def ask(self, question: str, wav: Path, *, transcribed: str | None = None) -> int:
        """Hold the key while a question is spoken; return the position in the room's sound of the release."""
        self.script.sayings.append(Saying(question if transcribed is None else transcribed))
        self.hold()
        self.card.say(wav)
        position = self.room.now()
        self.terminal.release()
        return position

    def ask_and_listen(self, question: str, wav: Path) -> dict[str, Any]:
        """Ask, and return the turn once it was said to its end."""
        before = self.turns
        self.ask(question, wav)
        return self.next_turn(before)

    @property
    def turns(self) -> int:
        """How many turns there have been."""
        return len(self.transcript.read())

    def next_turn(self, before: int) -> dict[str, Any]:
        """Return the turn behind so many, once it was said to its end or cut off."""
        return self.transcript.wait_for(lambda _: True, since=before)

    def wait_for_voice(self) -> None:
        """Wait until the voice was given something to say."""
        ticking = threading.Event()
        for _ in range(int(WITHIN_S / _POLL_S)):
            if self.script.spoken:
                return
            ticking.wait(_POLL_S)
        raise TimeoutError(f"the voice was given nothing to say within {WITHIN_S} s")

    def everything_spoken(self) -> str:
        """Return all that the voice was given to say."""
        return " ".join(words for _, words in self.script.spoken)

    def wait_for_shown(self, words: str) -> None:
        """Wait until words were written to the terminal since the script was renewed, on however many lines."""

        def is_shown(written: str) -> bool:
            return words in " ".join(written[self._shown :].split())

        self.terminal.wait_until(is_shown, words)

    def wait_for_phase(self, phase: str, since: int = 0) -> None:
        """Wait until the agent has been in a phase, from a line of its log on."""
        self.log.wait_for(lambda line: line["event"] == "phase" and line["phase"] == phase, since=since)

    def quiet_room(self) -> int:
        """Return a position in the room's sound at which the last of what was said before has died away."""
        self.room.wait_for_silence(self.room.now(), 0.3)
        return self.room.now()

    def hush(self) -> None:
        """Let the agent stop whatever it says, with the key for it."""
        self.terminal.type(b"\x1b[27;1:1u" if self.terminal.kind == "kitty" else b"\x1b")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the agent listens for the key."""
        phases = ["listening"]

        def is_idle(line: dict[str, Any]) -> bool:
            if line["event"] == "phase":
                phases.append(line["phase"])
            return line is self.log.found[-1] and phases[-1] == "listening"

        if self.phase != "listening":
            self.log.wait_for(is_idle)

    @property
    def phase(self) -> str:
        """The phase that the agent is in."""
        phases = [line["phase"] for line in self.log.read() if line["event"] == "phase"]
        return phases[-1] if phases else "listening"

    def quit(self) -> int:
        """End the conversation with the key for it, and return the exit code."""
        self.terminal.type(b"\x1b[113;1:1u" if self.terminal.kind == "kitty" else b"q")
        return self.terminal.wait()

    def close(self) -> None:
        """End everything."""
        self.room.close()
        self.terminal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reply(self, body: dict[str, Any]) -> Sequence[Block]:
        """Return what the script has for the last question of a conversation, in the round that it is in."""
        rounds = self._answers.get(question_of(body), [[text("I do not know.")]])
        return rounds[min(len(_turn_of(body)) // 2, len(rounds) - 1)]


def question_of(body: Mapping[str, Any]) -> str:
    """Return the question that a request to the model is about."""
    return _words(_turn_of(body)[0])


def asked_after(body: Mapping[str, Any], question: str) -> str:
    """Return what a request to the model remembers to have been said after a question."""
    messages: list[dict[str, Any]] = body["messages"]
    place = next(number for number, message in enumerate(messages) if question in _words(message))
    return _words(messages[place + 1])


def _turn_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages from the last question on: the question, a call, its result, and so on."""
    messages: list[dict[str, Any]] = body["messages"]
    last = max(
        number
        for number, message in enumerate(messages)
        if message["role"] == "user" and not results_of({"messages": [message]})
    )
    return messages[last:]


def _words(message: Mapping[str, Any]) -> str:
    content: list[dict[str, Any]] = message["content"]
    return "".join(block["text"] for block in content if block["type"] == "text")


def environment_of(
    card: SoundCard, providers: VoiceProviders, home: Path, folder: Path, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of one run; `settings` are those of the agent, by their names in small letters."""
    own = {
        "AURA_HOME": str(home),
        "AURA_OFFLINE": "1",
        "AURA_VOICE_COMMAND": f"{sys.executable} -m aura_mcp.bridge",
        "AURA_VOICE_LOG_FILE": str(folder / "voice.log"),
        "AURA_VOICE_TIMEOUT_S": "3",
        "PYTHONPATH": str(ROOT),
    }
    more = {f"AURA_VOICE_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, **card.environment, **providers.environment(), **own, **more}
