"""Sweeps: the settings of a recipe tuned with Optuna, chosen before the first test date, reported once after it.

Trials are judged on the calibration folds alone, which all end before the first test date. The test folds are seen
once, by the one configuration that was chosen: its metrics are those of a forecaster that nobody picked because of
them. The Sharpe ratio of its bets is deflated by every trial that was tried, pruned ones included.

One MLflow run per sweep and market is the parent; each trial is a child with its settings, its objective and errors by
fold under ``calibration/``, and the tag ``trial_state``; the chosen configuration is a child that is a full run of the
recipe. Optuna's own storage lies under ``.cache/sweeps`` beside the tracking store, so that a killed sweep can
be resumed.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from joblib import cpu_count
from optuna.importance import get_param_importances

from mlflow_integration import NBAPropsTracker
from mlflow_integration.logging.items import Document, Figure, History, Item, Metrics, Params, Table, Tags
from mlflow_integration.logging.run import failure_of
from mlflow_integration.logging.sink import Sink
from mlflow_integration.store.abandoned import close_abandoned
from mlflow_integration.store.location import resolve_store
from mlflow_integration.store.processes import PROCESS_TAG, is_alive, process_mark
from mlflow_integration.store.search import with_plain_metrics
from mlflow_integration.utils import setup_experiments
from models.naming import run_name
from models.plan.jobs import Job
from models.plan.run import complete_runs, completed_run, origin_tags, run_key
from models.sweep import require_optuna
from models.sweep.figures import sweep_figures
from models.sweep.folds import TrialFolds, advance, calibration_folds, objective_value, running_value
from models.sweep.search_space import configured, read_sweep, starting_point
from models.sweep.study import SweepStudy
from models.view import NOTE_TAG
from nba_props.errors import ConfigError
from nba_props.evaluation.regression import fold_mae
from nba_props.metrics import stored_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow.entities import Run
    from optuna.trial import FrozenTrial
    from rich.progress import Progress

    from models.data import TrainingData
    from models.plan.recipe import Recipe
    from models.sweep.search_space import Sweep
    from models.sweep.study import Slot
    from nba_props.config import TrainerConfig


_KEY: Final = "sweep_key"
_ROLE: Final = "sweep_role"
_CHOSEN: Final = "sweep_chosen"


def run_sweep(
    recipe: Recipe,
    space_file: Path,
    data: TrainingData,
    *,
    trials: int,
    progress: Progress | None = None,
    tracking_uri: str | None = None,
) -> pd.DataFrame:
    """Tune a recipe, market by market; a sweep that was interrupted resumes where it stopped.

    Args:
        recipe: What is tuned.
        space_file: The search space (`models.sweep.search_space.Sweep`).
        data: What is trained on.
        trials: Trials per market, finished ones of an earlier call included.
        progress: Its first task counts trials and names the best so far.
        tracking_uri: Where to track; ``MLFLOW_TRACKING_URI`` or the embedded store by default.

    Returns:
        One row per trial, for each market the best first: ``market``, ``trial``, ``state``, the objective on the
        calibration folds (NaN where pruned), ``folds``, ``last_running_value``, ``fit_seconds``, the settings,
        ``chosen``, ``test_<objective>`` and ``run_id`` of the full run of the chosen configuration (in its row only).

    Raises:
        ConfigError: Optuna is not installed, the search space cannot be used, the recipe has nothing to tune, or
            another process is at the same sweep.
        NotEnoughDataError: Too few rows before a fold.
    """
    sweep = check_sweep(recipe, space_file, trials)
    setup_experiments(tracking_uri=tracking_uri)
    opened = NBAPropsTracker(recipe.experiment, tracking_uri=tracking_uri)
    close_abandoned(opened.client, opened.tracking_uri)
    bar = _Bar(progress, trials, len(recipe.markets), sweep)
    tables = []
    for config in recipe.configs():
        job = _MarketSweep(recipe, config, sweep, data, tracking_uri)
        tables.append(job.run(trials, bar))
    return pd.concat(tables, ignore_index=True)


def check_sweep(recipe: Recipe, space_file: Path, trials: int) -> Sweep:
    """Read the search space and check all that can be checked before any data are loaded.

    Raises:
        ConfigError: Optuna is not installed, the search space cannot be used, or the recipe has nothing to tune.
    """
    require_optuna()
    if recipe.candidates is not None:
        message = f"{recipe.name} runs what other recipes found; sweep one of those."
        raise ConfigError(message)
    if trials < 1:
        message = f"--trials must be at least 1, got {trials}."
        raise ConfigError(message)
    return read_sweep(Path(space_file), recipe.config)


class _Bar:
    """The first task of a progress display: trials done, and the best so far."""

    def __init__(self, progress: Progress | None, trials: int, markets: int, sweep: Sweep) -> None:
        self._progress = progress
        self._objective = sweep.objective
        self._trials = trials
        self._before = 0
        if progress is not None:
            progress.update(progress.task_ids[0], total=trials * markets)

    def show(self, market: str, done: int, best: FrozenTrial | None) -> None:
        """`done` trials of a market are finished."""
        if self._progress is not None:
            said = "" if best is None else f", best {self._objective} {best.value:.4f}"
            task, completed = self._progress.task_ids[0], self._before + min(done, self._trials)
            self._progress.update(task, completed=completed, description=f"trials of {market}{said}")

    def leave(self) -> None:
        """A market is through."""
        self._before += self._trials


@dataclass
class _MarketSweep:
    """The sweep of one market: its storage, its runs."""

    recipe: Recipe
    config: TrainerConfig
    sweep: Sweep
    data: TrainingData
    tracking_uri: str | None

    def __post_init__(self) -> None:
        self.tracker = NBAPropsTracker(self.recipe.experiment, tracking_uri=self.tracking_uri)
        store = resolve_store(self.tracking_uri)
        sweep = self.sweep.model_dump(mode="json")
        self.key = run_key(self.recipe, self.config, self.data, sweep=sweep, store=store.uri)
        self.process = process_mark()
        name = f"{self.recipe.short}_{self.config.market}_{self.key}.db"
        self.path = store.root / ".cache" / "sweeps" / name

    def run(self, n_trials: int, bar: _Bar) -> pd.DataFrame:
        """Run what is left of the trials, log everything, run the best configuration in full; the table of trials."""
        folds = calibration_folds(self.data, self.config)
        study = SweepStudy(self.path, self.key, self.sweep, seed=self.config.seed, process=self.process)
        try:
            study.claim(is_alive)
            with self._parent() as parent:
                logged = self._logged(parent)
                self._log_trials(study, parent, logged)
                bar.show(self.config.market, len(study.finished()), study.best())
                for batch in study.batches(n_trials, starting_point(self.sweep, self.config)):
                    self._run_batch(study, batch, folds)
                    self._log_trials(study, parent, logged)
                    bar.show(self.config.market, len(study.finished()), study.best())
                table = self._finish(study, parent)
            bar.leave()
        finally:
            study.release()
            study.close()
        return table

    # -- trials ---------------------------------------------------------------------------------------------------

    def _run_batch(self, study: SweepStudy, batch: Sequence[Slot], folds: Sequence[Any]) -> None:
        """All trials of a batch through one fold after the other; those that are pruned go no further."""
        workers = self.config.workers or cpu_count()
        under_way = {slot: TrialFolds(configured(self.config, slot.values)) for slot in batch}
        values: dict[Slot, float | None] = {}
        for step, fold in enumerate(folds, start=1):
            running = {slot: trial for slot, trial in under_way.items() if slot not in values}
            advance(list(running.values()), self.data, fold, workers=workers)
            for slot, trial in running.items():
                value = running_value(trial, self.sweep.objective)
                if value is not None and study.report(slot, value, step) and step < len(folds):
                    values[slot] = None
        for slot, trial in under_way.items():
            if slot not in values:
                values[slot] = objective_value(trial, self.data, self.sweep.objective)
            errors = fold_mae(trial.pooled().predictions)
            study.note(slot, folds=len(errors), fold_mae=errors, fit_seconds=trial.seconds)
        for slot in batch:
            study.tell(slot, values[slot])

    def _log_trials(self, study: SweepStudy, parent: str, logged: set[int]) -> None:
        """A child run for every finished trial that has none yet."""
        for number, trial in study.finished().items():
            if number in logged:
                continue
            tags = {**self._tags("trial"), "market": self.config.market, "trial": str(number)}
            tags["trial_state"] = trial.state.name
            tags[NOTE_TAG] = self._trial_note(number, trial)
            values = {f"calibration/{name}": float(trial.user_attrs[name]) for name in ("fit_seconds", "folds")}
            if trial.state.name == "COMPLETE":
                values[f"calibration/{self.sweep.objective}"] = float(trial.value or 0.0)
            name = run_name(configured(self.config, trial.params), self.data, f"trial {number:03d}")
            histories = [History("calibration/val_mae_fold", trial.user_attrs["fold_mae"])]
            if trial.intermediate_values:
                histories.append(History("calibration/running", list(trial.intermediate_values.values())))
            with self.tracker.start_run(name, tags=tags, parent_run_id=parent):
                self.tracker.log_items([Params(trial.params), Metrics(values), *histories])
            logged.add(number)

    # -- runs -----------------------------------------------------------------------------------------------------

    def _tags(self, role: str) -> dict[str, str]:
        origin = origin_tags(self.recipe, self.data)
        return {**origin, PROCESS_TAG: self.process, _KEY: self.key, _ROLE: role, "data_kind": self.data.kind}

    @contextmanager
    def _parent(self) -> Iterator[str]:
        """The parent run, taken up again where there is one; it always ends."""
        found = self._runs("parent")
        parent = found[0].info.run_id if found else self._new_parent()
        client = self.tracker.client
        client.set_tag(parent, PROCESS_TAG, self.process)
        client.update_run(parent, status="RUNNING")
        try:
            yield parent
        except BaseException as error:
            Sink(client, self.tracker.tracking_uri).end(parent, *failure_of(error))
            raise
        if "failure_reason" in client.get_run(parent).data.tags:
            client.delete_tag(parent, "failure_reason")
        client.set_terminated(parent, "FINISHED")

    def _new_parent(self) -> str:
        settings = self.sweep.model_dump(mode="json")
        space = {path: json.dumps(dimension) for path, dimension in settings.pop("space").items()}
        tags = {**self._tags("parent"), "sweep_market": self.config.market, "model": self.config.model}
        name = run_name(self.config, self.data, f"sweep of {self.recipe.short}")
        with self.tracker.start_run(name, tags=tags) as run:
            params = {**settings, "seed": self.config.seed, "market": self.config.market, "space": space}
            own = {"recipe": self.recipe.name, "config": self.config.model_dump(mode="json")}
            document = Document("sweep.json", {**own, "sweep": self.sweep.model_dump(mode="json")})
            self.tracker.log_items([Params(params), document])
        return run.run_id

    def _runs(self, role: str, more: str = "") -> list[Run]:
        where = f"tags.{_KEY} = '{self.key}' and tags.{_ROLE} = '{role}'{more}"
        ids = [self.tracker.experiment_id]
        return list(self.tracker.client.search_runs(ids, where, max_results=50_000, order_by=["attributes.start_time"]))

    def _logged(self, parent: str) -> set[int]:
        """The trials that have a child run."""
        children = self._runs("trial", " and attributes.status = 'FINISHED'")
        return {int(run.data.tags["trial"]) for run in children if run.data.tags["mlflow.parentRunId"] == parent}

    def _finish(self, study: SweepStudy, parent: str) -> pd.DataFrame:
        """Log the results of the trials and run the best configuration in full; returns the table, best first."""
        table, best, objective = study.table(), study.best(), self.sweep.objective
        Sink(self.tracker.client, self.tracker.tracking_uri).write(parent, self._summary(study, table, best))
        falling = self.sweep.direction == "maximize"
        table = table.sort_values([objective, "trial"], ascending=[not falling, True], na_position="last")
        table.insert(0, "market", self.config.market)
        if best is None:
            return table.reset_index(drop=True)
        chosen = table["trial"] == best.number
        full = self._chosen_run(configured(self.config, best.params), parent, best)
        metrics = full.data.metrics
        test = pd.Series(float("nan"), index=table.index).mask(chosen, metrics.get(objective, float("nan")))
        run_ids = pd.Series("", index=table.index).mask(chosen, full.info.run_id)
        return table.assign(chosen=chosen, **{f"test_{objective}": test}, run_id=run_ids).reset_index(drop=True)

    def _summary(self, study: SweepStudy, table: pd.DataFrame, best: FrozenTrial | None) -> Iterator[Item]:
        """What the parent run shows of the trials."""
        result, evaluator, objective = study.result(), study.importance(), self.sweep.objective
        values = {"n_trials": float(len(table)), "n_pruned": float((table["state"] == "PRUNED").sum())}
        if best is not None:
            values[f"calibration/{objective}"] = float(best.value or 0.0)
        shares = {} if evaluator is None else get_param_importances(result, evaluator=evaluator)
        values |= {f"importance/{name}": float(share) for name, share in shares.items()}
        yield Metrics({stored_key(name): value for name, value in values.items()})
        yield Table("trials.csv", table)
        yield Tags({NOTE_TAG: self._note(values, best)})
        title = f"{self.config.market.upper()}, sweep of {self.recipe.short}"
        figures = sweep_figures(result, objective, shares, title=title, simulated=self.data.simulated)
        for name, make in figures.items():
            yield Figure(name, make)

    def _trial_note(self, number: int, trial: FrozenTrial) -> str:
        """What the page of a trial says first."""
        if trial.state.name != "COMPLETE":
            return f"**Trial {number} of {self.recipe.name} was ended early.** It has no value over all folds."
        judged = f"{self.sweep.objective} {trial.value:.5g} on the calibration folds"
        return f"**Trial {number} of {self.recipe.name}: {judged}.** It never saw the test folds."

    def _note(self, values: Mapping[str, float], best: FrozenTrial | None) -> str:
        """What the page of the sweep says first."""
        simulated = " The data are SIMULATED." if self.data.simulated else ""
        tried = f"{values['n_trials']:.0f} configurations of {self.recipe.name} tried in {self.config.market}"
        said = f"**{tried}, {values['n_pruned']:.0f} of them ended early.**{simulated}"
        if best is None:
            return said
        chosen = ", ".join(f"`{name.rpartition('.')[2]}={value}`" for name, value in best.params.items())
        judged = f"{self.sweep.objective} {best.value:.5g} on the calibration folds, all before the first test date"
        return f"{said}\n\nBest: trial {best.number}, {chosen}: {judged}. Its child run alone saw the test folds."

    def _chosen_run(self, config: TrainerConfig, parent: str, best: FrozenTrial) -> Run:
        """The full run of the chosen configuration: the only one that sees the test folds; made once."""
        job = Job(
            config,
            self.recipe.experiment,
            run_name=run_name(config, self.data, f"{self.recipe.short} tuned"),
            register=self.recipe.register_models,
            study=self.recipe.study,
            tags={
                **self._tags("chosen"),
                _CHOSEN: run_key(self.recipe, config, self.data, sweep=self.key),
                "trial": str(best.number),
                "mlflow.parentRunId": parent,
            },
            tracking_uri=self.tracking_uri,
        )
        run_id = completed_run(job, self.data, _CHOSEN)
        if run_id is None:
            (result,) = complete_runs([job], self.data)
            run_id = result.run_id
        return with_plain_metrics(self.tracker.client.get_run(run_id))
