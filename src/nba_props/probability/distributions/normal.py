"""Normal distribution with a spread that depends on the forecast: the plain reference the others must beat."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from nba_props.arrays import Floats, Ints
from nba_props.probability.distributions.base import PredictiveDistribution
from nba_props.probability.distributions.scale import ScaleModel, fit_scale


class NormalDistribution(PredictiveDistribution):
    """``Y ~ Normal(mu + bias_g, intercept_g + slope_g mu)``, read at half points, by group."""

    def __init__(self) -> None:
        self._scale: ScaleModel
        self._bias: Floats

    def _fit(self, y: Floats, mu: Floats, code: Ints) -> None:
        n_groups = len(self._names)
        error = y - mu
        self._scale = fit_scale(error, mu, code, n_groups)
        self._bias = np.bincount(code, weights=error, minlength=n_groups) / np.bincount(code, minlength=n_groups)

    def _cdf(self, whole: Floats, mu: Floats, code: Ints) -> Floats:
        level: Floats = ndtr((whole + 0.5 - mu - self._bias[code]) / self._scale.at(mu, code))
        return level
