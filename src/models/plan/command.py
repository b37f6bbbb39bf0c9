"""What the training script does about recipes: lists them, runs them, and says what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_integration.cli import emit, note, progress
from models.main_job import fold_bars
from models.plan.jobs import fits_on
from models.plan.recipe import PLAN, load_recipe, recipes_of_phase
from models.plan.run import run_plan
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.data import TrainingData
    from models.main_job import Input
    from models.plan.recipe import Recipe
    from models.plan.run import PlanStep


DEFAULT_TRIALS = 20
_SHOWN = ("val_mae", "mae_skill", "brier_skill_vs_market", "roi", "roi_ci_low", "n_bets")


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

    def recipes(self) -> list[Recipe]:
        """The recipes asked for, checked.

        Raises:
            ConfigError: Two of the three ways at once, overrides without a single recipe, or a bad recipe.
        """
        if (self.recipe is not None) + (self.phase is not None) + self.everything > 1:
            message = "Use one of --recipe, --phase and --all."
            raise ConfigError(message)
        if self.trials is not None and self.sweep is None:
            message = "--trials is for a sweep: name the search space with --sweep."
            raise ConfigError(message)
        if self.force and self.sweep is not None:
            message = "A sweep goes on where it stopped; --force is not for it: --set seed=1 makes another sweep."
            raise ConfigError(message)
        if self.recipe is not None:
            return [load_recipe(self.recipe, self.overrides)]
        if self.overrides or self.sweep is not None:
            message = "--set and --sweep are for one recipe: name it with --recipe."
            raise ConfigError(message)
        return [load_recipe(name) for name in recipes_of_phase(None if self.everything else self.phase)]


def list_plan(*, as_json: bool = False) -> None:
    """Print the recipes of the plan."""
    recipes = [load_recipe(name) for name in PLAN]
    rows = [
        {
            "recipe": recipe.name,
            "experiment": recipe.experiment,
            "title": recipe.title,
            "markets": ", ".join(recipe.markets),
            "model": "best of each phase" if recipe.candidates else recipe.config.model,
        }
        for recipe in recipes
    ]
    emit(pd.DataFrame(rows), as_json=as_json, title="Recipes, in the order of the plan")


def run_request(
    request: PlanRequest, source: Input, *, workers: int, backend: tuple[str, str | None], as_json: bool
) -> None:
    """Run what was asked for and print a row per run.

    Args:
        request: What of the plan.
        source: What is read.
        workers: Fits side by side; 0: one per core.
        backend: Where fits run, and the address of the cluster.
        as_json: Print JSON.

    Raises:
        NBAPropsError: Anything the user can mend.
    """
    recipes = [_with_workers(recipe, workers) for recipe in request.recipes()]
    trials = DEFAULT_TRIALS if request.trials is None else request.trials
    if request.sweep is not None:
        from models.sweep.run import check_sweep

        check_sweep(recipes[0], request.sweep, trials)
    with fits_on(*backend):  # before the data: a cluster that does not answer is told at once
        loaded = source.load()
        for report in loaded.reports:
            note(report)
        if request.sweep is not None:
            _show_sweep(recipes[0], request.sweep, trials, loaded, as_json=as_json)
        else:
            _show_plan(recipes, loaded, force=request.force, as_json=as_json)


def _show_sweep(recipe: Recipe, space: Path, trials: int, loaded: TrainingData, *, as_json: bool) -> None:
    from models.sweep.run import run_sweep

    with progress("trials", trials) as bar:
        table = run_sweep(recipe, space, loaded, trials=trials, progress=bar)
    emit(table, as_json=as_json, title=f"Trials of {recipe.name}, best first")


def _show_plan(recipes: Sequence[Recipe], loaded: TrainingData, *, force: bool, as_json: bool) -> None:
    steps = []
    with progress("recipes", sum(len(recipe.markets) for recipe in recipes)) as bar:
        for step in run_plan(recipes, loaded, force=force, on_fold=fold_bars(bar)):
            steps.append(step)
            bar.advance(bar.task_ids[0])
            note(f"{step.recipe} {step.market}: {'finished before, skipped' if step.skipped else 'done'}")
    emit(step_table(steps), as_json=as_json, title=f"{loaded.kind} data: {loaded.source}")


def step_table(steps: Sequence[PlanStep]) -> pd.DataFrame:
    """One row per run: recipe, market, the main metrics, stage, and whether it was skipped."""
    rows = []
    for step in steps:
        row: dict[str, object] = {"recipe": step.recipe, "market": step.market}
        metrics = {} if step.result is None else step.result.metrics
        row |= {name: metrics.get(name) for name in _SHOWN}
        registration = None if step.result is None else step.result.registration
        row["stage"] = "" if registration is None else str(registration.stage)
        row["run"] = "finished before" if step.skipped else step.run_id[:8]
        rows.append(row)
    return pd.DataFrame(rows)


def _with_workers(recipe: Recipe, workers: int) -> Recipe:
    config = recipe.config.model_copy(update={"workers": workers or recipe.config.workers})
    return recipe.model_copy(update={"config": config})
