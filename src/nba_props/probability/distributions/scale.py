"""How the size of a forecast error depends on the forecast: variance as intercept plus slope times mu, by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.optimize import nnls

from nba_props.arrays import Floats, Ints

T = TypeVar("T")

_OWN_FIT_ROWS = 300
_FLOOR = 0.25


@dataclass(frozen=True)
class ScaleModel:
    """``sd = sqrt(intercept_g + slope_g * mu)``, floored at half a unit.

    Attributes:
        intercept: One per group, stat units squared.
        slope: One per group, stat units.
    """

    intercept: Floats
    slope: Floats

    def at(self, mu: Floats, code: Ints) -> Floats:
        """Standard deviation of the error at forecasts `mu` (n) of groups `code` (n)."""
        return np.sqrt(np.maximum(self.intercept[code] + self.slope[code] * np.maximum(mu, 0.0), _FLOOR))


def fit_scale(error: Floats, mu: Floats, code: Ints, n_groups: int) -> ScaleModel:
    """Non-negative least squares of squared errors on (1, mu), by group; a group of few rows takes the pooled fit.

    Weighted by 1 / (mu + 1)**2, since the spread of squared errors grows with the variance itself. The error's mean
    within the group is taken out first: a median-like forecast of a skewed count is low on average.

    >>> mu = np.repeat([1.0, 4.0], 50)
    >>> model = fit_scale(np.tile([-1.0, 1.0], 50) * np.sqrt(mu), mu, np.zeros(100, dtype=int), 1)
    >>> model.at(np.array([9.0]), np.array([0])).round(2).tolist()
    [3.0]
    """
    fits = fits_by_group(_fit_one, code, n_groups, error, mu)
    return ScaleModel(np.array([fit[0] for fit in fits]), np.array([fit[1] for fit in fits]))


def fits_by_group(fit: Callable[..., T], code: Ints, n_groups: int, *values: Floats) -> list[T]:
    """`fit` of the rows of each group (arrays of n); a group of few rows takes the fit of all rows."""
    rows = [np.flatnonzero(code == group) for group in range(n_groups)]
    alone = [len(part) >= _OWN_FIT_ROWS for part in rows]
    pooled = [] if all(alone) else [fit(*values)]
    return [fit(*(each[part] for each in values)) if own else pooled[0] for part, own in zip(rows, alone, strict=True)]


def nonnegative_pair(columns: Floats, target: Floats, ridge: float) -> Floats:
    """Two non-negative weights, least squares of ``columns @ weights - target`` (columns n x 2).

    The normal equations keep nnls at 2 x 2 however many rows there are; `ridge`, relative to their trace, keeps them
    solvable.

    >>> columns = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> nonnegative_pair(columns, np.array([1.0, 3.0, 5.0]), 1e-9).round(4).tolist()
    [1.0, 2.0]
    """
    gram = columns.T @ columns
    root = np.linalg.cholesky(gram + ridge * np.trace(gram) * np.eye(2))
    weights: Floats = np.asarray(nnls(root.T, np.linalg.solve(root, columns.T @ target))[0], dtype="float64")
    return weights


def _fit_one(error: Floats, mu: Floats) -> tuple[float, float]:
    size = np.maximum(mu, 0.0)
    weight = 1.0 / (size + 1.0)
    squared = np.square(error - error.mean())
    design = np.column_stack([np.ones_like(size), size]) * weight[:, None]
    intercept, slope = nonnegative_pair(design, squared * weight, 1e-9)
    return float(intercept), float(slope)
