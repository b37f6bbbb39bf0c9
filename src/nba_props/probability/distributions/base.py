"""What every predictive distribution offers: a CDF of the whole-number result, and a prop's three probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats, Ints
from nba_props.errors import DataError, NotEnoughDataError

MIN_FIT_ROWS = 100
"""Out-of-sample rows below which no distribution is fitted."""

_TIER_EDGES = (18.0, 30.0)


class PredictiveDistribution(ABC):
    """Distribution of a result given its forecast and the group of its player.

    Results are whole numbers; ``P(Y <= value)`` is a step function, and a push on a whole line has a probability. A
    subclass has `_fit` and `_cdf`; checks, group codes and the three probabilities of a line are here.
    """

    _names: Ints

    def fit(self, y: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn from results and their out-of-sample forecasts.

        Args:
            y: Results, n; rows without a result or a forecast (NaN) are left out.
            mu: Forecasts made before the result was known, n.
            groups: Whole number per row (minutes tier), n; None is one group.

        Raises:
            NotEnoughDataError: Fewer than `MIN_FIT_ROWS` usable rows.
        """
        result, forecast = _floats(y), _floats(mu)
        label = _labels(groups, len(result))
        known = ~(np.isnan(result) | np.isnan(forecast))
        if known.sum() < MIN_FIT_ROWS:
            message = f"{int(known.sum())} out-of-sample results; a distribution needs {MIN_FIT_ROWS}."
            raise NotEnoughDataError(message)
        self._names, code = np.unique(label[known], return_inverse=True)
        self._fit(result[known], forecast[known], code.astype("int64"))
        return self

    def cdf(self, value: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None) -> Floats:
        """P(Y <= value) at forecasts `mu`, all of shape n; NaN where the forecast is."""
        whole = np.floor(_floats(value))
        level = self.level(whole + 0.5, mu, groups)
        return np.where(np.isnan(level) | (whole >= 0), level, 0.0)

    def level(self, edge: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None) -> Floats:
        """The CDF continued between whole numbers: ``level(k + 0.5)`` is P(Y <= k); all of shape n.

        What stretches or moves a distribution of counts reads it between its steps. NaN where the forecast is.
        """
        return self.reader(mu, groups)(edge)

    def reader(self, mu: ArrayLike, groups: ArrayLike | None = None) -> Callable[[ArrayLike], Floats]:
        """`level` at forecasts `mu` of `groups` (n), to be asked for several edges (n each)."""
        forecast = _floats(mu)
        label = _labels(groups, len(forecast))
        # A group never seen in fitting gets the nearest one that was: tiers are ordered.
        code = np.abs(label[:, None] - self._names[None, :]).argmin(axis=1).astype("int64")
        missing, cdf = np.isnan(forecast), self._reader(forecast, code)
        return lambda edge: np.where(missing, np.nan, cdf(_floats(edge) - 0.5))

    def over_push_under(
        self, line: ArrayLike, mu: ArrayLike, groups: ArrayLike | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """P(over), P(push), P(under) of each line; they sum to 1 and are NaN where the forecast is."""
        at = _floats(line)
        not_over = self.cdf(np.floor(at), mu, groups)
        whole = np.floor(at) == at
        under = not_over.copy()
        rows = np.flatnonzero(whole)
        label = None if groups is None else np.asarray(groups)[rows]
        under[rows] = self.cdf(at[rows] - 1.0, _floats(mu)[rows], label)
        push = np.maximum(not_over - under, 0.0)
        return 1.0 - under - push, push, under

    @abstractmethod
    def _fit(self, y: Floats, mu: Floats, code: Ints) -> None: ...

    def _reader(self, mu: Floats, code: Ints) -> Callable[[Floats], Floats]:
        """`_cdf` at forecasts that stay the same; where they take work, a subclass does it once."""
        return lambda whole: self._cdf(whole, mu, code)

    @abstractmethod
    def _cdf(self, whole: Floats, mu: Floats, code: Ints) -> Floats:
        """P(Y <= whole), strictly between 0 and 1 where it can be; continued for what is not a whole number."""


def minutes_tier(mean_minutes: ArrayLike) -> Ints:
    """Tier of a player by mean minutes of the season so far: 0 under 18, 1 from 18, 2 from 30 (NaN: 0).

    >>> minutes_tier([12.0, 18.0, 34.0, float("nan")]).tolist()
    [0, 1, 2, 0]
    """
    minutes = np.nan_to_num(_floats(mean_minutes), nan=0.0)
    return np.searchsorted(np.asarray(_TIER_EDGES), minutes, side="right").astype("int64")


def _floats(values: ArrayLike) -> Floats:
    return np.atleast_1d(np.asarray(values, dtype="float64"))


def _labels(groups: ArrayLike | None, n: int) -> Ints:
    if groups is None:
        return np.zeros(n, dtype="int64")
    label = np.asarray(groups)
    if label.shape != (n,) or not np.issubdtype(label.dtype, np.integer):
        source = "groups"
        raise DataError(source, "not one whole number per row", fix="Give e.g. `minutes_tier(mean_minutes)`.", count=n)
    return label.astype("int64")
