"""Put together what an .mcpb bundle holds, and let the official tool validate and pack it.

The bundle holds the sources; the client's `uv` makes the environment, with every version pinned to the tested one.
Not responsible for finding the tool (`npm`).
"""

import inspect
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

from aura_mcp.bundle.npm import NpmTool, ToolFailedError, environment
from aura_mcp.tools import list_tools

MCPB: Final = NpmTool(package="@anthropic-ai/mcpb", version="2.1.2", script="dist/cli/cli.js")
NAME: Final = "aura.mcpb"
MANIFEST: Final = "manifest.json"

_PIN: Final = re.compile(r"^([A-Za-z0-9][^\s=]*==[^\s;]+(?:\s*;[^\\\n]+)?)", re.MULTILINE)
_PACKAGES: Final = ("aura_mcp", "data", "engine", "voice")
_PAPERS: Final = ("LICENSE", "README.md")


def compose_manifest(root: Path) -> dict[str, Any]:
    """Return the manifest of the project at `root`, with its version and the tools that its server lists."""
    project = _read_project(root)
    manifest: dict[str, Any] = json.loads(Path(__file__).with_name(MANIFEST).read_text("utf-8"))
    tools = [
        {"name": tool.function.__name__, "description": (inspect.getdoc(tool.function) or "").partition("\n")[0]}
        for tool in list_tools()
    ]
    return {**manifest, "version": project["version"], "license": project["license"], "tools": tools}


def stage(root: Path, folder: Path) -> None:
    """Fill an empty or missing folder with everything that the bundle holds."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in _PACKAGES:
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for paper in _PAPERS:
        shutil.copy(root / paper, folder / paper)
    manifest = json.dumps(compose_manifest(root), indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(manifest + "\n", "utf-8")
    pins = "".join(f"  {json.dumps(pin)},\n" for pin in read_pins(root))
    text = (root / "pyproject.toml").read_text("utf-8")
    constraints = f"\n[tool.uv]\n# The versions that were tested.\nconstraint-dependencies = [\n{pins}]\n"
    (folder / "pyproject.toml").write_text(text + constraints, "utf-8")


def pack(root: Path, build: Path) -> Path:
    """Return the bundle of the project at `root`, validated, under `build`.

    Raises:
        NodeMissingError: there is no Node to run the official tool with.
        ToolFailedError: the official tool refuses.
    """
    command = MCPB.command()
    folder, bundle = build / "bundle", build / NAME
    stage(root, folder)
    bundle.unlink(missing_ok=True)
    for words in (["validate", str(folder / MANIFEST)], ["pack", str(folder), str(bundle)]):
        done = subprocess.run(  # noqa: S603
            [*command, *words], env=environment(command[0]), check=False, capture_output=True, text=True
        )
        if done.returncode or not (bundle.exists() or words[0] == "validate"):
            said = " ".join((done.stderr or done.stdout).split())
            raise ToolFailedError(f"mcpb {words[0]} refuses the bundle: {said}")
    return bundle


def read_pins(root: Path) -> list[str]:
    """Return the locked requirements without their hashes."""
    return [pin.strip() for pin in _PIN.findall((root / "requirements.lock").read_text("utf-8"))]


def _read_project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
