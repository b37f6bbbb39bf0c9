"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import reported


def _load(files: list[Path] | None) -> list[Path] | None:
    """Load the plug-ins before any name is looked up."""
    from nba_props.plugins import load_plugins

    with reported():
        load_plugins(files or ())
    return files


Experiments = Annotated[
    list[str] | None, typer.Option("--experiment", "-e", help="Experiment; repeatable. Default: all.")
]
Where = Annotated[str, typer.Option(help="MLflow filter, e.g. \"tags.market = 'pra' and metrics.val_mae < 6\".")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", "-m", help="Metric; repeatable.")]
Model = Annotated[str, typer.Argument(help="Name of the registered model.")]
Version = Annotated[int, typer.Argument(min=1, help="Its version.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Force = Annotated[bool, typer.Option("--force", help="Past the rules; recorded, with its reason.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, typer.Option(help="Write the result to this .csv, .parquet or .json file.")]
Plugin = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        callback=_load,
        is_eager=True,
        help="Python file that adds features, models, markets, metrics, gates, recipes or plots; repeatable.",
    ),
]
Availability = Annotated[
    list[Path] | None,
    typer.Option(help="Who was reported out, and when: injury reports (PDF), tables, inactive lists; repeatable."),
]
Fixtures = Annotated[
    list[Path] | None,
    typer.Option(help="When the games tip off, for lines that do not tell: a schedule or a table; repeatable."),
]
Uri = Annotated[
    str | None, typer.Option(help="Store to use. Default: MLFLOW_TRACKING_URI, else mlflow.db at the root.")
]
