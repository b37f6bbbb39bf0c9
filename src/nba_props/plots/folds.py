"""Figures of forecast errors over the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import BLUE, GREY, ORANGE, label, legend_above, new_figure, nothing_to_draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure


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
