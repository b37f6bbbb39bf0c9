"""Minutes times rate: what each stage learns, and that no forecast sees the minutes of its own game."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError, DataError, NotEnoughDataError
from nba_props.forecast import make_estimator, minutes_times_rate

FAST = {"n_estimators": 60, "min_data_in_leaf": 20, "learning_rate": 0.2, "feature_fraction": 1.0}
NO_SPLIT = {"n_estimators": 3, "min_data_in_leaf": 100_000}


@pytest.fixture(scope="module")
def sample():
    """Minutes follow one column, the rate per minute another; every tenth player did not get on the floor."""
    rng = np.random.default_rng(2)
    n = 5_000
    features = pd.DataFrame(rng.uniform(size=(n, 3)), columns=["role", "skill", "noise"], index=np.arange(n) + 1_000)
    minutes = np.round(10 + 25 * features["role"] + rng.normal(0, 2, n)).clip(0)
    minutes[rng.random(n) < 0.02] = 0
    target = pd.Series(np.round(minutes * (0.2 + 0.6 * features["skill"]) + rng.normal(0, 1, n)).clip(0))
    return features, target.where(minutes > 0, 0.0), minutes


def fit(sample, rows=slice(None), **changed):
    features, target, minutes = sample
    estimator = make_estimator("two_stage", FAST, seed=1, minutes=changed.get("minutes", minutes))
    estimator.fit(features[rows], changed.get("target", target)[rows])
    return estimator


def test_minutes_times_rate_plus_shift_and_never_below_zero():
    forecast = minutes_times_rate(np.array([30.0, 10.0, -1.0]), np.array([0.5, 0.1, 0.4]), -2.0)
    assert forecast.tolist() == [13.0, 0.0, 0.0]


def test_each_stage_learns_its_own_cause(sample):
    features, _, _ = sample
    estimator = fit(sample, slice(None, 4_000))
    gains = {name: booster.feature_importance("gain") for name, booster in estimator.native.items()}
    assert gains["minutes"].argmax() == 0
    assert gains["rate"].argmax() == 1
    rest = features[4_000:]
    truth = (10 + 25 * rest["role"]) * (0.2 + 0.6 * rest["skill"])
    assert np.abs(estimator.predict(rest) - truth).mean() < 0.15 * np.abs(truth - truth.median()).mean()
    assert estimator.importances().sum() == pytest.approx(1.0)
    assert set(estimator.importances().index[:2]) == {"role", "skill"}
    assert estimator.n_estimators == 120


def test_the_forecast_is_the_two_boosters_and_the_shift(sample):
    features, _, _ = sample
    estimator = fit(sample)
    boosters = estimator.native
    expected = minutes_times_rate(*(boosters[name].predict(features) for name in ("minutes", "rate")), estimator.shift)
    np.testing.assert_array_equal(estimator.predict(features), expected)
    np.testing.assert_array_equal(estimator.predict(features), estimator.predict(features[features.columns[::-1]]))


def test_the_minutes_of_rows_that_are_not_trained_on_change_nothing(sample):
    features, _, minutes = sample
    other = minutes.copy()
    other[4_000:] = 48.0
    there, here = fit(sample, slice(None, 4_000)), fit(sample, slice(None, 4_000), minutes=other)
    np.testing.assert_array_equal(there.predict(features), here.predict(features))


def test_the_minutes_are_matched_by_index_not_by_position(sample):
    features, _, minutes = sample
    shuffled = minutes.sample(frac=1.0, random_state=0)
    np.testing.assert_array_equal(fit(sample).predict(features), fit(sample, minutes=shuffled).predict(features))


def test_a_row_without_minutes_on_the_floor_teaches_no_rate(sample):
    features, target, minutes = sample
    changed = target.where(minutes > 0, 1_000.0)
    rate = [fit(sample, target=answers).native["rate"].predict(features) for answers in (target, changed)]
    np.testing.assert_array_equal(*rate)


def test_the_rate_is_learnt_with_minutes_as_weights():
    """Without a split the rate is the median of the rates weighted by minutes: here that of the long games."""
    minutes = pd.Series(np.tile([10.0, 10.0, 40.0], 400))
    target = pd.Series(np.tile([10.0, 10.0, 20.0], 400))  # rates 1, 1, 0.5
    features = pd.DataFrame({"noise": np.random.default_rng(0).random(1_200)})
    estimator = make_estimator("two_stage", NO_SPLIT, minutes=minutes)
    estimator.fit(features, target)
    assert estimator.native["minutes"].predict(features) == pytest.approx(np.full(1_200, 10.0))
    assert estimator.native["rate"].predict(features) == pytest.approx(np.full(1_200, 0.5))


def test_the_shift_puts_right_what_the_product_of_medians_gets_wrong():
    """Median minutes 20, median rate by minutes 0.3, product 6; but two games of three end with 9."""
    minutes = pd.Series(np.tile([10.0, 20.0, 30.0], 2_000))
    target = pd.Series(np.tile([9.0, 4.0, 9.0], 2_000))  # rates 0.9, 0.2, 0.3
    features = pd.DataFrame({"noise": np.random.default_rng(0).random(6_000)})
    estimator = make_estimator("two_stage", NO_SPLIT, minutes=minutes)
    estimator.fit(features, target)
    assert estimator.shift == pytest.approx(3.0)
    assert estimator.predict(features) == pytest.approx(np.full(6_000, 9.0))


def test_a_short_table_has_no_shift(sample):
    assert fit(sample, slice(None, 1_000)).shift == 0.0


def test_the_same_seed_gives_the_same_bits_also_in_another_process_and_on_two_threads(sample):
    features, target, minutes = sample
    once = fit(sample)
    again = pickle.loads(pickle.dumps(make_estimator("two_stage", FAST, seed=1, threads=2, minutes=minutes)))  # noqa: S301 - our own bytes
    again.fit(features, target)
    np.testing.assert_array_equal(again.predict(features), once.predict(features))
    copied = pickle.loads(pickle.dumps(again))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(copied.predict(features), once.predict(features))


def test_missing_minutes_are_refused(sample):
    _, _, minutes = sample
    with pytest.raises(DataError, match=r"column min.*without minutes.*4,000 rows"):
        fit(sample, minutes=minutes[:1_000])
    with pytest.raises(NotEnoughDataError, match="Nobody has played"):
        fit(sample, minutes=minutes * 0)
    with pytest.raises(ConfigError, match="two_stage"):
        make_estimator("two_stage")
    with pytest.raises(ConfigError, match="two_stage"):
        make_estimator("lightgbm", minutes=minutes)
