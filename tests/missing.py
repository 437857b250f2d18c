"""Say that a test needs what this machine lacks: it is skipped in one line, except in CI, where it fails."""

from typing import NoReturn

import pytest

from tests.conftest import IS_CI


def missing(reason: str) -> NoReturn:
    """Skip the test that runs, or let it fail in CI."""
    if IS_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
