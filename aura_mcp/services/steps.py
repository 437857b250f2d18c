"""Report how far long work has come.

Not responsible for drawing it.
"""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how far it has come, and its end."""


def step(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    """Return the report of one step of the work, None where nobody listens."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
