"""Uncertainty by resampling nights: props of one night are correlated, so a night is drawn whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.betting.daily import Daily, daily
from nba_props.betting.metrics import MIN_SHARPE_DAYS

MIN_NIGHTS: Final = MIN_SHARPE_DAYS
"""Nights below which no interval is given: too few clusters to resample."""

_RESAMPLES: Final = 2000


@dataclass(frozen=True)
class Interval:
    """A number with its bootstrap interval.

    Attributes:
        point: The number on the data.
        low: Lower end.
        high: Upper end.
        p_value: One-sided: how often a resample is at or below zero, ``(count + 1) / (resamples + 1)``.
        nights: Nights resampled.
    """

    point: float
    low: float
    high: float
    p_value: float
    nights: int


def resample_counts(nights: int, *, resamples: int = _RESAMPLES, block_nights: int = 1, seed: int = 0) -> Floats:
    """How often each night is drawn in each resample, (resamples, nights).

    Blocks of `block_nights` consecutive nights are drawn with replacement around a circle (Politis and Romano 1992)
    until there are as many nights as there were; one night a block is the cluster bootstrap.
    """
    generator = np.random.default_rng(seed)
    block = max(1, min(block_nights, nights))
    blocks = -(-nights // block)
    first = generator.integers(0, nights, size=(resamples, blocks, 1))
    drawn = ((first + np.arange(block)) % nights).reshape(resamples, -1)[:, :nights]
    flat = drawn + nights * np.arange(resamples)[:, None]
    counts: Floats = (
        np.bincount(flat.ravel(), minlength=resamples * nights).reshape(resamples, nights).astype("float64")
    )
    return counts


def roi_interval(
    ledger: pd.DataFrame,
    *,
    resamples: int = _RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Percentile interval of ROI; None under `MIN_NIGHTS` nights."""
    days = daily(ledger)
    if len(days.dates) < MIN_NIGHTS:
        return None
    counts = resample_counts(len(days.dates), resamples=resamples, block_nights=block_nights, seed=seed)
    return _interval(counts, lambda weights: _ratio(weights, days.profit, days.turnover), level)


def betting_intervals(
    ledger: pd.DataFrame,
    *,
    season_days: float | None = None,
    resamples: int = _RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> dict[str, float]:
    """``<name>_ci_low`` and ``<name>_ci_high`` of roi, win_rate, win_rate_excess, clv and sharpe_ratio; p-values.

    ``win_rate_excess`` is the win rate minus the break-even rate of the same bets. ``roi_p_value`` and ``clv_p_value``
    are one-sided, for a value of zero or less. What can not be computed, and everything under `MIN_NIGHTS` nights, is
    absent.
    """
    days = daily(ledger)
    if len(days.dates) < MIN_NIGHTS:
        return {}
    counts = resample_counts(len(days.dates), resamples=resamples, block_nights=block_nights, seed=seed)
    metrics: dict[str, float] = {}
    for name, statistic in _statistics(days, season_days).items():
        interval = _interval(counts, statistic, level)
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
    resamples: int = _RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Interval of ``1 - Brier(model) / Brier(market)`` over the same props, by night; its p-value is for no skill.

    The sign is that of the Brier difference, so its interval lies above zero exactly when the difference's does.

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
    nights, code = np.unique(np.asarray(dates, dtype="datetime64[D]")[known], return_inverse=True)
    if len(nights) < MIN_NIGHTS:
        return None
    gains, bars = (np.bincount(code, weights=values).astype("float64") for values in (gain, bar))
    counts = resample_counts(len(nights), resamples=resamples, block_nights=block_nights, seed=seed)
    return _interval(counts, lambda weights: _ratio(weights, gains, bars), level)


def _statistics(days: Daily, season_days: float | None) -> dict[str, Callable[[Floats], Floats]]:
    statistics: dict[str, Callable[[Floats], Floats]] = {
        "roi": lambda weights: _ratio(weights, days.profit, days.turnover),
        "win_rate": lambda weights: _ratio(weights, days.wins, days.decided),
        "win_rate_excess": lambda weights: _ratio(weights, days.wins - days.breakeven, days.decided),
        "clv": lambda weights: _ratio(weights, days.clv, days.clv_count),
    }
    returns = days.returns
    if returns is not None:
        scale = np.sqrt(season_days or days.per_season)
        statistics["sharpe_ratio"] = lambda weights: scale * _sharpe(weights, returns)
    return statistics


def _ratio(weights: Floats, top: Floats, bottom: Floats) -> Floats:
    total = weights @ bottom
    return np.divide(weights @ top, total, out=np.full_like(total, np.nan), where=total > 0)


def _sharpe(weights: Floats, returns: Floats) -> Floats:
    n = weights.sum(axis=1)
    mean: Floats = weights @ returns / n
    variance = (weights @ np.square(returns) - n * np.square(mean)) / (n - 1.0)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    result: Floats = np.divide(mean, deviation, out=np.full_like(mean, np.nan), where=variance > 1e-20)
    return result


def _interval(counts: Floats, statistic: Callable[[Floats], Floats], level: float) -> Interval | None:
    values = statistic(counts)
    values = values[~np.isnan(values)]
    point = statistic(np.ones((1, counts.shape[1])))[0]
    if np.isnan(point) or not len(values):
        return None
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    p_value = (float((values <= 0).sum()) + 1.0) / (len(values) + 1.0)
    return Interval(float(point), float(low), float(high), p_value, counts.shape[1])
