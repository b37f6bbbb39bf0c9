"""Figures of a ledger: bankroll, edges claimed and realised, closing line value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.plots.style import BLUE, GREY, ORANGE, SKY, label, legend_above, new_figure, nothing_to_draw, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


def equity_curve(
    equity: pd.DataFrame, fan: pd.DataFrame | None = None, *, title: str = "Bankroll", simulated: bool = False
) -> Figure:
    """Bankroll after every night over the fan of resampled paths, and the drawdown under it.

    Args:
        equity: ``game_date``, ``bankroll``, ``drawdown`` (`nba_props.betting.tables.equity_table`).
        fan: ``game_date`` and quantile columns "0.05" to "0.95" (`equity_fan`); None or empty draws none.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (upper, lower) = new_figure(title, simulated=simulated, height=6.0, rows=(3.0, 1.0))
    if equity.empty:
        nothing_to_draw(upper, "No settled bets")
        lower.set_axis_off()
        return figure
    dates = equity["game_date"].to_numpy()
    start = float(equity["bankroll"].iloc[0])
    if fan is not None and len(fan):
        days = fan["game_date"].to_numpy()
        for low, high, shade, name in (
            ("0.05", "0.95", 0.20, "5-95 % of resampled nights"),
            ("0.25", "0.75", 0.35, "25-75 %"),
        ):
            upper.fill_between(days, fan[low], fan[high], color=SKY, alpha=shade, linewidth=0, label=name)
        upper.plot(days, fan["0.5"], color=GREY, linewidth=1.2, linestyle="--", label="median of resampled nights")
    upper.plot(dates, equity["bankroll"], color=BLUE, linewidth=2.0, label="bankroll")
    upper.axhline(start, color=GREY, linewidth=0.8)
    label(upper, "", "Bankroll (units)")
    legend_above(upper, columns=2)
    lower.fill_between(dates, 0.0, -equity["drawdown"], color=ORANGE, alpha=0.6, linewidth=0)
    percent(lower, "y", decimals=1)
    label(lower, "", "Drawdown")
    for panel in (upper, lower):
        _months(panel)
    return figure


def edge_buckets(table: pd.DataFrame, *, title: str = "Edge claimed and realised", simulated: bool = False) -> Figure:
    """Return claimed by the model and return realised, by size of the edge, with the interval by nights.

    Args:
        table: From `nba_props.betting.tables.edge_table`.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated)
    if table.empty:
        nothing_to_draw(panel, "No bets with an edge in the buckets")
        return figure
    place = np.arange(len(table), dtype="float64")
    roi = table["roi"].to_numpy()
    # A bucket without enough nights has no interval: NaN draws a point without whiskers.
    whiskers = np.vstack([roi - table["roi_ci_low"].to_numpy(), table["roi_ci_high"].to_numpy() - roi])
    panel.errorbar(
        place,
        roi,
        yerr=np.maximum(whiskers, 0.0),
        fmt="o",
        color=BLUE,
        markersize=8,
        linewidth=2,
        capsize=6,
        label="realised, 95 % by nights",
    )
    panel.plot(place, table["expected_roi"], marker="D", linestyle=":", color=ORANGE, markersize=8, label="claimed")
    panel.axhline(0.0, color=GREY, linewidth=1.0)
    names = [_bucket(low, high) for low, high in zip(table["low"], table["high"], strict=True)]
    counted = [f"{name}\nn = {n:,}" for name, n in zip(names, table["n_bets"], strict=True)]
    panel.set_xticks(place, counted)
    panel.set_xlim(-0.5, len(table) - 0.5)
    percent(panel, "y")
    label(panel, "Edge over the no-vig market probability (points)", "Return on turnover")
    legend_above(panel)
    return figure


def clv_distribution(
    clv: ArrayLike, *, coverage: float | None = None, title: str = "Closing line value", simulated: bool = False
) -> Figure:
    """Histogram of the closing line value of the bets, with its mean and zero marked.

    Args:
        clv: ``decimal_odds * close_q - 1`` of each bet; NaN (no close) left out.
        coverage: Share of the bets that have a close, written into the figure.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated)
    values = np.asarray(clv, dtype="float64")
    values = values[np.isfinite(values)]
    if not len(values):
        nothing_to_draw(panel, "No bet has a closing price")
        return figure
    # A few far-off closes would squeeze the rest into one bar; they are counted in the outermost bars.
    low, high = np.quantile(values, [0.005, 0.995])
    bars = int(np.clip(2 * np.sqrt(len(values)), 5, 40))
    edges = np.linspace(low, max(high, low + 1e-6), bars + 1)
    panel.hist(np.clip(values, low, high), bins=edges, color=SKY, edgecolor="white", linewidth=0.5)
    mean = float(values.mean())
    panel.axvline(0.0, color=GREY, linewidth=1.5, linestyle="--", label="break-even against the close")
    panel.axvline(mean, color=ORANGE, linewidth=2.5, label=f"mean {mean:+.2%}")
    beaten = f"{len(values):,} bets with a close"
    if coverage is not None:
        beaten += f" ({coverage:.0%} of all)"
    beaten += f", {(values > 0).mean():.1%} of them better than it"
    percent(panel, "x", decimals=1)
    panel.yaxis.get_major_locator().set_params(integer=True)
    label(panel, f"Expected value of the price taken at the fair closing probability\n{beaten}", "Bets")
    legend_above(panel)
    return figure


def _bucket(low: float, high: float) -> str:
    return f"{low * 100:g} and over" if np.isnan(high) else f"{low * 100:g}-{high * 100:g}"


def _months(panel: object) -> None:
    """Dates in as few words as they need."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=8)
    axis = panel.xaxis  # type: ignore[attr-defined]  # matplotlib is untyped here
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))
