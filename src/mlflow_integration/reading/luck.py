"""The luck in a best: what the best of many runs would show if none were better than another."""

from __future__ import annotations

from statistics import stdev
from typing import TYPE_CHECKING

from nba_props.metrics import resolve_direction

if TYPE_CHECKING:
    from collections.abc import Sequence


def deflated_best(values: Sequence[float], metric: str, *, mode: str | None = None) -> tuple[float, float | None]:
    """Return the best of `values` and that best less what choosing it among so many would gain by luck alone.

    The luck is `expected_maximum` of the number of values times their standard deviation: the part of a best that would
    be there if the runs differed by chance only. Runs that resemble each other are fewer trials than they count for, so
    the figure errs on the careful side.

    >>> best, deflated = deflated_best([1.0, 2.0, 3.0], "roi")
    >>> best, round(deflated, 3)
    (3.0, 2.147)

    Args:
        values: The metric of every run tried; not empty.
        metric: Metric key, for the direction.
        mode: ``"min"`` or ``"max"`` where the table of metrics does not give it.

    Returns:
        The best, and the deflated best; None for the second with fewer than two runs.
    """
    sign = 1.0 if resolve_direction(metric, mode) == "max" else -1.0
    best = max(values) if sign > 0 else min(values)
    if len(values) < 2:
        return best, None
    from nba_props.metrics.definitions import expected_maximum  # numpy and scipy, which most readers never need

    luck = expected_maximum(len(values)) * stdev(values)
    return best, best - sign * luck
