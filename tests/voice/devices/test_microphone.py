"""The microphone, on a sound card: what is said is what is heard."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.ear import LOUD, RATE, Samples
from tests.fakes.sound import SoundCard
from tests.voice.devices.conftest import Puppet

QUESTION = "What is the price of bonk?"


def span_s(samples: Samples, rate_hz: int) -> float:
    """Return the time between the first and the last loud sample."""
    loud = np.nonzero(np.abs(samples.astype(np.int32)) > LOUD)[0]
    return float(loud[-1] - loud[0]) / rate_hz if loud.size else 0.0


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_what_is_said_while_the_key_is_held_is_heard_whole(
    sound: SoundCard, puppet: Puppet, spoken: Callable[[str], Path], tmp_path: Path, rate_hz: int
) -> None:
    """Spec: transcriptions take 16 and 24 kHz; the card has a rate of its own."""
    with sound.listen("voices") as room:
        start = room.now()
        puppet.ask("tap", rate_hz)
        sound.say(spoken(QUESTION))
        end = room.wait_for_silence(start, 0.3)
        heard = puppet.hear(tmp_path / "heard")
        said = room.recording(start, end)
    assert span_s(heard, rate_hz) == pytest.approx(span_s(said, RATE), abs=0.03)
    assert np.abs(heard).max() == pytest.approx(int(np.abs(said).max()), rel=0.2)


def test_what_is_said_just_before_the_key_is_pressed_is_kept(
    sound: SoundCard, puppet: Puppet, spoken: Callable[[str], Path], tmp_path: Path
) -> None:
    """Spec: people speak as they press the key; the last 0.3 s are kept."""
    with sound.listen("voices") as room:
        start = room.now()
        speaking = sound.start_saying(spoken(QUESTION))
        room.wait_for_sound(start)
        before = puppet.ask("tap", 16_000)["before"]
        speaking.wait()
        room.wait_for_silence(start, 0.3)
        heard = puppet.hear(tmp_path / "heard")
    # The resampler keeps back its last milliseconds.
    assert before == pytest.approx(0.3 * 16_000, abs=0.02 * 16_000)
    assert np.abs(heard[: int(0.45 * 16_000)]).max() > LOUD


def test_silence_is_told_from_speech(sound: SoundCard, puppet: Puppet, spoken: Callable[[str], Path]) -> None:
    """Spec: a pause while the key is held starts a guess, and the display shows how loud it is."""
    with sound.listen("voices") as room:
        start = room.now()
        sound.say(spoken(QUESTION))
        room.wait_for_silence(start, 0.5)
    status = puppet.ask("status")
    assert 0.4 < status["quiet_s"] < 3
    assert status["level"] == 0.0
