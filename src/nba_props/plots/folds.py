"""Figures of forecast errors over the folds."""

from __future__ import annotations

from collections.abc import Sequence
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
    remark,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


def fold_history(
    values: Sequence[float],
    *,
    metric: str = "val_mae",
    references: Mapping[str, float | Sequence[float]] | None = None,
    starts: ArrayLike | None = None,
    rows: Sequence[int] | None = None,
    told: str = "",
    title: str = "Walk-forward history",
    simulated: bool = False,
) -> Figure:
    """One metric over the folds, in their order, beside what it is compared with in the same folds.

    Args:
        values: One value per fold.
        metric: What the values are.
        references: Name -> one value per fold, or one level for all, at most three (a baseline; the market, and the
            model on the rows that the market has); NaN where a fold has none.
        starts: First date of each fold; without them folds are numbered.
        rows: Rows in each fold, drawn as bars.
        told: How the references are to be read; written under the panels where there are dates.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    panels = (3.0, 1.0) if rows is not None else (1.0,)
    figure, axes = new_figure(title, simulated=simulated, height=4.6, rows=panels)
    upper = axes[0]
    if not len(values):
        nothing_to_draw(upper, "No folds")
        for axis in axes[1:]:
            axis.set_axis_off()
        return figure
    place = np.arange(len(values))
    styles = ((ORANGE, "--", "s"), (GREY, ":", "^"), (SKY, ":", "^"))
    for (name, level), (colour, line, marker) in zip((references or {}).items(), styles, strict=False):
        each = np.asarray(level if isinstance(level, Sequence | np.ndarray) else [level] * len(place), dtype="float64")
        upper.plot(place, each, color=colour, linestyle=line, marker=marker, markersize=5, linewidth=1.6, label=name)
    upper.plot(place, values, color=BLUE, marker="o", markersize=6, linewidth=2, label="model")
    upper.margins(y=0.2)
    label(upper, "", words(metric).capitalize())
    legend_above(upper, columns=2)
    names = [str(number) for number in place]
    if starts is not None:
        names = [f"{day.astype(object):%d %b %y}" for day in np.asarray(starts, dtype="datetime64[D]")]
    if rows is not None:
        axes[1].bar(place, rows, color=SKY)
        label(axes[1], "", "Rows")
    shown = place[:: max(1, -(-len(place) // 10))]
    for axis in axes:
        axis.set_xlim(-0.6, len(place) - 0.4)
        axis.set_xticks(shown, [names[index] for index in shown] if axis is axes[-1] else [""] * len(shown))
    axes[-1].tick_params(axis="x", rotation=45 if starts is not None else 0)
    if starts is not None:
        remark(figure, f"Each fold begins on the date below it. {told}".strip())
    return figure
