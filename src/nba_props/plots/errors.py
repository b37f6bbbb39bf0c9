"""Figures of forecast errors: by segment, by fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import BLUE, GREY, ORANGE, label, legend_above, new_figure, nothing_to_draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure


def segment_bars(
    table: pd.DataFrame,
    *,
    metric: str = "MAE",
    reference: float | None = None,
    title: str = "By segment",
    simulated: bool = False,
) -> Figure:
    """One bar per segment with its number of rows.

    Args:
        table: ``segment``, ``value``, ``n``; drawn from top to bottom in its order.
        metric: What the values are.
        reference: Value over all rows, drawn as a line.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=1.8 + 0.42 * max(len(table), 3))
    if table.empty:
        nothing_to_draw(panel, "No segment has rows")
        return figure
    place = np.arange(len(table), dtype="float64")
    values = table["value"].to_numpy(dtype="float64")
    panel.barh(place, values, color=BLUE, height=0.65)
    for y, value, n in zip(place, values, table["n"], strict=True):
        panel.annotate(
            f"{value:.3g}  (n = {int(n):,})",
            (max(value, 0.0), y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )
    if reference is not None:
        panel.axvline(reference, color=ORANGE, linewidth=2, linestyle="--", label=f"all rows: {reference:.3g}")
        legend_above(panel)
    panel.set_yticks(place, table["segment"])
    panel.invert_yaxis()
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    panel.set_xlim(low, high + 0.32 * (high - low or 1.0))
    label(panel, metric, "")
    return figure


def fold_history(
    values: Sequence[float],
    *,
    metric: str = "val_mae",
    references: Mapping[str, float] | None = None,
    title: str = "Walk-forward history",
    simulated: bool = False,
) -> Figure:
    """One metric over the folds, in their order.

    Args:
        values: One value per fold.
        metric: What the values are.
        references: Name -> level drawn as a line (a baseline, the market), at most two.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=4.5)
    if not len(values):
        nothing_to_draw(panel, "No folds")
        return figure
    folds = np.arange(len(values))
    panel.plot(folds, values, color=BLUE, marker="o", markersize=7, linewidth=2, label=metric)
    styles = ((ORANGE, "--"), (GREY, ":"))
    for (name, level), (colour, line) in zip((references or {}).items(), styles, strict=False):
        panel.axhline(level, color=colour, linestyle=line, linewidth=2, label=f"{name}: {level:.4g}")
    panel.set_xticks(folds[:: max(1, len(folds) // 12)])
    panel.margins(y=0.25)
    label(panel, "Fold", metric)
    legend_above(panel)
    return figure
