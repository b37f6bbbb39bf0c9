"""The one definition of each number that is computed both for backtests and for live results.

Arrays have one entry per row (a prediction, a prop, a bet). A metric that is one sum over another has a function
``<metric>_rows`` besides: numerator and denominator of each row, which can be added up by night and then resampled
(`nba_props.metrics.bootstrap`). A row with a missing value (NaN) is 0 in both, and so left out; where no row is left,
the metric is NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd

Rows = tuple[Floats, Floats]
"""Numerator and denominator of each row."""

_BINS: Final = 10
_CLIP: Final = 1e-15
_EULER: Final = 0.5772156649015329


def mae(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Mean absolute error of n forecasts, in the unit of the stat.

    >>> mae([10.0, 20.0], [12.0, 19.0])
    1.5
    """
    return _ratio(mae_rows(actual, predicted))


def mae_rows(actual: ArrayLike, predicted: ArrayLike) -> Rows:
    """Absolute error of each row, and 1.

    >>> [part.tolist() for part in mae_rows([10.0, 20.0, float("nan")], [12.0, 19.0, 8.0])]
    [[2.0, 1.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return _known(np.abs(_error(actual, predicted)))


def rmse(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Root of the mean squared error, in the unit of the stat; arguments as for `mae`.

    >>> rmse([10.0, 20.0], [13.0, 16.0])
    3.5355339059327378
    """
    return float(np.sqrt(np.square(_error(actual, predicted)).mean()))


def r2(actual: ArrayLike, predicted: ArrayLike) -> float | None:
    """Share of the variance that is explained, ``1 - SSE / SST``; None where `actual` does not vary.

    >>> r2([10.0, 20.0, 30.0], [12.0, 20.0, 28.0])
    0.96
    """
    values = np.asarray(actual, dtype="float64")
    total = float(np.square(values - np.mean(values)).sum())
    return 1.0 - float(np.square(_error(actual, predicted)).sum()) / total if total > 0 else None


