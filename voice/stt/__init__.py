"""Ears, one file each: `connect(settings)` returns a `voice.providers.Transcriber`."""

from voice._listing import find
from voice.providers import Transcriber
from voice.settings import VoiceSettings

__all__ = ["connect_transcriber"]


def connect_transcriber(settings: VoiceSettings, name: str | None = None) -> Transcriber:
    """Return the transcription of a name, or the one that the settings name.

    Raises:
        VoiceError: there is none of that name, its packages are missing, or it has no key.
    """
    found: Transcriber = find("voice.stt", name or settings.transcriber, "AURA_VOICE_TRANSCRIBER").connect(settings)
    return found
