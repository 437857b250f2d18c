"""Measure the voice agent from the key to the speaker: real devices, real SDKs, providers that take a fixed time.

The floor is what those providers take at least: transcription, first token, first sentence, first byte of speech.
With `AURA_BENCH_PIPECAT` naming a Python that has pipecat (`tests.benchmarks.peers.pipecat_bot` says which), it is
measured on the same devices and providers. `AURA_BENCH_SPEECH_MIN` sets how long the agent speaks (1; the aim is 10).
Not responsible for asserting times: machines differ, and what else runs on this one is printed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any, Final, Protocol

import httpx
import numpy as np

from tests.aura_mcp.hub.processes import home_of_hubs
from tests.benchmarks.bridge import rss_mb
from tests.fakes.ear import LOUD, RATE, Ear
from tests.fakes.sound import SoundCard, missing_parts, sound_card, speech
from tests.fakes.terminal import FakeTerminal
from tests.fakes.voice.replies import text, tool
from tests.fakes.voice.stand import ANTHROPIC, ELEVENLABS, OPENAI, environment

ROOT: Final = Path(__file__).resolve().parents[2]
TURNS: Final = 30
INTERRUPTIONS: Final = 20
QUESTION: Final = "who leads the board"
ANSWER: Final = "It is up a bit. Yes."
LONG: Final = "This is a long answer that goes on for quite a while, so that somebody interrupts it. " * 3
TEXT_S: Final = 0.3
FIRST_TOKEN_S: Final = 0.4
TOKENS_PER_S: Final = 60.0
FIRST_BYTE_S: Final = 0.1
FLOOR_MS: Final = 1_000 * (TEXT_S + FIRST_TOKEN_S + 4 / TOKENS_PER_S + FIRST_BYTE_S)
"""The first sentence is complete with its fifth word."""

TOOL_FLOOR_MS: Final = FLOOR_MS + 1_000 * (FIRST_TOKEN_S + 1 / TOKENS_PER_S)
"""The call is complete with its second delta."""

TARGETS: Final = {
    "answer_to_floor_ratio_p50": f"≤ {1 + 60 / FLOOR_MS:.2f}",
    "answer_to_floor_ratio_p95": f"≤ {1 + 120 / FLOOR_MS:.2f}",
    "answer_over_floor_ms_p50": "≤ 60",
    "answer_over_floor_ms_p95": "≤ 120",
    "speculation_to_floor_ratio_p50": "≤ 0.75",
    "answer_to_pipecat_ratio_p50": "≤ 1",
    "barge_in_ms_p95": "≤ 40",
    "tool_over_floor_ms_p50": "≤ 100",
    "start_to_recording_s": "≤ 1",
    "start_to_answer_s": "≤ 5",
    "rss_mb": "≤ 250",
    "dropouts": "0",
}


class Agent(Protocol):
    """Somebody with a key."""

    def press(self) -> None:
        """Press it."""
        ...

    def release(self) -> None:
        """Let it go."""
        ...


def measure() -> dict[str, float]:
    """Return latencies and their ratios to the floor, times of the start, memory and dropouts."""
    if missing := missing_parts():
        print(f"voice: no sound card: {', '.join(missing)} missing; run `make sound`")
        return {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aura")))
        card = stack.enter_context(sound_card(folder))
        fakes = stack.enter_context(providers(folder))
        home = folder / "home"
        home.mkdir()
        stack.enter_context(home_of_hubs(home))
        bench = Bench(card, fakes, home, speech(folder, QUESTION))
        load = os.getloadavg()[0]
        figures: dict[str, float] = {}
        for part in (bench.plain, bench.speculating, bench.pipecat, bench.starts):
            figures |= part()
        if "pipecat_ms_p50" in figures:
            figures["answer_to_pipecat_ratio_p50"] = figures["answer_ms_p50"] / figures["pipecat_ms_p50"]
        return figures | {"floor_ms": FLOOR_MS, "load_before": load, "load_after": os.getloadavg()[0]}


class Fakes:
    """The providers, as a process of their own: nobody shares an interpreter with who is measured."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url)
        self.environment = environment(dict.fromkeys((OPENAI, ANTHROPIC, ELEVENLABS), url))

    def script(self, **more: object) -> None:
        """Add to what they say, and set how fast."""
        self._client.post("/_script", json=more).raise_for_status()

    def heard_s(self) -> list[float]:
        """Return for how long the microphone was heard, of every utterance."""
        return [heard["seconds"] for heard in self._client.get("/_heard").json()]


