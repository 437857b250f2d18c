"""`aura record` and `aura replay`: keep what providers answered, and answer it again without a network."""

# ruff: noqa: PLC0415 - what follows imports the database: `aura --help` and a mistyped option answer without it.

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from aura_mcp.cli.console import FAILED, show, show_json, tell
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.refresh_view import runs_view
from aura_mcp.cli.session import session
from aura_mcp.errors import AuraError

UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(record)
    app.command()(replay)


def record(
    file: Annotated[Path, typer.Argument(help="File to write; a name that ends in .gz is compressed.")],
    *,
    for_: Annotated[str, typer.Option("--for", metavar="TIME", help="How long, as 90s, 10m or 2h; 0s: once.")] = "0s",
    backfill: Annotated[
        int, typer.Option("--backfill", min=0, max=100_000, help="Older transactions of each wallet at most.")
    ] = 20,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> int:
    """Write down what providers answer about the followed wallets, without any key.

    It asks from the start, on a database that is thrown away: yours is only asked whom you follow.
    """
    from aura_mcp.replaying import record as record_into
    from aura_mcp.settings import Settings

    for_s = _seconds(for_)
    with session(database) as application:
        wallets = application.imports.followed()
    if not wallets:
        raise AuraError("no wallet is followed; `aura init` loads a list")
    settings = Settings.load().model_copy(update={"backfill_transactions": backfill})
    played = record_into(file, wallets, settings, for_s=for_s)
    if as_json:
        show_json(played)
    else:
        show(f"{file}: {played.exchanges:,} answers about {played.wallets:,} wallets", *runs_view(played.runs))
    return 0 if _is_complete(played.runs) else FAILED


def replay(
    file: Annotated[Path, typer.Argument(help="A recording of `aura record`.")],
    *,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.01, max=10_000, help="Times as fast as it was. Default: at once.")
    ] = None,
    serve: Annotated[
        int | None,
        typer.Option("--serve", metavar="PORT", min=0, max=65_535, help="Be the providers on this port instead."),
    ] = None,
    database: Annotated[
        Path | None, typer.Option("--db", metavar="FILE", help="New database to play into. Default: none is kept.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Play a recording through everything that makes facts of answers: the same facts every time, without a network.

    With --serve it answers as the providers did: http://127.0.0.1:PORT/solana_rpc and so on.
    """
    from aura_mcp.replaying import replay as play

    if serve is not None:
        return _serve(file, serve, speed)
    if database is not None and database.exists():
        raise AuraError(f"{database} exists; name a new file to play into")
    from aura_mcp.settings import Settings

    played = play(file, database, Settings.load(), speed=speed)
    if as_json:
        show_json(played)
    else:
        show(f"{file}: {played.exchanges - played.unused:,} of {played.exchanges:,} answers used")
        show(*runs_view(played.runs))
    return 0 if _is_complete(played.runs) else FAILED


def _serve(file: Path, port: int, speed: float | None) -> int:
    import uvicorn

    from aura_mcp.hub.run_folder import bind_loopback
    from aura_mcp.services.boundary import reported
    from aura_mcp.services.recordings import open_upstream

    with reported():
        application = open_upstream(file, speed)
    listener = bind_loopback(port)
    tell(f"answering from {file} at http://127.0.0.1:{listener.getsockname()[1]}/; Ctrl-C to end it")
    uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False)).run([listener])
    return 0


def _seconds(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS_S or not number.isdecimal() or not number.isascii():
        raise typer.BadParameter("a time is a number with a unit, as 90s, 10m or 2h", param_hint="--for")
    return int(number) * UNITS_S[unit]


def _is_complete(runs: Any) -> bool:  # noqa: ANN401 - rows of JSON
    return all(run["state"] == "done" for run in runs)
