"""What is in the repository, and what must never be."""

import importlib
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.architecture._repository import ROOT, project_files

TOP_LEVEL: Final = {
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "aura_mcp",
    "claude_desktop_config.example.json",
    "data",
    "engine",
    "pyproject.toml",
    "requirements.lock",
    "server.json",
    "tests",
    "voice",
}

# Written so that no pattern matches its own text.
FORBIDDEN: Final = {
    "address of a registry": re.compile(
        r"--(?:extra-)?index-ur[l]|https?://[^\s)\"]+/simpl[e]|\bpypi\.or[g]|pythonhosted\.or[g]|npmjs\.or[g]"
    ),
    "path of a machine": re.compile(
        rf"{re.escape(str(ROOT))}/|{re.escape(str(Path.home()))}/|/[r]oot/|/(?:home|Users)/\w+/|\bC:\\Users\b"
    ),
}


def test_top_level_holds_only_what_belongs_there() -> None:
    """Spec: the packages fixed by the user, and only what belongs beside them."""
    assert {path.parts[0] for path in project_files()} - TOP_LEVEL == set()


def test_lock_is_the_hashed_requirements_file_and_no_other() -> None:
    """Spec: requirements with hashes; no lock file that carries addresses."""
    assert [str(path) for path in project_files() if path.suffix == ".lock"] == ["requirements.lock"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][^\n=]*==[^\n]*(?:\n[ \t][^\n]*)*", lock, flags=re.MULTILINE)
    assert len(pins) > 50
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in lock


@pytest.mark.parametrize("thing", FORBIDDEN)
def test_no_file_names_a_registry_or_a_path_of_a_machine(thing: str) -> None:
    """Our rule: a clone works on any machine, with any mirror."""
    found: list[str] = []
    for path in project_files():
        content = (ROOT / path).read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if FORBIDDEN[thing].search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    assert found == []


@pytest.mark.parametrize("name", ["aura", "aura-mcp"])
def test_console_script_resolves(name: str) -> None:
    """Spec: the two commands of the distribution."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"][name].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
