"""Pack the bundle from a checkout: `python -m aura_mcp.bundle [BUILD_FOLDER]`."""

import sys
from pathlib import Path

from aura_mcp.bundle.packing import pack
from aura_mcp.errors import AuraError

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    try:
        bundle = pack(root, Path(sys.argv[1]) if len(sys.argv) > 1 else root / "build")
    except AuraError as error:
        sys.exit(f"aura: {error}")
    sys.stdout.write(f"{bundle} ({bundle.stat().st_size:,} bytes)\n")
