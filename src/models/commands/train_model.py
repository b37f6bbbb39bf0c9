"""The training command: one model per market, a recipe, a phase, or the whole plan, tracked, registered and gated."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand, TyperOption

from mlflow_integration.cli import reported
from mlflow_integration.commands.options import Json, ProcessUri, command, new_app
from models.commands.options import Availability, Data, Fixtures, Format, SeasonStats
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

RUN = "A run of markets"
"""Panel of the options of a run of markets; a recipe has its own settings instead."""
PLAN = "Recipes and the plan"
SCALE = "Scale-out"

_run_option = partial(typer.Option, rich_help_panel=RUN)
_plan_option = partial(typer.Option, rich_help_panel=PLAN)
_scale_option = partial(typer.Option, rich_help_panel=SCALE)

app = new_app(rich_markup_mode="rich")


class _Command(TyperCommand):
    """Looks up the names of markets and models when help is asked for: plug-ins may have added some."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        with reported():
            names = {"{markets}": _market_names(), "{models}": _model_names()}
        for option in self.params:
            if isinstance(option, TyperOption) and option.help:
                for place, known in names.items():
                    option.help = option.help.replace(place, ", ".join(known))
        super().format_help(ctx, formatter)


def _market_names() -> list[str]:
    from nba_props.markets import MARKETS

    return list(MARKETS)


def _model_names() -> list[str]:
    from nba_props.forecast.estimator import model_names

    return model_names()


