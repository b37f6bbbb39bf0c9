"""The linear forecaster: a conditional median, robust to gaps and wild values, the same to the bit every time."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError
from nba_props.forecast import LinearEstimator, make_estimator


@pytest.fixture(scope="module")
def sample():
    """20 + 3 signal + noise that is right-skewed (median 0, mean about 0.65), in float32 as the trainer has it."""
    rng = np.random.default_rng(11)
    features = pd.DataFrame(
        rng.normal(loc=5.0, size=(6_000, 4)).astype("float32"), columns=["signal", "noise_1", "noise_2", "gappy"]
    )
    noise = rng.lognormal(size=6_000) - 1.0
    target = pd.Series(5.0 + 3.0 * features["signal"].to_numpy(dtype="float64") + noise, name="pts")
    features.loc[::3, "gappy"] = np.nan
    return features, target


@pytest.fixture(scope="module")
def fitted(sample):
    estimator = make_estimator("linear", seed=3)
    estimator.fit(*sample)
    return estimator


def test_the_forecast_is_the_conditional_median_not_the_mean(sample):
    features, target = sample
    estimator = make_estimator("linear", {"penalty": 1.0})
    estimator.fit(features, target)
    forecast = estimator.predict(features)
    assert np.abs(forecast - (5.0 + 3.0 * features["signal"])).max() < 0.35
    assert (target > forecast).mean() == pytest.approx(0.5, abs=0.03)


def test_the_signal_is_ranked_first_and_the_shares_sum_to_one(fitted, sample):
    importances = fitted.importances()
    assert importances.index[0] == "signal"
    assert importances.iloc[0] > 0.9
    assert importances.sum() == pytest.approx(1.0)
    assert set(importances.index) == set(sample[0].columns)
    assert fitted.n_estimators == 1


def test_the_same_seed_gives_the_same_bits_also_after_a_journey_to_another_process(fitted, sample):
    features, target = sample
    again = pickle.loads(pickle.dumps(LinearEstimator({}, seed=3, threads=2)))  # noqa: S301 - our own bytes
    again.fit(features, target)
    np.testing.assert_array_equal(again.predict(features), fitted.predict(features))
    copied = pickle.loads(pickle.dumps(again))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(copied.predict(features), fitted.predict(features))


def test_columns_are_matched_by_name_and_the_native_model_is_the_forecast(fitted, sample):
    features, _ = sample
    forecast = fitted.predict(features)
    np.testing.assert_array_equal(forecast, fitted.predict(features[features.columns[::-1]]))
    np.testing.assert_array_equal(forecast, fitted.native.predict(features))
    np.testing.assert_array_equal(forecast, fitted.native.predict(features.astype("float64")))


def test_gaps_are_forecast_as_the_median_and_wild_values_are_pulled_in(fitted, sample):
    features, _ = sample
    row = features[:1].copy()
    gap = row.assign(signal=np.float32(np.nan))
    middle = row.assign(signal=features["signal"].median())
    assert fitted.predict(gap) == pytest.approx(fitted.predict(middle), abs=1e-5)
    wild, edge = row.assign(signal=np.float32(1e6)), row.assign(signal=np.float32(5.0 + 5.0))
    # Five standard deviations of a standard normal feature around 5.
    assert fitted.predict(wild) == pytest.approx(fitted.predict(edge), abs=0.3)


def test_a_column_without_any_value_is_no_error(sample):
    features, target = sample
    estimator = make_estimator("linear")
    estimator.fit(features[:500].assign(empty=np.float32(np.nan)), target[:500])
    assert np.isfinite(estimator.predict(features[500:600].assign(empty=np.float32(1.0)))).all()
    assert estimator.importances()["empty"] == 0.0


def test_one_setting_suits_a_stat_of_any_size(sample):
    features, target = sample
    error = []
    for unit in (0.01, 1.0, 100.0):
        estimator = make_estimator("linear")
        estimator.fit(features[:5_000], unit * target[:5_000])
        error.append(np.abs(estimator.predict(features[5_000:]) - unit * target[5_000:]).mean() / unit)
    assert error == pytest.approx([error[0]] * 3, rel=1e-3)


def test_unknown_and_impossible_parameters_are_refused():
    with pytest.raises(ConfigError, match="alpha; known: learning_rate"):
        make_estimator("linear", {"alpha": 1.0})
    with pytest.raises(ConfigError, match="not positive numbers: clip"):
        make_estimator("linear", {"clip": 0})
    assert make_estimator("linear", {"penalty": 5.0}, seed=2).params["penalty"] == 5.0


def test_a_logged_pipeline_forecasts_exactly_what_the_estimator_does(fitted, sample, new_store, tmp_path, monkeypatch):
    with warnings.catch_warnings():  # MLflow's module for pyfunc models warns about its own type hints
        warnings.simplefilter("ignore")
        import mlflow

        from mlflow_integration import NBAPropsTracker
        from mlflow_integration.store.location import fluent_store
    monkeypatch.chdir(tmp_path)
    features, _ = sample
    tracker = NBAPropsTracker("Phase2_Advanced", tracking_uri=new_store(tmp_path))
    with tracker.start_run("linear"):
        logged = tracker.log_model(fitted.native, input_example=features.iloc[:3])
    with fluent_store(tracker.tracking_uri):
        loaded = mlflow.pyfunc.load_model(logged.model_uri)
    np.testing.assert_array_equal(np.asarray(loaded.predict(features), dtype="float64"), fitted.predict(features))


@pytest.mark.realdata
def test_on_real_box_scores_it_comes_close_to_the_trees_and_beats_the_naive_forecasts(realdata_dir):
    from nba_props.data import load_game_logs
    from nba_props.features import build_features, naive_forecasts, prior_games_in_season

    games = load_game_logs(realdata_dir)
    games = games[games["game_date"] >= "2023-10-01"].reset_index(drop=True)
    features = build_features(games).astype("float32")
    train = (games["season"] == "2023-24").to_numpy()
    test = ((games["season"] == "2024-25") & (prior_games_in_season(games) > 0)).to_numpy()
    naive = naive_forecasts(games, "reb")[test]
    estimator = make_estimator("linear")
    estimator.fit(features[train], games["reb"][train])
    error = np.abs(estimator.predict(features[test]) - games["reb"][test]).mean()
    best_naive = min(np.abs(naive[name] - games["reb"][test]).mean() for name in naive)
    assert error < 0.985 * best_naive
    assert error < 1.91
