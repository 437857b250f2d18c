"""Find microphones and speakers, by name or number, and say in words what is wrong with them.

The one module that imports sounddevice. Not responsible for what flows through a device (`microphone`, `player`).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from voice.errors import DeviceError

BLOCKS_PER_S: Final = 100
"""A block is 10 ms: short enough to interrupt within one, long enough for Python."""

_INSTALL: Final = "Install it (Debian: apt install libportaudio2; macOS and Windows have it in the package)."
_PERMIT: Final = {
    "darwin": " Allow the terminal to use it in System Settings, Privacy & Security, Microphone.",
    "win32": " Allow desktop apps to use it in Settings, Privacy & security, Microphone.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as the system knows it; `rate` is its own sample rate in hertz."""

    number: int
    name: str
    rate: int
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What will be heard and spoken with."""

    microphone: Device
    speaker: Device


class Stream(Protocol):
    """An open device."""

    active: bool
    latency: float

    def start(self) -> None:
        """Let it flow."""
        ...

    def close(self) -> None:
        """Close it; what is under way is dropped."""
        ...


def list_devices() -> tuple[list[Device], list[Device]]:
    """Return the microphones and the speakers.

    Raises:
        DeviceError: the audio library is missing.
    """
    sounddevice = _library()
    default_in, default_out = sounddevice.default.device
    infos: list[Any] = list(sounddevice.query_devices())
    found = list(enumerate(infos))
    return (
        [_device(number, info, default_in) for number, info in found if info["max_input_channels"]],
        [_device(number, info, default_out) for number, info in found if info["max_output_channels"]],
    )


def find_devices(wanted: str | None) -> Devices:
    """Return the devices that `IN` or `IN,OUT` names, by number or by a part of their names; the default ones for none.

    Raises:
        DeviceError: there is none, or not the one that is wanted; it names those that there are.
    """
    microphones, speakers = list_devices()
    first, _, second = (wanted or "").partition(",")
    return Devices(
        microphone=_choose("microphone", microphones, first.strip()),
        speaker=_choose("speaker", speakers, second.strip()),
    )


def open_input(device: Device, callback: Callable[..., None]) -> Stream:
    """Return an open microphone: 16-bit mono at the device's own rate, in blocks of 10 ms.

    Raises:
        DeviceError: it cannot be opened.
    """
    return _open("microphone", _library().RawInputStream, device, callback)


def open_output(device: Device, callback: Callable[..., None]) -> Stream:
    """Return an open speaker: 16-bit mono at the device's own rate, in blocks of 10 ms.

    Raises:
        DeviceError: it cannot be opened.
    """
    return _open("speaker", _library().RawOutputStream, device, callback)


def without_sound() -> DeviceError:
    """Return the error for a microphone that is open and gives nothing: muted, or kept from us without a word."""
    return DeviceError(f"The microphone gives no sound at all. Is it muted?{_PERMIT.get(sys.platform, '')}")


def refresh_devices() -> None:
    """Look for devices anew: the library sees none that was plugged in since it started."""
    sounddevice = _library()
    sounddevice._terminate()  # noqa: SLF001 - there is no public way
    sounddevice._initialize()  # noqa: SLF001


def _library() -> Any:  # noqa: ANN401 - sounddevice has no types
    try:
        import sounddevice  # noqa: PLC0415 - it opens the system's audio when it is imported
    except ModuleNotFoundError as error:
        raise DeviceError("Sound needs the voice extra: pip install 'aura-mcp[voice]'.") from error
    except OSError as error:
        raise DeviceError(f"The PortAudio library is missing. {_INSTALL}") from error
    return sounddevice


def _device(number: int, info: Any, default: int) -> Device:  # noqa: ANN401
    return Device(
        number=number, name=str(info["name"]), rate=int(info["default_samplerate"]), is_default=number == default
    )


def _choose(kind: str, devices: list[Device], wanted: str) -> Device:
    if not devices:
        raise DeviceError(f"There is no {kind}. Plug one in, or type with `aura voice --text`.")
    if not wanted:
        return next((device for device in devices if device.is_default), devices[0])
    for device in devices:
        if wanted == str(device.number) or wanted.lower() in device.name.lower():
            return device
    known = "; ".join(f"{device.number} {device.name}" for device in devices)
    raise DeviceError(f"There is no {kind} {wanted!r}. Choose one of: {known}.")


def _open(kind: str, make: Any, device: Device, callback: Callable[..., None]) -> Stream:  # noqa: ANN401
    try:
        stream: Stream = make(
            samplerate=device.rate,
            device=device.number,
            channels=1,
            dtype="int16",
            blocksize=device.rate // BLOCKS_PER_S,
            latency="low",
            callback=callback,
        )
        stream.start()
    except _library().PortAudioError as error:
        hint = _PERMIT.get(sys.platform, " Is another program using it?")
        raise DeviceError(f"The {kind} {device.name!r} cannot be opened.{hint}") from error
    return stream
