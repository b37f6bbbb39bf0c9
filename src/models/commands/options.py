"""Options that several commands of this package share: the data they read, and whose models they use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    list[Path] | None,
    typer.Option(
        help="Box scores: file or folder of CSV, CSV.gz or Parquet; repeatable. Default: the SIMULATED league."
    ),
]
Odds = Annotated[list[Path] | None, typer.Option(help="Lines: file or folder; repeatable.")]
SeasonStats = Annotated[
    Path | None, typer.Option(help="Season table (Cleaning the Glass columns), joined with the PREVIOUS season only.")
]
Availability = Annotated[
    list[Path] | None,
    typer.Option(help="Who was reported out, and when: injury reports (PDF), tables, inactive lists; repeatable."),
]
Fixtures = Annotated[
    list[Path] | None,
    typer.Option(help="Tip-off times, for lines without them: a schedule or a table; repeatable."),
]
Format = Annotated[str | None, typer.Option(help="Name of the files' format, where it should not be recognised.")]
Market = Annotated[str, typer.Option(help="Comma-separated markets; or all (pts, reb, ast, pra).")]
Stage = Annotated[str, typer.Option(help="Models used: Production, or Staging for shadow cards.")]
Seed = Annotated[int, typer.Option(help="Which SIMULATED league, as for train_model.py.")]
