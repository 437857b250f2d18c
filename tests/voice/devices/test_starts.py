"""How a conversation begins and ends: at once, on any terminal, without hands, and without a device."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.live._hub import LiveHub
from tests.fakes.chain import Chain
from tests.fakes.ear import RATE
from tests.fakes.sound import SoundCard, noise
from tests.fakes.stand import stand
from tests.fakes.terminal import FakeTerminal
from tests.fakes.voice.replies import tool
from tests.fakes.voice.script import Saying
from tests.fakes.voice.stand import VoiceProviders
from tests.voice.devices._talking import ROOT, Talk, environment_of

Spoken = Callable[[str], Path]

NO_TIMETABLE = {f"{job}_interval_s": "0" for job in ("wallets", "finality", "reconcile", "prices")}
ASK: str = "who leads"
NO_DEVICE: str = "aura: There is no microphone. Plug one in, or type with `aura voice --text`."


def test_what_is_said_right_after_the_start_is_kept_and_answered(
    sound: SoundCard, providers: VoiceProviders, home: Path, spoken: Spoken, tmp_path: Path
) -> None:
    """Spec: what is said from the first second on is kept; a tap starts and a tap ends on a plain terminal."""
    providers.renew()
    with Talk(sound, providers, tmp_path, home=home, kind="plain") as talk:
        talk.answers(ASK, "Alpha leads.")
        talk.terminal.wait_for_keys()
        talk.ask("who leads", spoken("which of them leads the board"))
        assert talk.next_turn(0)["answer"] == "Alpha leads."
        (heard,) = talk.script.heard
        assert len(heard.pcm) / 2 / heard.rate_hz > 1.0
        talk.terminal.wait_for("tap")
        assert talk.quit() == 0
        assert talk.terminal.is_as_before


def test_an_unplugged_card_is_told_and_used_again(
    own_sound: SoundCard, providers: VoiceProviders, home: Path, spoken: Spoken, tmp_path: Path
) -> None:
    """Spec: device unplugged: a line says what to do, and the loop goes on; SIGTERM leaves the terminal as it was."""
    providers.renew()
    own_sound.plug_in()
    with Talk(own_sound, providers, tmp_path, home=home) as talk:
        talk.wait_until_ready()
        talk.answers(ASK, "Alpha leads.")
        own_sound.unplug()
        talk.wait_for_shown("The microphone or the speaker is gone. Plug it in again.")
        own_sound.plug_in()
        since = len(talk.log.read())
        talk.log.wait_for(lambda line: line["event"] == "speaker_open", since=since)
        talk.wait_until_idle()
        with own_sound.listen() as room:
            talk.hold()
            room.is_silent(room.now(), 1.5)
            talk.terminal.release()
            talk.wait_for_shown("The microphone gives no sound at all. Is it muted?")
            talk.hush()
            before, start = talk.turns, room.now()
            talk.ask(ASK, spoken(ASK))
            assert talk.next_turn(before)["answer"] == "Alpha leads."
            room.wait_for_sound(start)
        talk.terminal.process.send_signal(signal.SIGTERM)
        assert talk.terminal.wait() == 0
        assert talk.terminal.is_as_before
        # The sound library complains in C, where nothing of ours sees it.
        assert "alsa" not in talk.terminal.text.lower()


def test_hands_free_listens_for_its_name_only(
    sound: SoundCard, providers: VoiceProviders, home: Path, spoken: Spoken, tmp_path: Path
) -> None:
    """Spec: --hands-free with "hey Aura"; noise and what is said to others is not answered."""
    providers.renew()
    with Talk(sound, providers, tmp_path, home=home, options=["--hands-free"]) as talk:
        talk.wait_until_ready()
        talk.answers(ASK, "Alpha leads.")
        sound.say(noise(tmp_path))
        since = len(talk.log.read())
        talk.script.sayings.append(Saying("I told him so yesterday"))
        sound.say(spoken("I told him so yesterday"))
        talk.wait_for_phase("recording", since)
        talk.wait_for_phase("listening", since)
        talk.wait_until_idle()
        assert talk.script.asked == []
        talk.script.sayings.append(Saying(f"Hey Ora, {ASK}"))
        start = talk.room.now()
        sound.say(spoken("hey aura, who leads the board"))
        assert talk.next_turn(0)["question"] == ASK
        talk.room.wait_for_sound(start, 1.0)
        assert talk.room.now() - start < 60 * RATE


@pytest.mark.parametrize("arguments", [[], ["--hands-free"]])
def test_without_a_device_it_ends_with_a_line(
    own_sound: SoundCard, providers: VoiceProviders, tmp_path: Path, arguments: list[str]
) -> None:
    """Spec: no microphone: one line that says what to do; nobody plugged the card in."""
    environment = environment_of(own_sound, providers, tmp_path, tmp_path, {})
    command = [sys.executable, "-m", "aura_mcp", "voice", *arguments]
    with FakeTerminal(command, environment=environment, folder=ROOT, columns=120) as terminal:
        assert terminal.wait() == 1
        assert terminal.text.strip().splitlines()[-1] == NO_DEVICE
        assert terminal.is_as_before


def test_devices_are_listed(sound: SoundCard) -> None:
    """Spec: --list-devices."""
    command = [sys.executable, "-m", "aura_mcp", "voice", "--list-devices"]
    run = subprocess.run(command, env=sound.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    microphones, speakers = run.stdout.split("speakers:")
    for listed in (microphones, speakers):
        assert "headset" in listed
        assert "* " in listed
    assert run.stderr == ""


def test_a_machine_without_devices_lists_none(own_sound: SoundCard) -> None:
    """Our rule: an empty list says that it is one; nobody plugged the card in."""
    command = [sys.executable, "-m", "voice", "voice", "--list-devices"]
    run = subprocess.run(command, env=own_sound.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["microphones:", "none", "speakers:", "none"]


def test_a_long_job_is_announced_when_it_is_done(
    sound: SoundCard, providers: VoiceProviders, spoken: Spoken, tmp_path: Path
) -> None:
    """Spec: a long job is started, the conversation goes on, and its end is told."""
    providers.renew()
    question = "refresh my wallets"
    with (
        stand(Chain()) as everything,
        LiveHub(tmp_path / "home", everything, [], **NO_TIMETABLE) as hub,
        Talk(sound, providers, tmp_path, home=hub.home) as talk,
    ):
        talk.wait_until_ready()
        talk.answers(question, [tool("refresh", what="wallets")], "It runs.")
        assert talk.ask_and_listen(question, spoken(question))["answer"] == "It runs."
        assert talk.next_turn(1)["answer"] == "The wallets job is done."
