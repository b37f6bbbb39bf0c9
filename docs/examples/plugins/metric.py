"""Adds a metric: how often the forecast misses by ten or more."""

from __future__ import annotations

import pandas as pd

from nba_props.metrics import Metric, add_metric

FAR_OFF = 10.0


def big_miss_rate(predictions: pd.DataFrame, _ledger: pd.DataFrame) -> float | None:
    """Share of the out-of-sample forecasts that miss by ten or more; the bets are not needed."""
    if predictions.empty:
        return None
    return float(((predictions["predicted"] - predictions["actual"]).abs() >= FAR_OFF).mean())


add_metric(
    Metric(
        "big_miss_rate",
        "share of the test rows whose forecast is ten or more off",
        direction="min",
        unit="share",
        headline=True,
        compute=big_miss_rate,
    )
)
