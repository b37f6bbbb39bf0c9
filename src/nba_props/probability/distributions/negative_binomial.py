"""Negative binomial with a mean and a dispersion that depend on the forecast: counts as counts."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from nba_props.arrays import Floats, Ints
from nba_props.probability.distributions.base import PredictiveDistribution
from nba_props.probability.distributions.scale import fits_by_group, nonnegative_pair

_LEAST_MEAN = 0.02
_LEAST_EXCESS = 1e-4
_LEAST_COUNT = 1e-9


class NegativeBinomialDistribution(PredictiveDistribution):
    """``Y ~ NB(mean m, variance m + m (a_g + b_g m))`` with ``m = c_g + d_g mu``, by group.

    The mean is regressed on the forecast, because a median-like forecast of a skewed count lies below its mean. With
    ``b = 0`` this is the NB1 form, with ``a = 0`` the NB2 form (Cameron and Trivedi, Regression Analysis of Count Data,
    3.3); both parts are fitted by non-negative least squares of the squared errors. Without excess variance it is
    (nearly) a Poisson.
    """

    def __init__(self) -> None:
        self._mean: Floats
        self._excess: Floats

    def _fit(self, y: Floats, mu: Floats, code: Ints) -> None:
        fits = fits_by_group(_fit_one, code, len(self._names), y, mu)
        self._mean = np.array([mean for mean, _ in fits])
        self._excess = np.array([excess for _, excess in fits])

    def _cdf(self, whole: Floats, mu: Floats, code: Ints) -> Floats:
        mean = _linear(self._mean[code].T, mu)
        excess = np.maximum(_linear(self._excess[code].T, mean, least=0.0), _LEAST_EXCESS)
        size = mean / excess
        # P(Y <= k) of a negative binomial is a regularised incomplete beta function (NIST DLMF 8.17).
        level: Floats = betainc(size, np.maximum(whole + 1.0, _LEAST_COUNT), size / (size + mean))
        return level


def _fit_one(y: Floats, mu: Floats) -> tuple[Floats, Floats]:
    design = np.column_stack([np.ones_like(mu), mu])
    coefficients: Floats = np.linalg.lstsq(design, y, rcond=None)[0].astype("float64")
    mean = _linear(coefficients, mu)
    weight = 1.0 / (mean + 1.0)
    excess = (np.square(y - mean) - mean) * weight
    columns = np.column_stack([mean, np.square(mean)]) * weight[:, None]
    return coefficients, nonnegative_pair(columns, excess, 1e-12)


def _linear(coefficients: Floats, value: Floats, least: float = _LEAST_MEAN) -> Floats:
    line: Floats = np.maximum(coefficients[0] + coefficients[1] * value, least)
    return line
