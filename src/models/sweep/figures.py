"""Plots of a sweep: the trials, how they ran, and which settings made the difference."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import TrialState

from nba_props import plots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.figure import Figure
    from optuna import Study


def sweep_figures(
    result: Study, objective: str, importance: Mapping[str, float], *, title: str, simulated: bool
) -> dict[str, Callable[[], Figure]]:
    """File name to the function that draws it: objective by trial, running values by fold, importance of settings.

    `importance` is each setting's share of the differences; it is empty where that cannot be told.
    """
    whole = {trial.number: float(trial.value or 0.0) for trial in result.trials if trial.state == TrialState.COMPLETE}
    pruned = [trial.number for trial in result.trials if trial.state == TrialState.PRUNED]
    running = {t.number: list(t.intermediate_values.values()) for t in result.trials if t.intermediate_values}
    falling = result.direction == StudyDirection.MINIMIZE
    noise = standard_error(result) if objective == "val_mae" and whole else None
    drawn: dict[str, Callable[[], Figure]] = {
        "sweep_history.png": partial(
            plots.sweep_history,
            whole,
            pruned,
            objective=objective,
            falling=falling,
            noise=noise,
            title=f"{title}: trials",
            simulated=simulated,
        )
    }
    if running:
        drawn["sweep_running.png"] = partial(
            plots.sweep_running,
            running,
            pruned,
            objective=objective,
            title=f"{title}: trials by fold",
            simulated=simulated,
        )
    if importance:
        drawn["sweep_importance.png"] = partial(
            plots.sweep_importance,
            importance,
            objective=objective,
            title=f"{title}: settings",
            simulated=simulated,
        )
    return drawn


def standard_error(result: Study) -> float | None:
    """Standard error of the best trial's mean error over its folds; None with fewer than two.

    Folds differ in how hard they are as well, so that it is more than the noise of a comparison on the same folds.
    """
    errors = result.best_trial.user_attrs.get("fold_mae", [])
    return float(np.std(errors, ddof=1) / sqrt(len(errors))) if len(errors) > 1 else None
