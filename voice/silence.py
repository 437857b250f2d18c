"""A mouth that says nothing: answers that are only shown count as heard as soon as they are complete.

Not responsible for showing them (`voice.screen`).
"""

import asyncio
from collections.abc import Callable

from voice.providers import SpokenAudio


class SilentMouth:
    """Nowhere for sound to go."""

    def __init__(self) -> None:
        self._drained: Callable[[], None] | None = None
        self._ending: asyncio.Handle | None = None

    def report_to(self, audible: Callable[[], None], drained: Callable[[], None]) -> None:  # noqa: ARG002 - no sound
        """Tell from now on when the last of an answer was heard."""
        self._drained = drained

    def begin(self, rate_hz: int) -> None:  # noqa: ARG002 - there is no sound to expect
        """Expect an answer."""
        self.stop()

    def write(self, audio: SpokenAudio) -> None:
        """Drop a piece of sound."""

    def end(self) -> None:
        """Say that the answer is complete."""
        if self._drained is not None:
            self._ending = asyncio.get_running_loop().call_soon(self._drained)

    def stop(self) -> str:
        """Say nothing more; no sound was heard."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        return ""
