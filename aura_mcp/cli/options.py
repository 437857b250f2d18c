"""Name the options that several commands share, with one wording each."""

from pathlib import Path
from typing import Annotated

import typer

from engine.ledger import Currency
from engine.wallets import Window

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of a table.")]
DatabaseFile = Annotated[
    Path | None,
    typer.Option("--db", metavar="FILE", help="Database to use. Default: $AURA_DB, else aura.duckdb in $AURA_HOME."),
]
WindowOption = Annotated[Window, typer.Option("--window", help="Span of time that ends now.")]
CurrencyOption = Annotated[
    Currency, typer.Option("--currency", help="What results are judged in; sol needs no prices for trades in SOL.")
]
