"""Both boosters learn, forget nothing of their parameters, and repeat themselves to the bit."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError, DataError
from nba_props.forecast import boosting, make_estimator
from nba_props.forecast.boosting import lightgbm_settings, root_shift
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
    assert (params["objective"], params["reg_sqrt"]) == ("regression", True)


def test_an_unknown_model_is_refused_naming_the_known_ones():
    with pytest.raises(ConfigError, match="lightgbm, xgboost, linear, two_stage"):
        make_estimator("catboost")


def test_no_trees_are_refused():
    with pytest.raises(ConfigError, match="n_estimators"):
        make_estimator("xgboost", {"n_estimators": 0})


@pytest.fixture(scope="module")
def counts():
    """Totals whose spread grows with their level, far above the mean as often as box scores are."""
    rng = np.random.default_rng(11)
    features = pd.DataFrame({"level": rng.uniform(1.0, 4.0, 6_000)})
    return features, pd.Series(np.floor(rng.exponential(features["level"] ** 2)))


def plain_booster(estimator, features, target):
    """What LightGBM itself fits with the parameters of an estimator."""
    params = {key: value for key, value in estimator.params.items() if key != "n_estimators"}
    params = lightgbm_settings({key: value for key, value in params.items() if key != "seed"}, params["seed"], 1)
    data = lightgbm.Dataset(features.to_numpy(), target.to_numpy(), params=params)
    return lightgbm.train(params, data, num_boost_round=estimator.n_estimators)


def roots(totals):
    return np.sign(totals) * np.sqrt(np.abs(totals))


def test_the_forecast_is_moved_from_the_mean_of_roots_to_the_median_of_totals(counts):
    features, target = (table[:4_000] for table in counts)
    late, actual = (table[4_000:] for table in counts)
    estimator = make_estimator("lightgbm", {"n_estimators": 60, "feature_fraction": 1.0}, seed=3)
    estimator.fit(features, target)
    unmoved = plain_booster(estimator, features, target).predict(late.to_numpy())
    shift = roots(estimator.predict(late)) - roots(unmoved)
    assert shift == pytest.approx(np.full(len(late), shift[0]), abs=1e-9)
    fitted = plain_booster(estimator, features, target).predict(features.to_numpy())
    assert shift[0] == pytest.approx(root_shift(roots(fitted), target.to_numpy()), abs=1e-9)
    assert shift[0] < -0.05
    assert np.abs(estimator.predict(late) - actual).mean() < np.abs(unmoved - actual).mean()


def test_the_shift_is_learnt_on_the_last_training_rows(counts, monkeypatch):
    features, target = counts
    target = target.where(target.index < 5_000, target * 0.1)
    shifts = []
    for rows in (6_000, 1_000):
        monkeypatch.setattr(boosting, "_LATEST_ROWS", rows)
        estimator = make_estimator("lightgbm", {"n_estimators": 20, "feature_fraction": 1.0})
        estimator.fit(features, target)
        shifts.append(roots(estimator.predict(features))[0])
    assert shifts[1] < shifts[0] - 0.3


def test_the_booster_alone_is_the_whole_model(counts):
    features, target = counts
    estimator = make_estimator("lightgbm", {"n_estimators": 10})
    estimator.fit(features, target)
    again = lightgbm.Booster(model_str=estimator.native.model_to_string())
    np.testing.assert_array_equal(again.predict(features.to_numpy()), estimator.predict(features))


@pytest.mark.parametrize(
    "params",
    [
        {"objective": "regression_l1"},
        {"objective": "regression_l1", "reg_sqrt": True},
        {"objective": "quantile", "alpha": 0.8, "reg_sqrt": True},
        {"objective": "poisson", "reg_sqrt": True},
        {"reg_sqrt": False},
    ],
    ids=str,
)
def test_what_another_objective_asks_for_is_not_moved(params, counts):
    features, target = counts
    estimator = make_estimator("lightgbm", {"n_estimators": 10, **params})
    estimator.fit(features, target)
    plain = plain_booster(estimator, features, target)
    np.testing.assert_array_equal(estimator.predict(features), plain.predict(features.to_numpy()))


def test_totals_below_zero_are_refused_where_roots_are_taken(sample):
    features, target = sample
    with pytest.raises(DataError, match="no square root.*model_params.objective=regression_l1"):
        make_estimator("lightgbm", {"n_estimators": 5}).fit(features, target - 10.0)
    estimator = make_estimator("lightgbm", {"objective": "regression_l1"})
    estimator.fit(features, target - 10.0)
    assert estimator.predict(features).min() < -0.5


def test_another_objective_forecasts_totals_unless_roots_are_asked_for():
    assert make_estimator("lightgbm", {}).params["reg_sqrt"] is True
    assert make_estimator("lightgbm", {"objective": "poisson"}).params["reg_sqrt"] is False
    assert make_estimator("lightgbm", {"objective": "regression_l1", "reg_sqrt": True}).params["reg_sqrt"] is True


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"linear_tree": True}, "linear_tree has no place here"),
        ({"boosting": "rf"}, "boosting=rf cannot be moved to the median"),
        ({"boosting": "dart"}, "boosting=dart cannot be moved to the median"),
        ({"reg_sqrt": "false"}, "reg_sqrt must be true or false, got 'false'"),
    ],
)
def test_trees_that_a_constant_does_not_move_are_refused(params, said):
    with pytest.raises(ConfigError, match=said):
        make_estimator("lightgbm", params)


def test_trees_of_another_kind_are_grown_by_another_objective(counts):
    estimator = make_estimator("lightgbm", {"boosting": "dart", "objective": "regression_l1", "n_estimators": 5})
    estimator.fit(*counts)
    assert np.isfinite(estimator.predict(counts[0])).all()


def test_to_name_the_default_objective_changes_nothing(counts):
    made = []
    for params in ({}, {"objective": "regression"}):
        estimator = make_estimator("lightgbm", {"n_estimators": 5, **params})
        estimator.fit(*counts)
        made.append(estimator.predict(counts[0]))
    np.testing.assert_array_equal(*made)


def test_a_constant_total_is_forecast_as_it_is():
    features = pd.DataFrame({"level": np.arange(600.0)})
    estimator = make_estimator("lightgbm", {"n_estimators": 5})
    estimator.fit(features, pd.Series(np.full(600, 7.0)))
    assert estimator.predict(features) == pytest.approx(np.full(600, 7.0))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_shift_of_the_root_errs_less(seed):
    rng = np.random.default_rng(seed)
    totals = rng.poisson(rng.uniform(1.0, 30.0, 3_000)).astype(float)
    made = np.sqrt(totals.mean()) + 0.5 * (np.sqrt(totals) - np.sqrt(totals.mean())) + rng.normal(0.3, 0.2, 3_000)
    made = np.maximum(made, 0.0)

    def error(shift: float) -> float:
        return float(np.abs(np.maximum(made + shift, 0.0) ** 2 - totals).mean())

    least = min(error(shift) for shift in np.linspace(-1.0, 0.5, 301))
    assert error(root_shift(made, totals)) <= 1.0001 * least < error(0.0)


@pytest.mark.parametrize("name", ["lightgbm", "lightgbm_l1", "xgboost"])
def test_the_learning_curve_ends_at_the_error_of_the_whole_model(name, sample):
    features, target = sample
    target = target.abs()
    objective = {"objective": "regression_l1"} if name == "lightgbm_l1" else {}
    estimator = make_estimator(name.removesuffix("_l1"), {"n_estimators": 30, **objective}, seed=2)
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
