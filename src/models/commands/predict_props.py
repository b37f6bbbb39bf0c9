"""The command that makes tonight's card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.commands.options import Json, Uri, command, new_app
from models.commands.options import Availability, Data, Fixtures, Market, Odds, Seed, Stage

app = new_app()


@command(app)
def predict(
    date: Annotated[str, typer.Option(help="Night of the card, US Eastern day: 2025-01-14.")],
    *,
    data: Data = None,
    odds: Odds = None,
    availability: Availability = None,
    fixtures: Fixtures = None,
    market: Market = "all",
    stage: Stage = "Production",
    decision: Annotated[
        str, typer.Option(help="Prices that count: latest (on offer at --at), open, close, or rule (the model's own).")
    ] = "latest",
    at: Annotated[
        str | None,
        typer.Option(
            help="Decision time, UTC: 2025-01-14T22:30. Default: now; for a past night, that of its newest price."
        ),
    ] = None,
    max_age: Annotated[float, typer.Option(help="Greatest age of a line, in hours before the decision.")] = 12.0,
    no_games: Annotated[list[str] | None, typer.Option(help="Day without games; repeatable.")] = None,
    kelly: Annotated[
        float | None,
        typer.Option(help="Stake this share of full Kelly over the joint night. Default: one unit flat."),
    ] = None,
    bankroll: Annotated[float, typer.Option(help="Bankroll, units.")] = 1000.0,
    top: Annotated[int | None, typer.Option(min=1, help="Props shown. Default: 25.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of the CSV, JSON and HTML files.")] = Path("cards"),
    seed: Seed = 0,
    tracking_uri: Uri = None,
    as_json: Json = False,
) -> None:
    """Make the card of a night with the models in Production.

    The card is kept as a run of Phase4_Production, and written as CSV, JSON and one HTML page that opens offline. The
    same models and lines give the same card; new lines make a new revision.

        predict_props.py --date 2025-01-14 --data box_scores/ --odds lines/ --top 10

    Without --data: the embedded SIMULATED league. Exit codes: 0 done, 2 refused, with the fix.
    """
    from models.commands.live import make_and_show_card, parse_day, parse_moment
    from models.commands.training import parse_markets
    from models.live.tonight import CardRequest

    request = CardRequest(
        date=parse_day(date, "--date"),
        markets=parse_markets(market),
        stage=stage,
        decision=decision,
        at=None if at is None else parse_moment(at, "--at"),
        max_age_hours=max_age,
        idle=tuple(parse_day(day, "--no-games") for day in no_games or ()),
        kelly=kelly,
        bankroll=bankroll,
    )
    make_and_show_card(
        request,
        data,
        odds,
        availability,
        fixtures,
        seed=seed,
        tracking_uri=tracking_uri,
        output=output,
        top=top or 25,
        as_json=as_json,
    )


def main() -> None:
    """Run the command."""
    app()
