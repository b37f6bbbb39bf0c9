"""The command that checks whether a run's numbers are those that its model, its data and its settings give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.commands.options import Json, Uri, command, new_app
from models.commands.options import Availability, Fixtures, Format, Odds, SeasonStats

app = new_app()


@command(app)
def verify(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN_ID", help="Ids of runs, or their first characters.")],
    *,
    reproduce: Annotated[
        bool,
        typer.Option("--reproduce", help="Train again from the recorded settings, and compare.", show_default=False),
    ] = False,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Box scores it was trained on; repeatable. Not needed for the SIMULATED league."),
    ] = None,
    odds: Odds = None,
    season_stats: SeasonStats = None,
    availability: Availability = None,
    fixtures: Fixtures = None,
    format: Format = None,  # noqa: A002 - the option's name
    workers: Annotated[int, typer.Option(min=0, help="Fits side by side; 0: one per core.")] = 0,
    tracking_uri: Uri = None,
    as_json: Json = False,
) -> None:
    """Recompute the predictions and metrics of a run from its logged model and its data, and compare.

        verify_run.py RUN_ID

        verify_run.py RUN_ID --data box_scores/ --odds lines/

    With --reproduce everything is trained again; what has changed since (code, data, packages) is named.

    Exit codes: 0 identical or within the tolerance shown, 1 something differs, 2 refused, with the fix.
    """
    from models.commands.integrity import check_runs, load_given

    given = load_given(data, odds, season_stats, format, availability, fixtures)
    code = check_runs(run_ids, given, reproduce=reproduce, workers=workers, tracking_uri=tracking_uri, as_json=as_json)
    raise SystemExit(code)


def main() -> None:
    """Run the command."""
    app()
