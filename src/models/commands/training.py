"""What the training command does: runs markets, recipes or a sweep over an input, and shows the results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from mlflow_integration import NBAPropsTracker
from mlflow_integration.cli import emit, emit_json, emit_text, note, progress, show_table
from mlflow_integration.store.links import share_run_list
from mlflow_integration.store.location import resolve_store
from mlflow_integration.utils import setup_experiments
from models.commands.results import as_frame, fit_bars, result_rows, step_frame, step_rows, trial_frame
from models.data import load_training_data, simulated_training_data
from models.forecasting import config_folds
from models.plan.jobs import run_jobs, trainer_of
from models.plan.recipe import RECIPES, load_recipe, recipes_of_phase
from models.plan.run import run_plan
from nba_props.errors import ConfigError
from nba_props.markets import DEFAULT_MARKETS, check_market

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.data import TrainingData
    from models.plan.jobs import Job
    from models.plan.recipe import Recipe
    from models.train_model_mlflow import TrainingResult
    from nba_props.config import TrainerConfig

_LEGEND: Final = "MAE: model / best naive forecast (/ oracle). On lines and Brier: model / market."


def load_input(
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    season_stats: Path | None,
    seed: int,
    format: str | None = None,  # noqa: A002 - the option's name
    availability: Sequence[Path] | None = None,
    fixtures: Sequence[Path] | None = None,
) -> TrainingData:
    """Load the input once for all runs; bad input raises here, before anything is tracked.

    All inputs are files or folders. Without `data`, the league of `seed` is simulated. A format that is not named is
    recognised.

    Raises:
        ConfigError: Lines, a season table, availability or fixtures without box scores.
        DataError: Input that cannot be used.
    """
    if not data:
        if odds or season_stats or format or availability or fixtures:
            message = (
                "--odds, --season-stats, --availability, --fixtures and --format need --data: without it the simulated "
                "league is used."
            )
            raise ConfigError(message)
        loaded = simulated_training_data(seed=2026 + seed)
    else:
        loaded = load_training_data(
            data,
            odds or (),
            season_stats=season_stats,
            availability=availability or (),
            fixtures=fixtures or (),
            format=format,
        )
    for report in loaded.reports:
        note(report)
    return loaded


def asked_recipes(
    recipe: str | None,
    phase: int | None,
    overrides: Sequence[str],
    sweep: Path | None,
    trials: int | None,
    *,
    everything: bool,
    force: bool,
) -> list[Recipe]:
    """The recipes a command asks for, checked; none where it is one of markets.

    Raises:
        ConfigError: Two of the three ways at once, an option without what it belongs to, or a bad recipe.
    """
    ways = (recipe is not None) + (phase is not None) + everything
    message = ""
    if ways > 1:
        message = "Use one of --recipe, --phase and --all."
    elif not ways and (overrides or force or sweep is not None or trials is not None):
        message = "--set, --force, --sweep and --trials need --recipe (--force: or --phase, --all)."
    elif trials is not None and sweep is None:
        message = "--trials is for a sweep: name the search space with --sweep."
    elif force and sweep is not None:
        message = "A sweep resumes where it stopped, so --force has no use here; --set seed=1 makes another sweep."
    elif recipe is None and (overrides or sweep is not None):
        message = "--set and --sweep are for one recipe: name it with --recipe."
    if message:
        raise ConfigError(message)
    if not ways:
        return []
    names = [recipe] if recipe is not None else recipes_of_phase(phase)
    return [load_recipe(name, overrides) for name in names]


def parse_markets(text: str) -> tuple[str, ...]:
    """Markets from a comma-separated list; "all" are the four of the main job.

    >>> parse_markets("pts, reb,pts")
    ('pts', 'reb')

    Raises:
        ConfigError: An unknown market, naming the known ones.
    """
    if text == "all":
        return DEFAULT_MARKETS
    return tuple(dict.fromkeys(check_market(part.strip()) for part in text.split(",")))


def check_folds(configs: Sequence[TrainerConfig], data: TrainingData) -> None:
    """Refuse a walk-forward for which the data have too few seasons: errors of `config_folds`."""
    for config in configs:
        config_folds(data, config)


def run_markets(jobs: Sequence[Job], load: Callable[[], TrainingData], *, as_json: bool) -> None:
    """Run the jobs of a command, one per market, and print a row for each."""
    data = load()
    check_folds([job.config for job in jobs], data)
    results = []
    with progress("markets", len(jobs)) as bar:
        for result in run_jobs(jobs, data, fit_bars(bar), meanwhile=partial(_prepare_store, jobs, data)):
            results.append(result)
            bar.advance(bar.task_ids[0])
    rows = result_rows(results)
    if as_json:
        emit_json({"data_kind": data.kind, "source": data.source, "results": rows})
        return
    show_table(as_frame(rows), title=data.title)
    for row in rows:
        if "remark" in row:
            emit_text(f"{row['market']}: {row['remark']}", None)
    emit_text(f"Every number is out-of-sample. {_LEGEND}", None)
    _show_link(results)


def _prepare_store(jobs: Sequence[Job], data: TrainingData) -> None:
    """Make the experiments, and say which of the runs are there already."""
    setup_experiments()
    for job in jobs:
        earlier = trainer_of(job, data).earlier_run()
        if earlier is not None:
            note(f"{job.config.market}: run {earlier[:8]} has the same settings, data and code; it is repeated.")


def run_recipes(recipes: Sequence[Recipe], load: Callable[[], TrainingData], *, force: bool, as_json: bool) -> None:
    """Run recipes and print a row for each run."""
    data, steps = load(), []
    check_folds([config for recipe in recipes if not recipe.candidates for config in recipe.configs()], data)
    with progress("recipes", sum(len(recipe.markets) for recipe in recipes)) as bar:
        for step in run_plan(recipes, data, force=force, on_fold=fit_bars(bar)):
            steps.append(step)
            bar.advance(bar.task_ids[0])
            note(f"{step.recipe} {step.market}: {'finished before, skipped' if step.skipped else 'done'}")
    if as_json:
        emit_json(step_rows(steps))
        return
    show_table(step_frame(steps), title=data.title)
    done = [step.result for step in steps if step.result is not None]
    for result in done:
        if result.remark:
            emit_text(f"{result.market}: {result.remark}", None)
    emit_text(f"{_LEGEND} Differences are baseline minus variant, with their 95 % interval.", None)
    _show_link(done)


def _show_link(results: Sequence[TrainingResult]) -> None:
    """Say how the runs are looked at, from the project's folder: elsewhere `mlflow ui` starts an empty store."""
    _show_runs([result.experiment_id for result in results], [result.market for result in results])


