"""What was known before a date: the only way from a game to the games behind it.

Every feature that looks back does it through `Log.before`, whose comparison is strict: a game of the same date is
never seen, whoever played it. A `Past` built on it reads lags, totals and states; no other module compares dates.

Running totals restart with every entity and are added in time order, so a value never depends, not even in its last
bit, on later games or on the games of another player or team.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints

_SPAN: Final = 1 << 20
"""More than any day number (days since 1970) or season code: entity and day share one sortable integer."""

TOGETHER: Final = 8
"""Columns that are added up at a time: a row of eight is a line of the processor's cache, and what lies between stays
small beside the feature table."""


def masked_ratio(numerator: Floats, denominator: Floats) -> Floats:
    """`numerator / denominator`, NaN where the denominator is not positive.

    >>> masked_ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def group_totals(group: Ints, size: int, values: Floats) -> Floats:
    """Column sums of `values` (rows, columns) within each of `size` groups, added in row order.

    >>> group_totals(np.array([0, 1, 0]), 2, np.array([[1.0], [2.0], [3.0]])).tolist()
    [[4.0], [2.0]]
    """
    return np.column_stack([np.bincount(group, weights=column, minlength=size) for column in values.T])


class Log:
    """Games of many entities (players, teams, the league), sorted by entity and then by day.

    Each game has the code 0..n-1 of its entity, its day since 1970 and a season code that never falls within an entity.
    """

    def __init__(self, entity: Ints, day: Ints, season: Ints) -> None:
        self._by_day = entity * _SPAN + day
        self._by_season = entity * _SPAN + season
        self.entity = entity
        self.size = len(entity)

    def first(self, entity: Ints) -> Ints:
        """Position of the first game of each entity."""
        return np.searchsorted(self.entity, entity, side="left").astype(np.int64)

    def before(self, entity: Ints, day: Ints) -> Ints:
        """Position one past the last game of `entity` on a date strictly before `day`."""
        return np.searchsorted(self._by_day, entity * _SPAN + day, side="left").astype(np.int64)

    def season_start(self, entity: Ints, season: Ints) -> Ints:
        """Position of the first game of `entity` that does not belong to a season before `season`."""
        return np.searchsorted(self._by_season, entity * _SPAN + season, side="left").astype(np.int64)

    def past(self, entity: Ints, day: Ints) -> Past:
        """All games of `entity` on dates strictly before `day`."""
        first = self.first(entity)
        return Past(self, first, first, self.before(entity, day))

    @cached_property
    def _steps(self) -> tuple[Ints, list[tuple[int, int, int]]]:
        """Row order that puts the k-th games of all entities together, longest logs first, and its slices.

        Each slice (start, stop, previous) continues the first `stop - start` rows of the slice at `previous`.
        """
        first = self.first(self.entity)
        ordinal = np.arange(self.size) - first
        length = np.searchsorted(self.entity, self.entity, side="right") - first
        order = np.lexsort((self.entity, -length, ordinal))
        edges = np.concatenate([[0], np.cumsum(np.bincount(ordinal))]).tolist()
        slices = list(zip(edges[1:-1], edges[2:], edges[:-2], strict=True))
        return order.astype(np.int64), slices

    def running(self, values: Floats, decay: Floats | float = 1.0) -> Floats:
        """Decayed total of each column of `values` (games, columns) up to and including each game.

        With the default decay of 1 it is a plain running total.
        """
        order, slices = self._steps
        stepped = values[order]
        for start, stop, previous in slices:
            stepped[start:stop] += decay * stepped[previous : previous + stop - start]
        out = np.empty_like(stepped)
        out[order] = stepped
        return out


@dataclass(frozen=True)
class Past:
    """A stretch of earlier games for each query: positions `start` <= position < `end` of a log.

    Attributes:
        log: Where the games are.
        origin: Position of the first game of the query's entity.
        start: First position of the stretch.
        end: One past the last position of the stretch.
    """

    log: Log
    origin: Ints
    start: Ints
    end: Ints

    @property
    def count(self) -> Ints:
        """Number of games in the stretch."""
        return (self.end - self.start).astype(np.int64)

    def take(self, rows: Ints) -> Past:
        """The same stretches for a selection (or repetition) of the queries."""
        return Past(self.log, self.origin[rows], self.start[rows], self.end[rows])

    def since(self, start: Ints) -> Past:
        """The part of the stretch from position `start` on (a season's first game, say)."""
        return Past(self.log, self.origin, np.minimum(np.maximum(start, self.start), self.end), self.end)

    def until(self, end: Ints) -> Past:
        """The part of the stretch before position `end`; it can only be shortened."""
        return Past(self.log, self.origin, self.start, np.clip(end, self.start, self.end))

    def recent(self, games: int) -> Past:
        """The last `games` games of the stretch, fewer where there are fewer."""
        return self.since(self.end - games)

    def lag(self, values: Floats | Ints, games: int) -> Floats:
        """Value `games` games ago (1 is the last earlier game); NaN where the stretch is shorter."""
        position = self.end - games
        out = np.asarray(values, dtype=np.float64)[np.maximum(position, 0)]
        out[position < self.start] = np.nan
        return out

    def lags(self, values: Floats, games: int) -> Iterator[Floats]:
        """`lag(values, 1)`, `lag(values, 2)`, ... up to `games`."""
        for back in range(1, games + 1):
            yield self.lag(values, back)

    def _state(self, running: Floats, position: Ints) -> Floats:
        """Running total before the game at `position`: zero at the entity's first game."""
        out = running[np.maximum(position - 1, 0)]
        out[position <= self.origin] = 0.0
        return out

    def total(self, running: Floats) -> Floats:
        """Sum over the stretch, given `Log.running` of the values."""
        return self._state(running, self.end) - self._state(running, self.start)

    def state(self, running: Floats) -> Floats:
        """Decayed running total after the last game of the stretch; zero where there is none."""
        return self._state(running, self.end)


def league_before(day: Ints, values: Floats) -> Floats:
    """For each row the column sums of `values` (rows, columns) over all rows of strictly earlier dates.

    >>> league_before(np.array([1, 1, 2, 3]), np.array([[10.0], [20.0], [5.0], [1.0]]))[:, 0].tolist()
    [0.0, 0.0, 30.0, 35.0]
    """
    days, date = np.unique(day, return_inverse=True)
    nobody = np.zeros(len(days), dtype=np.int64)
    log = Log(nobody, days, nobody)
    daily = group_totals(date.astype(np.int64), len(days), values)
    return log.past(nobody, days).total(log.running(daily))[date]
