"""Figures of a sweep: the result of each trial, how it ran, and which settings made the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    label,
    legend_above,
    new_figure,
    nothing_to_draw,
    percent,
    remark,
    whole_ticks,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure


def sweep_history(
    values: Mapping[int, float],
    pruned: Sequence[int] = (),
    *,
    objective: str,
    falling: bool = True,
    noise: float | None = None,
    title: str = "Trials",
    simulated: bool = False,
) -> Figure:
    """The value of every whole trial, and the best so far; pruned trials have no value and are ticks at the foot.

    Args:
        values: Number of a trial -> its value over all calibration folds.
        pruned: Numbers of the trials that were ended early.
        objective: What they were judged by.
        falling: Whether less is better.
        noise: Standard error of the value of one configuration, drawn around the best.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=4.6)
    if not values:
        nothing_to_draw(panel, "No trial ran to its end")
        return figure
    number, value = np.array(sorted(values)), np.array([values[key] for key in sorted(values)])
    best = np.minimum.accumulate(value) if falling else np.maximum.accumulate(value)
    if noise is not None:
        ends = (best[-1] - noise, best[-1] + noise)
        panel.axhspan(*ends, color=SKY, alpha=0.3, linewidth=0, label="best ± one standard error over folds")
    panel.plot(number, value, color=BLUE, marker="o", linewidth=0, markersize=7, label="whole trials")
    panel.step(number, best, where="post", color=ORANGE, linewidth=2, label="best so far")
    if len(pruned):
        foot = panel.get_ylim()[0]
        panel.plot(
            pruned, [foot] * len(pruned), color=GREY, marker="|", markersize=14, linewidth=0, label="ended early"
        )
    whole_ticks(panel, "x")
    label(panel, "Trial", f"{words(objective).capitalize()}\non the calibration folds")
    legend_above(panel)
    if noise is not None:
        within = int((np.abs(value - best[-1]) <= noise).sum())
        alike = f"{within} of {len(value)} whole trials lie within the noise, the best included: no telling them apart."
        remark(figure, alike if within > 1 else "No other whole trial lies within the noise of the best.")
    return figure


def sweep_running(
    running: Mapping[int, Sequence[float]],
    pruned: Sequence[int] = (),
    *,
    objective: str,
    title: str = "Trials fold by fold",
    simulated: bool = False,
) -> Figure:
    """The value of every trial over the folds done so far; those that were ended early break off.

    Args:
        running: Number of a trial -> its value after each fold.
        pruned: Numbers of the trials that were ended early.
        objective: What they were judged by.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=4.6)
    if not running:
        nothing_to_draw(panel, "No trial was judged fold by fold")
        return figure
    ended, names = set(pruned), {True: "ended early", False: "whole trials"}
    for number, values in running.items():
        early = number in ended
        style = {"color": GREY if early else BLUE, "linestyle": ":" if early else "-", "alpha": 0.7}
        steps = np.arange(1, len(values) + 1)
        panel.plot(steps, values, marker="o", markersize=4, linewidth=1.5, label=names.pop(early, None), **style)
    whole_ticks(panel, "x")
    label(panel, "Calibration folds done", f"{words(objective).capitalize()}\nof the folds so far")
    legend_above(panel)
    return figure


def sweep_importance(
    shares: Mapping[str, float], *, objective: str, title: str = "Settings", simulated: bool = False
) -> Figure:
    """Share of the differences between whole trials that each setting accounts for.

    Args:
        shares: Setting -> share, in [0, 1].
        objective: What the trials were judged by.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=1.9 + 0.35 * max(len(shares), 3))
    if not shares:
        nothing_to_draw(panel, "No setting to tell apart")
        return figure
    ranked = sorted(shares.items(), key=lambda pair: pair[1])
    panel.barh([name.rpartition(".")[2] for name, _ in ranked], [share for _, share in ranked], color=BLUE)
    percent(panel, "x")
    label(panel, f"Share of the differences in {words(objective)}", "")
    return figure
