"""What the training command does: runs markets, recipes or a sweep over an input, and shows what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_integration.cli import emit, emit_json, emit_text, note, progress, show_table
from mlflow_integration.utils import setup_experiments
from models.commands.results import as_frame, fit_bars, result_rows, step_frame
from models.data import TrainingData, load_training_data, simulated_training_data
from models.plan.jobs import Job, fits_on, run_jobs
from models.plan.recipe import RECIPES, load_recipe, recipes_of_phase
from models.plan.run import run_plan
from nba_props.config import make_config
from nba_props.errors import ConfigError
from nba_props.markets import DEFAULT_MARKETS, check_market

if TYPE_CHECKING:
    from pathlib import Path

    from models.plan.recipe import Recipe

_DEFAULT_TRIALS = 20


@dataclass(frozen=True)
class Input:
    """What is read.

    Attributes:
        data: Game-log files or folders; empty means the simulated league.
        odds: Odds files or folders.
        season_stats: Optional season table.
        seed: Which simulated league.
    """

    data: tuple[Path, ...] = ()
    odds: tuple[Path, ...] = ()
    season_stats: Path | None = None
    seed: int = 0

    def load(self) -> TrainingData:
        """Load the input once for all runs; bad input raises here, before anything is tracked."""
        if not self.data:
            return simulated_training_data(seed=2026 + self.seed)
        return load_training_data(self.data, self.odds, season_stats=self.season_stats)

    def reported(self) -> TrainingData:
        """Load the input and say what became of its rows."""
        loaded = self.load()
        for report in loaded.reports:
            note(report)
        return loaded


@dataclass(frozen=True)
class PlanRequest:
    """What of the plan is asked for; at most one of recipe, phase and everything.

    Attributes:
        recipe: Name or file of one recipe.
        overrides: ``key=value`` for it.
        phase: Number of a phase.
        everything: The whole plan.
        force: Run again what is finished.
        sweep: File with the search space of a sweep over the recipe.
        trials: Trials of the sweep; None where the number was not given.
    """

    recipe: str | None
    overrides: tuple[str, ...]
    phase: int | None
    everything: bool
    force: bool
    sweep: Path | None
    trials: int | None

    @property
    def asked(self) -> bool:
        """Whether anything of the plan is asked for."""
        return self.recipe is not None or self.phase is not None or self.everything

    def refuse_extras(self) -> None:
        """Options of recipes make no sense without one.

        Raises:
            ConfigError: One was given.
        """
        if self.overrides or self.force or self.sweep is not None or self.trials is not None:
            message = "--set, --force, --sweep and --trials need --recipe (--force: or --phase, --all)."
            raise ConfigError(message)

    def recipes(self, workers: int) -> list[Recipe]:
        """The recipes asked for, checked.

        Args:
            workers: Fits side by side; 0 leaves it to the recipe.

        Raises:
            ConfigError: Two of the three ways at once, overrides without a single recipe, or a bad recipe.
        """
        message = ""
        if (self.recipe is not None) + (self.phase is not None) + self.everything > 1:
            message = "Use one of --recipe, --phase and --all."
        elif self.trials is not None and self.sweep is None:
            message = "--trials is for a sweep: name the search space with --sweep."
        elif self.force and self.sweep is not None:
            message = "A sweep goes on where it stopped; --force is not for it: --set seed=1 makes another sweep."
        elif self.recipe is None and (self.overrides or self.sweep is not None):
            message = "--set and --sweep are for one recipe: name it with --recipe."
        if message:
            raise ConfigError(message)
        names = [self.recipe] if self.recipe is not None else recipes_of_phase(self.phase)
        recipes = [load_recipe(name, self.overrides) for name in names]
        return [recipe.with_workers(workers) for recipe in recipes] if workers else recipes


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


def run_markets(
    markets: str,
    settings: dict[str, Any],
    where: tuple[str, str | None, bool],
    source: Input,
    *,
    backend: tuple[str, str | None],
    as_json: bool,
) -> None:
    """Run markets with the settings of the command line and print a row for each.

    Args:
        markets: Comma separated, or "all".
        settings: Fields of `nba_props.config.TrainerConfig`.
        where: Experiment, name of the runs, and whether their models are registered.
        source: What is read.
        backend: Where fits run, and the address of the cluster.
        as_json: Print JSON.

    Raises:
        NBAPropsError: Anything the user can fix.
    """
    jobs = [Job(make_config(market=market, **settings), *where) for market in parse_markets(markets)]
    with fits_on(*backend):  # before the data: a cluster that does not answer is told at once
        data = source.reported()
        setup_experiments()
        results = []
        with progress("markets", len(jobs)) as bar:
            for result in run_jobs(jobs, data, fit_bars(bar)):
                results.append(result)
                bar.advance(bar.task_ids[0])
    rows = result_rows(results)
    if as_json:
        emit_json({"data_kind": data.kind, "source": data.source, "results": rows})
        return
    show_table(as_frame(rows), title=f"{data.kind} data: {data.source}")
    emit_text("Every number is out-of-sample. Look at the runs with: uv run mlflow ui", None)


def run_request(
    request: PlanRequest, source: Input, *, workers: int, backend: tuple[str, str | None], as_json: bool
) -> None:
    """Run what was asked for of the plan and print a row for each run or trial.

    Args:
        request: What of the plan.
        source: What is read.
        workers: Fits side by side; 0: one per core.
        backend: Where fits run, and the address of the cluster.
        as_json: Print JSON.

    Raises:
        NBAPropsError: Anything the user can fix.
    """
    recipes = request.recipes(workers)
    trials = _DEFAULT_TRIALS if request.trials is None else request.trials
    if request.sweep is not None:
        from models.sweep.run import check_sweep

        check_sweep(recipes[0], request.sweep, trials)
    with fits_on(*backend):  # before the data: a cluster that does not answer is told at once
        data = source.reported()
        if request.sweep is not None:
            table = _swept(recipes[0], request.sweep, trials, data)
            title = f"Trials of {recipes[0].name}, best first"
        else:
            table = _run(recipes, data, force=request.force)
            title = f"{data.kind} data: {data.source}"
    emit(table, as_json=as_json, title=title)


def _swept(recipe: Recipe, space: Path, trials: int, data: TrainingData) -> pd.DataFrame:
    from models.sweep.run import run_sweep

    with progress("trials", trials) as bar:
        return run_sweep(recipe, space, data, trials=trials, progress=bar)


def _run(recipes: list[Recipe], data: TrainingData, *, force: bool) -> pd.DataFrame:
    steps = []
    with progress("recipes", sum(len(recipe.markets) for recipe in recipes)) as bar:
        for step in run_plan(recipes, data, force=force, on_fold=fit_bars(bar)):
            steps.append(step)
            bar.advance(bar.task_ids[0])
            note(f"{step.recipe} {step.market}: {'finished before, skipped' if step.skipped else 'done'}")
    return step_frame(steps)


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
