"""Options that the commands of the live loop share."""

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
Availability = Annotated[
    list[Path] | None,
    typer.Option(help="Injury reports: who was reported out, as the models were trained with; repeatable."),
]
Fixtures = Annotated[
    list[Path] | None,
    typer.Option(help="When the games tip off, for lines that do not tell: a schedule or a table; repeatable."),
]
Market = Annotated[str, typer.Option(help="Comma separated markets; or all (pts, reb, ast, pra).")]
Stage = Annotated[str, typer.Option(help="Models used: Production, or Staging for shadow cards.")]
Seed = Annotated[int, typer.Option(help="Which SIMULATED league, as for train_model.py.")]
