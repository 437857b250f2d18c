"""`aura ask` and `aura voice`: start the agent, which knows AURA only through the protocol.

The agent is a package of its own; this starts it as a process and passes its exit code on.
"""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

_SIGNALLED: Final = 128
"""Shells add to this the number of the signal that ended a command."""


class Detail(StrEnum):
    """How much an answer says."""

    BRIEF = "brief"
    NORMAL = "normal"
    FULL = "full"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(ask)
    app.command()(voice)


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for machines.")] = False,
) -> int:
    """Answer one question in words, with AURA's tools. Needs ANTHROPIC_API_KEY.

    With --json the answer comes with every tool that it rests on.
    """
    return _agent("ask", *(["--json"] if as_json else []), "--", question)


def voice(
    *,
    hands_free: Annotated[bool, typer.Option("--hands-free", help='Listen for "hey Aura" instead of a key.')] = False,
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
    device: Annotated[
        str | None, typer.Option("--device", metavar="IN[,OUT]", help="Microphone and speaker, by name or number.")
    ] = None,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="List microphones and speakers.")] = False,
    transcript: Annotated[
        Path | None, typer.Option("--transcript", metavar="FILE", help="Append each turn to a file, as JSON lines.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="Log to this file, as JSON lines without words.")
    ] = None,
    detail: Annotated[Detail | None, typer.Option("--detail", help="How much an answer says.")] = None,
    speed: Annotated[float | None, typer.Option("--speed", min=0.7, max=1.2, help="Speed of the speech.")] = None,
) -> int:
    """Talk with AURA: hold the space bar, ask, hear the answer; q ends it.

    Needs ANTHROPIC_API_KEY, OPENAI_API_KEY and ELEVENLABS_API_KEY; --text needs the first only.
    """
    flags = {"--hands-free": hands_free, "--text": text, "--list-devices": list_devices}
    values = {"--device": device, "--transcript": transcript, "--log": log, "--detail": detail, "--speed": speed}
    given = [item for name, value in values.items() if value is not None for item in (name, str(value))]
    return _agent("voice", *(name for name, is_set in flags.items() if is_set), *given)


def _agent(*arguments: str) -> int:
    with subprocess.Popen([sys.executable, "-m", "voice", *arguments]) as process:  # noqa: S603 - ourselves
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # It hears Ctrl-C too, and leaves the terminal as it was found before it ends.
                continue
            return code if code >= 0 else _SIGNALLED - code
