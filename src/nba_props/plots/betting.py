"""Figures of a ledger: bankroll, edges claimed and realised, closing line value."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from nba_props.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    counted,
    label,
    legend_above,
    months,
    new_figure,
    nothing_to_draw,
    percent,
    remark,
    share_text,
    whole_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

LEAST_CLOSES: Final = 100
LEAST_COVERAGE: Final = 0.10
"""Closing line value of fewer bets with a close, or of a smaller share of the bets, is not shown."""
_IDLE: Final = np.timedelta64(7, "D")


def equity_curve(
    equity: pd.DataFrame,
    fan: pd.DataFrame | None = None,
    *,
    paths: pd.DataFrame | None = None,
    summary: str = "",
    learning: tuple[object, object] | None = None,
    title: str = "Bankroll",
    simulated: bool = False,
) -> Figure:
    """Bankroll after every night over the fan of resampled paths, and the drawdown under it.

    Args:
        equity: ``game_date``, ``bankroll``, ``drawdown`` (`nba_props.betting.tables.equity_table`).
        fan: ``game_date`` and quantile columns "0.05" to "0.95" (`equity_fan`); None or empty draws none.
        paths: ``game_date``, ``claimed`` (what the model expected to win) and ``zero_edge`` (what the same bets win at
            the market's own probabilities); None draws none.
        summary: Return, interval and stake in words, under the panels.
        learning: First night of the test and first night with calibrated probabilities, where that is a later one;
            shaded, since nothing is bet between them.
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
    if paths is not None and len(paths):
        days = paths["game_date"].to_numpy()
        upper.plot(days, paths["claimed"], color=ORANGE, linewidth=1.6, linestyle=":", label="claimed by the model")
        upper.plot(days, paths["zero_edge"], color=GREY, linewidth=1.6, linestyle="--", label="no edge over the market")
    upper.plot(dates, equity["bankroll"], color=BLUE, linewidth=2.0, label="bankroll")
    upper.axhline(start, color=GREY, linewidth=0.8)
    lower.fill_between(dates, 0.0, -equity["drawdown"], color=ORANGE, alpha=0.6, linewidth=0)
    if not equity["drawdown"].any():
        lower.set_ylim(-0.01, 0.0)  # by itself the axis would reach above zero
    percent(lower, "y")
    label(upper, "", "Bankroll (units)")
    label(lower, "", "Drawdown")
    _shade(upper, dates, learning)
    lower.set_xlim(upper.get_xlim())
    legend_above(upper)
    for panel in (upper, lower):
        months(panel)
    if summary:
        remark(figure, summary)
    return figure


def _shade(panel: object, dates: np.ndarray, learning: tuple[object, object] | None) -> None:
    """Weeks without a bet, and the nights before the calibrator had learned."""
    draw = panel.axvspan  # type: ignore[attr-defined]  # matplotlib is untyped here
    days = np.asarray(dates, dtype="datetime64[D]")
    name: str | None = "a week or more without a bet"
    for first, last in pairwise(days):
        if last - first > _IDLE:
            draw(first, last, color="#EEEEEE", zorder=0, label=name)
            name = None
    if learning is not None:
        first, last = (np.datetime64(str(day)[:10]) for day in learning)
        draw(first, last, color="#FBE5D6", zorder=0, label="not yet calibrated: no bets")


def edge_buckets(table: pd.DataFrame, *, title: str = "Edge claimed and realised", simulated: bool = False) -> Figure:
    """Return claimed by the model and return realised, by size of the edge, with the interval by nights.

    Buckets whose interval holds zero, or that have none, are inconclusive and hatched; a remark says why.

    Args:
        table: From `nba_props.betting.tables.edge_table`.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=5.2)
    if table.empty:
        nothing_to_draw(panel, "No bets with an edge in the buckets")
        return figure
    place = np.arange(len(table), dtype="float64")
    roi, low, high = (table[name].to_numpy() for name in ("roi", "roi_ci_low", "roi_ci_high"))
    # A bucket without enough nights has no interval: NaN draws a point without whiskers.
    whiskers = np.vstack([roi - low, high - roi])
    silent = ~((low > 0) | (high < 0))
    name: str | None = "says nothing"
    for spot in place[silent]:
        panel.axvspan(spot - 0.45, spot + 0.45, facecolor="none", edgecolor="#CCCCCC", hatch="//", zorder=0, label=name)
        name = None
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
    counts = [f"n = {n:,}" for n in table["n_bets"]]
    if "nights" in table:
        counts = [f"{count}\n{n:,} nights" for count, n in zip(counts, table["nights"], strict=True)]
    panel.set_xticks(place, [f"{name}\n{count}" for name, count in zip(names, counts, strict=True)])
    panel.tick_params(axis="x", labelsize=10)
    panel.set_xlim(-0.5, len(table) - 0.5)
    percent(panel, "y")
    label(panel, "Edge over the no-vig market probability (points)", "Return on turnover")
    legend_above(panel, columns=3)
    if silent.any():
        reasons = ["zero is possible"] if np.isfinite(low[silent]).any() else []
        reasons += ["too few nights for an interval"] if np.isnan(low).any() else []
        remark(figure, f"Hatched: {', or '.join(reasons)}.")
    return figure


def clv_distribution(
    clv: ArrayLike, *, coverage: float | None = None, title: str = "Closing line value", simulated: bool = False
) -> Figure:
    """Histogram of the closing line value of the bets, with its mean and zero marked.

    It is withheld under `LEAST_CLOSES` bets with a close, or where they are a smaller share than `LEAST_COVERAGE`.

    Args:
        clv: ``decimal_odds * close_q - 1`` of each bet that was not void; NaN (no close) left out.
        coverage: Share of the bets that have a close, written into the figure.
        title: Title.
        simulated: Stamp the figure SIMULATED.
    """
    figure, (panel,) = new_figure(title, simulated=simulated, height=4.8)
    values = np.asarray(clv, dtype="float64")
    values = values[np.isfinite(values)]
    if not len(values):
        nothing_to_draw(panel, "No bet has a closing price")
        return figure
    if len(values) < LEAST_CLOSES or (coverage is not None and coverage < LEAST_COVERAGE):
        share = "" if coverage is None else f", {share_text(round(coverage, 3))} of all"
        nothing_to_draw(
            panel,
            f"No closing line value is shown:\n{counted(len(values), 'bet')} with a close{share}.\n"
            f"It takes {LEAST_CLOSES} bets and {LEAST_COVERAGE:.0%}.",
        )
        return figure
    # A few far-off closes would squeeze the rest into one bar; they are counted in the outermost bars.
    low, high = np.quantile(values, [0.005, 0.995])
    bars = int(np.clip(2 * np.sqrt(len(values)), 5, 40))
    edges = np.linspace(low, max(high, low + 1e-6), bars + 1)
    panel.hist(np.clip(values, low, high), bins=edges, color=SKY, edgecolor="white", linewidth=0.5)
    mean = float(values.mean())
    panel.axvline(0.0, color=GREY, linewidth=1.5, linestyle="--", label="break-even")
    panel.axvline(mean, color=GREEN if mean > 0 else ORANGE, linewidth=2.5, label=f"mean {mean:+.2%}")
    closed = f"{len(values):,} bets have a close"
    if coverage is not None:
        closed += f" ({share_text(round(coverage, 3))} of all, pushes included)"
    percent(panel, "x")
    whole_ticks(panel, "y")
    label(panel, "Expected value at the fair closing probability", "Bets")
    legend_above(panel)
    better = f"{(values > 0).mean():.1%} of them were taken at a better price."
    remark(figure, f"{closed}; {better} The outermost bars hold all that lie beyond.")
    return figure


def _bucket(low: float, high: float) -> str:
    return f"{low * 100:g}+" if np.isnan(high) else f"{low * 100:g}-{high * 100:g}"
