"""The trials of a sweep in Optuna's own storage: what was drawn, what it came to, and what is still to do.

A sweep is a row of slots, 0 to N - 1, gone through in batches. What a slot draws, and whether it is pruned, depends on
the seed, the slot and the trials of earlier batches alone, and a trial that a dead process left behind is run again
with the same values: a sweep that was killed, or ran in two goes, ends like one that was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from models.sweep.search_space import distributions
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import optuna
    from optuna.trial import FrozenTrial, Trial

    from models.sweep.search_space import Sweep


_SLOT: Final = "slot"
_PROCESS: Final = "process"
_FINISHED: Final = ("COMPLETE", "PRUNED")


def load_optuna() -> Any:  # noqa: ANN401 - a module
    """Import Optuna, quiet: the sweep says itself what happens.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        message = "A sweep needs Optuna: run `uv sync --extra sweep`."
        raise ConfigError(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@dataclass(frozen=True, eq=False)
class Slot:
    """A trial that is being run."""

    number: int
    trial: Trial

    @property
    def values(self) -> dict[str, Any]:
        """Path of a setting to the value drawn."""
        return dict(self.trial.params)


class SweepStudy:
    """One sweep over one market.

    Args:
        path: SQLite file of the storage; made where it does not exist.
        name: Name of the study in it.
        sweep: The search space.
        seed: Random seed.
        process: What this process is called.
    """

    def __init__(self, path: Path, name: str, sweep: Sweep, *, seed: int, process: str) -> None:
        self._optuna = load_optuna()
        path.parent.mkdir(parents=True, exist_ok=True)
        escaped = str(path).replace("%", "%25").replace("?", "%3F")
        self._storage = self._optuna.storages.RDBStorage(f"sqlite:///{escaped}")
        self._path = path
        self._sweep = sweep
        self._seed = seed
        self._process = process
        self._distributions = distributions(sweep)
        self.study: optuna.Study = self._optuna.create_study(
            storage=self._storage,
            study_name=name,
            direction="maximize" if sweep.maximises else "minimize",
            pruner=self._pruner(),
            load_if_exists=True,
        )

    def close(self) -> None:
        """Let go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def claim(self, is_alive: Callable[[str], bool]) -> None:
        """Take the sweep; running trials of a process that is no more become failed ones.

        Raises:
            ConfigError: Another live process is at this sweep.
        """
        owner = self.study.user_attrs.get(_PROCESS, "")
        if owner != self._process and is_alive(owner):
            message = (
                "This sweep is under way in another process; wait for it or end it. If it ran on a machine that is "
                f"gone, delete {self._path}: the trials are drawn again as they were."
            )
            raise ConfigError(message)
        self.study.set_user_attr(_PROCESS, self._process)
        self._fail_running()

    def release(self) -> None:
        """On the way out: fail what is left running, let others at the sweep; nothing where it is another's."""
        if self.study.user_attrs.get(_PROCESS) == self._process:
            self._fail_running()
            self.study.set_user_attr(_PROCESS, "")

    def finished(self) -> dict[int, FrozenTrial]:
        """Slot to trial, complete or pruned, in order of the slots."""
        states = (self._optuna.trial.TrialState.COMPLETE, self._optuna.trial.TrialState.PRUNED)
        trials = self.study.get_trials(deepcopy=False, states=states)
        return {trial.user_attrs[_SLOT]: trial for trial in sorted(trials, key=lambda each: each.user_attrs[_SLOT])}

    def note(self, slot: Slot, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Keep facts with a trial."""
        for name, value in facts.items():
            slot.trial.set_user_attr(name, value)

    def batches(self, n_trials: int, first: Mapping[str, Any] | None) -> Iterator[list[Slot]]:
        """The slots below `n_trials` that are not finished, drawn batch by batch.

        Batches are drawn whole: a later call that asks for more trials finds the rest of the last one as drawn here.

        Args:
            n_trials: Slots in all.
            first: Values of slot 0; drawn like the others where None.
        """
        size = self._sweep.batch
        for start in range(0, n_trials, size):
            done = self.finished()
            todo = [number for number in range(start, start + size) if number not in done]
            if not todo or todo[0] >= n_trials:
                continue
            drawn = [self._drawn(number, first if number == 0 else None) for number in todo]
            for slot in drawn:
                if slot.number >= n_trials:
                    self.study.tell(slot.trial, state=self._optuna.trial.TrialState.FAIL)
            yield [slot for slot in drawn if slot.number < n_trials]

    def report(self, slot: Slot, value: float, step: int) -> bool:
        """Note the running value after `step` folds; whether the trial should be ended."""
        slot.trial.report(value, step)
        return slot.trial.should_prune()

    def tell(self, slot: Slot, value: float | None) -> None:
        """Finish a trial; without a value it is pruned."""
        if value is None:
            self.study.tell(slot.trial, state=self._optuna.trial.TrialState.PRUNED)
        else:
            self.study.tell(slot.trial, value)

    def best(self) -> FrozenTrial | None:
        """The best complete trial; of equals the earliest slot."""
        complete = [trial for trial in self.finished().values() if trial.state.name == "COMPLETE"]
        if not complete:
            return None
        sign = -1.0 if self._sweep.maximises else 1.0
        return min(complete, key=lambda trial: (sign * float(trial.value or 0.0), trial.user_attrs[_SLOT]))

    def table(self) -> pd.DataFrame:
        """One row per finished trial, by slot: ``trial``, ``state``, objective, ``folds``, ``seconds``, settings."""
        rows = []
        for number, trial in self.finished().items():
            values = list(trial.intermediate_values.values())
            pruned = trial.state.name == "PRUNED"
            rows.append(
                {
                    "trial": number,
                    "state": trial.state.name,
                    self._sweep.objective: float("nan") if pruned else trial.value,
                    "folds": trial.user_attrs["folds"],
                    "last_running_value": values[-1] if values else float("nan"),
                    "fit_seconds": trial.user_attrs["fit_seconds"],
                    **trial.params,
                }
            )
        return pd.DataFrame(rows)

    def importances(self) -> dict[str, float]:
        """Share of the variance of the objective that each setting explains (fANOVA), descending.

        Empty where the complete trials are too few to tell, or all alike.
        """
        complete = [trial for trial in self.finished().values() if trial.state.name == "COMPLETE"]
        if len(complete) < 4 or len({trial.value for trial in complete}) < 2:
            return {}
        evaluator = self._optuna.importance.FanovaImportanceEvaluator(seed=self._seed)
        found = self._optuna.importance.get_param_importances(self.study, evaluator=evaluator)
        return {name: float(share) for name, share in found.items()}

    def _fail_running(self) -> None:
        running = (self._optuna.trial.TrialState.RUNNING,)
        for trial in self.study.get_trials(deepcopy=False, states=running):
            self.study.tell(trial.number, state=self._optuna.trial.TrialState.FAIL)

    def _drawn(self, number: int, given: Mapping[str, Any] | None) -> Slot:
        values = given or self._left_behind(number)
        seeded = self._optuna.samplers.TPESampler(
            seed=self._seed * 1_000_003 + number, n_startup_trials=self._sweep.startup_trials, constant_liar=True
        )
        self.study.sampler = seeded if values is None else _given(self._optuna, values)
        trial = self.study.ask(self._distributions)
        trial.set_user_attr(_SLOT, number)
        return Slot(number, trial)

    def _left_behind(self, number: int) -> dict[str, Any] | None:
        """What the slot drew before its process died."""
        failed = (self._optuna.trial.TrialState.FAIL,)
        for trial in self.study.get_trials(deepcopy=False, states=failed):
            if trial.user_attrs.get(_SLOT) == number and trial.params.keys() == self._distributions.keys():
                return dict(trial.params)
        return None

    def _pruner(self) -> Any:  # noqa: ANN401 - one of several classes
        pruners = self._optuna.pruners
        if self._sweep.pruner == "none":
            return pruners.NopPruner()
        if self._sweep.pruner == "median":
            inner = pruners.MedianPruner(n_startup_trials=self._sweep.startup_trials)
        else:
            inner = pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
        return _earlier_only(self._optuna, inner, self._sweep.batch)


class _EarlierBatches:
    """A study as the trials of a batch see it: with the finished trials of the batches before.

    Those of their own batch are finished or not, and what a killed process left is there or not: it must not matter.
    """

    def __init__(self, study: optuna.Study, end: int) -> None:
        self._study = study
        self._end = end

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the study's own
        return getattr(self._study, name)

    def get_trials(self, *, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:  # noqa: ANN401 - Optuna's
        """As of the study."""
        found = self._study.get_trials(deepcopy=deepcopy, states=states)
        return [trial for trial in found if trial.state.name in _FINISHED and trial.user_attrs[_SLOT] < self._end]


def _earlier_only(optuna: Any, inner: Any, batch: int) -> Any:  # noqa: ANN401 - a module and two of its pruners
    """A pruner that compares a trial with those of earlier batches."""

    class EarlierOnly(optuna.pruners.BasePruner):  # type: ignore[misc]  # the module is loaded when it is needed
        def prune(self, study: Any, trial: Any) -> bool:  # noqa: ANN401
            start = trial.user_attrs[_SLOT] // batch * batch
            return bool(inner.prune(_EarlierBatches(study, start), trial))

    return EarlierOnly()


def _given(optuna: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a module and one of its samplers
    """A sampler that draws these values. Optuna's own for this is experimental, and its queue could outlive a kill."""

    class Given(optuna.samplers.BaseSampler):  # type: ignore[misc]  # the module is loaded when it is needed
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:  # noqa: ANN401, ARG002
            return values[param_name]

    return Given()
