"""The README is true: its commands run in order in one home, its conversation is one with `aura-mcp`.

In output `...` stands for anything; `tx.json` is a transaction of the recorded data.
In the conversation `>` starts a question, the call and the answer's text follow; `·` starts a place in its structured
content and what stands there.
"""

import asyncio
import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from aura_mcp.app import open_application
from tests.aura_mcp.hub.processes import environment_of, home_of_hubs
from tests.aura_mcp.picture import draw

ROOT: Final = Path(__file__).parents[2]
AURA_MCP: Final = Path(sys.executable).with_name("aura-mcp")
WIDTH: Final = "118"
BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TALK: Final = re.compile(r"^```mcp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOOLS: Final = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
RECORDING: Final = ROOT / "aura_mcp" / "demo" / "recording.jsonl.gz"
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


class Said(NamedTuple):
    """One question of the conversation: the call, the text of the answer, and places of its structured content."""

    tool: str
    arguments: dict[str, Any]
    text: str
    places: dict[str, str]


def conversation() -> list[Said]:
    """Return the conversation that the README shows."""
    (block,) = TALK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return [_said(part.strip("\n").split("\n")) for part in re.split(r"^> ", block, flags=re.MULTILINE)[1:]]


def _said(lines: list[str]) -> Said:
    tool, _, arguments = lines[1].partition(" ")
    text = [line for line in lines[2:] if not line.startswith("· ")]
    places = [line.removeprefix("· ").partition(": ") for line in lines[2:] if line.startswith("· ")]
    return Said(tool, json.loads(arguments), "\n".join(text), {path: value for path, _, value in places})


def at(content: Any, path: str) -> str:  # noqa: ANN401 - any JSON
    """Return what stands at a dotted path."""
    for step in path.split("."):
        content = content[int(step) if step.isdigit() else step]
    return str(content)


async def answered(home: Path, shown: list[Said]) -> tuple[list[Said], set[str]]:
    """Ask a real `aura-mcp` what the README asks; return what it answered, and the names of its tools."""
    server = StdioServerParameters(command=str(AURA_MCP), env=environment_of(home, fixtures=""))
    found: list[Said] = []
    async with Client(server) as client:
        for said in shown:
            result = await client.call_tool(said.tool, said.arguments)
            (part,) = result.content
            assert part.type == "text"
            places = {path: at(result.structured_content, path) for path in said.places}
            found.append(Said(said.tool, said.arguments, part.text, places))
        return found, {tool.name for tool in (await client.list_tools()).tools}


def test_conversation_is_what_aura_mcp_answers(own_home: Path) -> None:
    """Spec: a real transcript, and every tool named."""
    shown = conversation()
    assert len(shown) >= 4
    with home_of_hubs(own_home) as places:
        with open_application(Path(places.database)) as application:
            application.imports.load_starter_list()
            application.imports.run([RECORDING])
        found, tools = asyncio.run(answered(own_home, shown))
    assert found == shown
    assert set(TOOLS.findall((ROOT / "README.md").read_text(encoding="utf-8"))) == tools


def test_picture_is_what_the_demo_prints() -> None:
    """Our rule: drawn anew with `python -m tests.aura_mcp.picture` whenever the answers change."""
    assert (ROOT / "aura_mcp" / "demo" / "demo.svg").read_text(encoding="utf-8") == draw()


def test_every_command_of_the_program_is_in_the_readme() -> None:
    """Our rule: nothing a user can do is left out."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("decode", "demo", "export", "import", "init", "install", "top", "trades", "verify", "wallet"):
        assert f"aura {command}" in text


def test_picture_of_the_readme_ships_with_it() -> None:
    """Our rule: no broken links to files of the repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
