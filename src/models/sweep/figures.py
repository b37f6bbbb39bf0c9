"""Plots of a sweep, from its table of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure


_BLUE = "#2a6f97"
_ORANGE = "#d1741f"
_GREY = "#8a8a8a"


def history_figure(trials: pd.DataFrame, objective: str, *, maximises: bool, title: str) -> Figure:
    """The objective of each trial, the best so far, and where pruned trials were ended.

    Args:
        trials: Of `SweepStudy.table`.
        objective: Its column.
        maximises: Whether more is better.
        title: Above the plot.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.5), layout="constrained")
    axes = figure.subplots()
    complete = trials[trials["state"] == "COMPLETE"]
    pruned = trials[trials["state"] == "PRUNED"]
    best = complete[objective].cummax() if maximises else complete[objective].cummin()
    axes.scatter(complete["trial"], complete[objective], color=_BLUE, label=f"complete ({len(complete)})")
    if len(pruned):
        label = f"pruned, running value ({len(pruned)})"
        axes.scatter(pruned["trial"], pruned["last_running_value"], color=_GREY, marker="x", label=label)
    axes.step(complete["trial"], best, where="post", color=_ORANGE, label="best so far")
    axes.set(xlabel="trial", ylabel=f"{objective} on calibration folds", title=title)
    axes.legend()
    return figure


def importance_figure(importances: Mapping[str, float], objective: str, *, title: str) -> Figure:
    """Share of the variance of the objective that each setting explains, the largest on top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.5 + 0.4 * len(importances)), layout="constrained")
    axes = figure.subplots()
    names = sorted(importances, key=importances.__getitem__)
    axes.barh(names, [importances[name] for name in names], color=_BLUE)
    axes.set(xlabel=f"share of the variance of {objective} (fANOVA)", xlim=(0.0, 1.0), title=title)
    return figure
