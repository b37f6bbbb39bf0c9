"""The command that watches the models in Production."""

from __future__ import annotations

from typing import Annotated

import typer

from mlflow_integration.commands.options import Json, Uri, command, new_app
from models.commands.options import Market

app = new_app()


@command(app)
def monitor(
    *,
    market: Market = "all",
    simulated: Annotated[
        bool,
        typer.Option("--simulated", help="Watch the models of the SIMULATED league instead of those of real data."),
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Carry out verdicts of 'roll back'; the reasons go into the history.")
    ] = False,
    tracking_uri: Uri = None,
    as_json: Json = False,
) -> None:
    """Judge each model in Production by its settled cards: keep, watch, retrain or roll back.

    Run it as often as you like: even with a look every night, a sound model is accused in at most 5 % of seasons.

        monitor.py --market pra --apply

    Exit codes: 0 keep or watch, 1 retrain or roll back, 2 bad input.
    """
    from models.commands.live import watch_and_show
    from models.commands.training import parse_markets

    markets = None if market == "all" else parse_markets(market)
    raise SystemExit(
        watch_and_show(markets, simulated=simulated, apply=apply, tracking_uri=tracking_uri, as_json=as_json)
    )


def main() -> None:
    """Run the command."""
    app()
