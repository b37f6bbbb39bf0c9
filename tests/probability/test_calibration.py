"""Calibrators learn from earlier dates only, fix what is wrong and leave alone what is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.errors import NotEnoughDataError
from nba_props.probability import CALIBRATORS, DISTRIBUTIONS, walk_forward_calibration
from nba_props.probability.by_fold import FrozenDistribution
from nba_props.probability.calibrators import MIN_CALIBRATION_ROWS

NAMES = sorted(CALIBRATORS)


def _overconfident(n=8000, seed=0):
    """The model's log-odds are three times too large; returns (p, truth, y)."""
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(0.0, 0.3, n)
    truth = 1 / (1 + np.exp(-log_odds))
    return 1 / (1 + np.exp(-3 * log_odds)), truth, (generator.random(n) < truth).astype("float64")


@pytest.mark.parametrize("name", NAMES)
def test_an_overconfident_model_is_mended(name):
    p, truth, y = _overconfident()
    fixed = CALIBRATORS[name]().fit(p, y).transform(p)
    assert np.abs(p - truth).mean() > 0.1
    assert np.abs(fixed - truth).mean() < 0.02


@pytest.mark.parametrize("name", ["beta", "platt"])
def test_a_right_model_is_left_nearly_as_it_is(name):
    _, truth, y = _overconfident()
    assert np.abs(CALIBRATORS[name]().fit(truth, y).transform(truth) - truth).max() < 0.04


def test_the_platt_map_has_the_slope_and_intercept_the_data_were_made_with():
    generator = np.random.default_rng(5)
    log_odds = generator.normal(0.0, 1.0, 60_000)
    y = (generator.random(60_000) < 1 / (1 + np.exp(-(0.5 * log_odds - 0.2)))).astype("float64")
    calibrator = CALIBRATORS["platt"]().fit(1 / (1 + np.exp(-log_odds)), y)
    at = calibrator.transform([0.5, 1 / (1 + np.exp(-1.0))])
    assert np.log(at / (1 - at)) == pytest.approx([-0.2, 0.3], abs=0.03)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(NAMES))
def test_a_calibrator_never_turns_two_probabilities_around_and_stays_inside(seed, name):
    generator = np.random.default_rng(seed)
    p = generator.random(400)
    y = (generator.random(400) < generator.random()).astype("float64")
    if y.min() == y.max():
        return
    calibrator = CALIBRATORS[name]().fit(p, y)
    mapped = calibrator.transform(np.linspace(0.0, 1.0, 101))
    assert ((mapped > 0) & (mapped < 1)).all()
    if name != "platt":  # a falling Platt slope is what the data said, and the sigmoid has one slope only
        assert (np.diff(mapped) >= -1e-9).all()


@pytest.mark.parametrize("name", NAMES)
def test_pushes_are_not_learnt_from_and_a_missing_probability_stays_missing(name):
    p, _, y = _overconfident(1000)
    holes = y.copy()
    holes[::5] = np.nan
    kept = ~np.isnan(holes)
    fixed = CALIBRATORS[name]().fit(p, holes).transform([0.7, np.nan])
    assert fixed[0] == CALIBRATORS[name]().fit(p[kept], y[kept]).transform([0.7])[0]
    assert np.isnan(fixed[1])


@pytest.mark.parametrize("name", NAMES)
def test_too_few_results_or_one_outcome_only_are_refused(name):
    with pytest.raises(NotEnoughDataError, match=str(MIN_CALIBRATION_ROWS)):
        CALIBRATORS[name]().fit(np.full(299, 0.5), np.arange(299) % 2)
    with pytest.raises(NotEnoughDataError):
        CALIBRATORS[name]().fit(np.full(400, 0.5), np.ones(400))


def _nights(n=8000):
    p, truth, y = _overconfident(n)
    return p, truth, y, np.datetime64("2024-01-01") + np.arange(n) // 100


@pytest.mark.parametrize("night", [10, 33, 60])
def test_no_calibrated_probability_depends_on_a_result_of_its_own_or_a_later_date(night):
    p, _, y, dates = _nights()
    changed = np.where(dates >= dates[night * 100], 1.0 - y, y)
    now = dates <= dates[night * 100]
    np.testing.assert_array_equal(
        walk_forward_calibration(p, y, dates)[now], walk_forward_calibration(p, changed, dates)[now]
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 79), st.sampled_from(NAMES))
def test_a_calibrated_probability_is_the_same_when_history_ends_there(night, name):
    p, _, y, dates = _nights()
    kept = dates <= dates[night * 100]
    whole = walk_forward_calibration(p, y, dates, CALIBRATORS[name])[kept]
    np.testing.assert_array_equal(walk_forward_calibration(p[kept], y[kept], dates[kept], CALIBRATORS[name]), whole)


def test_before_enough_props_are_settled_there_is_no_calibrated_probability():
    """The first week used to be bet on what no result had been held against: it claimed +16 % and returned -8 %."""
    p, truth, y, dates = _nights()
    fixed = walk_forward_calibration(p, y, dates)
    settled_before = np.searchsorted(dates, dates - dates.astype("int64") % 7)
    assert np.array_equal(np.isnan(fixed), settled_before < MIN_CALIBRATION_ROWS)
    assert np.isnan(fixed).any()
    assert np.abs(fixed[2000:] - truth[2000:]).mean() < 0.3 * np.abs(p[2000:] - truth[2000:]).mean()


def test_the_order_of_rows_does_not_matter():
    p, _, y, dates = _nights(3000)
    order = np.random.default_rng(0).permutation(3000)
    assert walk_forward_calibration(p, y, dates)[order] == pytest.approx(
        walk_forward_calibration(p[order], y[order], dates[order]), abs=1e-12, nan_ok=True
    )


def test_quantiles_are_the_least_results_that_reach_their_level_wherever_the_distribution_is_moved_to():
    generator = np.random.default_rng(3)
    mu = generator.uniform(2.0, 40.0, 3000)
    fitted = DISTRIBUTIONS["conformal"]().fit(np.maximum(np.round(generator.normal(mu, 6.0)), 0.0), mu)
    frozen, levels = FrozenDistribution(fitted), (0.1, 0.25, 0.75, 0.9)
    rows = pd.DataFrame({"predicted": [5.0, 20.0, 38.0, np.nan], "mean_minutes": 0.0, "line": np.nan})
    rows = rows.assign(location=[6.0, 17.0, 38.0, 9.0], scale=[1.0, 0.8, 1.3, 1.0], anchor=[5.5, 18.5, 40.5, 9.5])
    found = frozen.quantiles(rows, levels)
    assert np.isnan(found[3]).all()
    for row, (_, at) in enumerate(rows.iloc[:3].iterrows()):
        every = pd.DataFrame([at] * 201).assign(line=np.arange(201.0) + 0.5)
        reached = frozen.at(every)["p_under"].to_numpy()
        assert found[row].tolist() == [float(np.argmax(reached >= level)) for level in levels]
