"""Quantile-regression distribution: a fan of quantiles of the result given the forecast, kept in order.

Each quantile is ``a + b mu + c sqrt(mu)``, by group, fitted by convolution-smoothed quantile regression (Fernandes,
Guerre and Horta 2021), whose gradient and curvature are closed forms, so that a few Newton steps solve it. Crossing
quantiles are put in order (rearrangement, Chernozhukov, Fernandez-Val and Galichon 2010), which can only bring them
nearer to the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from nba_props.arrays import Floats, Ints
from nba_props.probability.distributions.base import PredictiveDistribution
from nba_props.probability.distributions.scale import fit_scale, fits_by_group

_LEVELS: Final = np.r_[0.005, 0.02, np.arange(0.05, 0.96, 0.05), 0.98, 0.995]
_GOLDEN: Final = 0.6180339887498949
_FIT_ROWS: Final = 15_000
_NEWTON_STEPS: Final = 40
_CHUNK: Final = 100_000


class QuantileDistribution(PredictiveDistribution):
    """CDF interpolated through regressed quantiles; beyond the outermost ones the tails run out exponentially."""

    def __init__(self) -> None:
        self._coefficients: Floats

    def _fit(self, y: Floats, mu: Floats, code: Ints) -> None:
        # Each whole number stands for the unit interval around it.
        spread = y + (np.arange(len(y)) * _GOLDEN) % 1.0 - 0.5
        scale = fit_scale(y - mu, mu, code, len(self._names)).at(mu, code)
        self._coefficients = np.stack(fits_by_group(_quantile_fan, code, len(self._names), spread, mu, scale))

    def _cdf(self, whole: Floats, mu: Floats, code: Ints) -> Floats:
        result = np.empty(len(mu))
        for start in range(0, len(mu), _CHUNK):
            part = slice(start, start + _CHUNK)
            result[part] = _interpolated(self._quantiles(mu[part], code[part]), whole[part] + 0.5)
        return result

    def _reader(self, mu: Floats, code: Ints) -> Callable[[Floats], Floats]:
        if len(mu) > _CHUNK:
            return super()._reader(mu, code)
        quantiles = self._quantiles(mu, code)
        return lambda whole: _interpolated(quantiles, whole + 0.5)

    def _quantiles(self, mu: Floats, code: Ints) -> Floats:
        """Ordered quantiles at `_LEVELS`, (n, levels)."""
        return np.sort(np.einsum("ij,ijk->ik", _design(mu), self._coefficients[code]), axis=1)


def _quantile_fan(y: Floats, mu: Floats, scale: Floats) -> Floats:
    """Coefficients of every level's quantile, (3, levels), from at most `_FIT_ROWS` evenly spaced rows.

    Rows are divided by the spread expected at their forecast, which changes no quantile and makes one smoothing width
    right for small and large forecasts alike.
    """
    kept = np.unique(np.linspace(0, len(y) - 1, min(len(y), _FIT_ROWS)).astype("int64"))
    design, target = _design(mu[kept]) / scale[kept, None], y[kept] / scale[kept]
    coefficients: Floats = np.linalg.lstsq(design, target, rcond=None)[0].astype("float64")
    width = 1.06 * float((target - design @ coefficients).std()) * len(kept) ** (-0.2)
    fits = []
    for level in _LEVELS:
        coefficients = _smoothed_quantile(design, target, float(level), width, coefficients)
        fits.append(coefficients)
    return np.column_stack(fits)


def _design(mu: Floats) -> Floats:
    size = np.maximum(mu, 0.0)
    return np.column_stack([np.ones_like(size), size, np.sqrt(size)])


def _smoothed_quantile(design: Floats, y: Floats, level: float, width: float, start: Floats) -> Floats:
    """Minimise the pinball loss smoothed by a Gaussian kernel of `width`: Newton steps, halved until they descend."""
    columns = np.ascontiguousarray(design.T)
    at = _Smoothed.of(columns, y, level, width, start)
    for _ in range(_NEWTON_STEPS):
        gradient = columns @ (at.below - level)
        curvature = at.density / width + 1e-4 / width
        hessian = (columns * curvature) @ design
        # Forecasts that hardly vary cannot tell the three terms apart: a hair of ridge picks one of the equal answers.
        step = np.linalg.solve(hessian + 1e-9 * np.trace(hessian) * np.eye(len(gradient)), gradient)
        slope = float(gradient @ step)
        size = 1.0
        while size > 1e-4:
            trial = _Smoothed.of(columns, y, level, width, at.coefficients - size * step)
            if trial.loss <= at.loss - 1e-4 * size * slope:
                break
            size /= 2.0
        else:
            break
        gain, at = at.loss - trial.loss, trial
        if gain < 1e-9 * abs(at.loss):
            break
    return at.coefficients


@dataclass(frozen=True)
class _Smoothed:
    """The smoothed loss at some coefficients, and what its derivatives there are made of.

    Attributes:
        coefficients: k.
        below: P(quantile + width Z > y) of each row, Z standard Normal, n.
        density: Density of Z at the scaled residual, n.
        loss: Sum of E[pinball(residual + width Z)], up to a factor 1/2: half the mean absolute value.
    """

    coefficients: Floats
    below: Floats
    density: Floats
    loss: float

    @classmethod
    def of(cls, columns: Floats, y: Floats, level: float, width: float, coefficients: Floats) -> _Smoothed:
        """The loss of `y` (n) at `coefficients` (k) of the `columns` (k, n)."""
        scaled = (coefficients @ columns - y) / width
        below = ndtr(scaled)
        density = np.exp(-0.5 * np.square(scaled)) / np.sqrt(2.0 * np.pi)
        spread = scaled @ (below - 0.5) + density.sum()
        return cls(coefficients, below, density, float(width * (spread - (level - 0.5) * scaled.sum())))


def _interpolated(quantiles: Floats, value: Floats) -> Floats:
    """Level of `value` (n) among ordered quantiles (n, k) at `_LEVELS`."""
    k = len(_LEVELS)
    above = (quantiles <= value[:, None]).sum(axis=1)
    low, high = np.clip(above - 1, 0, k - 2), np.clip(above, 1, k - 1)
    rows = np.arange(len(value))
    left, right = quantiles[rows, low], quantiles[rows, high]
    gap = np.maximum(right - left, 1e-9)
    inside = _LEVELS[low] + (_LEVELS[high] - _LEVELS[low]) * np.clip((value - left) / gap, 0.0, 1.0)
    width = np.maximum((quantiles[:, -1] - quantiles[:, 0]) / 12.0, 1e-9)
    below = _LEVELS[0] * np.exp(np.minimum(value - quantiles[:, 0], 0.0) / width)
    beyond = 1.0 - (1.0 - _LEVELS[-1]) * np.exp(np.minimum(quantiles[:, -1] - value, 0.0) / width)
    level: Floats = np.where(above == 0, below, np.where(above == k, beyond, inside))
    return level
