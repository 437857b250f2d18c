"""Hands-free listening: speech is told from noise."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from voice.audio.vad import SAMPLE_RATE, SpeechDetector


def test_speech_starts_and_ends_once_though_words_have_pauses(
    sound: object, spoken: Callable[[str], Path], tmp_path: Path
) -> None:
    """Spec: --hands-free; an utterance ends 0.7 s after its last word."""
    del sound
    heard = [0.0]
    detector, marks = _detector(heard)
    _feed(detector, heard, _silence(1.0) + _pcm(spoken("What is the price of bonk, and of wif?"), tmp_path))
    end_s = heard[0]
    _feed(detector, heard, _silence(1.5))
    assert [kind for kind, _ in marks] == ["start", "end"]
    assert 1.0 < marks[0][1] < 1.5
    assert end_s + 0.4 < marks[1][1] < end_s + 1.0


def test_noise_is_no_speech() -> None:
    """Spec: noise: a fan and keys that are hit do not wake the agent."""
    heard = [0.0]
    detector, marks = _detector(heard)
    random = np.random.default_rng(5)
    fan = (random.standard_normal(SAMPLE_RATE * 5) * 500).astype("<i2")
    for click in range(0, fan.size - 200, SAMPLE_RATE // 4):
        fan[click : click + 200] = (random.standard_normal(200) * 8000).clip(-32000, 32000)
    _feed(detector, heard, fan.tobytes())
    assert marks == []


def _detector(heard: list[float]) -> tuple[SpeechDetector, list[tuple[str, float]]]:
    marks: list[tuple[str, float]] = []
    return SpeechDetector(lambda: marks.append(("start", heard[0])), lambda: marks.append(("end", heard[0]))), marks


def _feed(detector: SpeechDetector, heard: list[float], pcm: bytes) -> None:
    """Feed as a microphone does, 10 ms at a time, and count the time."""
    size = SAMPLE_RATE // 100 * 2
    for start in range(0, len(pcm), size):
        heard[0] += 0.01
        detector.feed(pcm[start : start + size])


def _silence(seconds: float) -> bytes:
    return bytes(int(seconds * SAMPLE_RATE) * 2)


def _pcm(wav: Path, folder: Path) -> bytes:
    raw = folder / "speech.raw"
    subprocess.run(["sox", wav, "-r", str(SAMPLE_RATE), "-c", "1", "-e", "signed", "-b", "16", raw], check=True)
    return raw.read_bytes()
