"""The small neural nets: learn, repeat themselves to the bit, and never forecast below zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError
from nba_props.forecast import make_estimator


@pytest.fixture(scope="module")
def sample() -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(4)
    features = pd.DataFrame(generator.normal(size=(4000, 6)).astype("float32"), columns=list("abcdef"))
    total = np.maximum(np.rint(12.0 + 4.0 * features["a"] + generator.normal(size=4000)), 0.0)
    features.iloc[::9, 1] = np.nan
    return features, total.rename("pts").astype("float64")


def test_it_learns_what_moves_the_total(sample):
    features, total = sample
    net = make_estimator("mlp", {}, seed=1)
    net.fit(features[:3000], total[:3000])
    forecast, late = net.predict(features[3000:]), total[3000:]
    assert np.abs(late - forecast).mean() < 0.6 * np.abs(late - total[:3000].median()).mean()


def test_it_learns_from_values_that_are_missing(sample):
    features, total = sample
    missing = features["b"].isna()
    total = total.where(~missing, 20.0)
    net = make_estimator("mlp", {}, seed=1)
    net.fit(features[:3000], total[:3000])
    late = features[3000:][missing[3000:]]
    assert np.abs(net.predict(late) - 20.0).mean() < 3.0
    assert np.abs(net.predict(late.fillna(0.0)) - 20.0).mean() > 5.0


def test_four_nets_that_differ_in_their_seed_are_averaged(sample):
    features, total = sample
    net = make_estimator("mlp", {}, seed=1)
    net.fit(features[:1000], total[:1000])
    bag = net.native[-1].regressor_[-1]
    first = bag.estimators_[0].coefs_[0]
    assert [(first == each.coefs_[0]).all() for each in bag.estimators_] == [True, False, False, False]


def test_the_same_seed_gives_the_same_bits_and_no_forecast_is_below_zero(sample):
    features, total = sample
    forecasts = []
    for seed in (1, 1, 2):
        net = make_estimator("mlp", {}, seed=seed)
        net.fit(features[:1000], total[:1000])
        forecasts.append(net.predict(features.assign(a=features["a"] - 6.0)))
    np.testing.assert_array_equal(forecasts[0], forecasts[1])
    assert (forecasts[0] != forecasts[2]).any()
    assert min(map(np.min, forecasts)) >= 0.0


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ConfigError, match="alpha"):
        make_estimator("mlp", {"alpha": 3.0})
