"""Turn what the world and the core refuse into errors of the application, so that callers know one family.

Not responsible for wording: the message stays the one that was raised.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

from aura_mcp.errors import AuraError, NotFoundError
from data.errors import DataError, UnknownWalletError
from engine.errors import EngineError


@contextmanager
def reported() -> Generator[None]:
    """Raise errors of `data` and `engine` as `AuraError`, also those that tasks of a group raised together."""
    try:
        yield
    except UnknownWalletError as error:
        raise NotFoundError(str(error)) from error
    except (DataError, EngineError) as error:
        raise AuraError(str(error)) from error
    except ExceptionGroup as group:
        raised = _leaves(group)
        if not all(isinstance(error, (DataError, EngineError)) for error in raised):
            raise
        raise AuraError(str(raised[0])) from raised[0]


def _leaves(group: ExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(cast("ExceptionGroup[Exception]", error)) if isinstance(error, ExceptionGroup) else [error]
    return found
