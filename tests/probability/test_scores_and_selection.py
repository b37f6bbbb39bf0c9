"""Scores of distributions, the PIT histogram, and the choice among distributions on earlier folds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from nba_props.errors import NotEnoughDataError
from nba_props.probability import (
    PredictiveDistribution,
    compare_distributions,
    crps,
    log_score,
    pit_histogram,
)


class Point(PredictiveDistribution):
    """All mass on the rounded forecast."""

    def __init__(self):
        self._names = np.array([0])

    def _fit(self, y, mu, code):
        """Nothing to learn."""

    def _cdf(self, whole, mu, code):
        return (whole >= np.round(mu)).astype("float64")


class Poisson(PredictiveDistribution):
    """The distribution of the test data."""

    def __init__(self):
        self._names = np.array([0])

    def _fit(self, y, mu, code):
        """Nothing to learn."""

    def _cdf(self, whole, mu, code):
        return poisson.cdf(whole, mu)


def test_the_crps_of_a_point_is_its_absolute_error():
    assert crps(Point(), [5.0, 9.0, 2.0], [7.0, 9.0, 2.0]) == pytest.approx((2 + 0 + 0) / 3)


def test_the_crps_of_a_fair_coin_between_two_and_three_is_worked_out_by_hand():
    class Coin(Point):
        def _cdf(self, whole, mu, code):
            return np.where(whole < 2, 0.0, np.where(whole < 3, 0.5, 1.0))

    # F is 0.5 at k = 2 and right everywhere else: 0.25 for a result of 2 and for a result of 3.
    assert crps(Coin(), [2.0, 3.0], [2.5, 2.5]) == pytest.approx(0.25)
    # A result of 4 adds (F(2) - 0)^2 + (F(3) - 0)^2 = 0.25 + 1.
    assert crps(Coin(), [4.0], [2.5]) == pytest.approx(1.25)


def test_the_log_score_is_the_mean_surprise_and_an_impossible_result_is_held_finite():
    assert log_score([0.0, 0.5], [0.5, 0.75]) == pytest.approx((np.log(2) + np.log(4)) / 2)
    assert log_score([0.3], [0.3]) == pytest.approx(np.log(1e6))


def _poisson_rows(n=20_000, seed=0):
    generator = np.random.default_rng(seed)
    mu = generator.uniform(2.0, 20.0, n)
    return generator.poisson(mu).astype("float64"), mu


def test_the_pit_of_the_true_distribution_is_flat_within_its_band():
    y, mu = _poisson_rows()
    table = pit_histogram(poisson.cdf(y - 1, mu), poisson.cdf(y, mu))
    assert table["density"].mean() == pytest.approx(1.0)
    assert table["density"].between(table["band_low"], table["band_high"]).mean() >= 0.9


def test_the_pit_of_an_overconfident_distribution_is_a_u():
    y, mu = _poisson_rows()
    narrow = poisson.cdf((y - mu) * 1.8 + mu - 1, mu), poisson.cdf((y - mu) * 1.8 + mu, mu)
    density = pit_histogram(*narrow)["density"].to_numpy()
    assert density[0] > 1.3
    assert density[-1] > 1.3
    assert density[4:6].max() < 0.9


def test_one_result_spreads_its_weight_over_its_interval():
    table = pit_histogram([0.25], [0.75], bins=4)
    assert table["density"].tolist() == pytest.approx([0.0, 2.0, 2.0, 0.0])


def test_the_true_distribution_is_chosen_and_the_point_is_not():
    y, mu = _poisson_rows(4000)
    fold = np.arange(4000) // 1000
    table = compare_distributions(y, mu, fold, candidates={"point": Point, "true": Poisson})
    assert table["distribution"].tolist() == ["true", "point"]
    assert table["rows"].tolist() == [3000, 3000]  # the first fold has nothing before it
    assert table["excess"].iloc[0] == 0.0
    assert table["excess"].iloc[1] > 0.5


def test_a_fold_is_scored_by_distributions_of_earlier_folds_only():
    seen = []

    class Recorder(Poisson):
        def fit(self, y, mu, groups=None):
            seen.append(set(np.asarray(groups)))
            return super().fit(y, mu, np.zeros(len(y), dtype="int64"))

        def cdf(self, value, mu, groups=None):
            return super().cdf(value, mu, None)

    y, mu = _poisson_rows(900)
    fold = np.repeat([3, 1, 2], 300)
    compare_distributions(y, mu, fold, fold, candidates={"recorder": Recorder})
    assert seen == [{1}, {1, 2}]


def test_all_four_are_compared_by_default_and_the_shape_of_counts_beats_the_normal():
    generator = np.random.default_rng(3)
    mu = generator.uniform(0.5, 8.0, 6000)
    y = generator.negative_binomial(3.0, 3.0 / (3.0 + mu)).astype("float64")
    table = compare_distributions(y, mu, np.arange(6000) // 1500)
    assert set(table["distribution"]) == {"conformal", "negative_binomial", "normal", "quantile"}
    order = table["distribution"].tolist()
    assert order.index("negative_binomial") < order.index("normal")
    assert order.index("conformal") < order.index("normal")


def test_without_an_earlier_fold_nothing_is_chosen():
    y, mu = _poisson_rows(500)
    with pytest.raises(NotEnoughDataError, match="No fold"):
        compare_distributions(y, mu, np.zeros(500))
