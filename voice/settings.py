"""Say what the user can set about the voice agent, from the environment: the one place that reads it.

Keys keep the names that their providers gave them. Not responsible for what the command line says (`voice.__main__`).
"""

import os
from pathlib import Path
from typing import Final, Literal, Self

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voice.errors import SettingsError

PREFIX: Final = "AURA_VOICE_"


_KEYS: Final = ("anthropic_api_key", "openai_api_key", "elevenlabs_api_key")


def environment_of_tools() -> dict[str, str]:
    """Return this environment for the process of the tools, without the keys of those who hear and speak."""
    ours = {name.upper() for key in _KEYS for name in (key, f"{PREFIX}{key}")}
    return {name: value for name, value in os.environ.items() if name.upper() not in ours}


def _key(name: str) -> SecretStr | None:
    found: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices(name.upper(), f"{PREFIX}{name.upper()}"),
        description=f"Key: {name}.",
    )
    return found


class VoiceSettings(BaseSettings):
    """Everything that can be set; each field is `AURA_VOICE_` and its name in capitals, keys by their own names."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    anthropic_api_key: SecretStr | None = _key("anthropic_api_key")
    openai_api_key: SecretStr | None = _key("openai_api_key")
    elevenlabs_api_key: SecretStr | None = _key("elevenlabs_api_key")

    anthropic_url: str = Field(default="https://api.anthropic.com", description="Base address of the Messages API.")
    openai_url: str = Field(
        default="https://api.openai.com/v1", description="Base address of OpenAI, or of a server that speaks like it."
    )
    elevenlabs_url: str = Field(default="https://api.elevenlabs.io", description="Base address of ElevenLabs.")

    mind: str = Field(default="anthropic", description="Who thinks: a module of voice.llm.")
    transcriber: str = Field(
        default="openai_realtime",
        description="Who hears: a module of voice.stt. `openai_batch` is asked where this one fails.",
    )
    speaker: str = Field(
        default="elevenlabs_stream",
        description="Who speaks: a module of voice.tts. `elevenlabs_http` is asked where this one fails.",
    )
    model: str = Field(default="claude-haiku-5-5", description="Model that answers.")
    realtime_model: str = Field(default="gpt-live-transcribe", description="Model that transcribes while you speak.")
    batch_model: str = Field(default="gpt-transcribe", description="Model that transcribes recordings.")
    scribe_model: str = Field(default="scribe_v2_realtime", description="Model of ElevenLabs that transcribes.")
    voice_id: str = Field(default="JBFqnCBsd6RMkjVDRZzb", description="Voice of ElevenLabs.")
    voice_model: str = Field(default="eleven_flash_v2_5", description="Model of ElevenLabs that speaks.")
    language: str = Field(default="en", min_length=2, max_length=5, description="Language that is spoken, ISO 639-1.")
    speed: float = Field(default=1.0, ge=0.7, le=1.2, description="Speed of the speech (0.7 to 1.2).")
    detail: Literal["brief", "normal", "full"] = Field(default="brief", description="How much an answer says.")

    device: str | None = Field(default=None, description="Microphone and speaker, by name or number: `IN` or `IN,OUT`.")
    speculate: bool = Field(default=True, description="Start to think on a quiet pause, before the key is released.")
    timeout_s: float = Field(default=20.0, gt=0, le=300, description="Seconds that a provider may be silent.")
    news_usd: float = Field(
        default=10_000.0, ge=0, description="Value in USD from which a followed wallet's trade is spoken when idle."
    )
    memory_tokens: int = Field(
        default=6_000, ge=500, le=100_000, description="Tokens of conversation kept word for word; older is summarized."
    )
    memory_file: Path | None = Field(
        default=None, description="File that keeps the conversation from run to run. Default: it is not kept."
    )
    command: str = Field(default="aura-mcp", description="Command that reaches AURA's tools.")
    log_file: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("aura", appauthor=False) / "run" / "voice.log",
        description="File of the agent's log.",
    )

    @classmethod
    def load(cls) -> Self:
        """Return the settings of this process's environment.

        Raises:
            SettingsError: a variable is out of its range.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(f"{PREFIX}{_told(error)}; mend the variable or unset it") from error

    def changed(self, **wanted: object) -> Self:
        """Return the settings with some of them as the command line has them.

        Raises:
            SettingsError: one is out of its range.
        """
        try:
            return self.model_validate({**self.model_dump(), **wanted})
        except ValidationError as error:
            raise SettingsError(f"--{_told(error)}") from error


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = "_".join(str(part) for part in first["loc"]).upper()
    return f"{name}: {first['msg']}"
