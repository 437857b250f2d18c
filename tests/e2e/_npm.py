"""Official tools that come from npm: there, or one line that says why the test is skipped; in CI that is a failure."""

import os
from typing import Final

import pytest

from aura_mcp.bundle import NodeMissingError, NpmTool

IS_CI: Final = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def require(tool: NpmTool) -> list[str]:
    """Return the command of the tool, installed into the user's cache if need be."""
    try:
        return tool.command()
    except NodeMissingError as error:
        reason = str(error)
    if IS_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
