"""Turn what the world and the core refuse into errors of the application, so that callers know one family.

Not responsible for wording: the message stays the one that was raised.
"""

from collections.abc import Generator
from contextlib import contextmanager

from aura_mcp.errors import AuraError, NotFoundError
from data.errors import DataError, UnknownWalletError
from engine.errors import EngineError


@contextmanager
def reported() -> Generator[None]:
    """Raise errors of `data` and `engine` as `AuraError`."""
    try:
        yield
    except UnknownWalletError as error:
        raise NotFoundError(str(error)) from error
    except (DataError, EngineError) as error:
        raise AuraError(str(error)) from error
