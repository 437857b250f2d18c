r"""Know when the space bar is pressed and let go, in a terminal that was not made for it.

Terminals with the kitty keyboard protocol (kitty, Ghostty, WezTerm, foot, iTerm2, Alacritty) report the release:
`CSI 32 ; 1 : 3 u` (https://sw.kovidgoyal.net/kitty/keyboard-protocol/). Elsewhere a tap starts and the next tap ends;
holding the key works too, as its repetition stops. Pure; not responsible for reading the terminal (`source`).
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

PROBE: Final = b"\x1b[?u\x1b[c"
"""Ask for the protocol, then for what every terminal answers: the order of the answers tells."""

KITTY_ON: Final = b"\x1b[>11u"
KITTY_OFF: Final = b"\x1b[<u"

FIRST_REPEAT_S: Final = 0.75
"""A key that is held repeats within this time; one that does not was tapped."""

RELEASE_FACTOR: Final = 5.0
"""So many learned intervals without a repeat mean that the key was let go."""

_SHORTEST_RELEASE_S: Final = 0.12
_SPACE: Final = 32
_ESCAPE: Final = 27
_QUIT: Final = frozenset({3, 4, 113})
_QUIT_WITH_CONTROL: Final = frozenset(b"cd")
_CONTROL: Final = 4
_CSI_U: Final = re.compile(rb"\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d))?)?(?:;[\d:]*)?u")
_OTHER: Final = re.compile(rb"\x1b\[[\d;:?]*[A-Za-z~]")
_PARTIAL: Final = re.compile(rb"\x1b(?:\[[\d;:?]*)?$")


class Key(Enum):
    """What the person did."""

    DOWN = "down"
    UP = "up"
    DROP = "drop"
    QUIT = "quit"


def speaks_kitty(answer: bytes) -> bool:
    """Tell whether the answer to `PROBE` is that of a terminal that reports releases."""
    return re.search(rb"\x1b\[\?\d+u", answer) is not None


def is_complete(answer: bytes) -> bool:
    """Tell whether the answer to `PROBE` has come to its end."""
    return re.search(rb"\x1b\[\?[\d;]*c", answer) is not None


@dataclass(slots=True)
class Keys:
    """Turns bytes of a terminal into what the person did. `feed` and `tick` are given the time in seconds."""

    has_releases: bool
    is_down: bool = False
    _rest: bytes = b""
    _down_at_s: float = 0.0
    _last_at_s: float = 0.0
    _interval_s: float = 0.03
    _repeats: int = field(default=0)

    def feed(self, data: bytes, now_s: float) -> list[Key]:
        """Return what was done."""
        data, found = self._rest + data, list[Key]()
        while data:
            size, key = self._next(data, now_s)
            if not size:
                break
            data = data[size:]
            found += [] if key is None else [key]
        self._rest = data
        return found

    def tick(self, now_s: float) -> list[Key]:
        """Return whether a key that was held has been let go, where the terminal does not say so itself."""
        wait_s = max(_SHORTEST_RELEASE_S, RELEASE_FACTOR * self._interval_s)
        # A first repetition comes late and says nothing of the pace; from the second on the pace is known.
        if self.has_releases or not self.is_down or self._repeats < 2 or now_s - self._last_at_s <= wait_s:  # noqa: PLR2004
            return []
        self.is_down = False
        return [Key.UP]

    def _next(self, data: bytes, now_s: float) -> tuple[int, Key | None]:
        """Return how many bytes the next key takes, 0 while it is incomplete, and what it means."""
        if found := _CSI_U.match(data):
            return found.end(), self._kitty(int(found[1]), int(found[2] or b"1"), found[3] or b"1")
        if found := _OTHER.match(data):
            return found.end(), None
        if _PARTIAL.match(data) and (self.has_releases or len(data) > 1):
            return 0, None
        code = data[0]
        if code == _SPACE:
            return 1, self._space(now_s)
        if code == _ESCAPE:
            return 1, self._dropped()
        return 1, Key.QUIT if code in _QUIT else None

    def _kitty(self, code: int, modifiers: int, kind: bytes) -> Key | None:
        is_release = kind == b"3"
        if code == _SPACE and is_release == self.is_down and kind != b"2":
            self.is_down = not is_release
            return Key.UP if is_release else Key.DOWN
        if kind != b"1":
            return None
        if code == _ESCAPE:
            return self._dropped()
        # Modifiers are reported as their sum plus one.
        wanted = _QUIT_WITH_CONTROL if (modifiers - 1) & _CONTROL else _QUIT
        return Key.QUIT if code in wanted else None

    def _space(self, now_s: float) -> Key | None:
        if not self.is_down:
            self.is_down, self._repeats, self._down_at_s, self._last_at_s = True, 0, now_s, now_s
            return Key.DOWN
        if not self._repeats and now_s - self._down_at_s > FIRST_REPEAT_S:
            # It did not repeat, so it was tapped: this is the second tap.
            self.is_down = False
            return Key.UP
        gap_s, self._last_at_s = now_s - self._last_at_s, now_s
        self._repeats += 1
        if self._repeats > 1:
            self._interval_s = min(0.2, max(0.02, 0.7 * self._interval_s + 0.3 * gap_s))
        return None

    def _dropped(self) -> Key:
        self.is_down = False
        return Key.DROP
