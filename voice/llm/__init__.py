"""Language models, one file each: `connect(settings)` returns a `voice.providers.Mind`."""

from voice._listing import find
from voice.providers import Mind
from voice.settings import VoiceSettings

__all__ = ["connect_mind"]


def connect_mind(settings: VoiceSettings) -> Mind:
    """Return the model that the settings name.

    Raises:
        VoiceError: there is none of that name, its packages are missing, or it has no key.
    """
    mind: Mind = find("voice.llm", settings.mind, "AURA_VOICE_MIND").connect(settings)
    return mind
