"""The luck in a best: what the best of many runs would show if none were better than another."""

from __future__ import annotations

import math
from statistics import NormalDist, stdev
from typing import TYPE_CHECKING, Final

from mlflow_integration.metric_names import resolve_direction

if TYPE_CHECKING:
    from collections.abc import Sequence


_EULER: Final = 0.5772156649015329


def expected_maximum(trials: int) -> float:
    """Return the expected largest of `trials` independent standard normal values, in standard deviations.

    Approximation of Bailey and López de Prado, "The Deflated Sharpe Ratio" (2014), equation 6: exact for none, within 3
    % of the true value from five trials on; 0 for one trial, where nothing was chosen.
    """
    if trials < 2:
        return 0.0
    normal = NormalDist()
    return (1 - _EULER) * normal.inv_cdf(1 - 1 / trials) + _EULER * normal.inv_cdf(1 - 1 / (trials * math.e))


def deflated_best(values: Sequence[float], metric: str, *, mode: str | None = None) -> tuple[float, float | None]:
    """Return the best of `values` and that best less what choosing it among so many would gain by luck alone.

    The luck is `expected_maximum` of the number of values times their standard deviation: the part of a best that would
    be there if the runs differed by chance only. Runs that resemble each other are fewer trials than they count for, so
    the figure errs on the careful side.

    Args:
        values: The metric of every run tried; not empty.
        metric: Metric key, for the direction.
        mode: ``"min"`` or ``"max"`` where the name does not tell.

    Returns:
        The best, and the deflated best; None for the second with fewer than two runs.
    """
    sign = 1.0 if resolve_direction(metric, mode) == "max" else -1.0
    best = max(values) if sign > 0 else min(values)
    if len(values) < 2:
        return best, None
    luck = expected_maximum(len(values)) * stdev(values)
    return best, best - sign * luck
