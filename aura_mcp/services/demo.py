"""Bring the recording that ships with the package into a database: real facts, no network.

Not responsible for a place to work in, or for what is asked of it.
"""

from importlib import resources
from typing import Final

from aura_mcp.services.imports import Imported, Imports
from aura_mcp.services.steps import Progress

RECORDING: Final = "recording.jsonl.gz"


def import_recording(imports: Imports, progress: Progress | None = None) -> Imported:
    """Import the recording."""
    with resources.as_file(resources.files("aura_mcp").joinpath("demo", RECORDING)) as path:
        return imports.run([path], progress)
