"""Find providers by name: a new file in `voice.llm`, `voice.stt` or `voice.tts` is a new one, and nothing else changes.

Not responsible for what they do (`voice.providers`).
"""

import importlib
import pkgutil
from typing import Any

from voice.errors import SettingsError
from voice.providers import Mind, Speaker, Transcriber
from voice.settings import VoiceSettings


def connect_mind(settings: VoiceSettings) -> Mind:
    """Return the model that the settings name.

    Raises:
        VoiceError: there is none of that name, its packages are missing, or it has no key.
    """
    mind: Mind = _find("voice.llm", settings.mind, "AURA_VOICE_MIND").connect(settings)
    return mind


def connect_transcriber(settings: VoiceSettings, name: str | None = None) -> Transcriber:
    """Return the transcription of a name, or the one that the settings name.

    Raises:
        VoiceError: as `connect_mind`.
    """
    module = _find("voice.stt", name or settings.transcriber, "AURA_VOICE_TRANSCRIBER")
    transcriber: Transcriber = module.connect(settings)
    return transcriber


def connect_speaker(settings: VoiceSettings, name: str | None = None) -> Speaker:
    """Return the voice of a name, or the one that the settings name.

    Raises:
        VoiceError: as `connect_mind`.
    """
    speaker: Speaker = _find("voice.tts", name or settings.speaker, "AURA_VOICE_SPEAKER").connect(settings)
    return speaker


def _names_in(package: str) -> list[str]:
    """Return the names of the providers of a package, sorted."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


def _find(package: str, name: str, setting: str) -> Any:  # noqa: ANN401 - a module; its `connect` is typed where used
    """Return the module of a provider.

    Raises:
        SettingsError: there is none of that name, or its packages are not installed.
    """
    known = _names_in(package)
    if name not in known:
        raise SettingsError(f"{setting}={name!r}: there is no such provider; choose one of {', '.join(known)}.")
    try:
        return importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        raise SettingsError(f"{error.name} is missing. Install it: pip install 'aura-mcp[voice]'.") from error
