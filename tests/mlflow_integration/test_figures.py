"""Diagnostic plots: what they show, and that they touch no global state."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mlflow_integration.logging.forecasts import calibration_table, class_pairs, error_analysis
from mlflow_integration.logging.importance import importance_of
from nba_props import plots
from nba_props.errors import TrackingError


@pytest.fixture
def forecasts():
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.2, 0.8, size=4000)
    return (rng.uniform(size=4000) < probability).astype(int), probability


def test_no_plot_opens_a_figure_or_changes_a_setting(forecasts):
    settings, numbers = dict(mpl.rcParams), plt.get_fignums()
    y, p = forecasts
    plots.reliability_diagram(calibration_table(y, p), p)
    plots.residuals(p * 10, p * 9)
    plots.confusion_matrix(y, (p > 0.5).astype(int))
    plots.feature_importance({"a": 0.7, "b": 0.3})
    assert plt.get_fignums() == numbers
    assert dict(mpl.rcParams) == settings


def test_equal_probabilities_share_a_calibration_bin():
    outcome = np.repeat([0.0, 1.0], [60, 40])
    table = calibration_table(outcome, np.full(100, 0.5))
    forecast, observed, count = table["p"], table["frequency"], table["n"]
    assert (forecast.tolist(), observed.tolist(), count.tolist()) == ([0.5], [0.4], [100])


def test_calibration_bins_hold_equal_counts_and_true_means(forecasts):
    y, p = forecasts
    table = calibration_table(y, p, bins=10)
    forecast, observed, count = table["p"], table["frequency"], table["n"]
    assert list(count) == [400] * 10
    assert np.average(observed, weights=count) == pytest.approx(y.mean())
    assert np.average(forecast, weights=count) == pytest.approx(p.mean())
    assert np.abs(forecast - observed).max() < 0.08


def test_calibration_of_few_rows_uses_fewer_bins_and_bad_input_is_refused():
    assert list(calibration_table([0, 1], [0.2, 0.7])["n"]) == [1, 1]
    for y, p in (([0, 2], [0.1, 0.2]), ([0, 1], [0.1, 1.2]), ([0], [0.1, 0.2]), ([], []), ([np.nan], [0.5])):
        with pytest.raises(TrackingError):
            calibration_table(y, p)


def test_the_confusion_matrix_counts_every_row():
    figure = plots.confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["1\n50%", "1\n50%", "1\n33%", "2\n67%"]
    with pytest.raises(TrackingError, match="whole numbers"):
        class_pairs([0, 2], [0, 1], ("under", "over"))


def test_residuals_are_told_under_the_picture():
    told = plots.residuals([3.0, 1.0], [1.0, 2.0]).get_supxlabel()
    assert told.startswith("Mean +0.50, median +0.50, mean absolute error 1.50.")


def test_importances_are_shares_by_name_for_every_kind_of_model():
    import lightgbm as lgb
    import xgboost as xgb
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(300, 3)), columns=["signal", "noise", "constant"])
    features["constant"] = 1.0
    target = features["signal"] * 3 + rng.normal(size=300) * 0.1
    models = [
        lgb.LGBMRegressor(n_estimators=20, verbosity=-1, n_jobs=1).fit(features, target),
        xgb.XGBRegressor(n_estimators=20, n_jobs=1).fit(features, target),
        RandomForestRegressor(n_estimators=10, random_state=0).fit(features, target),
        LinearRegression().fit(features, target),
        make_pipeline(StandardScaler(), LinearRegression()).fit(features, target),
    ]
    for model in models:
        shares = importance_of(model, ["signal", "noise", "constant"])
        assert list(shares) == ["signal", "noise", "constant"]
        assert sum(shares.values()) == pytest.approx(1.0)
        assert shares["signal"] > 0.9
    assert importance_of(models[1]) == importance_of(models[1].get_booster())
    with pytest.raises(TrackingError, match="2 feature names for 3"):
        importance_of(models[2], ["a", "b"])
    with pytest.raises(TrackingError, match="has no feature importances"):
        importance_of(object())


def test_errors_are_summed_up_over_all_and_by_group():
    frame = pd.DataFrame(
        {"actual": [3.0, 5.0, 10.0, None], "predicted": [1.0, 6.0, 10.0, 1.0], "home": [True, True, False, False]}
    )
    table = error_analysis(frame, by="home")
    assert list(table["value"]) == ["all", "False", "True"]
    assert list(table["n"]) == [3, 1, 2]
    assert list(table["mae"]) == pytest.approx([1.0, 0.0, 1.5])
    assert list(table["mean_error"]) == pytest.approx([1 / 3, 0.0, 0.5])
    assert table["rmse"].iloc[0] == pytest.approx(np.sqrt(5 / 3))
    with pytest.raises(TrackingError, match="'away'"):
        error_analysis(frame, by=["away"])
    with pytest.raises(TrackingError, match="No row"):
        error_analysis(frame.iloc[3:])
