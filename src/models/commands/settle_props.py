"""The command that settles cards."""

from __future__ import annotations

import typer

from mlflow_integration.cli import reported
from mlflow_integration.commands.options import Json, Plugin, Uri
from models.commands.live_options import Data, Fixtures, Odds, Seed, Stage

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


@app.command()
def settle(
    *,
    data: Data = None,
    odds: Odds = None,
    fixtures: Fixtures = None,
    stage: Stage = "Production",
    seed: Seed = 0,
    tracking_uri: Uri = None,
    plugin: Plugin = None,
    as_json: Json = False,
) -> None:
    """Settle every open card: won, lost, push or void, the closing line, live metrics and the ledger.

    Done twice it changes nothing; where a box score was corrected since, the card is settled again and the change told.

        settle_props.py --data box_scores/ --odds lines/

    With --odds bets get their closing line. With no --data: the SIMULATED league. Exit codes: 0 done, 2 bad input.
    """
    with reported():
        from models.commands.live import settle_and_show

        settle_and_show(data, odds, stage, fixtures, seed=seed, tracking_uri=tracking_uri, as_json=as_json)


def main() -> None:
    """Run the command."""
    app()
