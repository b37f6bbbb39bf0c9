"""The one clock of everything that is learned from settled props: weekly, from dates before the week only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Bools

REFIT_DAYS: Final = 7


def refits(
    dates: ArrayLike, target_dates: ArrayLike | None = None, *, days: int = REFIT_DAYS
) -> Iterator[tuple[Bools, Bools]]:
    """For every period that has something to apply to: what was settled before it, and what it applies to.

    Periods are counted from a fixed day, so that adding earlier or later nights moves no boundary.

    >>> nights = ["2024-01-01", "2024-01-04"]
    >>> [(past.tolist(), now.tolist()) for past, now in refits(nights)]
    [([False, False], [True, False]), ([True, False], [False, True])]

    Args:
        dates: Date of each settled prop, n.
        target_dates: Date of each row that what was learned is applied to, m; `dates` by default.
        days: Length of a period.

    Yields:
        Masks of the past (n) and of the rows of the period (m), in time order.
    """
    day = _days(dates)
    target = day if target_dates is None else _days(target_dates)
    begin = target - target % days
    for start in np.unique(begin):
        yield day < start, begin == start


def _days(dates: ArrayLike) -> np.ndarray:
    return np.asarray(dates, dtype="datetime64[D]").astype("int64")
