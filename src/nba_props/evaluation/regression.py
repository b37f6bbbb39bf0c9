"""Errors of the point forecast: pooled, against naive forecasters, against the oracle, by segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from nba_props.metrics import all_prefixed
from nba_props.metrics.definitions import mae, regression_metrics

NAIVE_FORECASTS: Final = ("season_mean", "last_10", "ewma_10")
"""Columns of the predictions table that hold the naive forecasters."""

_TIERS: Final = {
    "tier1_stars": (30.0, np.inf),
    "tier2_rotation": (18.0, 30.0),
    "tier3_bench": (-np.inf, 18.0),
}


def validation_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """The pooled out-of-sample metrics: ``val_*``, ``baseline_mae``, ``mae_skill`` and, simulated, ``mae_over_oracle``.

    >>> rows = pd.DataFrame({"actual": [10.0, 20.0], "predicted": [11.0, 19.0], "season_mean": 15.0, "last_10": 12.0})
    >>> metrics = validation_metrics(rows.assign(ewma_10=14.0))
    >>> metrics["val_mae"], metrics["baseline_mae"], metrics["mae_skill"]
    (1.0, 5.0, 0.8)

    Args:
        predictions: The predictions table (docs/contract.md), test folds only.

    Returns:
        Metric name to value. ``baseline_mae`` is the best naive forecaster's on the same rows;
        ``mae_skill = 1 - val_mae / baseline_mae``. With an ``oracle`` column (simulated data), ``oracle_mae`` and
        ``mae_over_oracle = val_mae / oracle_mae`` as well.
    """
    actual = predictions["actual"].to_numpy()
    metrics = all_prefixed(regression_metrics(actual, predictions["predicted"]), "val")
    metrics["baseline_mae"] = mae(actual, predictions[best_naive(predictions)])
    metrics["mae_skill"] = 1.0 - metrics["val_mae"] / metrics["baseline_mae"]
    if "oracle" in predictions:
        metrics["oracle_mae"] = mae(actual, predictions["oracle"])
        metrics["mae_over_oracle"] = metrics["val_mae"] / metrics["oracle_mae"]
    metrics["n_predictions"] = float(len(predictions))
    return metrics


def best_naive(predictions: pd.DataFrame) -> str:
    """Name of the naive forecaster that errs least on all rows of a predictions table (docs/contract.md).

    >>> best_naive(pd.DataFrame({"actual": [10.0], "season_mean": 14.0, "last_10": 9.0, "ewma_10": 12.0}))
    'last_10'
    """
    return min(NAIVE_FORECASTS, key=lambda name: mae(predictions["actual"], predictions[name]))


def fold_mae(predictions: pd.DataFrame) -> list[float]:
    """MAE of each fold, in fold order (``val_mae_fold``).

    >>> fold_mae(pd.DataFrame({"actual": [10.0, 20.0], "predicted": [11.0, 17.0], "fold": [0, 1]}))
    [1.0, 3.0]
    """
    error = (predictions["predicted"] - predictions["actual"]).abs()
    return [float(value) for value in error.groupby(predictions["fold"]).mean().sort_index()]


def segment_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """``mae_<segment>`` and ``n_<segment>`` by minutes tier, season, venue, back-to-back; empty ones log nothing.

    >>> rows = pd.DataFrame({"actual": [10.0], "predicted": [11.0], "mean_minutes": 34.0, "season": "2023-24"})
    >>> segment_metrics(rows.assign(home=True, is_b2b=False))
    {'mae_tier1_stars': 1.0, 'n_tier1_stars': 1.0, 'mae_2023_24': 1.0, 'n_2023_24': 1.0, 'mae_home': 1.0, 'n_home': 1.0}
    """
    metrics: dict[str, float] = {}
    for name, mask in _segments(predictions):
        rows = predictions[mask]
        if len(rows):
            metrics[f"mae_{name}"] = mae(rows["actual"], rows["predicted"])
            metrics[f"n_{name}"] = float(len(rows))
    return metrics


def _segments(predictions: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    minutes = predictions["mean_minutes"]
    for name, (low, high) in _TIERS.items():
        yield name, (minutes >= low) & (minutes < high)
    for season in predictions["season"].unique():
        yield season.replace("-", "_"), predictions["season"] == season
    yield "home", predictions["home"]
    yield "away", ~predictions["home"]
    yield "b2b", predictions["is_b2b"]
