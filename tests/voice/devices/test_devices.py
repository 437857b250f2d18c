"""Devices that are there, that are not, and that go away."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.ear import LOUD
from tests.fakes.sound import SoundCard
from tests.voice.devices.conftest import Puppet
from voice.audio import list_devices
from voice.errors import DeviceError

NOTHING = {
    "event": "failed",
    "line": "There is no microphone. Plug one in, or type with `aura voice --text`.",
}


def test_devices_are_listed_and_chosen_by_name(own_sound: SoundCard, own_puppet: Puppet) -> None:
    """Spec: `--list-devices`, and `--device IN,OUT` by a part of the name or by number."""
    own_sound.plug_in()
    listed = own_puppet.ask("devices")
    assert set(listed["microphones"]) >= {"default", "headset"}
    assert set(listed["speakers"]) >= {"default", "headset"}
    assert own_puppet.ask("find", "HEAD")["microphone"] == "headset"
    assert own_puppet.ask("find", ",headset") == {"event": "done", "microphone": "default", "speaker": "headset"}
    own_puppet.ask("open")
    with own_sound.listen("headset") as other, own_sound.listen() as usual:
        start, quiet_since = other.now(), usual.now()
        own_puppet.ask("begin")
        own_puppet.ask("write", 0.3, "here")
        other.wait_for_sound(start)
        assert usual.is_silent(quiet_since, 0.1)
    known = "; ".join(f"{number} {name}" for number, name in enumerate(listed["microphones"]))
    assert own_puppet.ask("find", "piano") == {
        "event": "failed",
        "line": f"There is no microphone 'piano'. Choose one of: {known}.",
    }


def test_an_unplugged_card_is_noticed_and_used_again_once_it_is_back(
    own_sound: SoundCard, own_puppet: Puppet, spoken: Callable[[str], Path], tmp_path: Path
) -> None:
    """Spec: an unplugged device has a line that says what to do, and the loop goes on."""
    own_sound.plug_in()
    own_puppet.ask("find")
    own_puppet.ask("open")
    own_sound.unplug()
    for device in ("microphone", "speaker"):
        while own_puppet.ask("status")[device]:
            pass
    own_puppet.ask("close")
    assert own_puppet.ask("find") == NOTHING
    own_sound.plug_in()
    assert own_puppet.ask("find")["microphone"] == "default"
    own_puppet.ask("open")
    own_puppet.ask("tap", 16_000)
    own_sound.say(spoken("Here again."))
    assert np.abs(own_puppet.hear(tmp_path / "heard")).max() > LOUD


def test_a_machine_without_devices_says_so(own_puppet: Puppet) -> None:
    """Spec: no microphone has a line that says what to do; nobody plugged the card in."""
    listed = own_puppet.ask("devices")
    assert (listed["microphones"], listed["speakers"]) == ([], [])
    assert own_puppet.ask("find") == NOTHING


def test_a_device_that_refuses_says_what_may_help(own_sound: SoundCard, own_puppet: Puppet) -> None:
    """Spec: a microphone that is there and cannot be used: another program has it, or it is not permitted."""
    own_sound.plug_in()
    own_puppet.ask("find")
    own_sound.unplug()
    assert own_puppet.ask("open") == {
        "event": "failed",
        "line": "The microphone 'default' cannot be opened. Is another program using it?",
    }


def test_a_missing_library_names_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sounddevice: "PortAudio library not found" is an OSError while it is imported."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n", "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(DeviceError, match=r"The PortAudio library is missing.*apt install libportaudio2"):
        list_devices()
