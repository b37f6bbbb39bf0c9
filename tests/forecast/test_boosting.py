"""Both boosters learn, forget nothing of their parameters, and repeat themselves to the bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError, DataError
from nba_props.forecast import make_estimator
from nba_props.forecast.boosting import root_shift
from nba_props.forecast.learning import learning_curves


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(11)
    features = pd.DataFrame(rng.normal(size=(2_000, 4)), columns=["signal", "noise_1", "noise_2", "gappy"])
    features.loc[::3, "gappy"] = np.nan
    target = 10 + 3 * features["signal"] + rng.normal(scale=0.5, size=2_000)
    return features, target


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_a_booster_finds_the_signal_and_ranks_it_first(name, sample):
    features, target = sample
    estimator = make_estimator(name, {"learning_rate": 0.3}, seed=1)
    estimator.fit(features[:1_500], target[:1_500])
    error = np.abs(estimator.predict(features[1_500:]) - target[1_500:]).mean()
    assert error < 0.5 * np.abs(target[1_500:] - target[:1_500].median()).mean()
    importances = estimator.importances()
    assert importances.index[0] == "signal"
    assert importances.sum() == pytest.approx(1.0)
    assert set(importances.index) == set(features.columns)
    assert estimator.n_estimators == 150


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_forecasts_do_not_depend_on_the_number_of_threads(name, sample):
    features, target = sample
    forecasts = []
    for threads in (1, 2):
        estimator = make_estimator(name, {"n_estimators": 20}, seed=5, threads=threads)
        estimator.fit(features, target)
        forecasts.append(estimator.predict(features))
    np.testing.assert_array_equal(*forecasts)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_columns_are_matched_by_name(name, sample):
    features, target = sample
    estimator = make_estimator(name, {"n_estimators": 5})
    estimator.fit(features, target)
    np.testing.assert_array_equal(estimator.predict(features), estimator.predict(features[features.columns[::-1]]))


def test_the_parameters_say_what_was_fitted():
    params = make_estimator("lightgbm", {"num_leaves": 7, "n_estimators": 9}, seed=3).params
    assert (params["num_leaves"], params["n_estimators"], params["seed"]) == (7, 9, 3)
    assert params["objective"] == "regression_l1"


def test_an_unknown_model_is_refused_naming_the_known_ones():
    with pytest.raises(ConfigError, match="lightgbm, lightgbm_sqrt, xgboost, linear, two_stage"):
        make_estimator("catboost")


def test_no_trees_are_refused():
    with pytest.raises(ConfigError, match="n_estimators"):
        make_estimator("xgboost", {"n_estimators": 0})


def test_the_root_model_refuses_totals_below_zero_and_forecasts_none(sample):
    features, target = sample
    estimator = make_estimator("lightgbm_sqrt", {"n_estimators": 20})
    with pytest.raises(DataError, match="below zero"):
        estimator.fit(features, target - target.max())
    estimator.fit(features, target.clip(lower=0.0))
    assert (estimator.predict(features) >= 0.0).all()
    roots = np.maximum(estimator.native.predict(features.to_numpy()), 0.0)
    assert estimator.predict(features) == pytest.approx(np.maximum(roots + estimator.shift, 0.0) ** 2)


def test_the_root_model_is_moved_from_the_mean_of_roots_to_the_median_of_totals():
    rng = np.random.default_rng(11)
    features = pd.DataFrame({"level": rng.uniform(1.0, 4.0, 6_000)})
    target = pd.Series(np.floor(rng.exponential(features["level"] ** 2)))
    estimator = make_estimator("lightgbm_sqrt", {"n_estimators": 60, "feature_fraction": 1.0})
    estimator.fit(features[:4_000], target[:4_000])
    roots = np.maximum(estimator.native.predict(features[4_000:].to_numpy()), 0.0)
    error, unmoved = (np.abs(made - target[4_000:]).mean() for made in (estimator.predict(features[4_000:]), roots**2))
    assert estimator.shift < -0.05
    assert error < unmoved


@pytest.mark.parametrize("seed", range(5))
def test_no_other_shift_of_the_root_errs_less(seed):
    rng = np.random.default_rng(seed)
    totals = rng.poisson(rng.uniform(1.0, 30.0, 3_000)).astype(float)
    roots = np.sqrt(totals.mean()) + 0.5 * (np.sqrt(totals) - np.sqrt(totals.mean())) + rng.normal(0.3, 0.2, 3_000)
    roots = np.maximum(roots, 0.0)

    def error(shift: float) -> float:
        return float(np.abs(np.maximum(roots + shift, 0.0) ** 2 - totals).mean())

    least = min(error(shift) for shift in np.linspace(-1.0, 0.5, 301))
    assert error(root_shift(roots, totals)) <= 1.0001 * least < error(0.0)


@pytest.mark.parametrize("name", ["lightgbm", "lightgbm_sqrt", "xgboost"])
def test_the_learning_curve_ends_at_the_error_of_the_whole_model(name, sample):
    features, target = sample
    target = target.abs()
    estimator = make_estimator(name, {"n_estimators": 30}, seed=2)
    estimator.fit(features[:1_500], target[:1_500])
    curves = learning_curves(estimator, features, target, known=1_500, tested=np.arange(1_500, 2_000))
    assert {name: len(values) for name, values in curves.items()} == {"learning_train_mae": 30, "learning_val_mae": 30}
    whole = np.abs(estimator.predict(features[1_500:]) - target[1_500:]).mean()
    assert curves["learning_val_mae"][-1] == pytest.approx(whole, rel=1e-5)
    assert curves["learning_val_mae"][0] > 1.2 * whole


def test_a_model_without_trees_has_no_learning_curve(sample):
    features, target = sample
    estimator = make_estimator("linear", {})
    estimator.fit(features, target)
    assert learning_curves(estimator, features, target, known=100, tested=np.arange(100, 200)) == {}
