"""Intervals of the betting numbers and of the skill against the market, by resampling nights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.betting.daily import Daily, daily
from nba_props.metrics.bootstrap import (
    MIN_NIGHTS,
    RESAMPLES,
    Interval,
    night_sums,
    percentile_interval,
    ratio_interval,
    resample_counts,
    weighted_ratio,
)


def roi_interval(
    ledger: pd.DataFrame,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Percentile interval of ROI; None under `MIN_NIGHTS` nights.

    >>> nights = pd.date_range("2024-01-01", periods=20)
    >>> money = {"result": ["won", "lost"] * 10, "profit": [1.0, -1.0] * 10, "stake": 1.0, "clv": 0.02}
    >>> ledger = pd.DataFrame({"game_date": nights, **money, "decimal_odds": 2.0, "bankroll": [101.0, 100.0] * 10})
    >>> interval = roi_interval(ledger, resamples=200)
    >>> interval.low < 0.0 < interval.high, roi_interval(ledger[:19]) is None
    (True, True)
    """
    days = daily(ledger)
    if len(days.dates) < MIN_NIGHTS:
        return None
    return ratio_interval(
        days.profit, days.turnover, resamples=resamples, level=level, block_nights=block_nights, seed=seed
    )


def betting_intervals(
    ledger: pd.DataFrame,
    *,
    game_nights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> dict[str, float]:
    """``<name>_ci_low`` and ``<name>_ci_high`` of roi, win_rate, win_rate_excess, clv and sharpe_ratio; p-values.

    ``win_rate_excess`` is the win rate minus the break-even rate of the same bets. ``roi_p_value`` and ``clv_p_value``
    are one-sided, for a value of zero or less. The Sharpe ratio needs `game_nights` (`betting_metrics`). What cannot be
    computed, and everything under `MIN_NIGHTS` nights, is absent.

    >>> nights = pd.date_range("2024-01-01", periods=20)
    >>> money = {"result": ["won", "lost"] * 10, "profit": [1.0, -1.0] * 10, "stake": 1.0, "clv": 0.02}
    >>> ledger = pd.DataFrame({"game_date": nights, **money, "decimal_odds": 2.0, "bankroll": [101.0, 100.0] * 10})
    >>> metrics = betting_intervals(ledger, resamples=200)
    >>> metrics["roi_ci_low"] < 0.0 < metrics["roi_ci_high"], betting_intervals(ledger[:19])
    (True, {})
    """
    days = daily(ledger)
    if len(days.dates) < MIN_NIGHTS:
        return {}
    counts = resample_counts(len(days.dates), resamples=resamples, block_nights=block_nights, seed=seed)
    metrics: dict[str, float] = {}
    for name, statistic in _statistics(days, days.per_season(game_nights)).items():
        point = statistic(np.ones((1, len(days.dates))))[0]
        interval = percentile_interval(statistic(counts), point, len(days.dates), level)
        if interval is None:
            continue
        metrics[f"{name}_ci_low"], metrics[f"{name}_ci_high"] = interval.low, interval.high
        if name in {"roi", "clv"}:
            metrics[f"{name}_p_value"] = interval.p_value
    return metrics


def brier_skill_interval(
    p: ArrayLike,
    y: ArrayLike,
    market_p_over: ArrayLike,
    dates: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Interval of ``1 - Brier(model) / Brier(market)`` over the same props, by night; its p-value is for no skill.

    The sign is that of the Brier difference, so its interval lies above zero exactly when the difference's does.

    >>> nights, over = pd.date_range("2024-01-01", periods=20), np.tile([1.0, 0.0], 10)
    >>> interval = brier_skill_interval(0.25 + 0.5 * over, over, np.full(20, 0.5), nights, resamples=200)
    >>> interval.low, interval.high  # an error of 0.25 where the market's is 0.5, night after night
    (0.75, 0.75)

    Args:
        p: Model's P(over | no push), n.
        y: 1 over, 0 under, NaN push or void, n.
        market_p_over: No-vig market probability, n.
        dates: Night of each prop, n.
        resamples: Bootstrap resamples.
        level: Coverage.
        block_nights: Nights per block.
        seed: Seed.

    Returns:
        The interval; None under `MIN_NIGHTS` nights with a forecast, a result and a market probability.
    """
    model, result, market = (np.asarray(values, dtype="float64") for values in (p, y, market_p_over))
    known = ~(np.isnan(model) | np.isnan(result) | np.isnan(market))
    bar = np.square(market - result)[known]
    gain = bar - np.square(model - result)[known]
    nights, (gains, bars) = night_sums(np.asarray(dates, dtype="datetime64[D]")[known], gain, bar)
    if len(nights) < MIN_NIGHTS:
        return None
    return ratio_interval(gains, bars, resamples=resamples, level=level, block_nights=block_nights, seed=seed)


def _statistics(days: Daily, season_nights: float | None) -> dict[str, Callable[[Floats], Floats]]:
    statistics: dict[str, Callable[[Floats], Floats]] = {
        "roi": lambda weights: weighted_ratio(weights, days.profit, days.turnover),
        "win_rate": lambda weights: weighted_ratio(weights, days.wins, days.decided),
        "win_rate_excess": lambda weights: weighted_ratio(weights, days.wins - days.breakeven, days.decided),
        "clv": lambda weights: weighted_ratio(weights, days.clv, days.clv_count),
    }
    returns = days.returns
    if returns is not None and season_nights is not None:
        scale = np.sqrt(season_nights)
        statistics["sharpe_ratio"] = lambda weights: scale * _sharpe(weights, returns)
    return statistics


def _sharpe(weights: Floats, returns: Floats) -> Floats:
    n = weights.sum(axis=1)
    mean: Floats = weights @ returns / n
    variance = (weights @ np.square(returns) - n * np.square(mean)) / (n - 1.0)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    result: Floats = np.divide(mean, deviation, out=np.full_like(mean, np.nan), where=variance > 1e-20)
    return result
