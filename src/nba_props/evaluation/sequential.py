"""Looking every night without false alarms: a CUSUM whose bound is set by simulation for a whole season of looks.

Each night gives one number, the model's gain over a reference (above zero the model did better). Validation says what
gain to expect and how much it varies from night to night. A CUSUM adds up how far the nights fall short of it, less an
allowance, and never below zero (Page 1954). Its bound is the level that a sound model passes at most with the stated
probability in a whole season, found by simulating seasons of sound models whose validation was as short as this one's:
the expected gain is itself known only roughly, and that is in the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.errors import NotEnoughDataError

SEASON_NIGHTS: Final = 165
ALLOWANCE: Final = 0.25
"""Shortfall per night, in standard deviations, that is ignored."""
FALSE_ALARMS: Final = 0.05
"""Share of seasons in which a sound model may be accused, over all of its streams together."""
MIN_VALIDATION: Final = 20
_SEASONS: Final = 4000


@dataclass(frozen=True)
class Watch:
    """One stream of nightly gains against what validation promised.

    Attributes:
        level: The CUSUM after the last night, standard deviations.
        bound: What a sound model passes in few seasons.
        warning: What it passes in four times as many.
        since: Nights since the CUSUM was last zero: about when the shortfall began.
        nights: Nights looked at.
        expected: Gain that validation promised.
        mean: Mean gain of the nights.
    """

    level: float
    bound: float
    warning: float
    since: int
    nights: int
    expected: float
    mean: float

    @property
    def alarm(self) -> bool:
        """Whether the shortfall is beyond what chance explains."""
        return self.level > self.bound

    @property
    def warned(self) -> bool:
        """Whether it is on the way there."""
        return self.level > self.warning


def cusum(gains: ArrayLike, expected: float, spread: float, *, allowance: float = ALLOWANCE) -> Floats:
    """Accumulated shortfall after each night, standard deviations.

    >>> cusum([0.0, -1.0, -1.0, 2.0], 0.0, 1.0, allowance=0.25).tolist()
    [0.0, 0.75, 1.5, 0.0]

    Args:
        gains: One number per night, in order, m.
        expected: The gain that was promised.
        spread: Standard deviation of a night's gain.
        allowance: See `ALLOWANCE`.
    """
    level, path = 0.0, []
    for gain in np.asarray(gains, dtype="float64"):
        level = max(0.0, level + (expected - float(gain)) / spread - allowance)
        path.append(level)
    return np.array(path, dtype="float64")


@lru_cache(maxsize=64)
def bounds(validation_nights: int, streams: int, nights: int = SEASON_NIGHTS, seed: int = 0) -> tuple[float, float]:
    """Alarm and warning bound of a CUSUM: a sound model passes them in 5 % and 20 % of seasons, all streams together.

    Nights are drawn from a t distribution with 6 degrees of freedom: gains of a night have heavier tails than a normal.

    >>> alarm, warning = bounds(60, 2)
    >>> alarm > warning > 0
    True

    Args:
        validation_nights: Nights that the promise was measured on.
        streams: Streams watched for one model.
        nights: Nights of a season.
        seed: Seed.
    """
    generator = np.random.default_rng(seed)
    tail = np.sqrt(6.0 / 4.0)
    before = generator.standard_t(6, size=(_SEASONS, validation_nights)) / tail
    expected, spread = before.mean(axis=1), before.std(axis=1, ddof=1)
    level, highest = np.zeros(_SEASONS), np.zeros(_SEASONS)
    for _ in range(nights):
        gain = generator.standard_t(6, size=_SEASONS) / tail
        level = np.maximum(0.0, level + (expected - gain) / spread - ALLOWANCE)
        highest = np.maximum(highest, level)
    shares = [1.0 - share / streams for share in (FALSE_ALARMS, 4 * FALSE_ALARMS)]
    alarm, warning = np.quantile(highest, shares)
    return float(alarm), float(warning)


def watch(gains: ArrayLike, validation: ArrayLike, *, streams: int = 1, seed: int = 0) -> Watch:
    """Compare nightly gains with those of validation.

    >>> found = watch(np.full(40, -1.0), np.tile([0.9, 1.1], 30))
    >>> found.alarm, found.since
    (True, 40)

    Args:
        gains: Of the nights in use, in order, m.
        validation: Of the nights before the model was registered, n.
        streams: Streams watched for this model; each gets its share of the false alarms.
        seed: Of the simulated seasons.

    Raises:
        NotEnoughDataError: Under 20 nights of validation.
    """
    before, now = np.asarray(validation, dtype="float64"), np.asarray(gains, dtype="float64")
    before = before[np.isfinite(before)]
    if len(before) < MIN_VALIDATION:
        message = f"{len(before)} nights of validation; a promise needs {MIN_VALIDATION}."
        raise NotEnoughDataError(message)
    expected, spread = float(before.mean()), float(before.std(ddof=1)) or 1e-9
    path = cusum(now, expected, spread)
    zero = np.flatnonzero(path == 0.0)
    alarm, warning = bounds(len(before), streams, seed=seed)
    return Watch(
        level=float(path[-1]) if len(path) else 0.0,
        bound=alarm,
        warning=warning,
        since=len(path) - (int(zero[-1]) + 1 if len(zero) else 0),
        nights=len(now),
        expected=expected,
        mean=float(now.mean()) if len(now) else float("nan"),
    )
