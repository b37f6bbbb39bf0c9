"""Uncertainty by resampling nights: rows of one night are correlated, so a night is drawn whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats

MIN_NIGHTS: Final = 20
"""Nights below which no interval is given: too few clusters to resample."""

RESAMPLES: Final = 2000


@dataclass(frozen=True)
class Interval:
    """A number with its bootstrap interval.

    Attributes:
        point: The number on the data.
        p_value: One-sided: how often a resample is at or below zero, ``(count + 1) / (resamples + 1)``.
        nights: Nights resampled.
    """

    point: float
    low: float
    high: float
    p_value: float
    nights: int


def night_sums(dates: ArrayLike, *values: Floats) -> tuple[NDArray[np.datetime64], list[Floats]]:
    """The different nights in order, m, and the sum of each of `values` on each of them, m.

    >>> nights, (profit,) = night_sums(["2025-01-02", "2025-01-01", "2025-01-02"], np.array([1.0, 2.0, 3.0]))
    >>> profit.tolist()
    [2.0, 4.0]

    Args:
        dates: Night of each row, n.
        *values: Numbers of each row, n each.
    """
    nights, code = np.unique(np.asarray(dates, dtype="datetime64[D]"), return_inverse=True)
    sums = [np.bincount(code, weights=each, minlength=len(nights)).astype("float64") for each in values]
    return nights, sums


def resample_counts(nights: int, *, resamples: int = RESAMPLES, block_nights: int = 1, seed: int = 0) -> Floats:
    """How often each night is drawn in each resample, (resamples, nights).

    Blocks of `block_nights` consecutive nights are drawn with replacement around a circle (Politis and Romano 1992)
    until there are as many nights as there were; one night a block is the cluster bootstrap.

    >>> resample_counts(5, resamples=3).sum(axis=1).tolist()
    [5.0, 5.0, 5.0]
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


def weighted_ratio(weights: Floats, top: Floats, bottom: Floats) -> Floats:
    """``sum(top) / sum(bottom)`` of each resample; NaN where the denominator is not above zero.

    >>> weighted_ratio(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([1.0, 3.0]), np.array([2.0, 2.0])).tolist()
    [0.5, 1.0]

    Args:
        weights: How often each night was drawn, (resamples, nights).
        top: Numerator of each night.
        bottom: Denominator of each night.
    """
    total = weights @ bottom
    return np.divide(weights @ top, total, out=np.full_like(total, np.nan), where=total > 0)


def percentile_interval(values: Floats, point: float, nights: int, level: float = 0.95) -> Interval | None:
    """The interval between the quantiles of the resampled `values` that leave out ``1 - level`` in all.

    >>> percentile_interval(np.arange(-1.0, 4.0), 1.5, 60, level=0.5)
    Interval(point=1.5, low=0.0, high=2.0, p_value=0.5, nights=60)

    Args:
        values: The number on each resample; NaN where it could not be computed.
        point: The number on the data.
        nights: Nights resampled.
        level: Coverage.

    Returns:
        The interval; None where the point or every resample is missing.
    """
    values = values[~np.isnan(values)]
    if np.isnan(point) or not len(values):
        return None
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    p_value = (float((values <= 0).sum()) + 1.0) / (len(values) + 1.0)
    return Interval(float(point), float(low), float(high), p_value, nights)


def ratio_interval(
    top: Floats,
    bottom: Floats,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Interval of ``sum(top) / sum(bottom)``, by night.

    >>> interval = ratio_interval(np.tile([1.0, -1.0], 15), np.ones(30))
    >>> interval.point, interval.low < 0 < interval.high
    (0.0, True)

    Args:
        top: Numerator of each night, m (of `night_sums`).
        bottom: Denominator of each night, m.
        resamples: Bootstrap resamples.
        level: Coverage.
        block_nights: Consecutive nights drawn together.
        seed: Seed.

    Returns:
        The interval; None where the denominator is zero. Callers judge whether there are nights enough (`MIN_NIGHTS`).
    """
    counts = resample_counts(len(top), resamples=resamples, block_nights=block_nights, seed=seed)
    point = weighted_ratio(np.ones((1, len(top))), top, bottom)[0]
    return percentile_interval(weighted_ratio(counts, top, bottom), point, len(top), level)
