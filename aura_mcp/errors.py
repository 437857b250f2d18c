"""Errors of the application, grouped by what a caller does about them.

    AuraError               the message is one line: what, where, what to do; show it, exit 1
    ├── SettingsError       the environment asks for something that cannot be: mend it
    ├── NotFoundError       nothing stored answers to the question: import it, or ask otherwise
    └── CursorError         a cursor is not one of ours, or of another question: start from the first page

A question put wrongly on the command line is an error of its parser, exit 2.
"""


class AuraError(Exception):
    """Anything the application refuses; the message is one line."""


class SettingsError(AuraError):
    """A setting is out of its range or names something unusable."""


class NotFoundError(AuraError):
    """Nothing stored answers to the question."""


class CursorError(AuraError, ValueError):
    """A cursor does not belong to the question it came with."""
