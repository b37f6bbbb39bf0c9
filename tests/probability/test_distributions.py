"""The predictive distributions are distributions, and they are right about data they have not seen."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, norm

from nba_props.errors import DataError, NotEnoughDataError
from nba_props.probability import (
    DISTRIBUTIONS,
    ConformalDistribution,
    NegativeBinomialDistribution,
    NormalDistribution,
    PredictiveDistribution,
    minutes_tier,
    pit_bounds,
)

NAMES = sorted(DISTRIBUTIONS)


@pytest.fixture(scope="module")
def fitted(counts):
    y, mu, groups = counts()
    return {name: make().fit(y, mu, groups) for name, make in DISTRIBUTIONS.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_distribution_keeps_the_protocol(fitted, name):
    assert isinstance(fitted[name], PredictiveDistribution)


@settings(max_examples=60, deadline=None)
@given(line=st.integers(0, 80).map(lambda value: value / 2), mu=st.floats(-1.0, 45.0), group=st.integers(0, 2))
@pytest.mark.parametrize("name", NAMES)
def test_the_three_probabilities_sum_to_one_and_a_half_line_has_no_push(fitted, name, line, mu, group):
    over, push, under = (part[0] for part in fitted[name].over_push_under([line], [mu], np.array([group])))
    assert over + push + under == pytest.approx(1.0, abs=1e-12)
    assert min(over, push, under) >= 0.0
    if line % 1:
        assert push == 0.0


@settings(max_examples=40, deadline=None)
@given(mu=st.floats(0.1, 45.0), group=st.integers(0, 1))
@pytest.mark.parametrize("name", NAMES)
def test_the_probability_of_over_never_rises_with_the_line(fitted, name, mu, group):
    lines = np.arange(0.0, 90.5, 0.5)
    shape = np.full(len(lines), mu), np.full(len(lines), group)
    over, push, _ = fitted[name].over_push_under(lines, *shape)
    assert (np.diff(over) <= 1e-12).all()
    assert (np.diff(over + push) <= 1e-12).all()
    assert over[0] > 0.0
    assert over[-1] < 0.2


@settings(max_examples=40, deadline=None)
@given(line=st.floats(0.5, 40.0), group=st.integers(0, 1))
@pytest.mark.parametrize("name", ["conformal", "normal", "negative_binomial"])
def test_a_half_line_and_the_whole_line_below_it_differ_by_the_push(fitted, name, line, group):
    half = np.floor(line) + 0.5
    mu, label = [20.0], np.array([group])
    over_half = fitted[name].over_push_under([half], mu, label)[0][0]
    over, push, _ = fitted[name].over_push_under([np.floor(line)], mu, label)
    assert over[0] == pytest.approx(over_half, abs=1e-12)
    below = fitted[name].over_push_under([np.floor(line) - 0.5], mu, label)[0][0]
    assert over[0] + push[0] == pytest.approx(below, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_below_zero(fitted, name):
    over, push, under = fitted[name].over_push_under([0.0, -0.5], [3.0, 3.0], np.array([0, 0]))
    assert under.tolist() == [0.0, 0.0]
    assert over[1] + push[1] == 1.0
    assert push[0] > 0.0


@pytest.mark.parametrize("name", ["conformal", "negative_binomial", "quantile"])
@pytest.mark.parametrize("group", [0, 1])
def test_the_probability_at_a_line_is_that_of_the_distribution_the_counts_came_from(fitted, name, group):
    mu = np.repeat([4.0, 10.0, 18.0, 26.0], 3)
    line = np.array([2.5, 3.5, 6.5, 7.5, 9.5, 13.5, 13.5, 17.5, 22.5, 20.5, 25.5, 31.5])
    size = 12.0 if group == 0 else 4.0
    truth = nbinom.sf(np.floor(line), size, size / (size + mu))
    over = fitted[name].over_push_under(line, mu, np.full(12, group))[0]
    assert np.abs(over - truth).max() < 0.045


def test_the_push_of_a_low_count_has_the_mass_it_came_true_with(fitted):
    truth = nbinom.pmf(3, 12.0, 12.0 / 15.0)
    for name in ("conformal", "negative_binomial"):
        push = fitted[name].over_push_under([3.0], [3.0], np.array([0]))[1][0]
        assert push == pytest.approx(truth, abs=0.03)


@pytest.mark.parametrize("name", ["conformal", "quantile"])
def test_shares_over_unseen_lines_come_true(counts, fitted, name):
    y, mu, groups = counts(seed=9)
    line = np.round(mu * 0.9) + 0.5
    over = fitted[name].over_push_under(line, mu, groups)[0]
    for group in (0, 1):
        for low, high in ((1, 8), (8, 20), (20, 30)):
            rows = (groups == group) & (mu >= low) & (mu < high)
            assert over[rows].mean() == pytest.approx((y > line)[rows].mean(), abs=0.035)


def test_the_normal_reads_half_points_with_a_spread_that_grows_with_the_forecast():
    generator = np.random.default_rng(1)
    mu = generator.uniform(5.0, 40.0, 20_000)
    y = np.round(generator.normal(mu + 1.0, np.sqrt(4.0 + 2.0 * mu)))
    over = NormalDistribution().fit(y, mu).over_push_under([24.5, 30.0], [25.0, 25.0])
    sd = np.sqrt(54.0)
    assert over[0][0] == pytest.approx(norm.sf((24.5 - 26.0) / sd), abs=0.015)
    assert over[1][1] == pytest.approx(norm.cdf(4.5 / sd) - norm.cdf(3.5 / sd), abs=0.005)


def test_a_median_like_forecast_of_a_skewed_count_is_not_taken_for_its_mean():
    generator = np.random.default_rng(2)
    mean = generator.uniform(3.0, 20.0, 20_000)
    y = generator.negative_binomial(2.0, 2.0 / (2.0 + mean)).astype("float64")
    median = nbinom.median(2.0, 2.0 / (2.0 + mean))
    distribution = NegativeBinomialDistribution().fit(y, median)
    line = np.floor(mean) + 0.5
    over = distribution.over_push_under(line, median)[0]
    assert over.mean() == pytest.approx((y > line).mean(), abs=0.01)


def test_the_conformal_level_is_the_rank_among_past_errors():
    # 199 errors -99 ... 99 at one forecast, each a whole number: P(Y <= mu + e) is (e + 99.5 + 1/2)/200, nearly.
    errors = np.arange(-99, 100).astype("float64")
    mu = np.full(199, 500.0)
    distribution = ConformalDistribution().fit(mu + errors, mu)
    level = distribution.cdf([500.0 - 50, 500.0, 500.0 + 50], [500.0] * 3)
    assert level == pytest.approx([0.25, 0.5025, 0.755], abs=0.01)


def test_a_result_beyond_everything_seen_has_a_small_probability_and_never_none():
    mu = np.full(500, 10.0)
    y = 10.0 + np.arange(500) % 7 - 3.0
    distribution = ConformalDistribution().fit(y, mu)
    over, _, under = distribution.over_push_under([14.5, 18.5, 5.5], [10.0] * 3)
    assert 0 < over[1] < over[0] < 0.01
    assert 0 < under[2] < 0.01


def test_a_group_never_seen_takes_the_nearest_tier(counts):
    y, mu, groups = counts(n=2000)
    distribution = ConformalDistribution().fit(y, mu, groups)
    assert distribution.cdf([10.0], [10.0], np.array([7])) == distribution.cdf([10.0], [10.0], np.array([1]))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_forecast_has_no_probabilities_and_missing_results_are_not_learnt_from(counts, name):
    y, mu, groups = counts(n=1000)
    holes = y.copy()
    holes[::7] = np.nan
    distribution = DISTRIBUTIONS[name]().fit(holes, mu, groups)
    assert np.isnan(distribution.over_push_under([10.5], [np.nan], np.array([0]))).all()
    kept = ~np.isnan(holes)
    same = DISTRIBUTIONS[name]().fit(y[kept], mu[kept], groups[kept])
    assert distribution.cdf([10.0], [12.0], np.array([0])) == same.cdf([10.0], [12.0], np.array([0]))


@pytest.mark.parametrize("name", NAMES)
def test_too_few_results_are_refused(name):
    with pytest.raises(NotEnoughDataError, match="99"):
        DISTRIBUTIONS[name]().fit(np.ones(99), np.ones(99))


@pytest.mark.parametrize("groups", [[0.5] * 200, [0] * 199])
def test_groups_that_are_not_one_whole_number_a_row_are_refused(groups):
    with pytest.raises(DataError, match="whole number per row"):
        NormalDistribution().fit(np.ones(200), np.ones(200), groups)


def test_minutes_tiers_begin_at_eighteen_and_thirty_minutes():
    assert minutes_tier([0.0, 17.9, 18.0, 29.9, 30.0, np.nan]).tolist() == [0, 0, 1, 1, 2, 0]


@pytest.mark.parametrize("name", NAMES)
def test_three_hundred_thousand_quotes_take_about_a_second(fitted, name):
    generator = np.random.default_rng(0)
    mu, line = generator.uniform(1, 40, 300_000), generator.integers(1, 80, 300_000) / 2
    started = time.process_time()
    fitted[name].over_push_under(line, mu, generator.integers(0, 2, 300_000))
    assert time.process_time() - started < 3.0  # 0.1 to 1.0 on an idle core; the margin is for a busy one


def test_the_pit_of_the_right_distribution_is_uniform_and_that_of_a_narrow_one_is_not(counts, fitted):
    y, mu, groups = counts(seed=4)
    low, high = pit_bounds(fitted["conformal"], y, mu, groups)
    middle = (low + high) / 2
    assert np.quantile(middle, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.02)
