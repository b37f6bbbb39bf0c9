"""Regression metrics, each against a value worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.evaluation.regression import fold_mae, segment_metrics, validation_metrics
from nba_props.metrics.definitions import regression_metrics


@pytest.fixture
def predictions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "actual": [10.0, 20.0, 30.0, 40.0],
            "predicted": [12.0, 19.0, 33.0, 40.0],
            "season_mean": [14.0, 24.0, 34.0, 44.0],
            "last_10": [13.0, 23.0, 33.0, 43.0],
            "ewma_10": [8.0, 17.0, 33.0, 44.0],
            "mean_minutes": [35.0, 30.0, 18.0, 17.9],
            "season": ["2022-23", "2023-24", "2023-24", "2023-24"],
            "home": [True, False, True, False],
            "is_b2b": [False, False, False, True],
            "fold": [0, 0, 1, 1],
        }
    )


def test_errors_by_hand():
    # errors 2, -1, 3, 0: MAE 6/4; RMSE sqrt(14/4); R2 = 1 - 14/500
    metrics = regression_metrics(np.array([10.0, 20.0, 30.0, 40.0]), np.array([12.0, 19.0, 33.0, 40.0]))
    assert metrics == pytest.approx({"mae": 1.5, "rmse": 3.5**0.5, "r2": 1 - 14 / 500})


def test_r2_is_absent_when_every_actual_is_the_same():
    assert set(regression_metrics(np.array([5.0, 5.0]), np.array([4.0, 6.0]))) == {"mae", "rmse"}


def test_the_baseline_is_the_best_naive_forecaster_on_the_same_rows(predictions):
    # season mean 4, last ten 3, EWMA (2 + 3 + 3 + 4) / 4 = 3
    metrics = validation_metrics(predictions)
    assert metrics["baseline_mae"] == 3.0
    assert metrics["mae_skill"] == 0.5
    assert metrics["n_predictions"] == 4
    assert "mae_over_oracle" not in metrics


def test_on_simulated_rows_the_error_is_also_a_multiple_of_the_oracles(predictions):
    metrics = validation_metrics(predictions.assign(oracle=predictions["actual"] + 1.2))
    assert metrics["oracle_mae"] == pytest.approx(1.2)
    assert metrics["mae_over_oracle"] == pytest.approx(1.25)


def test_the_fold_history_is_in_fold_order(predictions):
    assert fold_mae(predictions.iloc[::-1]) == [1.5, 1.5]
    assert fold_mae(predictions.iloc[:3]) == [1.5, 3.0]


def test_segments_include_their_lower_bound_and_log_their_counts(predictions):
    metrics = segment_metrics(predictions)
    assert metrics == pytest.approx(
        {
            "mae_tier1_stars": 1.5,  # 35 and exactly 30 minutes
            "n_tier1_stars": 2,
            "mae_tier2_rotation": 3.0,  # exactly 18
            "n_tier2_rotation": 1,
            "mae_tier3_bench": 0.0,
            "n_tier3_bench": 1,
            "mae_2022_23": 2.0,
            "n_2022_23": 1,
            "mae_2023_24": 4 / 3,
            "n_2023_24": 3,
            "mae_home": 2.5,
            "n_home": 2,
            "mae_away": 0.5,
            "n_away": 2,
            "mae_b2b": 0.0,
            "n_b2b": 1,
        }
    )


def test_an_empty_segment_logs_nothing(predictions):
    metrics = segment_metrics(predictions.iloc[:3])
    assert "mae_b2b" not in metrics
    assert "n_tier3_bench" not in metrics
