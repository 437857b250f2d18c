"""Errors of the voice agent, grouped by what the person at the microphone does about them.

VoiceError                  anything below; `line` can be printed or spoken as it is
├── SettingsError           an environment variable is out of its range: mend it
├── DeviceError             no microphone or speaker, or none that may be used: plug in, permit, choose another
├── HubError                AURA's tools cannot be reached: look at `aura doctor`
└── VoiceProviderError      a provider refuses or is silent: `kind` says why
"""

from typing import Literal

ProviderTrouble = Literal[
    "no_key",
    "bad_key",
    "no_credit",
    "no_network",
    "rate_limited",
    "overloaded",
    "stalled",
    "refused",
    "unexpected",
]
"""Why a provider does not answer. `stalled` and `no_network` pass by themselves, two others after a while."""


class VoiceError(Exception):
    """Anything that keeps the agent from answering. `line`: what happened and what to do, in one sentence or two."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


class SettingsError(VoiceError):
    """A setting cannot be used."""


class DeviceError(VoiceError):
    """An audio device cannot be used."""


class HubError(VoiceError):
    """The tools cannot be reached."""


class VoiceProviderError(VoiceError):
    """A provider of speech or thought does not answer."""

    def __init__(self, provider: str, kind: ProviderTrouble, line: str) -> None:
        super().__init__(line)
        self.provider = provider
        self.kind: ProviderTrouble = kind

    @property
    def may_pass(self) -> bool:
        """Tell whether asking again may help without anybody doing anything."""
        return self.kind in {"no_network", "rate_limited", "overloaded", "stalled", "unexpected"}
