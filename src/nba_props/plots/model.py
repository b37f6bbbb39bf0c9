"""Figures of any model: importance, residuals, right and wrong classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import BLUE, GREY, ORANGE, SKY, label, legend_above, new_figure, nothing_to_draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_POINTS = 5000


def feature_importance(
    importance: Mapping[str, float], *, top_n: int = 25, title: str = "Feature importance", simulated: bool = False
) -> Figure:
    """The `top_n` most important features as bars, the most important on top.

    Args:
        importance: Feature -> share of the total importance.
        top_n: Bars drawn, 1 or more.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    ranked = sorted(importance.items(), key=lambda pair: -abs(pair[1]))[:top_n]
    figure, (panel,) = new_figure(title, simulated=simulated, height=1.6 + 0.26 * max(len(ranked), 3))
    if not ranked:
        nothing_to_draw(panel, "No features")
        return figure
    panel.barh([name for name, _ in ranked][::-1], [value for _, value in ranked][::-1], color=BLUE)
    panel.margins(y=0.01)
    label(panel, f"Share of total importance (top {len(ranked)} of {len(importance)})", "")
    return figure


def reasons(
    contributions: Mapping[str, ArrayLike],
    *,
    unit: str = "",
    title: str = "What moves the forecasts",
    simulated: bool = False,
) -> Figure:
    """How far each family of features moves the forecasts, one way or the other: mean, and a tenth of the props beyond.

    Args:
        contributions: Family -> its part in each forecast, n each (stat units).
        unit: Of the stat.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    sizes = {family: np.abs(np.asarray(parts, dtype="float64")) for family, parts in contributions.items()}
    ranked = sorted(sizes.items(), key=lambda pair: pair[1].mean() if len(pair[1]) else 0.0)
    figure, (panel,) = new_figure(title, simulated=simulated, height=2.0 + 0.4 * max(len(ranked), 3))
    if not ranked or not len(ranked[0][1]):
        nothing_to_draw(panel, "No forecast was explained")
        return figure
    names = [family for family, _ in ranked]
    mean = np.array([parts.mean() for _, parts in ranked])
    far = np.array([np.quantile(parts, 0.9) for _, parts in ranked])
    panel.barh(names, mean, color=BLUE, label="mean")
    panel.plot(far, names, "|", color=ORANGE, markersize=14, markeredgewidth=2.5, label="one prop in ten is moved more")
    legend_above(panel)
    label(panel, f"Moved up or down against an average player-game{f', {unit}' if unit else ''}", "")
    return figure


def residuals(actual: ArrayLike, predicted: ArrayLike, *, title: str = "Residuals", simulated: bool = False) -> Figure:
    """Residuals (actual minus predicted) over the prediction with their binned means, and their distribution.

    Args:
        actual: What happened, n.
        predicted: What was forecast, n.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    forecast = np.asarray(predicted, dtype="float64")
    error = np.asarray(actual, dtype="float64") - forecast
    figure, (upper, lower) = new_figure(title, simulated=simulated, height=7.5, rows=(2.0, 1.0))
    if not len(error):
        nothing_to_draw(upper, "No predictions")
        lower.set_axis_off()
        return figure
    shown = np.linspace(0, error.size - 1, min(error.size, _POINTS)).astype(int)
    upper.plot(forecast[shown], error[shown], ".", color=SKY, alpha=0.3, markersize=3, rasterized=True)
    bins = np.array_split(np.argsort(forecast, kind="stable"), min(20, error.size))
    means = [(forecast[rows].mean(), error[rows].mean()) for rows in bins]
    upper.plot(*zip(*means, strict=True), color=ORANGE, linewidth=2, label=f"mean in {len(bins)} bins")
    upper.axhline(0.0, color=GREY, linewidth=1.0)
    label(upper, f"Predicted ({error.size:,} rows)", "Actual - predicted")
    legend_above(upper)
    lower.hist(error, bins=60, color=BLUE)
    lower.set_title(f"mean {error.mean():.2f}, SD {error.std():.2f}, MAE {np.abs(error).mean():.2f}", fontsize=11)
    label(lower, "Actual - predicted", "Rows")
    return figure


def confusion_matrix(
    actual: ArrayLike,
    predicted: ArrayLike,
    *,
    labels: Sequence[str] = ("under", "over"),
    title: str = "Confusion matrix",
    simulated: bool = False,
) -> Figure:
    """Counts and row shares of predicted against actual classes.

    Args:
        actual: Class index of each row, 0 to len(labels) - 1, n.
        predicted: Predicted class index, n.
        labels: Names of the classes.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    happened, forecast = (np.asarray(values).astype("int64") for values in (actual, predicted))
    size = len(labels)
    counts = np.bincount(happened * size + forecast, minlength=size * size).reshape(size, size)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, (panel,) = new_figure(title, simulated=simulated, height=2.2 + 1.1 * size)
    panel.grid(visible=False)
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        text = f"{count:,}\n{share[row, column]:.0%}"
        colour = "white" if share[row, column] > 0.55 else "black"
        panel.text(column, row, text, ha="center", va="center", color=colour, fontsize=11)
    panel.set_xticks(range(size), labels)
    panel.set_yticks(range(size), labels)
    label(panel, f"Predicted ({happened.size:,} rows)", "Actual")
    return figure
