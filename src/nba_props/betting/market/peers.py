"""What the other bookmakers showed for the same player, game and market at the moment a quote was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nba_props.arrays import Bools, Floats, Ints
from nba_props.betting.frames import PROP_GROUP, group_codes, row_medians, utc_nanoseconds


@dataclass(frozen=True)
class PeerView:
    """Medians over the other books, one entry per quote; NaN where no other book had a usable quote.

    Attributes:
        line: Median of the others' lines.
        count: Number of other books.
        against: Number of those whose line and prices the quote contradicts.
        previous_line: Median of the others' lines at this book's previous quote of the same prop.
        unchanged: The book's previous quote of the prop had the same line and the same prices.
    """

    line: Floats
    count: Ints
    against: Ints
    previous_line: Floats
    unchanged: Bools


class PeerGrid:
    """Latest quote of every book at every moment at which a prop was quoted.

    A grid of moments (prop and time stamp) by books; a book's last quote is carried forward within the prop for at
    most `max_age_hours`. Quotes of later time stamps are never looked at.

    Args:
        quotes: Quotes table, n rows.
        market_p_over: No-vig P(over) of each quote, n.
        density: Change of P(over) per point of the line, n: puts quotes at different lines on one scale.
        tolerance: Difference in P(over) at which one quote contradicts another.
        member: Rows that may speak (n): at most one of each (prop, time, book).
        max_age_hours: How long a quote stands when the book is not seen again.
    """

    def __init__(
        self,
        quotes: pd.DataFrame,
        market_p_over: Floats,
        density: Floats,
        member: Bools,
        *,
        tolerance: float,
        max_age_hours: float,
    ) -> None:
        self._market_p_over, self._density, self._tolerance = market_p_over, density, tolerance
        self._line = quotes["line"].to_numpy(dtype="float64")
        # Where each quote's book sees even chances.
        self._centre = self._line + (market_p_over - 0.5) / density
        self._over = quotes["over_price"].to_numpy(dtype="float64")
        self._under = quotes["under_price"].to_numpy(dtype="float64")
        prop = group_codes(quotes, PROP_GROUP)
        time = utc_nanoseconds(quotes["observed_at"])
        self._book = quotes["bookmaker"].factorize(use_na_sentinel=False)[0].astype("int64")
        self._n_books = int(self._book.max()) + 1 if len(self._book) else 0
        order = np.lexsort((time, prop))
        new = np.r_[True, (prop[order][1:] != prop[order][:-1]) | (time[order][1:] != time[order][:-1])]
        self._slot = np.empty(len(prop), dtype="int64")
        self._slot[order] = np.cumsum(new) - 1
        first = order[new]
        self._slot_prop, self._slot_time = prop[first], time[first]
        self._now = self._rows_by_slot_and_book(member)
        self._carried = self._carry_forward(int(max_age_hours * 3_600_000_000_000))

    def _rows_by_slot_and_book(self, member: Bools) -> Ints:
        grid = np.full((len(self._slot_prop), self._n_books), -1, dtype="int64")
        rows = np.flatnonzero(member)
        grid[self._slot[rows], self._book[rows]] = rows
        return grid

    def _carry_forward(self, max_age: int) -> Ints:
        """For each moment and book the row of its last quote of the prop, or -1."""
        moments = np.arange(len(self._slot_prop))
        last = np.maximum.accumulate(np.where(self._now >= 0, moments[:, None], -1), axis=0)
        start = np.searchsorted(self._slot_prop, self._slot_prop, side="left")
        known = (last >= start[:, None]) & (last >= 0)
        known &= self._slot_time[:, None] - self._slot_time[np.maximum(last, 0)] <= max_age
        rows = np.take_along_axis(self._now, np.maximum(last, 0), axis=0)
        return np.where(known, rows, -1)

    def view(self, trusted: Bools) -> PeerView:
        """Medians over the other books' quotes among the `trusted` rows (n), for every member quote."""
        n = len(self._line)
        line, previous = np.full(n, np.nan), np.full(n, np.nan)
        count, against = np.zeros(n, dtype="int64"), np.zeros(n, dtype="int64")
        unchanged = np.zeros(n, dtype=bool)
        usable = (self._carried >= 0) & trusted[np.maximum(self._carried, 0)]
        centres = np.where(usable, self._centre[np.maximum(self._carried, 0)], np.nan)
        lines = np.where(usable, self._line[np.maximum(self._carried, 0)], np.nan)
        for book in range(self._n_books):
            moments = np.flatnonzero(self._now[:, book] >= 0)
            rows = self._now[moments, book]
            others = np.arange(self._n_books) != book
            line[rows], count[rows] = row_medians(lines[moments][:, others])
            against[rows] = self._contradicted(rows, centres[moments][:, others])
            earlier = self._previous(moments, book)
            seen = earlier >= 0
            same = seen & self._same_quote(rows, np.maximum(earlier, 0))
            unchanged[rows] = same
            previous[rows[seen]] = line[earlier[seen]]
        return PeerView(line, count, against, previous, unchanged)

    def _contradicted(self, rows: Ints, centres: Floats) -> Ints:
        """How many of the others (n, books) put P(over) at the quote's line too far from the quote's own."""
        implied = 0.5 + self._density[rows, None] * (centres - self._line[rows, None])
        far = np.abs(self._market_p_over[rows, None] - np.clip(implied, 0.03, 0.97)) >= self._tolerance
        against: Ints = far.sum(axis=1).astype("int64")
        return against

    def _previous(self, moments: Ints, book: int) -> Ints:
        """Row of the book's quote before the one at each moment, same prop, still on offer; -1 if none."""
        before = np.where(moments > 0, self._carried[moments - 1, book], -1)
        same_prop = self._slot_prop[moments] == self._slot_prop[moments - 1]
        return np.where((moments > 0) & same_prop, before, -1)

    def _same_quote(self, rows: Ints, earlier: Ints) -> Bools:
        same: Bools = self._line[rows] == self._line[earlier]
        same &= self._over[rows] == self._over[earlier]
        same &= self._under[rows] == self._under[earlier]
        return same
