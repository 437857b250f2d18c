"""A sound card without hardware: a microphone that tests speak into and a speaker that tests listen to.

It is a PulseAudio daemon of its own with null sinks; programs reach it through PortAudio and ALSA, as they reach a
real card. Speech is espeak-ng's. Not responsible for installing anything (`make sound`) or for hearing (`ear`).
"""

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from ctypes.util import find_library
from functools import cache
from pathlib import Path
from typing import Final

from tests.fakes.ear import READY_S, Ear

COMMANDS: Final = ("pulseaudio", "pactl", "paplay", "parec", "espeak-ng", "sox")
_POLL_S: Final = 0.05

_SPEAKERS: Final = ("speaker", "headset")
_MICROPHONES: Final = ("microphone", "headset_microphone")
_ALSA: Final = "pcm.!default { type pulse }\nctl.!default { type pulse }\n" + "".join(
    f"pcm.{speaker} {{ type asym playback.pcm {{ type pulse device {speaker} }} "
    f"capture.pcm {{ type pulse device {microphone} }} }}\n"
    for speaker, microphone in zip(_SPEAKERS, _MICROPHONES, strict=True)
)


@cache
def missing_parts() -> tuple[str, ...]:
    """Return the programs and libraries that a sound card needs and this machine lacks."""
    lacks = [command for command in COMMANDS if shutil.which(command) is None]
    return (*lacks, *(["libportaudio"] if find_library("portaudio") is None else []))


class SoundCard:
    """The card. Its folder's path must be short: it holds a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "native"
        self._process: subprocess.Popen[bytes] | None = None
        alsa = folder / "asound.conf"
        alsa.write_text(_ALSA, "utf-8")
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "ALSA_CONFIG_PATH": str(alsa),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SINK": _SPEAKERS[0],
            "PULSE_SOURCE": _MICROPHONES[0],
        }

    def plug_in(self) -> None:
        """Start the daemon; returns once it answers."""
        loads = [f"--load={module}" for module in _modules(self._socket)]
        with (self._folder / "pulseaudio.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                    "--log-target=stderr", "--realtime=no", "--high-priority=no", *loads,
                ],
                env=self.environment,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        waiting = threading.Event()
        for _ in range(int(READY_S / _POLL_S)):
            if (
                subprocess.run(["pactl", "info"], env=self.environment, capture_output=True, check=False).returncode
                == 0
            ):
                return
            waiting.wait(_POLL_S)
        raise RuntimeError(f"pulseaudio did not start: {(self._folder / 'pulseaudio.log').read_text('utf-8')}")

    def unplug(self) -> None:
        """Take the card away while programs use it."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()

    def unload(self, module: str) -> None:
        """Take one device away: `module` is a part of what was loaded, such as "source_name=microphone"."""
        for line in self._pactl("list", "short", "modules").splitlines():
            if module in line:
                self._pactl("unload-module", line.split()[0])

    def listen(self, sink: str = "speaker") -> Ear:
        """Return what hears a speaker from now on."""
        return Ear(sink, self.environment)

    def say(self, wav: Path) -> None:
        """Play a file into the microphone; returns when the last of it has been played."""
        self.start_saying(wav).wait()

    def start_saying(self, wav: Path) -> "subprocess.Popen[bytes]":
        """Begin to play a file into the microphone."""
        return subprocess.Popen(["paplay", "--device=voices", "--latency-msec=20", str(wav)], env=self.environment)

    def _pactl(self, *arguments: str) -> str:
        return subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, check=True, text=True
        ).stdout


@contextmanager
def sound_card(folder: Path) -> Generator[SoundCard]:
    """Have a sound card plugged in until the end of the block."""
    card = SoundCard(folder)
    card.plug_in()
    try:
        yield card
    finally:
        card.unplug()


def speech(folder: Path, text: str) -> Path:
    """Return a file in which a text is spoken, without silence before or after."""
    raw, wav = folder / "raw.wav", folder / f"{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "175", "-w", str(raw), text], check=True)
    trim = ["silence", "1", "0.01", "1%", "reverse"]
    subprocess.run(["sox", str(raw), "-r", "48000", "-c", "1", str(wav), *trim, *trim, "gain", "-3"], check=True)
    return wav


def noise(folder: Path, seconds: float = 1.5) -> Path:
    """Return a file of noise, as loud as a street."""
    wav = folder / "noise.wav"
    subprocess.run(["sox", "-R", "-n", "-r", "48000", "-c", "1", wav, "synth", str(seconds), "brownnoise"], check=True)
    return wav


def _modules(socket: Path) -> list[str]:
    return [
        f"module-native-protocol-unix socket={socket} auth-anonymous=1 auth-cookie-enabled=0",
        *(
            f"module-null-sink sink_name={name} rate=48000 channels=1 norewinds=1"
            for name in (*_SPEAKERS, "voices", "others")
        ),
        *(
            f"module-remap-source master={feed}.monitor source_name={name}"
            for feed, name in zip(("voices", "others"), _MICROPHONES, strict=True)
        ),
    ]
