"""Plots of a sweep, drawn by Optuna."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from optuna.exceptions import ExperimentalWarning
from optuna.visualization import matplotlib as plots

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure
    from optuna import Study
    from optuna.importance import FanovaImportanceEvaluator


def sweep_figures(
    result: Study, objective: str, evaluator: FanovaImportanceEvaluator | None, *, title: str
) -> dict[str, Callable[[], Figure]]:
    """File name to the function that draws it: objective by trial, running values by fold, importance of settings.

    Args:
        result: The finished trials.
        objective: What they were judged by.
        evaluator: Of the importances; None where there are none.
        title: Above the plots.
    """
    name = f"{objective} on calibration folds"
    drawn = {"sweep_history.png": partial(plots.plot_optimization_history, result, target_name=name)}
    if any(trial.intermediate_values for trial in result.trials):
        drawn["sweep_running.png"] = partial(plots.plot_intermediate_values, result)
    if evaluator is not None:
        drawn["sweep_importance.png"] = partial(plots.plot_param_importances, result, evaluator, target_name=objective)
    return {file: partial(_figure, plot, title) for file, plot in drawn.items()}


def _figure(plot: Callable[[], Any], title: str) -> Figure:
    """A plot of Optuna's, whose style must not stay for the plots after it; that it is experimental we know."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        axes = plot()
    for place in ("left", "center"):
        axes.set_title("", loc=place)
    figure: Figure = axes.figure
    figure.set(size_inches=(9.0, 4.5), layout_engine="constrained")
    figure.suptitle(title)
    return figure
