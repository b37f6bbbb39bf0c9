"""Figures of probabilities: reliability, PIT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    label,
    legend,
    legend_above,
    new_figure,
    nothing_to_draw,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray


def reliability_diagram(
    table: pd.DataFrame,
    probabilities: ArrayLike,
    *,
    scores: Mapping[str, float] | None = None,
    event: str = "over, given no push",
    title: str = "Reliability",
    simulated: bool = False,
) -> Figure:
    """Frequency against forecast with the consistency band, and the histogram of the forecasts under it.

    Args:
        table: From `nba_props.metrics.tables.reliability_table`.
        probabilities: The forecasts themselves, for the histogram; NaN left out.
        scores: Numbers written into the figure, e.g. {"Brier score": 0.249}.
        event: What the probabilities are of.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (upper, lower) = new_figure(title, simulated=simulated, height=7.0, rows=(3.5, 1.0))
    if table.empty:
        nothing_to_draw(upper, "No settled row with a forecast")
        lower.set_axis_off()
        return figure
    values = np.asarray(probabilities, dtype="float64")
    values = values[np.isfinite(values)]
    low, high = _range(table, values)
    upper.fill_between(
        table["p"],
        table["band_low"],
        table["band_high"],
        color=SKY,
        alpha=0.35,
        linewidth=0,
        label="95 % band of a calibrated forecaster",
    )
    upper.plot([low, high], [low, high], color=GREY, linewidth=1.2, linestyle="--", label="calibrated")
    upper.step(table["p"], table["recalibrated"], where="mid", color=ORANGE, linewidth=1.5, label="isotonic curve")
    upper.plot(table["p"], table["frequency"], color=BLUE, marker="o", markersize=7, linewidth=0, label="bins")
    upper.set_xlim(low, high)
    upper.set_ylim(low, high)
    if scores:
        text = "\n".join(f"{name} {value:.4f}" for name, value in scores.items())
        upper.text(0.98, 0.03, text, transform=upper.transAxes, ha="right", va="bottom", fontsize=11)
    legend(upper, loc="upper left")
    label(upper, "", f"Frequency of {event}")
    lower.hist(values, bins=np.linspace(low, high, 41), color=SKY, edgecolor="white", linewidth=0.5)
    lower.set_xlim(low, high)
    label(lower, f"Forecast probability of {event} ({len(values):,} rows)", "Rows")
    percent(upper, "y")
    for panel in (upper, lower):
        percent(panel, "x")
    return figure


def pit_histogram(table: pd.DataFrame, *, title: str = "PIT of the results", simulated: bool = False) -> Figure:
    """Histogram of the probability integral transform: flat is calibrated, a U overconfident, a hump too cautious.

    Args:
        table: From `nba_props.probability.pit_histogram`.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated)
    width = (table["high"] - table["low"]).to_numpy()
    panel.bar(table["low"], table["density"], width=width, align="edge", color=SKY, edgecolor="white", linewidth=1)
    band = float(table["band_low"].iloc[0]), float(table["band_high"].iloc[0])
    for edge, name in zip(band, ("95 % of calibrated histograms, bin by bin", None), strict=True):
        panel.axhline(edge, color=ORANGE, linewidth=2.0, label=name)
    panel.axhline(1.0, color=GREY, linewidth=1.2, linestyle="--", label="calibrated")
    panel.set_xlim(0.0, 1.0)
    panel.set_ylim(0.0, max(1.5, float(table["density"].max()) * 1.1))
    legend_above(panel)
    label(panel, "Predicted probability of a result at or below the one seen", "Density")
    return figure


def _range(table: pd.DataFrame, values: NDArray[np.float64]) -> tuple[float, float]:
    """Axis that holds all bins and all but the outermost forecasts."""
    tails = np.quantile(values, [0.02, 0.98])
    low = min(table["p"].min(), table["frequency"].min(), tails[0]) - 0.03
    high = max(table["p"].max(), table["frequency"].max(), tails[1]) + 0.03
    return max(float(low), 0.0), min(float(high), 1.0)
