"""Record what providers answer while wallets are brought up to date, and be the network that answers it again.

A recording begins with whom it follows and marks where each cycle began, in lines of a provider named `aura`, so that
a replay asks the same questions in the same order of time. Not responsible for the cycles (`aura_mcp.replaying`) or
for the format of the lines (`data.http_recording`).
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel
import msgspec
from starlette.types import ASGIApp

from aura_mcp.services.providers import Network
from data.clock import Clock, SystemClock
from data.errors import FileError
from data.http_recording import Exchange, Recording, RecordingSender, Sink, new_recording, read_recording
from data.http_replay import Replay, ReplaySender
from data.http_replay_server import serve_replay
from data.providers import HttpSender

OWN: Final = "aura"
_FOLLOW: Final = "follow"
_CYCLE: Final = "cycle"


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a recording follows, and how much of their history it asks for."""

    wallets: list[str]
    backfill_days: int
    backfill_transactions: int


class Recorder:
    """A recording that is being written, and the network that it is written from."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self.cycles = 0
        # The first line is the header.
        self.exchanges = -1
        self.network = Network(sender=RecordingSender(HttpSender(), self, clock))

    def write(self, line: bytes) -> None:
        """Take one line of the network's."""
        self._sink.write(line)
        self.exchanges += 1

    def note_follow(self, follow: Follow) -> None:
        """Write down whom it follows."""
        self._note(_FOLLOW, msgspec.json.encode(follow).decode())

    def note_cycle(self) -> None:
        """Write down that a cycle begins."""
        self.cycles += 1
        self._note(_CYCLE, None)

    def _note(self, call: str, answer: str | None) -> None:
        at_s = round(self._clock.monotonic_s() - self._began_s, 3)
        exchange = Exchange(at_s=at_s, provider=OWN, call=call, method="", answer=answer)
        self._sink.write(msgspec.json.encode(exchange) + b"\n")


@contextmanager
def recorder(path: Path, clock: Clock | None = None) -> Generator[Recorder]:
    """Yield what records into a new file.

    Raises:
        FileError: it exists, or cannot be written.
    """
    with new_recording(path) as sink:
        yield Recorder(sink, clock or SystemClock())


class ReplayClock:
    """The time of a recording: with a speed the real one, so many times faster; without one it jumps over waits."""

    def __init__(self, began_at: int, speed: float | None, real: Clock) -> None:
        self._began_at = began_at
        self._speed = speed
        self._real = real
        self._real_began_s = real.monotonic_s()
        self._passed_s = 0.0

    def now(self) -> datetime:
        """Return the moment of the recording as an aware time in UTC."""
        return datetime.fromtimestamp(self._began_at + self.monotonic_s(), UTC)

    def epoch_s(self) -> int:
        """Return the moment of the recording in seconds since 1970."""
        return int(self._began_at + self.monotonic_s())

    def monotonic_s(self) -> float:
        """Return seconds since the recording began."""
        if self._speed is None:
            return self._passed_s
        return (self._real.monotonic_s() - self._real_began_s) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds of the recording pass."""
        if self._speed is not None:
            await anyio.sleep(max(0.0, seconds) / self._speed)
            return
        until_s = self._passed_s + max(0.0, seconds)
        await anyio.lowlevel.checkpoint()
        # Several may have waited side by side.
        self._passed_s = max(self._passed_s, until_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A recording to be played: whom it follows, when its cycles began, its clock, and the network that it is."""

    follow: Follow
    cycles_s: Sequence[float]
    exchanges: int
    is_complete: bool
    clock: ReplayClock
    network: Network
    replay: Replay


def open_replay(path: Path, speed: float | None = None) -> Replayed:
    """Return a recording, ready to be played.

    Raises:
        FileError: it cannot be read, or says not whom it follows.
    """
    recording = read_recording(path)
    own = [exchange for exchange in recording.exchanges if exchange.provider == OWN]
    follows = [exchange.body for exchange in own if exchange.call == _FOLLOW]
    if not follows:
        raise FileError(f"{path}: does not say whom it follows; make it with `aura record`")
    clock = ReplayClock(recording.recorded_at, speed, SystemClock())
    replay = _without_own(recording)
    sender = ReplaySender(replay, clock, speed=None if speed is None else 1.0, sleep=clock.sleep)
    return Replayed(
        follow=msgspec.json.decode(follows[0], type=Follow),
        cycles_s=[exchange.at_s for exchange in own if exchange.call == _CYCLE],
        exchanges=replay.left,
        is_complete=recording.is_complete,
        clock=clock,
        network=Network(sender=sender, sleep=clock.sleep),
        replay=replay,
    )


def open_upstream(path: Path, speed: float | None = None) -> ASGIApp:
    """Return the web application that answers as the providers of a recording did.

    Raises:
        FileError: it cannot be read.
    """
    clock = ReplayClock(0, speed, SystemClock())
    replay = _without_own(read_recording(path))
    return serve_replay(ReplaySender(replay, clock, speed=None if speed is None else 1.0, sleep=clock.sleep))


def _without_own(recording: Recording) -> Replay:
    return Replay(recording._replace(exchanges=[each for each in recording.exchanges if each.provider != OWN]))
