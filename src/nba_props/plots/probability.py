"""Figures of probabilities: reliability, PIT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Reliability:
    """One set of probabilities to draw.

    Attributes:
        table: From `nba_props.metrics.tables.reliability_table`.
        probabilities: The forecasts themselves, for the histogram; NaN left out.
        scores: Metric key -> number, written above its panel.
        name: What it is, above its panel: "before calibration".
    """

    table: pd.DataFrame
    probabilities: ArrayLike
    scores: Mapping[str, float] = field(default_factory=dict)
    name: str = ""

    @property
    def known(self) -> NDArray[np.float64]:
        """The forecasts that there are."""
        values: NDArray[np.float64] = np.asarray(self.probabilities, dtype="float64")
        known: NDArray[np.float64] = values[np.isfinite(values)]
        return known


def reliability_diagram(
    table: pd.DataFrame,
    probabilities: ArrayLike,
    *,
    scores: Mapping[str, float] | None = None,
    before: Reliability | None = None,
    event: str = "over, given no push",
    title: str = "Reliability",
    simulated: bool = False,
) -> Figure:
    """Frequency against forecast with the consistency band, and the histogram of the forecasts under it.

    Args:
        table: From `nba_props.metrics.tables.reliability_table`.
        probabilities: The forecasts themselves, for the histogram; NaN left out.
        scores: Numbers written above the panel, by metric key.
        before: The same props before calibration, drawn to the left on the same scale.
        event: What the probabilities are of.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    after = Reliability(table, probabilities, scores or {}, "after calibration" if before else "")
    drawn = [after] if before is None else [before, after]
    height = 6.8 if before is None else 6.0
    figure, panels = new_figure(title, simulated=simulated, height=height, rows=(3.5, 1.0), columns=len(drawn))
    if table.empty:
        nothing_to_draw(panels[0], "No settled row with a forecast")
        for panel in panels[1:]:
            panel.set_axis_off()
        return figure
    scale = _range(drawn)
    uppers, lowers = panels[: len(drawn)], panels[len(drawn) :]
    for each, upper, lower in zip(drawn, uppers, lowers, strict=True):
        _draw(each, upper, lower, scale)
    label(uppers[0], "", f"Frequency of {event}")
    label(lowers[0], "", "Rows")
    for upper in uppers[1:]:
        upper.set_yticklabels([])
    most = max(lower.get_ylim()[1] for lower in lowers)
    for lower in lowers:
        lower.set_ylim(0, most)
        label(lower, "Forecast probability", lower.get_ylabel())
    handles, names = uppers[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=2, frameon=False, fontsize=10.5)
    return figure


def _draw(each: Reliability, upper: Any, lower: Any, scale: tuple[float, float]) -> None:  # noqa: ANN401 - matplotlib is untyped here
    table, (low, high) = each.table, scale
    upper.fill_between(
        table["p"],
        table["band_low"],
        table["band_high"],
        color=SKY,
        alpha=0.35,
        linewidth=0,
        label="95 % band if calibrated",
    )
    upper.plot([low, high], [low, high], color=GREY, linewidth=1.2, linestyle="--", label="calibrated")
    upper.step(table["p"], table["recalibrated"], where="mid", color=ORANGE, linewidth=1.5, label="isotonic curve")
    upper.plot(
        table["p"], table["frequency"], color=BLUE, marker="o", markersize=6, linewidth=0, label="props, in bins"
    )
    upper.set_xlim(low, high)
    upper.set_ylim(low, high)
    told = [each.name.capitalize()] if each.name else []
    told += [f"{words(key)} {value:.4f}" for key, value in each.scores.items()]
    if told:
        upper.set_title("\n".join(told), fontsize=10.5, loc="left")
    lower.hist(each.known, bins=np.linspace(low, high, 31), color=SKY, edgecolor="white", linewidth=0.5)
    lower.set_xlim(low, high)
    percent(upper, "y")
    for panel in (upper, lower):
        percent(panel, "x")
        panel.locator_params(axis="x", nbins=5)


def pit_histogram(table: pd.DataFrame, *, title: str = "PIT of the results", simulated: bool = False) -> Figure:
    """Histogram of the probability integral transform: flat is calibrated, a U overconfident, a hump too cautious.

    The axis shows the part around 1 where the bins lie, so that a few per cent can be seen.

    Args:
        table: From `nba_props.probability.pit_histogram`.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=4.4)
    edges = np.r_[table["low"].to_numpy(), table["high"].to_numpy()[-1:]]
    density = table["density"].to_numpy()
    low, high = float(table["band_low"].iloc[0]), float(table["band_high"].iloc[0])
    panel.fill_between([0.0, 1.0], low, high, color=SKY, alpha=0.35, linewidth=0, label="95 % band if calibrated")
    panel.axhline(1.0, color=GREY, linewidth=1.2, linestyle="--", label="calibrated")
    panel.stairs(density, edges, baseline=None, color=BLUE, linewidth=2.5, label="results")
    reach = 1.25 * max(0.1, high - 1.0, 1.0 - low, float(np.abs(density - 1.0).max()))
    panel.set_xlim(0.0, 1.0)
    panel.set_ylim(max(0.0, 1.0 - reach), 1.0 + reach)
    legend_above(panel, columns=3)
    label(panel, "Predicted probability of a result at or below the one seen", "Density")
    remark(
        figure,
        "Flat is calibrated. High at both ends: results lie further out than forecast. High in the middle: not as far.",
    )
    return figure


def _range(drawn: Sequence[Reliability]) -> tuple[float, float]:
    """Axis that holds all bins and all but the outermost forecasts of all that is drawn."""
    lows, highs = [], []
    for each in drawn:
        tails = np.quantile(each.known, [0.02, 0.98])
        lows += [each.table["p"].min(), each.table["frequency"].min(), tails[0]]
        highs += [each.table["p"].max(), each.table["frequency"].max(), tails[1]]
    return max(float(min(lows)) - 0.03, 0.0), min(float(max(highs)) + 0.03, 1.0)
