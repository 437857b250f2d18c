"""`aura ask` and `aura voice`: start the agent, which knows AURA only through the protocol.

The agent is a package of its own; this starts it as a process and passes its exit code on.
"""

import subprocess
import sys
from typing import Annotated

import typer

from aura_mcp.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(ask)


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Answer one question in words, with AURA's tools. Needs ANTHROPIC_API_KEY.

    With --json the answer comes with every tool that it rests on.
    """
    return _agent("ask", question, *(["--json"] if as_json else []))


def _agent(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "voice", *arguments], check=False).returncode  # noqa: S603 - ourselves