@command(app, cls=_Command)
def train(
    context: typer.Context,
    *,
    market: Annotated[
        str,
        _run_option(help="Comma-separated: {markets}; or all (pts, reb, ast, pra)."),
    ] = "all",
    model: Annotated[str, _run_option(help="One of {models}, market_blend.")] = "lightgbm",
    walk_forward: Annotated[
        bool,
        _run_option(
            "--walk-forward/--no-walk-forward", help="Refit through the test seasons, or fit once before them."
        ),
    ] = True,
    first_test_season: Annotated[
        str | None,
        _run_option(help="First season predicted, such as 2024-25. Default: the first one with lines, else the last."),
    ] = None,
    step: Annotated[
        str, _run_option(help="Refit weekly, monthly, every season, or every N days (a number).")
    ] = "monthly",
    decision: Annotated[
        str,
        _run_option(help="Price that is bet at: each book's first of the day (open) or its last (close)."),
    ] = "open",
    close_window: Annotated[
        float, _run_option(help="A close is the last quote seen within this many minutes of the tip.")
    ] = 60.0,
    min_edge: Annotated[
        float, _run_option(help="Smallest edge over the no-vig market probability that is bet on.")
    ] = 0.02,
    max_odds: Annotated[float, _run_option(help="Longest decimal odds that are bet on; 2.1 is +110.")] = 2.1,
    kelly: Annotated[
        float,
        _run_option(help="Share of full Kelly for the Kelly ledger; reported ROI is of flat stakes."),
    ] = 0.25,
    stand_in: Annotated[
        bool,
        _run_option(
            "--stand-in",
            help="Backtests without --availability: who was out comes from the box scores. Such runs are ranked apart.",
            show_default=False,
        ),
    ] = False,
    experiment: Annotated[str, _run_option(help="Experiment the runs go to.")] = "Phase1_Foundation",
    run_name: Annotated[str | None, _run_option(help="Default: MODEL_MARKET.")] = None,
    register: Annotated[
        bool,
        _run_option("--register/--no-register", help="Register the model and let the gates decide on its stage."),
    ] = True,
    gates: Annotated[
        str,
        _run_option(
            help="Gate profile: plan (the plan's thresholds), market (relative to baseline and lines), gates.toml or "
            "gates.toml:NAME."
        ),
    ] = "plan",
    staging_nights: Annotated[
        int,
        _run_option(
            min=0, metavar="<int>", help="Last nights hidden from the gates, for the test in Staging; 0 hides none."
        ),
    ] = 20,
    data: Data = None,
    odds: Annotated[
        list[Path] | None,
        typer.Option(help="Lines: file or folder; repeatable. Without lines nothing is bet on your own data."),
    ] = None,
    season_stats: SeasonStats = None,
    availability: Availability = None,
    fixtures: Fixtures = None,
    format: Format = None,  # noqa: A002 - the option's name
    seed: Annotated[
        int, typer.Option(help="Seed of model, bootstrap and simulated league; a recipe's own: --set seed=1.")
    ] = 0,
    as_json: Json = False,
    tracking_uri: ProcessUri = None,
    recipe: Annotated[
        str | None,
        _plan_option(help="Run a recipe: phase2/opponent_features, or a file.toml of yours."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        _plan_option("--set", help="Change one setting of the recipe: NAME=VALUE; repeatable."),
    ] = None,
    phase: Annotated[int | None, _plan_option(help="Run the recipes of a phase, 1 to 4.")] = None,
    everything: Annotated[
        bool, _plan_option("--all", help="Run the twelve-week plan, continuing where it stopped.")
    ] = False,
    force: Annotated[bool, _plan_option("--force", help="Run finished recipes again.")] = False,
    list_recipes: Annotated[bool, _plan_option("--list", help="List the recipes.")] = False,
    sweep: Annotated[Path | None, _plan_option(help="Search space (TOML): tune the recipe with Optuna.")] = None,
    trials: Annotated[
        int | None,
        _plan_option(help="Trials of a sweep, finished ones included. Default: 20."),
    ] = None,
    workers: Annotated[int, _scale_option(min=0, help="Fits side by side; 0: one per core.")] = 0,
    backend: Annotated[str, _scale_option(help="Where fits run: threads, processes, dask or ray.")] = "threads",
    address: Annotated[str | None, _scale_option(help="Address of the Dask or Ray cluster.")] = None,
) -> None:
    """Train, evaluate [bold]walk-forward[/], track, register and gate one model per market.

    Without options: the embedded SIMULATED league, markets pts, reb, ast and pra.

    On your own files, and without touching the registry:

        train_model.py --market pra --data box_scores/ --odds lines/

        train_model.py --market pts,reb --model xgboost --no-register --experiment Phase2_Advanced

    The plan's experiments, whole or one by one:

        train_model.py --all

        train_model.py --recipe phase2/opponent_features --set markets='["pts"]' --set seed=1

    Exit codes: 0 done (whatever the gates say), 2 bad input or usage. Afterwards: uv run mlflow ui.
    """
    from models.commands import training
    from models.plan import Job, fits_on
    from nba_props.config import make_config

    if list_recipes:
        training.show_recipes(as_json=as_json)
        return
    recipes = training.asked_recipes(recipe, phase, overrides or (), sweep, trials, everything=everything, force=force)
    load = partial(training.load_input, data, odds, season_stats, seed, format, availability, fixtures)
    if recipes:
        _refuse_settings(context)
        recipes = [each.with_workers(workers) for each in recipes] if workers else recipes
        with fits_on(backend, address):  # before the data: a cluster that does not answer is reported at once
            if sweep is None:
                training.run_recipes(recipes, load, force=force, as_json=as_json)
            else:
                training.sweep_recipe(recipes[0], sweep, 20 if trials is None else trials, load, as_json=as_json)
        return
    if stand_in and availability:
        message = "--stand-in is for data without reports: leave it out, or --availability."
        raise ConfigError(message)
    settings = {
        "model": model,
        "availability": "stand_in" if stand_in else "reported",
        "walk_forward": {
            "first_test_season": first_test_season,
            "step": (int(step) if step.isdigit() else step) if walk_forward else "once",
        },
        "decision": decision,
        "close_window_minutes": close_window,
        "min_edge": min_edge,
        "max_odds": max_odds,
        "kelly_fraction": kelly,
        "gate_profile": gates,
        "staging_nights": staging_nights,
        "seed": seed,
        "workers": workers,
    }
    configs = [make_config(market=name, **settings) for name in training.parse_markets(market)]
    jobs = [Job(config, experiment, run_name, register) for config in configs]
    with fits_on(backend, address):
        training.run_markets(jobs, load, as_json=as_json)


def _refuse_settings(context: typer.Context) -> None:
    """A recipe has its own settings: one given beside it would be ignored silently."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if getattr(parameter, "rich_help_panel", None) == RUN
        and getattr(context.get_parameter_source(str(parameter.name)), "name", "") == "COMMANDLINE"
    ]
    if given:
        message = f"{', '.join(given)} cannot be used with --recipe, --phase or --all: use --set NAME=VALUE."
        raise ConfigError(message)


def main() -> None:
    """Run the command."""
    app()
