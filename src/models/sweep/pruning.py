"""A study as a pruner sees it. Imported after Optuna has been found to be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna.study import Study
from optuna.trial import TrialState

from models.sweep.study import SLOT

if TYPE_CHECKING:
    from collections.abc import Container

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial


class EarlierTrials(Study):
    """A study with the finished trials of earlier slots alone.

    Args:
        name: Name of the whole study.
        storage: Its storage.
        before: First slot that is left out.
    """

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
        return [trial for trial in found if trial.user_attrs[SLOT] < self._before]
