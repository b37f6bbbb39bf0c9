"""The command that watches the models in Production."""

from __future__ import annotations

from typing import Annotated

import typer

from mlflow_integration.cli import reported
from mlflow_integration.commands.options import Json, Plugin, Uri
from models.commands.live_options import Market

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


@app.command()
def monitor(
    *,
    market: Market = "all",
    simulated: Annotated[
        bool,
        typer.Option("--simulated", help="Watch the models of the SIMULATED league instead of those of real data."),
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Roll back what is to be rolled back; the reasons go into the history.")
    ] = False,
    tracking_uri: Uri = None,
    plugin: Plugin = None,
    as_json: Json = False,
) -> None:
    """Say of each model in Production, from its settled cards: keep, watch, retrain or roll back.

    Look as often as you like: a sound model is accused in at most 5 % of seasons of nightly looks.

        monitor.py --market pra --apply

    Exit codes: 0 keep or watch, 1 retrain or roll back, 2 bad input.
    """
    with reported():
        from models.commands.live import watch_and_show
        from models.commands.training import parse_markets

        markets = None if market == "all" else parse_markets(market)
        raise SystemExit(
            watch_and_show(markets, simulated=simulated, apply=apply, tracking_uri=tracking_uri, as_json=as_json)
        )


def main() -> None:
    """Run the command."""
    app()
