"""Bring samples from one rate to another as they flow. Audio is 16-bit mono PCM.

Not responsible for which rates are needed.
"""

from typing import Protocol

import numpy as np
import soxr


class Resampler(Protocol):
    """One direction of one flow."""

    def feed(self, pcm: bytes) -> bytes:
        """Return what has become ready."""
        ...


class _Same:
    def feed(self, pcm: bytes) -> bytes:
        return pcm


class _Soxr:
    def __init__(self, source_hz: int, target_hz: int) -> None:
        # "LQ" delays by under 2 ms; what speech loses by it nobody hears.
        self._stream = soxr.ResampleStream(source_hz, target_hz, 1, dtype="int16", quality="LQ")

    def feed(self, pcm: bytes) -> bytes:
        return self._stream.resample_chunk(np.frombuffer(pcm, dtype="<i2")).tobytes()


def resampler(source_hz: int, target_hz: int) -> Resampler:
    """Return what brings a flow from one rate to the other."""
    return _Same() if source_hz == target_hz else _Soxr(source_hz, target_hz)


def level(pcm: bytes | bytearray) -> float:
    """Return how loud a piece is: the root mean square, from 0 for silence to 1."""
    if not pcm:
        return 0.0
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    return float(np.sqrt(np.mean(samples * samples)) / 32768)


def milliseconds(pcm: bytes, rate_hz: int) -> float:
    """Return how long a piece lasts."""
    return len(pcm) / 2 / rate_hz * 1000
