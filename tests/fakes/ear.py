"""Hear what a sink of the sound card plays, with the time at which every sample was played.

Not responsible for the sound card (`sound`) or for understanding anything.
"""

import os
import subprocess
import threading
from bisect import bisect_right
from collections.abc import Mapping
from typing import IO, Final, Self

import numpy as np

from data.clock import SystemClock

RATE: Final = 48_000
LOUD: Final = 600
"""A sample of a speaking voice exceeds this; a null sink at rest is exactly 0."""

READY_S: Final = 10.0
"""Within this a recorder is there, also on a busy machine."""

_clock: Final = SystemClock()

Samples = np.ndarray[tuple[int, ...], np.dtype[np.int16]]


class Ear:
    """Records a sink from now on. A position counts samples; times are on `SystemClock.monotonic_s`."""

    def __init__(self, sink: str, environment: Mapping[str, str]) -> None:
        self._changed = threading.Condition()
        self._samples: Samples = np.zeros(RATE * 60, dtype=np.int16)
        self._size = 0
        self._ends: list[int] = []
        self._arrivals_s: list[float] = []
        self._process = subprocess.Popen(
            [
                "parec", f"--device={sink}.monitor", f"--rate={RATE}", "--channels=1", "--format=s16le", "--raw",
                "--latency-msec=5", "--process-time-msec=5",
            ],
            env=dict(environment),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._thread = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True, name="ear")
        self._thread.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._size, READY_S):
                raise RuntimeError(f"nothing comes from the monitor of {sink!r}")

    def now(self) -> int:
        """Return the position that this moment has."""
        with self._changed:
            return self._size

    def time_s(self, position: int) -> float:
        """Return when the sample at a position was played."""
        with self._changed:
            index = min(bisect_right(self._ends, position), len(self._ends) - 1)
            return self._arrivals_s[index] - (self._ends[index] - position) / RATE

    def wait_for_sound(self, since: int, timeout_s: float = 10.0) -> int:
        """Return the position of the first loud sample at or after `since`.

        Raises:
            TimeoutError: there was none in time.
        """
        found = self._wait_for_sound(since, timeout_s)
        if found is None:
            raise TimeoutError(f"no sound came within {timeout_s} s")
        return found

    def is_silent(self, since: int, for_s: float) -> bool:
        """Tell whether nothing is heard from `since` on until `for_s` from now."""
        return self._wait_for_sound(since, for_s) is None

    def wait_for_silence(self, since: int, quiet_s: float, timeout_s: float = 30.0) -> int:
        """Return the position after the last loud sample, once `quiet_s` of silence has followed it.

        Raises:
            TimeoutError: it did not become quiet in time.
        """
        last = looked = since

        def is_quiet() -> bool:
            nonlocal last, looked
            loud = _loud(self._samples[looked : self._size])
            last, looked = looked + int(loud[-1]) + 1 if loud.size else last, self._size
            return looked - last >= quiet_s * RATE

        with self._changed:
            if not self._changed.wait_for(is_quiet, timeout_s):
                raise TimeoutError(f"it did not become quiet within {timeout_s} s")
        return last

    def recording(self, start: int, end: int | None = None) -> Samples:
        """Return the samples from a position to another, or to this moment."""
        with self._changed:
            return self._samples[start : self._size if end is None else end].copy()

    def close(self) -> None:
        """Hear no more."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_for_sound(self, since: int, timeout_s: float) -> int | None:
        looked, found = since, None

        def is_loud() -> bool:
            nonlocal looked, found
            loud = _loud(self._samples[looked : self._size])
            found, looked = looked + int(loud[0]) if loud.size else None, max(looked, self._size)
            return found is not None

        with self._changed:
            self._changed.wait_for(is_loud, timeout_s)
        return found

    def _read(self, stream: IO[bytes]) -> None:
        rest = b""
        while data := os.read(stream.fileno(), 65_536):
            arrived_s = _clock.monotonic_s()
            data = rest + data
            whole = len(data) // 2 * 2
            block, rest = np.frombuffer(data[:whole], dtype="<i2"), data[whole:]
            with self._changed:
                end = self._size + block.size
                if end > self._samples.size:
                    self._samples = np.concatenate([self._samples, np.zeros_like(self._samples)])
                self._samples[self._size : end] = block
                self._size = end
                self._ends.append(end)
                self._arrivals_s.append(arrived_s)
                self._changed.notify_all()


def loudness_at(samples: Samples, pitch_hz: int) -> float:
    """Return the amplitude of a tone of a pitch, a multiple of 10 Hz, in the tenth of a second where it is loudest."""
    size = RATE // 10
    windows = samples[: samples.size // size * size].reshape(-1, size).astype(np.float64)
    wave = np.exp(-2j * np.pi * pitch_hz / RATE * np.arange(size))
    return float(np.abs(windows @ wave).max(initial=0.0)) * 2 / size


def _loud(samples: Samples) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.nonzero((samples > LOUD) | (samples < -LOUD))[0]
