"""Measure one answer: how long after the last word of the question each stage was reached. Pure.

Not responsible for the clock, nor for showing or keeping the figures.
"""

from typing import Final, Literal

Stage = Literal["released", "heard", "thought", "voiced", "audible"]
"""The key was let go, the transcript is final, the first sentence is written, its sound has come, it is heard."""

_NAMES: Final[tuple[tuple[Stage, str], ...]] = (
    ("heard", "hear"),
    ("thought", "think"),
    ("voiced", "speak"),
    ("audible", "play"),
)


class Stages:
    """When one answer reached what. A stage that was reached on a guess, before it was needed, took no time."""

    def __init__(self) -> None:
        self.reached: dict[Stage, float] = {}

    def reach(self, stage: Stage, now_s: float) -> None:
        """Note that a stage is reached; the first time counts."""
        self.reached.setdefault(stage, now_s)

    def take(self, other: "Stages") -> None:
        """Note what another has reached, too."""
        for stage, now_s in other.reached.items():
            self.reach(stage, now_s)

    def has(self, stage: Stage) -> bool:
        """Tell whether a stage was reached."""
        return stage in self.reached

    def as_ms(self) -> dict[str, int]:
        """Return what each stage added, in milliseconds, and the `total` from the release to the last stage reached."""
        start = at = self.reached.get("released")
        if start is None or at is None:
            return {}
        found: dict[str, int] = {}
        for stage, name in _NAMES:
            if stage in self.reached:
                reached = max(at, self.reached[stage])
                found[name] = round((reached - at) * 1000)
                at = reached
        return {**found, "total": round((at - start) * 1000)}
