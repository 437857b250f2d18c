"""Make audio that can be heard and measured, and tell whether there is any in a recording. 16-bit mono PCM."""

import array
import math
from functools import cache
from itertools import pairwise
from typing import Final

TONE_HZ: Final = 440
AMPLITUDE: Final = 8_000
AUDIBLE: Final = 300
"""Samples below this are silence to the fakes."""

CHARS_PER_S: Final = 15.0
SHORTEST_S: Final = 0.25
CHUNK_S: Final = 0.1


def tone(seconds: float, rate_hz: int, pitch_hz: int = TONE_HZ) -> bytes:
    """Return a tone."""
    second = _second(rate_hz, pitch_hz)
    wanted = int(seconds * rate_hz) * 2
    return (second * (wanted // len(second) + 1))[:wanted]


def silence(seconds: float, rate_hz: int) -> bytes:
    """Return silence."""
    return bytes(int(seconds * rate_hz) * 2)


def length_s(text: str) -> float:
    """Return how long it takes to say a text, about as people do."""
    return max(SHORTEST_S, len(text) / CHARS_PER_S)


def chunks_of(text: str, rate_hz: int, pitch_hz: int = TONE_HZ) -> list[tuple[bytes, str]]:
    """Return the speech of a text in chunks of a tenth of a second, each with the words that it speaks."""
    total = round(length_s(text) / CHUNK_S) or 1
    ends = [len(text) * number // total for number in range(total + 1)]
    return [(tone(CHUNK_S, rate_hz, pitch_hz), text[start:end]) for start, end in pairwise(ends)]


def is_audible(pcm: bytes) -> bool:
    """Tell whether anything can be heard."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    return bool(samples) and (max(samples) >= AUDIBLE or min(samples) <= -AUDIBLE)


@cache
def _second(rate_hz: int, pitch_hz: int) -> bytes:
    # Whole periods fit into a second, so that repeating it makes no click.
    step = 2 * math.pi * pitch_hz / rate_hz
    return array.array("h", [round(AMPLITUDE * math.sin(step * index)) for index in range(rate_hz)]).tobytes()
