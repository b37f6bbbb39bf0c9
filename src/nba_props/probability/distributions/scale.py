"""How the size of a forecast error depends on the forecast: variance as intercept plus slope times mu, by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from nba_props.arrays import Floats, Ints

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
    pooled = _fit_one(error, mu)
    rows = [np.flatnonzero(code == group) for group in range(n_groups)]
    fits = [_fit_one(error[part], mu[part]) if len(part) >= _OWN_FIT_ROWS else pooled for part in rows]
    return ScaleModel(np.array([fit[0] for fit in fits]), np.array([fit[1] for fit in fits]))


def _fit_one(error: Floats, mu: Floats) -> tuple[float, float]:
    size = np.maximum(mu, 0.0)
    weight = 1.0 / (size + 1.0)
    squared = np.square(error - error.mean())
    design = np.column_stack([np.ones_like(size), size]) * weight[:, None]
    # Two unknowns: the normal equations keep nnls at 2 x 2 however many rows there are.
    gram, target = design.T @ design, design.T @ (squared * weight)
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(2))
    solution, _ = nnls(root.T, np.linalg.solve(root, target))
    return float(solution[0]), float(solution[1])
