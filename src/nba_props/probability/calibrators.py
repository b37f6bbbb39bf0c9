"""Calibrators: maps from a model's probability to the frequency it came true with, fitted on earlier dates only.

A distribution can be right about all players and still too sure of itself on props: a line stands where the bookmaker
knows something that the forecast does not, and the further the forecast is from it the more often the line is right.
A calibrator fitted on settled props of earlier nights takes that into account.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from nba_props.arrays import Floats
from nba_props.errors import NotEnoughDataError
from nba_props.probability.refits import refits

MIN_CALIBRATION_ROWS: Final = 300
"""Settled props below which nothing is calibrated: such a probability is neither bet on nor scored."""

_EDGE: Final = 1e-6
_NEWTON_STEPS: Final = 50


class Calibrator(ABC):
    """A map of probabilities learnt from settled props."""

    def fit(self, p: ArrayLike, y: ArrayLike) -> Self:
        """Learn from probabilities `p` and 0/1 results `y` (n); rows with a NaN (push, void) are left out.

        Raises:
            NotEnoughDataError: Fewer than `MIN_CALIBRATION_ROWS` rows, or only one outcome among them.
        """
        chance, result = np.asarray(p, dtype="float64"), np.asarray(y, dtype="float64")
        known = ~(np.isnan(chance) | np.isnan(result))
        chance, result = chance[known], result[known]
        if len(result) < MIN_CALIBRATION_ROWS or result.min() == result.max():
            message = f"{len(result)} settled props; a calibrator needs {MIN_CALIBRATION_ROWS}, won and lost ones."
            raise NotEnoughDataError(message)
        self._fit(np.clip(chance, _EDGE, 1.0 - _EDGE), result)
        return self

    def transform(self, p: ArrayLike) -> Floats:
        """Calibrated probabilities, in (0, 1); NaN stays NaN."""
        chance = np.asarray(p, dtype="float64")
        mapped = self._transform(np.clip(np.nan_to_num(chance, nan=0.5), _EDGE, 1.0 - _EDGE))
        return np.where(np.isnan(chance), np.nan, np.clip(mapped, _EDGE, 1.0 - _EDGE))

    @abstractmethod
    def _fit(self, p: Floats, y: Floats) -> None: ...

    @abstractmethod
    def _transform(self, p: Floats) -> Floats: ...


class PlattCalibrator(Calibrator):
    """Logistic regression on the log-odds: ``logit(c) = a logit(p) + b`` (Platt 1999), two parameters.

    Args:
        prior: Weight, in settled props, of the belief that p is right (a = 1, b = 0).
    """

    def __init__(self, prior: float = 20.0) -> None:
        self.prior = prior
        self._weights: Floats

    def _fit(self, p: Floats, y: Floats) -> None:
        design = np.column_stack([logit(p), np.ones_like(p)])
        self._weights = logistic(design, y, np.array([1.0, 0.0]), self.prior)

    def _transform(self, p: Floats) -> Floats:
        return expit(self._weights[0] * logit(p) + self._weights[1])


class BetaCalibrator(Calibrator):
    """``logit(c) = a log p - b log(1 - p) + m`` (Kull, Silva Filho and Flach 2017), three parameters.

    Args:
        prior: Weight, in settled props, of the belief that p is right (a = b = 1, m = 0).
    """

    def __init__(self, prior: float = 20.0) -> None:
        self.prior = prior
        self._weights: Floats

    def _fit(self, p: Floats, y: Floats) -> None:
        self._weights = logistic(self._design(p), y, np.array([1.0, 1.0, 0.0]), self.prior)
        if (self._weights[:2] < 0).any():
            # A falling map cannot be told from noise: the parameter is dropped, as the authors do.
            dropped = self._weights[:2] < 0
            free = np.r_[~dropped, True]
            start = np.array([1.0, 1.0, 0.0])[free]
            self._weights = np.zeros(3)
            self._weights[free] = logistic(self._design(p)[:, free], y, start, self.prior)
            self._weights[:2] = np.maximum(self._weights[:2], 0.0)

    def _transform(self, p: Floats) -> Floats:
        return expit(self._design(p) @ self._weights)

    def _design(self, p: Floats) -> Floats:
        return np.column_stack([np.log(p), -np.log1p(-p), np.ones_like(p)])


class IsotonicCalibrator(Calibrator):
    """Increasing step function by pool-adjacent-violators, joined linearly between the middles of its steps.

    Every step is drawn towards its overall mean by one win and one loss' worth of props, so that it never says 0 or 1.
    """

    def __init__(self) -> None:
        self._knots: Floats
        self._levels: Floats

    def _fit(self, p: Floats, y: Floats) -> None:
        order = np.argsort(p, kind="stable")
        distinct, inverse, counts = np.unique(p[order], return_inverse=True, return_counts=True)
        means = np.bincount(inverse, weights=y[order]) / counts
        fit = isotonic_regression(means, weights=counts.astype("float64"))
        starts = fit.blocks[:-1]
        weight = np.add.reduceat(counts, starts).astype("float64")
        self._knots = np.add.reduceat(distinct * counts, starts) / weight
        self._levels = (fit.x[starts] * weight + 2.0 * y.mean()) / (weight + 2.0)
        # The shrinkage of small steps may undo their order by a hair; a running maximum restores it.
        self._levels = np.maximum.accumulate(self._levels)

    def _transform(self, p: Floats) -> Floats:
        return np.interp(p, self._knots, self._levels)


CALIBRATORS: Final[dict[str, Callable[[], Calibrator]]] = {
    "beta": BetaCalibrator,
    "isotonic": IsotonicCalibrator,
    "platt": PlattCalibrator,
}
"""Name of a setting -> maker of the calibrator."""


def walk_forward_calibration(
    p: ArrayLike,
    y: ArrayLike,
    dates: ArrayLike,
    make: Callable[[], Calibrator] = PlattCalibrator,
    *,
    apply_to: tuple[ArrayLike, ArrayLike] | None = None,
) -> Floats:
    """Calibrate every probability with what was settled on earlier dates; refitted weekly.

    >>> walk_forward_calibration([0.6, 0.4], [1.0, 0.0], ["2024-01-01", "2024-01-02"]).tolist()  # too few to learn from
    [nan, nan]

    Args:
        p: P(over | no push) of each prop, n, any order.
        y: 1 over, 0 under, NaN push or void, n.
        dates: Date of each prop, n.
        make: Makes a fresh calibrator.
        apply_to: Other probabilities to calibrate and their dates, m each; `p` itself by default.

    Returns:
        Calibrated probabilities, n (or m); NaN until `MIN_CALIBRATION_ROWS` props of earlier dates are settled: a
        probability that nothing was learned about is not bet on.
    """
    chance, result = np.asarray(p, dtype="float64"), np.asarray(y, dtype="float64")
    target, target_dates = (chance, dates) if apply_to is None else (np.asarray(apply_to[0], "float64"), apply_to[1])
    calibrated = np.full(len(target), np.nan)
    for past, now in refits(dates, target_dates):
        try:
            calibrator = make().fit(chance[past], result[past])
        except NotEnoughDataError:
            continue
        calibrated[now] = calibrator.transform(target[now])
    return calibrated


def over_results(actual: ArrayLike, line: ArrayLike) -> Floats:
    """1 over, 0 under, NaN push or void (a missing result), n.

    >>> over_results([12.0, 8.0, 10.0, np.nan], [10.0] * 4).tolist()
    [1.0, 0.0, nan, nan]
    """
    margin = np.asarray(actual, dtype="float64") - np.asarray(line, dtype="float64")
    return np.where(np.isnan(margin) | (margin == 0), np.nan, (margin > 0).astype("float64"))


def logistic(design: Floats, y: Floats, start: Floats, prior: float | Floats) -> Floats:
    """Logistic regression by Newton's method, held towards `start` by a penalty worth `prior` rows (one, or k).

    >>> y = np.array([1.0, 1.0, 1.0, 0.0])
    >>> logistic(np.ones((4, 1)), y, np.zeros(1), 0.0).round(4).tolist()  # the log-odds of 3 in 4
    [1.0986]
    """
    weights = start.copy()
    penalty = np.diag(np.broadcast_to(prior, len(start))) / 4.0  # a row at p = 1/2 adds at most 1/4 to the curvature
    for _ in range(_NEWTON_STEPS):
        chance = expit(design @ weights)
        gradient = design.T @ (chance - y) + penalty @ (weights - start)
        curvature = design.T @ (design * (chance * (1.0 - chance))[:, None]) + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    return weights


def logit(p: Floats) -> Floats:
    """Log-odds of probabilities inside (0, 1).

    >>> logit(np.array([0.5, 0.75])).round(4).tolist()
    [0.0, 1.0986]
    """
    odds: Floats = np.log(p) - np.log1p(-p)
    return odds


def expit(value: Floats) -> Floats:
    """Probabilities of log-odds.

    >>> expit(np.array([0.0, 1.0986])).round(3).tolist()
    [0.5, 0.75]
    """
    chance: Floats = 1.0 / (1.0 + np.exp(-np.clip(value, -35.0, 35.0)))
    return chance
