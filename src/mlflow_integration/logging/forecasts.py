"""Forecasts and their outcomes, checked on entry: the tables and arrays that are drawn or tabulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_integration.values.arguments import require_frame
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlflow_integration.values.types import ArrayLike


def number_pairs(first: ArrayLike, second: ArrayLike, names: str) -> tuple[Any, Any]:
    """The rows in which both are finite numbers, as two float64 arrays of one length.

    Raises:
        TrackingError: Text, lengths that differ, or no such row.
    """
    try:
        a, b = np.asarray(first, dtype="float64").ravel(), np.asarray(second, dtype="float64").ravel()
    except (TypeError, ValueError) as error:
        message = f"{names}: numbers are needed ({error})."
        raise TrackingError(message) from error
    if a.size != b.size or not a.size:
        message = f"{names}: {a.size} and {b.size} values; both need the same number of values, at least one."
        raise TrackingError(message)
    keep = np.isfinite(a) & np.isfinite(b)
    if not keep.any():
        message = f"{names}: no row has both values."
        raise TrackingError(message)
    return a[keep], b[keep]


def calibration_table(outcome: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """`nba_props.metrics.tables.reliability_table` of 0/1 outcomes (n) and forecast probabilities (n).

    >>> table = calibration_table([1, 0, 1, 1], [0.6, 0.6, 0.9, 0.9], bins=2)
    >>> table[["p", "frequency", "n"]].to_dict("list")
    {'p': [0.6, 0.9], 'frequency': [0.5, 1.0], 'n': [2, 2]}

    Raises:
        TrackingError: Outcomes other than 0 and 1, numbers that are not probabilities, or fewer than one bin.
    """
    from nba_props.metrics.tables import reliability_table

    y, p = number_pairs(outcome, probability, "outcome and probability")
    if p.min() < 0 or p.max() > 1 or not np.isin(y, (0.0, 1.0)).all():
        message = "Calibration needs outcomes of 0 and 1 and probabilities between 0 and 1."
        raise TrackingError(message)
    if bins < 1:
        message = f"bins must be at least 1, not {bins}."
        raise TrackingError(message)
    return reliability_table(p, y, bins)


def class_pairs(actual: ArrayLike, predicted: ArrayLike, labels: Sequence[str]) -> tuple[Any, Any]:
    """Actual and predicted class indices of the rows that have both.

    Raises:
        TrackingError: A value that is not an index of `labels`.
    """
    y, f = number_pairs(actual, predicted, "actual and predicted classes")
    size = len(labels)
    whole = (y == y.astype(int)).all() and (f == f.astype(int)).all()
    if not whole or min(y.min(), f.min()) < 0 or max(y.max(), f.max()) >= size:
        message = f"Classes must be whole numbers from 0 to {size - 1}, one for each of {', '.join(labels)}."
        raise TrackingError(message)
    return y, f


def error_analysis(
    predictions: pd.DataFrame,
    *,
    by: Sequence[str] | str | None = None,
    actual: str = "actual",
    predicted: str = "predicted",
) -> pd.DataFrame:
    """`nba_props.metrics.tables.error_table` over all rows and by each column of `by`; the first row is ``all``.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"actual": [10.0, 20.0], "predicted": [11.0, 17.0], "venue": ["home", "away"]})
    >>> error_analysis(rows, by="venue")[["split", "value", "n", "mae"]].to_numpy().tolist()
    [['all', 'all', 2, 2.0], ['venue', 'away', 1, 3.0], ['venue', 'home', 1, 1.0]]

    Raises:
        TrackingError: A column is missing, or no row has both values.
    """
    from nba_props.metrics.tables import error_table

    require_frame("The predictions", predictions)
    groups = [by] if isinstance(by, str) else list(by or [])
    lacking = [name for name in (actual, predicted, *groups) if name not in predictions.columns]
    if lacking:
        present = ", ".join(map(str, predictions.columns))
        message = f"The predictions have no column {', '.join(map(repr, lacking))}; they have: {present}."
        raise TrackingError(message)
    try:
        happened, forecast = (predictions[name].astype("float64") for name in (actual, predicted))
    except (TypeError, ValueError) as problem:
        message = f"{actual!r} and {predicted!r} must hold numbers ({problem})."
        raise TrackingError(message) from problem
    if not (happened.notna() & forecast.notna()).any():
        message = "No row has both an actual and a predicted value."
        raise TrackingError(message)
    splits = {"all": ["all"] * len(predictions), **{name: predictions[name] for name in groups}}
    return error_table(happened, forecast, splits)
