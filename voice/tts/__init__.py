"""Voices, one file each: `connect(settings)` returns a `voice.providers.Speaker`."""

from voice._listing import find
from voice.providers import Speaker
from voice.settings import VoiceSettings

__all__ = ["connect_speaker"]


def connect_speaker(settings: VoiceSettings, name: str | None = None) -> Speaker:
    """Return the voice of a name, or the one that the settings name.

    Raises:
        VoiceError: there is none of that name, its packages are missing, or it has no key.
    """
    speaker: Speaker = find("voice.tts", name or settings.speaker, "AURA_VOICE_SPEAKER").connect(settings)
    return speaker
