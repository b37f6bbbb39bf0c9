"""Where halving an interval ends, for a rising function, with a quarter of its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.special import ndtri

from nba_props.arrays import Floats, Ints

Chance = Callable[[Floats, Ints], Floats]
"""Values in [0, 1] at places (m) of rows (positions, m); of each row it never falls."""

_SECANTS: Final = 12
_THERE: Final = 1e-11
"""How near, in Normal quantiles, is near enough for the secants."""
_NEAR: Final = 2e-10
"""How far on both sides of where they end the function is asked once more."""
_MARGIN: Final = 1e-11
"""Places nearer to each other than this do not tell of each other: rounding may make a rising function fall there."""
_LEAST: Final = 1e-12


def halved(chance: Chance, goal: Floats, low: Floats, high: Floats, *, steps: int) -> Floats:
    """Halve each interval `steps` times towards where `chance` reaches `goal`; the middle of what is left, n.

    Secants come first. They tell on which side of the goal nearly all middles lie without asking: the chance rises, so
    whatever is below a place that is too low is too low. The result is that of plain halving, to the last bit.

    >>> from scipy.special import ndtr
    >>> goal, low, high = np.array([0.5, 0.9]), np.full(2, -8.0), np.full(2, 8.0)
    >>> halved(lambda place, rows: ndtr(place - 1.0), goal, low, high, steps=40).round(6).tolist()
    [1.0, 2.281552]

    Args:
        chance: Of each row, at any place.
        goal: Wanted values, n; where it is NaN the result means nothing.
        low: Lower ends, n.
        high: Upper ends, n.
        steps: Halvings.
    """
    known = _Sides(chance, goal)
    place = known.near((low + high) / 2.0, high - low)
    every = np.flatnonzero(~np.isnan(goal))
    for beside in (place - _NEAR, place + _NEAR):
        known.ask(beside, every)
    for _ in range(steps):
        middle = (low + high) / 2.0
        over, rows = middle >= known.above, known.open_at(middle)
        over[rows] = ~(known.ask(middle, rows) < goal[rows])
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return (low + high) / 2.0


class _Sides:
    """What is known of n rising functions: the highest place below each goal, and the lowest one that is not."""

    def __init__(self, chance: Chance, goal: Floats) -> None:
        self._chance, self._goal = chance, goal
        self.below, self.above = np.full(len(goal), -np.inf), np.full(len(goal), np.inf)

    def ask(self, place: Floats, rows: Ints) -> Floats:
        """The values of some rows (m) at their `place` (n); on which side of the goal they are is remembered."""
        if not len(rows):
            return np.empty(0)
        asked = place[rows]
        value = self._chance(asked, rows)
        short = value < self._goal[rows]
        self.below[rows] = np.where(short, np.maximum(self.below[rows], asked), self.below[rows])
        self.above[rows] = np.where(short, self.above[rows], np.minimum(self.above[rows], asked))
        return value

    def open_at(self, place: Floats) -> Ints:
        """The rows of which nothing tells yet on which side of the goal `place` (n) is."""
        told = (place < self.below - _MARGIN) | (place > self.above + _MARGIN) | np.isnan(self._goal)
        return np.flatnonzero(~told)

    def near(self, place: Floats, width: Floats) -> Floats:
        """The place of each goal by secants on the scale of Normal quantiles, where a chance is nearly a line.

        The search begins at `place`, n, within `width`, n.
        """
        place, wanted = place.copy(), ndtri(self._goal)
        before, distance_before = place.copy(), np.full(len(place), np.nan)
        best, least = place.copy(), np.full(len(place), np.inf)
        rows = np.flatnonzero(~np.isnan(wanted))
        for _ in range(_SECANTS):
            distance = ndtri(np.clip(self.ask(place, rows), _LEAST, 1.0 - _LEAST)) - wanted[rows]
            nearer = np.abs(distance) < least[rows]
            best[rows] = np.where(nearer, place[rows], best[rows])
            least[rows] = np.where(nearer, np.abs(distance), least[rows])
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = (distance - distance_before[rows]) / (place[rows] - before[rows])
                moved = place[rows] - distance / np.where(slope > 0, slope, 20.0 / width[rows])
            before[rows], distance_before[rows] = place[rows], distance
            inside = (moved > self.below[rows]) & (moved < self.above[rows])
            place[rows] = np.where(inside, moved, self._between(best, rows))
            rows = rows[(least[rows] > _THERE) & np.isfinite(distance)]
        return best

    def _between(self, place: Floats, rows: Ints) -> Floats:
        """The middle of what is known of some rows; `place` where one of the sides is not."""
        low, high = (np.where(np.isfinite(side[rows]), side[rows], np.nan) for side in (self.below, self.above))
        middle = (low + high) / 2.0
        return np.where(np.isnan(middle), place[rows], middle)
