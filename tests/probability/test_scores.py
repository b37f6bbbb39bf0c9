"""Scores of probabilities, on every prop and against the market on the same props."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from nba_props.betting import brier_skill_interval
from nba_props.errors import DataError
from nba_props.metrics.definitions import calibration_error, quantile_bins
from nba_props.metrics.tables import recalibrated, reliability_table
from nba_props.probability.scores import calibration_error_null, probability_metrics

NAN = float("nan")


def _draws(n=3000, seed=0):
    generator = np.random.default_rng(seed)
    p = generator.beta(25, 25, n)
    return p, (generator.random(n) < p).astype("float64")


def test_scores_agree_with_scikit_learn():
    p, y = _draws()
    metrics = probability_metrics(p, y)
    assert metrics["brier_score"] == pytest.approx(brier_score_loss(y, p))
    assert metrics["log_loss"] == pytest.approx(sklearn_log_loss(y, p))


def test_pushes_voids_and_missing_forecasts_are_left_out():
    metrics = probability_metrics([0.8, 0.4, 0.9, NAN], [1, 0, NAN, 1], [0.5, NAN, 0.5, 0.5])
    assert metrics["n_props"] == 2.0
    assert metrics["brier_score"] == pytest.approx((0.04 + 0.16) / 2)
    assert metrics["n_props_market"] == 1.0
    assert metrics["market_brier_score"] == pytest.approx(0.25)
    assert metrics["brier_skill_vs_market"] == pytest.approx(1 - 0.04 / 0.25)  # on the one row that has both


def test_without_a_single_result_there_is_a_count_and_nothing_else():
    assert probability_metrics([0.5], [NAN], [0.5]) == {"n_props": 0.0}


def test_without_a_market_there_is_no_market_score():
    assert not {name for name in probability_metrics([0.5, 0.4], [1, 0], [NAN, NAN]) if "market" in name}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.55, 0.9]), st.booleans()), min_size=1, max_size=60))
def test_the_parts_of_the_brier_score_add_up_and_are_not_negative(rows):
    p, y = (np.array(values, dtype="float64") for values in zip(*rows, strict=True))
    metrics = probability_metrics(p, y)
    total = metrics["brier_mcb"] - metrics["brier_dsc"] + metrics["brier_unc"]
    assert total == pytest.approx(metrics["brier_score"], abs=1e-12)
    assert metrics["brier_mcb"] >= -1e-12
    assert metrics["brier_dsc"] >= -1e-12


def test_recalibration_agrees_with_scikit_learns_isotonic_regression():
    p, y = _draws(500)
    p = p.round(2)  # ties are pooled
    assert recalibrated(p, y) == pytest.approx(IsotonicRegression().fit(p, y).predict(p))


@pytest.mark.parametrize(("n", "expected"), [(500, 0.077), (2500, 0.036), (10_000, 0.018)])
def test_the_noise_level_of_a_perfect_forecaster_is_that_of_simulated_ones(n, expected):
    p, _ = _draws(n)
    assert calibration_error_null(p) == pytest.approx(expected, rel=0.08)
    generator = np.random.default_rng(7)
    errors = [calibration_error(p, (generator.random(n) < p).astype("float64")) for _ in range(300)]
    assert np.quantile(errors, 0.95) == pytest.approx(calibration_error_null(p), rel=0.12)


def test_a_forecaster_that_is_ten_points_off_is_told_from_noise():
    p, y = _draws(3000)
    metrics = probability_metrics(np.clip(p + 0.1, 0, 1), y)
    assert metrics["calibration_error"] == pytest.approx(0.1, abs=0.03)
    assert metrics["calibration_error"] > metrics["calibration_error_null"]


def test_equal_probabilities_share_a_bin_so_that_the_order_of_rows_says_nothing():
    y = np.repeat([0.0, 1.0], [260, 240])
    # A constant forecaster sorted by outcome: split into bins it would seem to be off by 0.5.
    assert calibration_error(np.full(500, 0.5), y) == pytest.approx(0.02)
    p, y = _draws(2000)
    p = np.round(p, 1)
    orders = [np.argsort(y), np.argsort(-y), np.random.default_rng(1).permutation(2000)]
    assert len({round(calibration_error(p[order], y[order]), 12) for order in orders}) == 1
    assert len({calibration_error_null(p[order]) for order in orders}) == 1
    tables = [reliability_table(p[order], y[order]) for order in orders]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=80), st.integers(1, 12))
def test_bins_follow_the_order_of_the_probabilities_and_no_value_is_split(values, bins):
    p = np.array(values) / 12.0
    code = quantile_bins(p, bins)
    order = np.argsort(p, kind="stable")
    assert (np.diff(code[order]) >= 0).all()
    assert set(code) == set(range(code.max() + 1))
    assert code.max() + 1 <= min(bins, len(p))
    assert all(len(set(code[p == value])) == 1 for value in p)
    if len(set(values)) == len(values):
        sizes = np.bincount(code)
        assert len(sizes) == min(bins, len(p))
        assert sizes.max() - sizes.min() <= 1


def test_skill_against_the_market_comes_with_an_interval_by_night():
    p, y = _draws(3000)
    dates = np.datetime64("2024-01-01") + np.arange(3000) // 50
    skill = probability_metrics(p, y, np.full(3000, 0.5))["brier_skill_vs_market"]
    interval = brier_skill_interval(p, y, np.full(3000, 0.5), dates)
    assert interval.low < skill
    assert skill < interval.high
    assert probability_metrics(p, y, p)["brier_skill_vs_market"] == 0.0
    assert brier_skill_interval(p, y, p, dates).p_value == 1.0


def test_a_number_that_is_no_probability_is_refused():
    with pytest.raises(DataError, match="market_p"):
        probability_metrics([0.5], [1], [1.2])
    with pytest.raises(DataError, match="2 forecasts for 1 results"):
        probability_metrics([0.5, 0.5], [1])
