"""Figures of any model: importance, residuals, right and wrong classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from nba_props.plots.style import (
    BLUE,
    CYCLE,
    GREY,
    ORANGE,
    counted,
    label,
    legend,
    legend_above,
    new_figure,
    nothing_to_draw,
    percent,
    remark,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_OTHERS: Final = "#BBBBBB"
_DWARFING: Final = 1.5
"""The features not shown get a bar that is cut off where it is longer than so many times the others' scale."""
_LONG: Final = 0.6
"""Where bars in the middle are longer than this part of the panel, it is widened: the legend stands beside them."""
_BINS: Final = 15
_LEAST_PER_BIN: Final = 20


def feature_importance(
    importance: Mapping[str, float],
    *,
    top_n: int = 15,
    groups: Mapping[str, str] | None = None,
    by_fold: pd.DataFrame | None = None,
    title: str = "Feature importance",
    simulated: bool = False,
) -> Figure:
    """The `top_n` most important features as bars, the most important on top, and all others as one.

    The bar of the others ends at the edge of the panel, its share written in it, where it would dwarf the rest.

    Args:
        importance: Feature -> share of the total importance.
        top_n: Bars drawn, 1 or more.
        groups: Feature -> group it belongs to, told by colour; the rarest share the dark grey.
        by_fold: A row per fold, a column per feature: the shares of the models of the folds, drawn as whiskers.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    ranked = sorted(importance.items(), key=lambda pair: -abs(pair[1]))
    top, rest = ranked[:top_n], ranked[top_n:]
    figure, (panel,) = new_figure(title, simulated=simulated, height=1.9 + 0.27 * max(len(top) + bool(rest), 3))
    if not ranked:
        nothing_to_draw(panel, "No features")
        return figure
    names = [name for name, _ in top] + ([f"{len(rest)} others"] if rest else [])
    shares = [value for _, value in top] + ([sum(abs(value) for _, value in rest)] if rest else [])
    colours = _group_colours([name for name, _ in top], groups or {})
    bars = panel.barh(names[::-1], shares[::-1], color=BLUE)
    for bar, name in zip(bars, names[::-1], strict=True):
        group = (groups or {}).get(name)
        bar.set_color(_OTHERS if rest and name == names[-1] else colours.get(group, GREY) if groups else BLUE)
    if groups:
        from matplotlib.patches import Patch

        handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
        if any(groups.get(name) not in colours for name, _ in top):
            handles.append(Patch(color=GREY, label="other groups"))
        legend(panel, handles=handles, loc="center right")
    edge = 1.1 * max(map(abs, shares[: len(top)]))
    if by_fold is not None and len(by_fold) > 1:
        each = by_fold.abs().reindex(columns=[name for name, _ in ranked], fill_value=0.0)
        drawn = each[[name for name, _ in top]]
        if rest:
            drawn = drawn.assign(**{names[-1]: each[[name for name, _ in rest]].sum(axis=1)})
        panel.hlines(names, drawn.min(), drawn.max(), color="black", linewidth=1.6)
        edge = max(edge, 1.05 * float(drawn[[name for name, _ in top]].max(axis=None)))
        remark(figure, f"Bars: the model fitted on every row. Lines: from the least to the most of {len(each)} folds.")
    panel.margins(y=0.01)
    panel.set_xlim(left=0.0)
    if groups and abs(shares[len(top) // 3]) > _LONG * edge:
        edge *= 1.45
        panel.set_xlim(right=max(edge, panel.get_xlim()[1]))
    if rest and shares[-1] > _DWARFING * edge:
        panel.set_xlim(right=edge)
        told = f"{shares[-1]:.0%}, more than fits here  "
        panel.text(edge, 0, told, ha="right", va="center", fontsize=10.5)  # the lowest bar
    panel.locator_params(axis="x", nbins=6)
    percent(panel, "x")
    label(panel, f"Share of total importance ({counted(len(importance), 'feature')})", "")
    return figure


def reasons(
    contributions: Mapping[str, ArrayLike],
    *,
    unit: str = "units of the stat",
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
    legend(panel, reverse=True, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    label(panel, f"Up or down from an average player-game, in {unit}", "")
    return figure


def _group_colours(names: Sequence[str], groups: Mapping[str, str]) -> dict[str | None, str]:
    """Colours of the groups of the features shown, those with most of them first."""
    present = [groups[name] for name in names if name in groups]
    often = sorted(dict.fromkeys(present), key=lambda group: -present.count(group))
    return dict(zip(often, CYCLE, strict=False))


def residuals(actual: ArrayLike, predicted: ArrayLike, *, title: str = "Residuals", simulated: bool = False) -> Figure:
    """Residuals (actual minus predicted) over the prediction as a density with their quantiles, and their histogram.

    Args:
        actual: What happened, n.
        predicted: What was forecast, n.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    forecast = np.asarray(predicted, dtype="float64")
    error = np.asarray(actual, dtype="float64") - forecast
    figure, (upper, lower) = new_figure(title, simulated=simulated, height=6.6, rows=(2.0, 1.0))
    if not len(error):
        nothing_to_draw(upper, "No predictions")
        lower.set_axis_off()
        return figure
    low, high = np.quantile(error, [0.002, 0.998])
    extent = (forecast.min(), max(forecast.max(), forecast.min() + 1.0), low, max(high, low + 1.0))
    # Results are whole numbers: cells of less than one and a half of them in height would leave holes between them.
    grid = (26, int(np.clip((high - low) / 1.7, 5, 15)))
    # The palest blue is white: the scale begins below one row, so that a row by itself is seen.
    cells = {"gridsize": grid, "bins": "log", "mincnt": 1, "vmin": 0.4, "linewidths": 0.1}
    upper.hexbin(forecast, error, extent=extent, cmap="Blues", **cells)
    bins = np.array_split(np.argsort(forecast, kind="stable"), max(1, min(_BINS, error.size // _LEAST_PER_BIN)))
    centre = [forecast[rows].mean() for rows in bins]
    for share, style in ((0.1, ":"), (0.5, "-"), (0.9, ":")):
        drawn = [np.quantile(error[rows], share) for rows in bins]
        name = {0.1: "10 % and 90 % quantile", 0.5: "median"}.get(share)
        upper.plot(centre, drawn, color=ORANGE, linestyle=style, linewidth=2, label=name)
    upper.axhline(0.0, color=GREY, linewidth=1.0)
    label(upper, f"Forecast ({counted(error.size, 'row')})", "Actual minus forecast")
    legend_above(upper)
    lower.hist(np.clip(error, low, high), bins=50, color=BLUE)
    lower.axvline(0.0, color=GREY, linewidth=1.0)
    label(lower, "Actual minus forecast (the outermost bars hold all beyond)", "Rows")
    told = f"Mean {error.mean():+.2f}, median {np.median(error):+.2f}, mean absolute error {np.abs(error).mean():.2f}."
    remark(
        figure,
        f"{told} A model of the median has a median error near zero; its mean error is above zero, since great "
        "games lie further off than poor ones.",
    )
    return figure


def confusion_matrix(
    actual: ArrayLike,
    predicted: ArrayLike,
    *,
    labels: Sequence[str] = ("under", "over"),
    beside: Mapping[str, float] | None = None,
    title: str = "Confusion matrix",
    simulated: bool = False,
) -> Figure:
    """Counts and row shares of predicted against actual classes.

    Args:
        actual: Class index of each row, 0 to len(labels) - 1, n.
        predicted: Predicted class index, n.
        labels: Names of the classes.
        beside: Name -> share right of what the model is compared with, written under the matrix.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    happened, forecast = (np.asarray(values).astype("int64") for values in (actual, predicted))
    size = len(labels)
    counts = np.bincount(happened * size + forecast, minlength=size * size).reshape(size, size)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, (panel,) = new_figure(title, simulated=simulated, height=2.6 + 1.0 * size)
    if not happened.size:
        nothing_to_draw(panel, "No row was classified")
        return figure
    panel.grid(visible=False)
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        text = f"{count:,}\n{share[row, column]:.0%}"
        colour = "white" if share[row, column] > 0.55 else "black"
        panel.text(column, row, text, ha="center", va="center", color=colour, fontsize=13)
    panel.set_xticks(range(size), labels)
    panel.set_yticks(range(size), labels)
    label(panel, f"Forecast ({counted(happened.size, 'row')}; shares by row)", "Actual")
    right = {"the model": float(np.trace(counts) / counts.sum()), **(beside or {})}
    remark(figure, "Right: " + ", ".join(f"{name} {value:.1%}" for name, value in right.items()) + ".")
    return figure
