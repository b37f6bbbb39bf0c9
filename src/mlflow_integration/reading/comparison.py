"""Metrics of several runs or versions in one table, with the better one named where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nba_props.errors import TrackingError
from nba_props.metrics import direction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


def side_by_side(values: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> pd.DataFrame:
    """Put metrics side by side.

    >>> table = side_by_side({"old": {"roi": 0.02}, "new": {"roi": 0.05}}, ["roi"])
    >>> table[["metric", "direction", "best", "change"]].to_numpy().tolist()
    [['roi', 'max', 'new', 'better']]

    Args:
        values: Column name to metrics.
        metrics: Rows of the table, in order.

    Returns:
        ``metric``, one column per entry of `values`, ``direction``, ``best`` and, for two columns, ``change``.

    Raises:
        TrackingError: Nobody has one of the metrics.
    """
    import pandas as pd

    names = list(values)
    known = sorted({name for each in values.values() for name in each})
    unknown = [metric for metric in metrics if metric not in known]
    if unknown:
        message = f"None of {', '.join(names)} has {', '.join(unknown)}; they have: {', '.join(known) or 'no metric'}."
        raise TrackingError(message)
    frame = pd.DataFrame(
        {name: [float(values[name].get(metric, "nan")) for metric in metrics] for name in names},
        index=pd.Index(list(metrics), name="metric"),
        dtype="float64",
    )
    frame["direction"] = pd.Series([direction(metric) for metric in metrics], index=frame.index, dtype="object")
    best = [_best(row, direction(metric)) for metric, row in frame[names].iterrows()]
    frame["best"] = pd.Series(best, index=frame.index, dtype="object")
    if len(names) == 2:
        change = [_change(row.iloc[0], row.iloc[1], direction(metric)) for metric, row in frame[names].iterrows()]
        frame["change"] = pd.Series(change, index=frame.index, dtype="object")
    return frame.reset_index()


def _best(values: pd.Series, better: str | None) -> str | None:
    if better is None or values.isna().any() or len(values) < 2:
        return None
    target = values.min() if better == "min" else values.max()
    holders = values.index[values == target]
    return str(holders[0]) if len(holders) == 1 else None


def _change(before: float, after: float, better: str | None) -> str | None:
    if better is None or before != before or after != after:  # noqa: PLR0124 - NaN
        return None
    if before == after:
        return "same"
    return "better" if (after < before) == (better == "min") else "worse"
