"""Moving a no-vig probability from one line to another without assuming a distribution.

The closing market says ``market_p_over`` at its line; the bet was taken at another line. The shape of results around
a line is read from settled props of the market: scaled residuals ``e = (actual - line) / sqrt(line)``. The result is
modelled as the nearest whole number to ``line + c + sqrt(line) e`` with the one shift ``c`` for which the probability
of over, given no push, is ``market_p_over`` at the market's line; then the same is read at the line taken. Whole
lines lose the mass of their push on both ends, so the shift is push-aware; nothing but the spread of past results is
assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.errors import NotEnoughDataError

MIN_SETTLED = 200
"""Settled props below which the shape is not known well enough to move a probability."""

_KNOTS = 513
_BISECTIONS = 50


@dataclass(frozen=True)
class LineShift:
    """Empirical shape of results around a line.

    Attributes:
        knots: Quantiles of the scaled residuals at equally spaced levels, strictly usable as an inverse CDF.
    """

    knots: Floats

    @classmethod
    def fit(cls, actual: ArrayLike, line: ArrayLike) -> LineShift:
        """Learn the shape from settled props.

        >>> shift = LineShift.fit(np.arange(400) % 41, np.full(400, 20.5))
        >>> len(shift.knots)
        513

        Args:
            actual: Results, n; NaN (voids) are left out.
            line: The market's line of each, n.

        Raises:
            NotEnoughDataError: Fewer than `MIN_SETTLED` settled props.
        """
        result, base = np.asarray(actual, dtype="float64"), np.asarray(line, dtype="float64")
        known = ~np.isnan(result) & ~np.isnan(base)
        if known.sum() < MIN_SETTLED:
            message = f"{int(known.sum())} settled props; moving a probability to another line needs {MIN_SETTLED}."
            raise NotEnoughDataError(message)
        residual = result[known] - base[known]
        order = np.lexsort((base[known], residual))  # by value, so that the order of the rows does not matter
        residual, scale = residual[order], _scale(base[known][order])
        # Results are whole numbers: each stands for the unit interval around it, spread evenly over a fixed pattern.
        spread = (np.arange(known.sum()) * 0.6180339887498949) % 1.0 - 0.5
        scaled = (residual + spread) / scale
        return cls(np.quantile(scaled, np.linspace(0.0, 1.0, _KNOTS)))

    def move(self, market_p_over: ArrayLike, line: ArrayLike, new_line: ArrayLike) -> Floats:
        """No-vig P(over | no push) at `new_line`, given that at `line`; all of shape n. NaN stays NaN.

        >>> shift = LineShift.fit(np.arange(410) % 41, np.full(410, 20.5))  # results from 0 to 40, all equally likely
        >>> shift.move([0.5, 0.5], [20.5, 20.5], [20.5, 24.5]).round(2).tolist()
        [0.5, 0.4]
        """
        known, old, new = (np.asarray(values, dtype="float64") for values in (market_p_over, line, new_line))
        scale = _scale(old)
        low = np.full(known.shape, -20.0) * scale
        high = -low
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2.0
            below = self._conditional(old, middle, old, scale) < known
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        moved = self._conditional(old, (low + high) / 2.0, new, scale)
        return np.where(np.isnan(known) | np.isnan(new), np.nan, np.where(old == new, known, moved))

    def _conditional(self, base: Floats, shift: Floats, line: Floats, scale: Floats) -> Floats:
        over = 1.0 - self._cdf((np.floor(line) + 0.5 - base - shift) / scale)
        under = self._cdf((np.ceil(line) - 0.5 - base - shift) / scale)
        total = over + under
        return np.divide(over, total, out=np.full_like(over, 0.5), where=total > 0)

    def _cdf(self, value: Floats) -> Floats:
        return np.interp(value, self.knots, np.linspace(0.0, 1.0, _KNOTS))


def _scale(line: Floats) -> Floats:
    return np.sqrt(np.maximum(line, 0.5))
