"""`aura schedule install`: let cron, systemd or launchd refresh AURA where no hub stays."""

import os
from pathlib import Path
from typing import Annotated

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson
from aura_mcp.timers import Timer, TimerKind, order_of, plan_timer, usual_kind, write_timer

commands = typer.Typer(help="Let the system refresh AURA by itself, where no hub stays.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="schedule")


@commands.callback()
def schedule() -> None:
    """Let the system refresh AURA by itself, where no hub stays: a hub does it on its own."""


@commands.command()
def install(
    kind: Annotated[
        TimerKind | None, typer.Argument(metavar="[cron|systemd|launchd]", help="Default: what this system has.")
    ] = None,
    *,
    every: Annotated[int, typer.Option("--every", metavar="MINUTES", min=1, max=59, help="Minutes between runs.")] = 5,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a timer that runs `aura refresh`. The second run changes nothing; no key is written.

    Keys stand in the file `env` of AURA's home, NAME=value on each line, readable by you alone.
    """
    from aura_mcp.settings import Settings  # noqa: PLC0415 - imports pydantic: `aura --help` answers without it

    order = order_of(os.environ, Settings.load().home, every)
    timer = plan_timer(kind or usual_kind(), order, Path.home())
    if not dry_run:
        write_timer(timer)
    if as_json:
        show_json(_document(timer, is_dry_run=dry_run))
        return
    for text in timer.texts:
        state = "unchanged" if not text.is_changed else "would be written" if dry_run else "written"
        show(f"{text.place}: {state}")
        if dry_run and text.is_changed:
            show(text.after)
    if timer.next_step:
        show(f"To start it: {timer.next_step}")
    show(f"Keys, where you have any: {order.env_file}")


def _document(timer: Timer, *, is_dry_run: bool) -> dict[str, object]:
    texts = [{"place": text.place, "is_changed": text.is_changed, "text": text.after} for text in timer.texts]
    return {"kind": timer.kind.value, "is_dry_run": is_dry_run, "texts": texts, "next_step": timer.next_step}