@contextmanager
def providers(folder: Path) -> Generator[Fakes]:
    """Have the providers until the end of the block."""
    paces = {
        "text": TEXT_S, "first-token": FIRST_TOKEN_S, "first-byte": FIRST_BYTE_S, "chunk": 0.05, "partial": 0.1,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.fakes.voice", f"--tokens-per-s={TOKENS_PER_S}"]
    command += [f"--{name}-s={value}" for name, value in paces.items()]
    with (folder / "providers.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            yield Fakes(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


class Bench:
    """Who is measured, on one sound card with one set of providers."""

    def __init__(self, card: SoundCard, fakes: Fakes, home: Path, question: Path) -> None:
        self._card = card
        self._fakes = fakes
        self._home = home
        self._question = question

    def starts(self) -> dict[str, float]:
        """Return how long a start takes until the microphone is kept, and until a question asked at once is answered.

        The question and the floor of the providers are within; the hub runs already, as a person's hub does.
        """
        recording, answering = list[float](), list[float]()
        for _ in range(3):
            self._fakes.script(says=[QUESTION], otherwise=[text(ANSWER)])
            with self._card.listen() as room:
                began_s, since = monotonic(), room.now()
                with self._agent(is_ready=False) as agent:
                    agent.wait_for_keys()
                    agent.press()
                    self._card.say(self._question)
                    released_s = monotonic()
                    agent.release()
                    first = room.wait_for_sound(since, 30.0)
                    answering.append(room.time_s(first) - began_s)
                    recording.append(released_s - self._fakes.heard_s()[-1] - began_s)
        return {"start_to_recording_s": median(recording), "start_to_answer_s": median(answering)}

    def plain(self) -> dict[str, float]:
        """Return the latency without speculation, of a tool, of interruptions; memory and dropouts of long speech."""
        with self._agent(speculate="false") as agent, self._card.listen() as room:
            figures = _latencies("answer", self._turns(agent, room, TURNS), FLOOR_MS)
            replies = [[tool("system_status")], [text(ANSWER)]]
            times = [self._turn(agent, room, replies=replies) for _ in range(TURNS // 2)]
            figures |= _latencies("tool", times, TOOL_FLOOR_MS)
            figures |= self._interruptions("barge_in", agent, room)
            figures |= self._long_speech(agent, room)
            figures["rss_mb"] = rss_mb(agent.process.pid)
        return figures

    def speculating(self) -> dict[str, float]:
        """Return the latency with speculation."""
        with self._agent() as agent, self._card.listen() as room:
            return _latencies("speculation", self._turns(agent, room, TURNS), FLOOR_MS)

    def pipecat(self) -> dict[str, float]:
        """Return the same of the peer, where there is one."""
        python = os.environ.get("AURA_BENCH_PIPECAT")
        if python is None:
            print("voice: AURA_BENCH_PIPECAT names no Python that has pipecat: it is not measured")
            return {}
        with _peer(python, {**self._card.environment, **self._fakes.environment}) as peer, self._card.listen() as room:
            self._turns(peer, room, 2)
            figures = _latencies("pipecat", self._turns(peer, room, TURNS), FLOOR_MS)
            return figures | self._interruptions("pipecat_barge_in", peer, room)

    def _turns(self, agent: Agent, room: Ear, count: int) -> list[float]:
        return [self._turn(agent, room) for _ in range(count)]

    def _turn(self, agent: Agent, room: Ear, *, replies: Sequence[object] = ()) -> float:
        """Ask once, and return the milliseconds from the release of the key to the first sound."""
        self._fakes.script(says=[QUESTION], replies=replies, otherwise=[text(ANSWER)])
        since = room.now()
        agent.press()
        self._card.say(self._question)
        released_s = monotonic()
        agent.release()
        first = room.wait_for_sound(since)
        room.wait_for_silence(first, 0.4)
        return 1_000 * (room.time_s(first) - released_s)

    def _interruptions(self, name: str, agent: Agent, room: Ear) -> dict[str, float]:
        times: list[float] = []
        for _ in range(INTERRUPTIONS):
            self._fakes.script(says=[QUESTION, ""], otherwise=[text(LONG)])
            since = room.now()
            agent.press()
            self._card.say(self._question)
            agent.release()
            first = room.wait_for_sound(since)
            room.wait_for_sound(first + RATE // 2)
            pressed_s, pressed = monotonic(), room.now()
            agent.press()
            last = room.wait_for_silence(pressed, 0.4)
            times.append(1_000 * (room.time_s(last) - pressed_s))
            agent.release()
            room.wait_for_silence(room.now(), 2 * TEXT_S)
        return {f"{name}_ms_p50": median(times), f"{name}_ms_p95": _p95(times)}

    def _long_speech(self, agent: Agent, room: Ear) -> dict[str, float]:
        """Return how often a long answer had a gap, counted in what the room heard: the tone has none."""
        minutes = float(os.environ.get("AURA_BENCH_SPEECH_MIN", "1"))
        sentence = "It goes on and on for a while, and says nothing of any weight at all. "
        count = int(minutes * 60 * 15 / len(sentence))
        self._fakes.script(says=[QUESTION], otherwise=[text(sentence * count)], pace={"chunk_s": 0.08})
        since = room.now()
        agent.press()
        self._card.say(self._question)
        agent.release()
        first = room.wait_for_sound(since)
        last = room.wait_for_silence(first, 2.0, minutes * 60 * 2 + 30)
        self._fakes.script(pace={"chunk_s": 0.05})
        return {"speech_min": (last - first) / RATE / 60, "dropouts": _gaps(room, first, last)}

    @contextmanager
    def _agent(self, *, is_ready: bool = True, **settings: str) -> Generator[FakeTerminal]:
        own = {
            "AURA_HOME": str(self._home),
            "AURA_OFFLINE": "1",
            "AURA_VOICE_COMMAND": f"{sys.executable} -m aura_mcp.bridge",
            "AURA_VOICE_LOG_FILE": str(self._home / "voice.log"),
            **{f"AURA_VOICE_{name.upper()}": value for name, value in settings.items()},
            # Bytecode is there once a module was imported, as after an installation.
            "PYTHONPYCACHEPREFIX": str(self._home / "bytecode"),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        log = self._home / "voice.log"
        log.unlink(missing_ok=True)
        surroundings: Mapping[str, str] = {**self._card.environment, **self._fakes.environment, **own}
        with FakeTerminal([sys.executable, "-m", "voice", "voice"], environment=surroundings, folder=ROOT) as terminal:
            if is_ready:
                wait_for_line(log, "ready")
            yield terminal
            terminal.type(b"\x1b[113;1:1u")
            terminal.wait()


class _Peer:
    """pipecat, with a key."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def press(self) -> None:
        self._send("down")

    def release(self) -> None:
        self._send("up")

    def _send(self, key: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{key}\n")
        self._process.stdin.flush()


@contextmanager
def _peer(python: str, surroundings: Mapping[str, str]) -> Generator[_Peer]:
    program = str(Path(__file__).parent / "peers" / "pipecat_bot.py")
    process = subprocess.Popen(
        [python, program],
        env=dict(surroundings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        while process.stdout.readline().strip() != "ready":
            if process.poll() is not None:
                raise RuntimeError(f"{python} cannot run {program}")
        yield _Peer(process)
    finally:
        process.kill()
        process.wait()


def wait_for_line(log: Path, event: str, timeout_s: float = 60.0) -> dict[str, Any]:
    """Return the first line of a log that tells of an event."""
    end_s = monotonic() + timeout_s
    while monotonic() < end_s:
        for line in log.read_text("utf-8").splitlines() if log.exists() else ():
            if f'"event": "{event}"' in line:
                return json.loads(line)
    raise TimeoutError(f"{event!r} was not logged within {timeout_s} s")


def _latencies(name: str, times_ms: Sequence[float], floor_ms: float) -> dict[str, float]:
    p50, p95 = median(times_ms), _p95(times_ms)
    return {
        f"{name}_ms_p50": p50,
        f"{name}_ms_p95": p95,
        f"{name}_over_floor_ms_p50": p50 - floor_ms,
        f"{name}_over_floor_ms_p95": p95 - floor_ms,
        f"{name}_to_floor_ratio_p50": p50 / floor_ms,
        f"{name}_to_floor_ratio_p95": p95 / floor_ms,
    }


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def _gaps(room: Ear, first: int, last: int) -> int:
    """Return how many stretches of at least 2 ms were silent; the tone crosses zero for far less."""
    is_loud = np.abs(room.recording(first, last).astype(np.int32)) > LOUD // 2
    places = np.nonzero(is_loud)[0]
    return int(np.count_nonzero(np.diff(places) > RATE * 0.002))
