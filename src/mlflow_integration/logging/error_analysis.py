"""Small tables computed from predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_integration.values.arguments import require_frame
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def error_analysis(
    predictions: pd.DataFrame,
    *,
    by: Sequence[str] | str | None = None,
    actual: str = "actual",
    predicted: str = "predicted",
) -> pd.DataFrame:
    """Summarise errors (actual minus predicted) over all rows and by each column of `by`.

    Returns:
        Columns ``group``, ``value``, ``n``, ``mean_error``, ``mae``, ``rmse``, ``abs_error_p90``; the first row is
        ``all``.

    Raises:
        TrackingError: A column is missing, or no row has both values.
    """
    import pandas as pd

    require_frame("The predictions", predictions)
    groups = [by] if isinstance(by, str) else list(by or [])
    lacking = [name for name in (actual, predicted, *groups) if name not in predictions.columns]
    if lacking:
        present = ", ".join(map(str, predictions.columns))
        message = f"The predictions have no column {', '.join(map(repr, lacking))}; they have: {present}."
        raise TrackingError(message)
    try:
        error = (predictions[actual].astype("float64") - predictions[predicted].astype("float64")).rename("error")
    except (TypeError, ValueError) as problem:
        message = f"{actual!r} and {predicted!r} must hold numbers ({problem})."
        raise TrackingError(message) from problem
    rows = error.notna()
    if not rows.any():
        message = "No row has both an actual and a predicted value."
        raise TrackingError(message)
    parts = [_summary(error[rows], pd.Series("all", index=error.index[rows]), "all")]
    parts += [_summary(error[rows], predictions.loc[rows, name], name) for name in groups]
    return pd.concat(parts, ignore_index=True)


def _summary(error: pd.Series, key: pd.Series, name: str) -> pd.DataFrame:
    grouped = error.groupby(key.to_numpy(), sort=True, dropna=False)
    absolute = error.abs().groupby(key.to_numpy(), sort=True, dropna=False)
    table = grouped.agg(n="size", mean_error="mean")
    table["mae"] = absolute.mean()
    table["rmse"] = np.sqrt((error**2).groupby(key.to_numpy(), sort=True, dropna=False).mean())
    table["abs_error_p90"] = absolute.quantile(0.9)
    table.insert(0, "value", table.index.astype(str))
    table.insert(0, "group", name)
    return table.reset_index(drop=True)
