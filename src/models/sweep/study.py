"""The trials of a sweep in Optuna's own storage: what was drawn, with which result, and what is still to do.

A sweep is a row of slots, 0 to N - 1, gone through in batches. What a slot draws, and whether it is pruned, depends on
the seed, the slot and the trials of earlier batches alone, and a trial that a dead process left behind is queued to be
run again with the same values: a sweep that was killed, or run in two parts, ends like one that was not.

Optuna's heartbeat and retry callback are not used: the heartbeat watches ``Study.optimize`` alone, which runs one trial
after the other, and finds out after a grace period what the mark of the process shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.importance import FanovaImportanceEvaluator
from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState, create_trial

from models.sweep.search_space import distributions
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from optuna.pruners import BasePruner
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, Trial

    from models.sweep.search_space import Sweep


_SLOT: Final = "slot"
_PROCESS: Final = "process"


def _pruner(sweep: Sweep) -> BasePruner:
    if sweep.pruner == "none":
        return NopPruner()
    if sweep.pruner == "median":
        return MedianPruner(n_startup_trials=sweep.startup_trials)
    return SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)


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
    """One sweep over one market, in a SQLite storage that is made where it does not exist."""

    def __init__(self, path: Path, name: str, sweep: Sweep, *, seed: int, process: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        escaped = str(path).replace("%", "%25").replace("?", "%3F")
        self._storage = optuna.storages.RDBStorage(f"sqlite:///{escaped}")
        self._path = path
        self._sweep = sweep
        self._seed = seed
        self._process = process
        self._distributions = distributions(sweep)
        self._pruner = _pruner(sweep)
        self.study: optuna.Study = optuna.create_study(
            storage=self._storage, study_name=name, direction=sweep.direction, load_if_exists=True
        )

    def close(self) -> None:
        """Let go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def claim(self, is_alive: Callable[[str], bool]) -> None:
        """Take the sweep; running trials of a process that has ended are queued again.

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
        self._queue_unfinished()

    def release(self) -> None:
        """On leaving, queue what is left running and release the sweep, unless it belongs to another process."""
        if self.study.user_attrs.get(_PROCESS) == self._process:
            self._queue_unfinished()
            self.study.set_user_attr(_PROCESS, "")

    def finished(self) -> dict[int, FrozenTrial]:
        """Slot to trial, complete or pruned, in order of the slots."""
        trials = self._trials(TrialState.COMPLETE, TrialState.PRUNED)
        return {trial.user_attrs[_SLOT]: trial for trial in sorted(trials, key=lambda each: each.user_attrs[_SLOT])}

    def result(self) -> optuna.Study:
        """The finished trials alone, in a study of its own: trial n of it is slot n."""
        found = optuna.create_study(direction=self._sweep.direction)
        found.add_trials(self.finished().values())
        return found

    def note(self, slot: Slot, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Keep facts with a trial."""
        for name, value in facts.items():
            slot.trial.set_user_attr(name, value)

    def batches(self, n_trials: int, first: Mapping[str, Any] | None) -> Iterator[list[Slot]]:
        """The slots below `n_trials` that are not finished, drawn batch by batch; slot 0 has the values `first`.

        Batches are drawn whole: a later call that asks for more trials finds the rest of the last one as drawn here.
        """
        size = self._sweep.batch
        for start in range(0, n_trials, size):
            done = self.finished()
            todo = [number for number in range(start, start + size) if number not in done]
            if not todo or todo[0] >= n_trials:
                continue
            drawn = [self._trial_of_slot(number, first) for number in todo]
            self._queue([slot.trial.number for slot in drawn if slot.number >= n_trials])
            yield [slot for slot in drawn if slot.number < n_trials]

    def report(self, slot: Slot, value: float, step: int) -> bool:
        """Note the running value after `step` folds; whether the trial should be ended.

        It is compared with trials of earlier batches only: which trials of its own batch are finished, and what a
        killed process left, must not matter.
        """
        slot.trial.report(value, step)
        start = slot.number // self._sweep.batch * self._sweep.batch
        earlier = _EarlierTrials(self.study.study_name, self._storage, before=start)
        return self._pruner.prune(earlier, self.study.get_trials(deepcopy=False)[slot.trial.number])

    def tell(self, slot: Slot, value: float | None) -> None:
        """Finish a trial; without a value it is pruned."""
        self.study.tell(slot.trial, value, state=TrialState.PRUNED if value is None else None)

    def best(self) -> FrozenTrial | None:
        """The best complete trial; the earliest slot among equals."""
        complete = [trial for trial in self.finished().values() if trial.state == TrialState.COMPLETE]
        return self.result().best_trial if complete else None

    def table(self) -> pd.DataFrame:
        """One row per finished trial, by slot: ``trial``, ``state``, objective, ``folds``, ``seconds``, settings."""
        rows = self.result().trials_dataframe(("number", "state", "value", "user_attrs", "params"))
        running = [list(trial.intermediate_values.values()) for trial in self.finished().values()]
        rows["last_running_value"] = [values[-1] if values else float("nan") for values in running]
        rows.loc[rows["state"] == "PRUNED", "value"] = float("nan")
        settings = {f"params_{name}": name for name in self._distributions}
        names = {
            "number": "trial",
            "state": "state",
            "value": self._sweep.objective,
            "user_attrs_folds": "folds",
            "last_running_value": "last_running_value",
            "user_attrs_fit_seconds": "fit_seconds",
        }
        return rows[[*names, *settings]].rename(columns=names | settings)

    def importance(self) -> FanovaImportanceEvaluator | None:
        """What computes the share of the objective's variance that each setting explains (fANOVA).

        None where there are too few complete trials, or all are alike.
        """
        values = [trial.value for trial in self.finished().values() if trial.state == TrialState.COMPLETE]
        if len(values) < 4 or len(set(values)) < 2:
            return None
        return FanovaImportanceEvaluator(seed=self._seed)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=states)

    def _queue_unfinished(self) -> None:
        """Queue what is left running or waiting, in order of the slots: what the sampler draws depends on the order."""
        while self._trials(TrialState.WAITING):
            self.study.ask()
        self._queue([trial.number for trial in self._trials(TrialState.RUNNING)])

    def _queue(self, numbers: list[int]) -> None:
        """Queue running trials to be run again with the same values, and fail them; half-drawn ones are only failed."""
        running = [trial for trial in self._trials(TrialState.RUNNING) if trial.number in numbers]
        drawn = {
            trial.user_attrs[_SLOT]: trial
            for trial in running
            if _SLOT in trial.user_attrs and trial.params.keys() == self._distributions.keys()
        }
        for slot in sorted(drawn):
            again = create_trial(
                state=TrialState.WAITING,
                params=drawn[slot].params,
                distributions=drawn[slot].distributions,
                user_attrs={_SLOT: slot},
            )
            self.study.add_trial(again)
        for trial in running:
            self.study.tell(trial.number, state=TrialState.FAIL)

    def _trial_of_slot(self, number: int, first: Mapping[str, Any] | None) -> Slot:
        """The trial of a slot: the one that waits for it, or a new one."""
        if number == 0 and first is not None and not self._trials(TrialState.WAITING):
            self.study.enqueue_trial(dict(first))
        self.study.sampler = optuna.samplers.TPESampler(
            seed=self._seed * 1_000_003 + number, n_startup_trials=self._sweep.startup_trials, constant_liar=True
        )
        trial = self.study.ask(self._distributions)
        trial.set_user_attr(_SLOT, number)
        return Slot(number, trial)


class _EarlierTrials(optuna.Study):
    """A study with the finished trials of the slots before `before` alone, for a pruner."""

    def __init__(self, name: str, storage: BaseStorage, *, before: int) -> None:
        super().__init__(name, storage)
        self._before = before

    def get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """As of the study."""
        finished = (TrialState.COMPLETE, TrialState.PRUNED)
        found = [trial for trial in super().get_trials(deepcopy, states) if trial.state in finished]
        return [trial for trial in found if trial.user_attrs[_SLOT] < self._before]