def _show_runs(experiments: Sequence[str], markets: Sequence[str]) -> None:
    store, named = resolve_store(), list(dict.fromkeys(markets))
    for experiment in dict.fromkeys(experiments):
        emit_text(f"Runs: {share_run_list(store.client(), experiment, named, uri=store.uri)}", None)
    if store.database is not None:
        emit_text(f"after: uv run mlflow ui --backend-store-uri {store.uri}", None)


def sweep_recipe(recipe: Recipe, space: Path, trials: int, load: Callable[[], TrainingData], *, as_json: bool) -> None:
    """Tune a recipe and print a row for each trial."""
    from models.sweep.run import check_sweep, run_sweep

    objective = check_sweep(recipe, space, trials).objective  # before the data are loaded
    data = load()
    check_folds(recipe.configs(), data)
    with progress("trials", trials) as bar:
        table = run_sweep(recipe, space, data, trials=trials, progress=bar)
    if as_json:
        emit(table, as_json=True)
        return
    show_table(trial_frame(table, objective), title=f"Trials of {recipe.name}, best first. {data.title}")
    told = (
        "was judged on the calibration folds, all before the first test date; the chosen trial alone saw the test folds"
    )
    emit_text(f"{objective} {told}.", None)
    _show_runs([NBAPropsTracker(recipe.experiment).experiment_id], recipe.markets)


def show_recipes(*, as_json: bool = False) -> None:
    """Print the recipes there are."""
    rows = [
        {
            "recipe": recipe.name,
            "experiment": recipe.experiment,
            "title": recipe.title,
            "markets": ", ".join(recipe.markets),
            "model": "best of each phase" if recipe.candidates else recipe.config.model,
        }
        for recipe in map(load_recipe, RECIPES)
    ]
    emit(pd.DataFrame(rows), as_json=as_json, title="Recipes, in the order of the plan")
