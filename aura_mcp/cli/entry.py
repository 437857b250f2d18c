"""The `aura` command: what it is made of, and the one place where errors become lines and exit codes.

Exit codes: 0 done, 1 what was asked failed for the reason on stderr, 2 the command line is wrong,
130 interrupted, 141 the reader of the output went away.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from aura_mcp.cli import (
    decode,
    demo,
    exports,
    hub_commands,
    imports,
    install,
    leaderboard,
    record,
    refresh,
    schedule,
    setup,
    speech,
    trades,
    verify,
    wallet,
    webhooks,
)
from aura_mcp.cli.console import FAILED, PipeClosedError, complain
from aura_mcp.errors import AuraError
from engine.text import quote_text

INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

app = typer.Typer(
    name="aura",
    help="Who on Solana is worth watching, and what did they really earn: exact, and open about what is unknown.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"aura {version('aura-mcp')}")
        raise typer.Exit


@app.callback()
def start(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


for _command in (
    demo,
    setup,
    speech,
    install,
    imports,
    leaderboard,
    record,
    refresh,
    schedule,
    wallet,
    webhooks,
    trades,
    decode,
    verify,
    exports,
    hub_commands,
):
    _command.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `aura` with the arguments, this process's by default, and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run `aura` with the arguments and return its exit code; every expected failure is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot draw a character gets its code, not a crash.
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
    except PipeClosedError:
        _discard_stdout()
        return PIPE_CLOSED


def _run(arguments: Sequence[str]) -> int:
    as_json = "--json" in arguments
    try:
        result: object = app(args=list(arguments), prog_name="aura", standalone_mode=False)
    except typer.TyperException as error:
        return _refuse(error, as_json=as_json)
    except AuraError as error:
        complain(str(error), FAILED, as_json=as_json)
        return FAILED
    except OSError as error:
        complain(_describe(error), FAILED, as_json=as_json)
        return FAILED
    if result == INTERRUPTED:
        complain("interrupted; what was committed stays, run it again to go on", INTERRUPTED, as_json=as_json)
    return result if isinstance(result, int) else 0


def _refuse(error: typer.TyperException, *, as_json: bool) -> int:
    context: typer.Context | None = getattr(error, "ctx", None)
    command = "aura" if context is None else context.command_path
    message = error.format_message().replace("Value error, ", "")
    if message.startswith("Usage: "):
        # No command at all: the help is the answer.
        typer.echo(message, err=True)
    else:
        complain(f"{message.removesuffix('.')}; see {command} --help", error.exit_code, as_json=as_json)
    return error.exit_code


def _describe(error: OSError) -> str:
    where = "" if error.filename is None else f"{quote_text(str(error.filename))}: "
    return f"{where}{error.strerror or error}; check the path, its permissions and the free space"


def _discard_stdout() -> None:
    # The interpreter flushes stdout once more at exit; by then the closed pipe must be gone.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
