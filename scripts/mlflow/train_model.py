"""Train, evaluate walk-forward, track, register and gate: one model per market, a recipe, a phase, or the whole plan.

With no options it runs on the embedded SIMULATED league for the markets pts, reb, ast and pra.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlflow_integration.cli import note, progress, reported
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from models.main_job import Input

PLAN = "Recipes and the plan"
SCALE = "Scale-out"

_MARKET_OPTIONS = frozenset(
    {"market", "model", "walk_forward", "first_test_season", "step", "decision", "min_edge", "max_odds", "kelly"}
    | {"experiment", "run_name", "register", "gates"}
)
"""Parameters that say what a run of markets does, and that a recipe says for itself."""

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.command()
def train(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    market: Annotated[
        str,
        typer.Option(
            help="Comma separated: pts, reb, ast, pra, pr, pa, ra, fg3m, stl, blk, tov; or all (the first four)."
        ),
    ] = "all",
    model: Annotated[str, typer.Option(help="lightgbm or xgboost.")] = "lightgbm",
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Box scores: file or folder of CSV, CSV.gz or Parquet; repeatable. Default: the SIMULATED league."
        ),
    ] = None,
    odds: Annotated[
        list[Path] | None,
        typer.Option(help="Lines: file or folder; repeatable. Without it nothing is bet on your own data."),
    ] = None,
    season_stats: Annotated[
        Path | None,
        typer.Option(help="Season table (Cleaning the Glass columns), joined with the PREVIOUS season only."),
    ] = None,
    walk_forward: Annotated[
        bool,
        typer.Option(
            "--walk-forward/--no-walk-forward", help="Refit through the test seasons, or fit once before them."
        ),
    ] = True,
    first_test_season: Annotated[
        str | None,
        typer.Option(help="First season predicted, such as 2024-25. Default: the first one with lines, else the last."),
    ] = None,
    step: Annotated[str, typer.Option(help="Refit weekly, monthly, each season, or every so many days.")] = "monthly",
    decision: Annotated[
        str, typer.Option(help="Price that is bet: each book's first of the day (open) or its last (close).")
    ] = "open",
    min_edge: Annotated[float, typer.Option(help="Least edge over the no-vig market probability that is bet.")] = 0.02,
    max_odds: Annotated[float, typer.Option(help="Longest decimal odds bet; 2.1 is +110.")] = 2.1,
    kelly: Annotated[
        float, typer.Option(help="Share of full Kelly for the Kelly ledger; reported ROI is of flat stakes.")
    ] = 0.25,
    experiment: Annotated[str, typer.Option(help="Experiment the runs go to.")] = "Phase1_Foundation",
    run_name: Annotated[str | None, typer.Option(help="Default: MODEL_MARKET.")] = None,
    register: Annotated[
        bool, typer.Option("--register/--no-register", help="Register the model and let the gates decide on its stage.")
    ] = True,
    gates: Annotated[
        str,
        typer.Option(
            help="Gate profile: plan (the plan's thresholds), market (relative to baseline and lines), gates.toml or "
            "gates.toml:NAME."
        ),
    ] = "plan",
    seed: Annotated[
        int, typer.Option(help="Seed of model, bootstrap and simulated league; a recipe's own: --set seed=1.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Folds fitted side by side; 0: one per core.")] = 0,
    recipe: Annotated[
        str | None,
        typer.Option(help="Run a recipe: phase2/opponent_features, or a file.toml of yours.", rich_help_panel=PLAN),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key of the recipe: key=value; repeatable.", rich_help_panel=PLAN),
    ] = None,
    phase: Annotated[int | None, typer.Option(help="Run the recipes of a phase, 1 to 4.", rich_help_panel=PLAN)] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Run the twelve-week plan; goes on where it stopped.", rich_help_panel=PLAN)
    ] = False,
    force: Annotated[
        bool, typer.Option(help="Run again what is finished.", show_default=False, rich_help_panel=PLAN)
    ] = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes.", rich_help_panel=PLAN)] = False,
    sweep: Annotated[
        Path | None, typer.Option(help="Search space (TOML): tune the recipe with Optuna.", rich_help_panel=PLAN)
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(help="Trials of a sweep, finished ones included. Default: 20.", rich_help_panel=PLAN),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="Where fits run: threads, processes, dask or ray.", rich_help_panel=SCALE)
    ] = "threads",
    address: Annotated[str | None, typer.Option(help="Of the Dask or Ray cluster.", rich_help_panel=SCALE)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train, evaluate **walk-forward**, track, register and gate one model per market.

    With no options: the embedded SIMULATED league, markets pts, reb, ast and pra.

    On your own files, and without touching the registry:

        uv run scripts/mlflow/train_model.py --market pra --data box_scores/ --odds lines/

        uv run scripts/mlflow/train_model.py --market pts,reb --model xgboost --no-register --experiment Phase2_Advanced

    The plan's experiments, whole or one by one:

        uv run scripts/mlflow/train_model.py --all

        uv run scripts/mlflow/train_model.py --recipe phase2/opponent_features --set markets='["pts"]' --set seed=1

    Exit codes: 0 done (whatever the gates say), 2 bad input or usage. Afterwards: `uv run mlflow ui`.
    """
    settings: dict[str, Any] = {
        "model": model,
        "walk_forward": {
            "first_test_season": first_test_season,
            "step": (int(step) if step.isdigit() else step) if walk_forward else "once",
        },
        "decision": decision,
        "min_edge": min_edge,
        "max_odds": max_odds,
        "kelly_fraction": kelly,
        "gate_profile": gates,
        "seed": seed,
        "workers": workers,
    }
    with reported():
        from models.main_job import Input
        from models.plan.command import PlanRequest, list_plan, run_request

        if list_recipes:
            list_plan(as_json=as_json)
            return
        source = Input(data=tuple(data or ()), odds=tuple(odds or ()), season_stats=season_stats, seed=seed)
        request = PlanRequest(recipe, tuple(overrides or ()), phase, everything, force, sweep, trials)
        if request.asked:
            _refuse_settings(context)
            run_request(request, source, workers=workers, backend=(backend, address), as_json=as_json)
            return
        request.refuse_extras()
        _train_markets(source, market, (experiment, run_name, register), settings, (backend, address), as_json=as_json)


def _train_markets(
    source: Input,
    market: str,
    where: tuple[str, str | None, bool],
    settings: dict[str, Any],
    backend: tuple[str, str | None],
    *,
    as_json: bool,
) -> None:
    """Run the markets one asked for with the settings of the command line."""
    from models.main_job import MainJob, parse_markets, show_results
    from models.plan.jobs import fits_on

    experiment, run_name, register = where
    job = MainJob(parse_markets(market), source, experiment, run_name, register, settings)
    job.configs()
    with fits_on(*backend):
        loaded = source.load()
        for report in loaded.reports:
            note(report)
        with progress("markets", len(job.markets)) as bar:
            results = list(job.run(loaded, bar))
    sys.stdout.write(show_results(results, loaded, as_json=as_json))


def _refuse_settings(context: typer.Context) -> None:
    """A recipe has its own settings: one given beside it would be ignored in silence."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in _MARKET_OPTIONS
        and getattr(context.get_parameter_source(parameter.name), "name", "") == "COMMANDLINE"
    ]
    if given:
        message = f"{', '.join(given)} can not be used with --recipe, --phase or --all: use --set key=value."
        raise ConfigError(message)


if __name__ == "__main__":
    app()
