"""`python -m aura_mcp.hub --auto`: what a bridge starts. People use `aura serve`."""

import os
import sys

from aura_mcp.errors import AuraError
from aura_mcp.hub.process import run_hub
from aura_mcp.hub.run_info import RunInfo
from aura_mcp.hub.settings import HubSettings


def main() -> int:
    """Run a hub in the background and return its exit code; why it could not is the last line on stderr."""
    try:
        run_hub(HubSettings.load(), _detach, is_auto_started=True)
    except AuraError as error:
        sys.stderr.write(f"aura: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"aura: {error.filename or 'hub'}: {error.strerror}; check permissions and free space\n")
        return 1
    return 0


def _detach(_info: RunInfo) -> None:
    # The bridge that started this hub waits for the end of its stderr.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
