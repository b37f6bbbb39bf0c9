"""Tables behind the pictures: computed once from a ledger, drawn as often as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.betting.daily import daily
from nba_props.metrics.bootstrap import MIN_NIGHTS, night_sums, ratio_interval

_EDGES: Final = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)


def equity_table(ledger: pd.DataFrame) -> pd.DataFrame:
    """Bankroll at the start and after every betting night.

    >>> bets = {"result": ["won", "lost"], "profit": [1.0, -1.0], "stake": 1.0, "decimal_odds": 2.0, "clv": 0.02}
    >>> dates = pd.to_datetime(["2024-01-01", "2024-01-02"])
    >>> equity_table(pd.DataFrame({"game_date": dates, **bets, "bankroll": [11.0, 10.0]}))["bankroll"].tolist()
    [10.0, 11.0, 10.0]

    Returns:
        ``game_date`` (the first row: the day before the first night), ``bankroll`` (units), ``peak`` (highest so far),
        ``drawdown`` (``(peak - bankroll) / peak``, in [0, 1]); empty without bets.
    """
    days = daily(ledger)
    dates = _with_day_before(days.dates)
    bankroll = np.r_[days.opening[:1], days.opening + days.profit]
    peak = np.maximum.accumulate(bankroll)
    drawdown = np.clip((peak - bankroll) / peak, 0.0, 1.0)
    return pd.DataFrame({"game_date": dates, "bankroll": bankroll, "peak": peak, "drawdown": drawdown})


def equity_fan(
    ledger: pd.DataFrame,
    *,
    compound: bool = False,
    levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Where the bankroll could have been instead: quantiles of paths made of resampled nights.

    >>> bets = {"result": "won", "profit": 1.0, "stake": 1.0, "decimal_odds": 2.0, "clv": 0.02}
    >>> nights = {"game_date": pd.date_range("2024-01-01", periods=20), "bankroll": range(101, 121)}
    >>> ledger = pd.DataFrame({**nights, **bets})
    >>> equity_fan(ledger, levels=(0.5,))["0.5"].iloc[[0, -1]].tolist()
    [100.0, 120.0]

    Args:
        ledger: From `place_bets`.
        compound: Kelly stakes: a night multiplies the bankroll; flat stakes: it adds to it.
        levels: Quantiles.
        resamples: Paths.
        seed: Seed.

    Returns:
        ``game_date`` (the eve first, where all paths start) and one column per level, named by it ("0.05"); empty under
        20 nights.
    """
    days = daily(ledger)
    nights = len(days.dates)
    names = [str(level) for level in levels]
    if nights < MIN_NIGHTS or (compound and days.returns is None):
        return pd.DataFrame(columns=["game_date", *names])
    drawn = np.random.default_rng(seed).integers(0, nights, size=(resamples, nights))
    start = float(days.opening[0])
    if compound and days.returns is not None:
        paths = start * np.cumprod(1.0 + days.returns[drawn], axis=1)
    else:
        paths = start + np.cumsum(days.profit[drawn], axis=1)
    quantiles = np.quantile(np.column_stack([np.full(resamples, start), paths]), levels, axis=0)
    return pd.DataFrame({"game_date": _with_day_before(days.dates), **dict(zip(names, quantiles, strict=True))})


def edge_table(
    ledger: pd.DataFrame, edges: Sequence[float] = _EDGES, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Claimed against realised return by size of the edge.

    >>> bets = {"result": ["won", "lost"], "profit": [1.0, -1.0], "stake": 1.0, "edge": [0.02, 0.12], "ev": 0.05}
    >>> ledger = pd.DataFrame({"game_date": pd.to_datetime(["2024-01-01", "2024-01-02"]), **bets})
    >>> edge_table(ledger)[["low", "high", "n_bets", "roi"]].to_numpy().tolist()
    [[0.02, 0.03, 1.0, 1.0], [0.1, nan, 1.0, -1.0]]

    Args:
        ledger: From `place_bets`.
        edges: Lower ends of the buckets, rising; the last one is open above, bets under the first are left out.
        level: Coverage of the interval.
        resamples: Bootstrap resamples of nights.
        seed: Seed.

    Returns:
        One row per bucket with bets won or lost: ``low``, ``high`` (NaN for the open one), ``n_bets``, ``nights``,
        ``expected_roi``, ``roi``, ``roi_ci_low``, ``roi_ci_high`` (by nights; NaN under 20 nights).
    """
    bets = ledger[ledger["result"].isin(["won", "lost"])]
    bucket = np.searchsorted(np.asarray(edges) - 1e-12, bets["edge"].to_numpy(), side="right") - 1
    rows = []
    for index, low in enumerate(edges):
        part = bets[bucket == index]
        if part.empty:
            continue
        stake = float(part["stake"].sum())
        money = (part[name].to_numpy(dtype="float64") for name in ("profit", "stake"))
        nights, (profit, turnover) = night_sums(part["game_date"], *money)
        enough = len(nights) >= MIN_NIGHTS
        interval = ratio_interval(profit, turnover, resamples=resamples, level=level, seed=seed) if enough else None
        rows.append(
            {
                "low": low,
                "high": edges[index + 1] if index + 1 < len(edges) else np.nan,
                "n_bets": len(part),
                "nights": len(nights),
                "expected_roi": float((part["ev"] * part["stake"]).sum()) / stake,
                "roi": float(part["profit"].sum()) / stake,
                "roi_ci_low": np.nan if interval is None else interval.low,
                "roi_ci_high": np.nan if interval is None else interval.high,
            }
        )
    columns = ["low", "high", "n_bets", "nights", "expected_roi", "roi", "roi_ci_low", "roi_ci_high"]
    return pd.DataFrame(rows, columns=columns)


def _with_day_before(dates: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    eve: NDArray[np.datetime64] = np.r_[dates[:1] - np.timedelta64(1, "D"), dates].astype("datetime64[s]")
    return eve
