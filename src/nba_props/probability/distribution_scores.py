"""Scores of a predictive distribution against results: logarithmic, ranked probability, and the PIT histogram."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.probability.distributions.base import PredictiveDistribution

_LEAST: Final = 1e-6
_CRPS_ROWS: Final = 4000


def pit_bounds(
    distribution: PredictiveDistribution, y: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """``F(y - 1)`` and ``F(y)`` of every result (n each): the ends of its probability integral transform.

    >>> from nba_props.probability.distributions.normal import NormalDistribution
    >>> fitted = NormalDistribution().fit(np.arange(200) % 21, np.full(200, 10.0))
    >>> low, high = pit_bounds(fitted, [10.0], [10.0])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.49], [0.55])
    """
    result = np.asarray(y, dtype="float64")
    return distribution.cdf(result - 1.0, mu, groups), distribution.cdf(result, mu, groups)


def log_score(low: ArrayLike, high: ArrayLike) -> float:
    """Mean ``-log P(Y = y)`` in nats from `pit_bounds`; a probability under 1e-6 counts as 1e-6.

    >>> log_score([0.0], [0.5])
    0.6931471805599453
    """
    mass = np.asarray(high, dtype="float64") - np.asarray(low, dtype="float64")
    return float(-np.log(np.maximum(mass, _LEAST)).mean())


def crps(distribution: PredictiveDistribution, y: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None) -> float:
    """Mean continuous ranked probability score, in stat units: for counts the sum over k of ``(F(k) - [y <= k])**2``.

    At most 4,000 evenly spaced rows are used, the same ones for every distribution.
    >>> from nba_props.probability.distributions.normal import NormalDistribution
    >>> fitted = NormalDistribution().fit(np.arange(200) % 21, np.full(200, 10.0))
    >>> round(crps(fitted, [10.0], [10.0]), 2)
    1.41

    Source: Czado, Gneiting and Held (2009), Predictive model assessment for count data.
    """
    rows = np.unique(np.linspace(0, len(np.asarray(y)) - 1, min(len(np.asarray(y)), _CRPS_ROWS)).astype("int64"))
    result, forecast = (np.asarray(values, dtype="float64")[rows] for values in (y, mu))
    label = None if groups is None else np.asarray(groups)[rows]
    top = int(max(result.max(initial=0.0), 3.0 * forecast.max(initial=0.0))) + 10
    total, level = np.zeros(len(rows)), distribution.reader(forecast, label)
    for k in range(top + 1):
        total += np.square(level(np.full(len(rows), k + 0.5)) - (result <= k))
    return float(total.mean())


def pit_histogram(low: ArrayLike, high: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Non-randomised PIT histogram of counts; flat at 1 for a calibrated distribution, a U for an overconfident one.

    Each result spreads its weight evenly over ``[F(y - 1), F(y)]`` (Czado, Gneiting and Held 2009).

    >>> pit_histogram([0.0, 0.5], [0.5, 1.0], bins=2)["density"].tolist()
    [1.0, 1.0]

    Returns:
        ``low``, ``high`` (edges of the bin), ``density`` (1 is flat), ``band_low``, ``band_high`` (where 95 % of
        calibrated histograms of this size would lie, bin by bin, results taken as independent).
    """
    start, stop = np.asarray(low, dtype="float64"), np.asarray(high, dtype="float64")
    known = ~(np.isnan(start) | np.isnan(stop))
    start, stop = start[known], stop[known]
    width = np.maximum(stop - start, 1e-12)
    edges = np.linspace(0.0, 1.0, bins + 1)
    mean = np.mean if len(start) else lambda _: np.nan  # without results every density is unknown
    below = np.array([mean(np.clip((edge - start) / width, 0.0, 1.0)) for edge in edges])
    below[0], below[-1] = 0.0, 1.0  # all weight lies in [0, 1]; a result beyond the last knot counts in the last bin
    noise = 1.96 * np.sqrt((1.0 / bins) * (1.0 - 1.0 / bins) / max(len(start), 1)) * bins
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "density": np.diff(below) * bins,
            "band_low": 1.0 - noise,
            "band_high": 1.0 + noise,
        }
    )
