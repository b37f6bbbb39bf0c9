"""Stable selection keeps what beats noise, leaves the rest out, and sees the training rows only."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError, NotEnoughDataError
from nba_props.forecast import SelectedFeaturesEstimator, make_estimator, selection_stability

INNER = partial(make_estimator, "lightgbm", {"n_estimators": 20, "objective": "regression_l1"}, seed=1)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(7)
    features = pd.DataFrame(
        rng.normal(size=(8_000, 23)), columns=["strong", "weak", "echo", *(f"x{i}" for i in range(20))]
    )
    features["echo"] = features["strong"] + rng.normal(scale=0.3, size=8_000)
    features.loc[::4, "weak"] = np.nan
    target = 10 + 3 * features["strong"] + features["weak"].fillna(0.0) + rng.normal(size=8_000)
    return features.astype("float32"), target


@pytest.mark.parametrize("rule", ["gain", "permutation"])
def test_the_signals_are_kept_and_most_of_the_noise_is_not(sample, rule):
    features, target = sample
    estimator = SelectedFeaturesEstimator(INNER, rule=rule, seed=3)
    estimator.fit(features, target)
    assert {"strong", "weak", "echo"} <= set(estimator.selected)
    # A noise column is above five others in one round of six: 20 of them are chosen 1.5 times on average.
    assert len(estimator.selected) <= 8
    frequency = estimator.selection_frequency
    assert list(frequency.index) == list(features.columns)
    assert (frequency[["strong", "weak"]] == 1.0).all()
    assert set(estimator.selected) == set(frequency.index[frequency >= 0.66])


def test_the_inner_forecaster_sees_the_chosen_columns_only(sample):
    features, target = sample
    estimator = SelectedFeaturesEstimator(INNER, seed=3)
    estimator.fit(features, target)
    plain = INNER()
    plain.fit(features[list(estimator.selected)], target)
    np.testing.assert_array_equal(estimator.predict(features), plain.predict(features))
    np.testing.assert_array_equal(estimator.predict(features[list(estimator.selected)]), plain.predict(features))
    assert estimator.native.feature_name() == list(estimator.selected)
    pd.testing.assert_series_equal(estimator.importances(), plain.importances())
    assert estimator.n_estimators == 20
    assert {"selection_rule": "gain", "selection_rounds": 3, "num_leaves": 16}.items() <= estimator.params.items()


def test_noise_alone_is_rarely_chosen_and_something_always_is():
    chosen = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        features = pd.DataFrame(rng.normal(size=(1_500, 20))).add_prefix("x")
        target = pd.Series(rng.normal(size=1_500))
        estimator = SelectedFeaturesEstimator(INNER, seed=seed)
        estimator.fit(features, target)
        assert estimator.selected
        chosen += len(estimator.selected)
    # 200 columns, each chosen with probability 2/27 or so: 15, with a standard deviation of 4.
    assert chosen <= 30


def test_a_constant_target_still_leaves_one_feature(sample):
    features, _ = sample
    estimator = SelectedFeaturesEstimator(partial(make_estimator, "linear"))
    estimator.fit(features[:1_000], pd.Series(np.full(1_000, 5.0)))
    assert estimator.selected == ("strong",)
    assert (estimator.selection_frequency == 0.0).all()


def test_the_same_seed_gives_the_same_bits_also_in_another_process(sample):
    features, target = sample
    forecasts = []
    for _ in range(2):
        estimator = pickle.loads(pickle.dumps(SelectedFeaturesEstimator(INNER, seed=9)))  # noqa: S301 - our own bytes
        estimator.fit(features, target)
        copied = pickle.loads(pickle.dumps(estimator))  # noqa: S301 - our own bytes
        forecasts.append(copied.predict(features))
        assert copied.selected == estimator.selected
    np.testing.assert_array_equal(*forecasts)


def test_each_round_learns_on_half_of_the_blocks_of_rows():
    from nba_props.forecast.feature_selection import _halves

    halves = list(_halves(4_000, 5, seed=0))
    for inside, outside in halves:
        assert len(inside) == len(outside) == 2_000
        assert set(inside) | set(outside) == set(range(4_000))
        # Whole blocks of 100 rows: no more than 20 places where a run of rows begins.
        assert (np.diff(inside) != 1).sum() < 20
        assert len(np.unique(inside // 100)) == 20
    assert len({tuple(inside) for inside, _ in halves}) == 5


def test_settings_out_of_range_and_too_few_rows_are_refused(sample):
    features, target = sample
    for wrong in ({"rule": "shap"}, {"noise_columns": 0}, {"rounds": 0}, {"share": 0.0}):
        with pytest.raises(ConfigError, match="noise_columns >= 1"):
            SelectedFeaturesEstimator(INNER, **wrong)
    with pytest.raises(NotEnoughDataError, match="39 training rows"):
        SelectedFeaturesEstimator(INNER).fit(features[:39], target[:39])


def test_equal_sets_are_fully_stable():
    assert selection_stability([["a", "b"], ["b", "a"]], n_features=5) == {"nogueira": 1.0, "jaccard": 1.0}


def test_stability_by_hand():
    stability = selection_stability([["a", "b"], ["a", "c"], ["a", "b"]], n_features=4)
    # p = 1, 2/3, 1/3, 0; s^2 = 3/2 * 2/9 = 1/3 twice, mean 1/6; mean size 2 of 4: 1/4.
    assert stability["nogueira"] == pytest.approx(1 - (1 / 6) / (1 / 4))
    # Pairs: 1/3, 1, 1/3.
    assert stability["jaccard"] == pytest.approx(5 / 9)


def test_opposite_sets_reach_the_lower_bound_and_random_ones_lie_at_zero():
    assert selection_stability([["a"], ["b"]], n_features=2)["nogueira"] == pytest.approx(-1.0)
    rng = np.random.default_rng(0)
    names = np.array([f"x{index}" for index in range(50)])
    values = [
        selection_stability([rng.choice(names, 10, replace=False) for _ in range(5)], n_features=50)["nogueira"]
        for _ in range(200)
    ]
    assert np.mean(values) == pytest.approx(0.0, abs=0.02)


def test_what_cannot_be_measured_is_absent():
    assert selection_stability([["a"]]) == {}
    assert selection_stability([]) == {}
    assert selection_stability([["a"], ["a"]]) == {"jaccard": 1.0}  # everything there was to choose, as far as known
    assert selection_stability([[], []], n_features=3) == {"jaccard": 1.0}
    with pytest.raises(ConfigError, match="2 different"):
        selection_stability([["a"], ["b"]], n_features=1)