def regression_metrics(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """``mae``, ``rmse`` (stat units) and ``r2`` of `predicted` (n) against `actual` (n); r2 absent at zero variance.

    >>> regression_metrics(np.array([10.0, 20.0]), np.array([12.0, 19.0]))["mae"]
    1.5
    """
    metrics = {"mae": mae(actual, predicted), "rmse": rmse(actual, predicted), "r2": r2(actual, predicted)}
    return {name: value for name, value in metrics.items() if value is not None}


def roi(profit: ArrayLike, turnover: ArrayLike) -> float:
    """Profit over turnover, also called yield: 0.05 is 5 % of what was staked on bets won or lost.

    >>> roi([0.91, -1.0, 0.0], [1.0, 1.0, 0.0])
    -0.044999999999999984

    Args:
        profit: Units won by each bet, or on each night, n.
        turnover: Units staked on bets won or lost, n.
    """
    return _ratio((np.asarray(profit, dtype="float64"), np.asarray(turnover, dtype="float64")))


def roi_rows(profit: Floats, stake: Floats, result: Floats) -> Rows:
    """Profit and turnover, in units, of each of n bets: a push returns its stake and is in neither.

    The result is 1 won, -1 lost, 0 push, NaN void.

    >>> [part.tolist() for part in roi_rows(np.array([0.9, -1.0, 0.0]), np.ones(3), np.array([1.0, -1.0, 0.0]))]
    [[0.9, -1.0, 0.0], [1.0, 1.0, 0.0]]
    """
    decided = (result == 1) | (result == -1)
    decided &= ~np.isnan(profit) & ~np.isnan(stake)
    return np.where(decided, profit, 0.0), np.where(decided, stake, 0.0)


def win_rate(wins: ArrayLike, decided: ArrayLike) -> float:
    """Bets won over bets won or lost; n of either, by bet or by night.

    >>> win_rate([1.0, 0.0, 0.0], [1.0, 1.0, 0.0])
    0.5
    """
    return _ratio((np.asarray(wins, dtype="float64"), np.asarray(decided, dtype="float64")))


def win_rate_rows(result: Floats) -> Rows:
    """Whether each bet was won, and whether it was won or lost; pushes and voids are in neither.

    The result is 1 won, -1 lost, 0 push, NaN void.

    >>> [part.tolist() for part in win_rate_rows(np.array([1.0, -1.0, 0.0, np.nan]))]
    [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """
    return (result == 1).astype("float64"), ((result == 1) | (result == -1)).astype("float64")


def clv(values: ArrayLike) -> float:
    """Mean closing line value of the bets that have one: `values` is ``odds * q_close - 1`` of each bet, n.

    >>> clv([0.02, -0.04])
    -0.01
    """
    return _ratio(clv_rows(np.asarray(values, dtype="float64")))


def clv_rows(values: Floats) -> Rows:
    """Closing line value of each bet, and 1 where there is one.

    >>> [part.tolist() for part in clv_rows(np.array([0.02, np.nan]))]
    [[0.02, 0.0], [1.0, 0.0]]
    """
    return _known(values)


def given_no_push(table: pd.DataFrame) -> Floats:
    """P(over | no push) of each row of ``p_over`` and ``p_under``, n; NaN without a forecast, or where all is push.

    >>> import pandas as pd
    >>> given_no_push(pd.DataFrame({"p_over": [0.3, 0.0], "p_under": [0.6, 0.0]})).round(3).tolist()
    [0.333, nan]
    """
    over, under = (table[name].to_numpy(dtype="float64") for name in ("p_over", "p_under"))
    chance: Floats = np.divide(over, over + under, out=np.full_like(over, np.nan), where=over + under > 0)
    return chance


def brier_score(p: ArrayLike, y: ArrayLike) -> float:
    """Mean squared difference of probability, P(over | no push), and result, 1 over, 0 under; n of either.

    >>> brier_score([0.5, 0.75], [0.0, 1.0])
    0.15625
    """
    return _ratio(brier_score_rows(p, y))


def brier_score_rows(p: ArrayLike, y: ArrayLike) -> Rows:
    """Squared difference of each row, and 1.

    >>> [part.tolist() for part in brier_score_rows([0.5, 0.5], [0.0, float("nan")])]
    [[0.25, 0.0], [1.0, 0.0]]
    """
    return _known(np.square(_error(y, p)))


def log_loss(p: Floats, y: Floats) -> float:
    """Mean ``-log`` of the probability given to what happened (natural logarithm; p is kept off 0 and 1 by 1e-15).

    >>> log_loss(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    0.6931471805599453
    """
    return _ratio(log_loss_rows(p, y))


def log_loss_rows(p: ArrayLike, y: ArrayLike) -> Rows:
    """``-log`` of the probability given to what happened, and 1, for each row.

    >>> [part.round(3).tolist() for part in log_loss_rows([0.5, 0.5], [0.0, float("nan")])]
    [[0.693, 0.0], [1.0, 0.0]]
    """
    chance, result = np.asarray(p, dtype="float64"), np.asarray(y, dtype="float64")
    given = np.where(np.isnan(result), np.nan, np.where(result > 0.5, chance, 1.0 - chance))
    return _known(-np.log(np.clip(given, _CLIP, 1.0)))


def quantile_bins(p: Floats, bins: int = _BINS) -> Ints:
    """Bin of each probability, n, from 0: as even in number as equal probabilities, which share a bin, allow.

    A group of equal ones lies where its middle rank does; empty bins are dropped.

    >>> quantile_bins(np.array([0.1, 0.9, 0.1, 0.5]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    _, group, sizes = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(sizes) - (sizes - 1) / 2.0)[group]
    place = np.floor((rank - 0.5) * min(bins, len(p)) / max(len(p), 1))
    numbered: Ints = np.unique(place, return_inverse=True)[1].astype("int64")
    return numbered


def calibration_error(p: Floats, y: Floats, bins: int = _BINS) -> float:
    """Expected calibration error: count-weighted mean of abs(mean p - mean y) over equal-count bins of p.

    Equal probabilities share a bin (`quantile_bins`), so that the order of the rows does not matter.

    >>> calibration_error(np.array([0.25, 0.25, 0.75, 0.75]), np.array([0.0, 1.0, 1.0, 1.0]), bins=2)
    0.25
    """
    gap = np.bincount(quantile_bins(p, bins), weights=p - y)
    return float(np.abs(gap).sum() / len(p))


def expected_maximum(n: int) -> float:
    """Expected largest of `n` independent standard normal values, in standard deviations; 0 for one.

    ``(1 - g) Z(1 - 1/n) + g Z(1 - 1/(n e))``, g Euler's constant, Z the normal quantile: within 3 % of the true value
    from five values on. Source: Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equation 6.

    >>> round(expected_maximum(10), 3), expected_maximum(1)
    (1.575, 0.0)
    """
    if n < 2:
        return 0.0
    from scipy.special import ndtri

    return float((1.0 - _EULER) * ndtri(1.0 - 1.0 / n) + _EULER * ndtri(1.0 - 1.0 / (n * np.e)))


def _error(actual: ArrayLike, predicted: ArrayLike) -> Floats:
    error: Floats = np.asarray(predicted, dtype="float64") - np.asarray(actual, dtype="float64")
    return error


def _known(values: Floats) -> Rows:
    known = ~np.isnan(values)
    return np.where(known, values, 0.0), known.astype("float64")


def _ratio(rows: Rows) -> float:
    total = float(rows[1].sum())
    return float(rows[0].sum()) / total if total else math.nan
