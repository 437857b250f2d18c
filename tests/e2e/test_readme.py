"""The README is true: its commands run in order in one home, and print what it shows.

`...` stands for anything; `tx.json` is a transaction of the recorded data.
"""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
WIDTH: Final = "118"
BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE: Final = "3p36wGRa191szhME.json"


def steps() -> list[tuple[str, str]]:
    """Return every command of the README with the output shown for it, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.corpus
def test_commands_print_what_the_readme_shows(tmp_path: Path, corpus: Path) -> None:
    """Our rule: README examples are executed by the suite."""
    (tmp_path / "aura_mcp").symlink_to(ROOT / "aura_mcp")
    shutil.copy(corpus / "raw_tx" / EXAMPLE, tmp_path / "tx.json")
    environment = {**os.environ, "COLUMNS": WIDTH, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    checker = doctest.OutputChecker()
    shown = steps()
    assert len(shown) >= 8
    for command, expected in shown:
        run = subprocess.run(
            shlex.split(command), cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=50
        )
        assert run.stderr == ""
        got = run.stdout.strip("\n")
        assert checker.check_output(expected.strip("\n"), got, doctest.ELLIPSIS), f"$ {command}\n{got}"


def test_every_command_of_the_program_is_in_the_readme() -> None:
    """Our rule: nothing a user can do is left out."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("decode", "demo", "export", "import", "init", "top", "trades", "verify", "wallet"):
        assert f"aura {command}" in text


def test_picture_of_the_readme_ships_with_it() -> None:
    """Our rule: no broken links to files of the repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
