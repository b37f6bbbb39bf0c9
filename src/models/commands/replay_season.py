"""The command that replays a season night by night."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.commands.options import Json, command, new_app
from models.commands.options import Availability, Data, Fixtures, Market, Odds, Seed

app = new_app()


@command(app)
def replay(
    start: Annotated[str, typer.Option("--from", help="First night: 2024-10-22.")],
    end: Annotated[str, typer.Option("--to", help="Last night: 2025-04-13.")],
    *,
    data: Data = None,
    odds: Odds = None,
    availability: Availability = None,
    fixtures: Fixtures = None,
    market: Market = "pra",
    model: Annotated[str, typer.Option(help="Model to train.")] = "lightgbm",
    retrain: Annotated[
        int, typer.Option(min=0, help="Days between trainings; 0 trains once, before the first night.")
    ] = 7,
    watch: Annotated[int, typer.Option(min=1, help="Days between checks by the monitor.")] = 7,
    step: Annotated[
        str, typer.Option(help="Walk-forward that judges each training: once, season, monthly or weekly.")
    ] = "once",
    gates: Annotated[str, typer.Option(help="Gate profile that decides on promotion.")] = "plan",
    roll_back: Annotated[bool, typer.Option("--roll-back/--no-roll-back", help="Apply the monitor's verdict.")] = True,
    output: Annotated[Path, typer.Option(help="Folder of the replay: its own store, ledger, history, picture.")] = Path(
        "replays"
    ),
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Replay a season: card, settlement, monitor, weekly training and promotion by the gates.

    It keeps its own store in the output folder, so its models replace none in use. With --retrain 0 the ledger
    is compared with the walk-forward's, bet by bet.

        replay_season.py --from 2025-01-01 --to 2025-01-31 --market pra --retrain 0

    Without --data: the embedded SIMULATED league. Exit codes: 0 done, 1 the ledger is not the walk-forward's, 2 bad
    input.
    """
    from models.commands.live import parse_day, replay_and_show
    from models.commands.training import parse_markets
    from models.live.replay import ReplaySettings
    from nba_props.config import make_config

    settings = ReplaySettings(
        start=parse_day(start, "--from"),
        end=parse_day(end, "--to"),
        retrain_days=retrain or None,
        monitor_days=watch,
        roll_back=roll_back,
    )
    made = {"model": model, "walk_forward": {"step": step}, "gate_profile": gates, "seed": seed}
    configs = [make_config(market=name, **made) for name in parse_markets(market)]
    given = (data, odds, availability, fixtures)
    raise SystemExit(replay_and_show(settings, configs, *given, seed=seed, output=output, as_json=as_json))


def main() -> None:
    """Run the command."""
    app()
