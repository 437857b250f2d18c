"""The terminal: the key that is held, and what is shown while somebody speaks."""

from voice.terminal.display import Display, PlainDisplay, View, open_display
from voice.terminal.keys import Key, Keys
from voice.terminal.source import Terminal

__all__ = ["Display", "Key", "Keys", "PlainDisplay", "Terminal", "View", "open_display"]
