"""The difference of two forecasters on identical rows: hand-computed, antisymmetric, and honest about noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.errors import ConfigError, DataError
from nba_props.evaluation.paired import paired_comparison, paired_difference


def losses(seed=0, nights=40, per_night=5):
    rng = np.random.default_rng(seed)
    n = nights * per_night
    dates = np.repeat(pd.date_range("2024-01-01", periods=nights), per_night)
    return rng.gamma(2.0, 1.0, n), rng.gamma(2.0, 1.0, n), dates


def predictions(seed=0, nights=30, per_night=10, shift=0.0):
    """Predictions of random props; `shift` moves every forecast away from the truth."""
    rng = np.random.default_rng(seed)
    n = nights * per_night
    centre = rng.uniform(5, 25, n)
    actual = rng.poisson(centre).astype("float64")
    p_over = rng.uniform(0.3, 0.6, n)
    return pd.DataFrame(
        {
            "game_id": [f"{value:010d}" for value in np.arange(n) // 5],
            "player_id": np.arange(n) % 5,
            "game_date": np.repeat(pd.date_range("2024-01-01", periods=nights), per_night),
            "actual": actual,
            "predicted": centre + shift,
            "line": np.where(rng.random(n) < 0.7, np.round(centre), np.nan),
            "p_over": p_over,
            "p_push": 0.1,
            "p_under": 0.9 - p_over,
        }
    )


def test_the_point_is_the_mean_difference_and_the_interval_holds_it():
    first, second, dates = losses()
    interval = paired_difference(first + 1.0, second, dates)
    assert interval.point == pytest.approx((first - second).mean() + 1.0)
    assert 0.0 < interval.low < interval.point < interval.high
    assert interval.p_value == pytest.approx(1 / 2001)
    assert interval.nights == 40


def test_a_constant_difference_has_no_spread():
    first, _, dates = losses()
    interval = paired_difference(np.round(first) + 2.0, np.round(first), dates)
    assert (interval.point, interval.low, interval.high) == (2.0, 2.0, 2.0)


@given(seed=st.integers(0, 2**32 - 1), block=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_swapping_the_arms_flips_the_sign(seed, block):
    first, second, dates = losses(seed)
    there = paired_difference(first, second, dates, block_nights=block, resamples=200, seed=seed)
    back = paired_difference(second, first, dates, block_nights=block, resamples=200, seed=seed)
    assert back.point == -there.point
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-12)
    # Each resample is counted in one of the two p-values, and both add one to count and total.
    assert there.p_value + back.p_value == pytest.approx(202 / 201)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_identical_arms_differ_by_exactly_nothing(seed):
    first, _, dates = losses(seed)
    interval = paired_difference(first, first, dates, resamples=100, seed=seed)
    assert (interval.point, interval.low, interval.high, interval.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_night_is_drawn_whole_so_that_rows_of_one_night_that_agree_widen_the_interval():
    rng = np.random.default_rng(4)
    by_night = rng.normal(size=40)
    dates = np.repeat(pd.date_range("2024-01-01", periods=40), 25)
    together = paired_difference(np.repeat(by_night, 25), np.zeros(1000), dates)
    alone = paired_difference(rng.permutation(np.repeat(by_night, 25)), np.zeros(1000), dates)
    assert together.high - together.low > 3 * (alone.high - alone.low)
    # The standard error of the mean of 40 nights.
    assert (together.high - together.low) / 2 == pytest.approx(1.96 * by_night.std() / np.sqrt(40), rel=0.1)


def test_the_interval_of_worthless_differences_holds_zero_as_often_as_it_says():
    held = 0
    for seed in range(200):
        first, second, dates = losses(seed)
        interval = paired_difference(first, second, dates, resamples=300, seed=seed)
        held += interval.low <= 0 <= interval.high
    assert 180 <= held <= 199


def test_a_few_nights_give_no_interval():
    first, second, dates = losses(nights=19)
    assert paired_difference(first, second, dates) is None


def test_lengths_that_differ_and_missing_losses_are_refused():
    first, second, dates = losses()
    with pytest.raises(DataError, match="199 and 200 losses"):
        paired_difference(first[1:], second, dates)
    first[3] = np.nan
    with pytest.raises(DataError, match="1 row"):
        paired_difference(first, second, dates)
    with pytest.raises(ConfigError, match="level is 95"):
        paired_difference(second, second, dates, level=95)


def test_a_comparison_by_hand():
    baseline = pd.DataFrame(
        {
            "game_id": ["1", "1", "2", "2"],
            "player_id": [1, 2, 1, 2],
            "game_date": pd.to_datetime(["2024-01-01"] * 2 + ["2024-01-02"] * 2),
            "actual": [10.0, 20.0, 5.0, 8.0],
            "predicted": [12.0, 18.0, 5.0, 9.0],  # errors 2 2 0 1
            "line": [9.5, 20.0, 5.5, 7.5],
            "p_over": [0.5, 0.4, 0.6, np.nan],
            "p_push": [0.0, 0.1, 0.0, np.nan],
            "p_under": [0.5, 0.5, 0.4, np.nan],
        }
    )
    variant = baseline.assign(predicted=[11.0, 20.0, 6.0, 9.0])  # errors 1 0 1 1
    variant[["p_over", "p_under"]] = [[0.7, 0.3], [0.4, 0.5], [0.2, 0.8], [0.5, 0.5]]
    metrics = paired_comparison([(variant[::-1], baseline)])
    # The second prop is a push, the fourth has one forecast only.
    assert metrics == {
        "mae_difference": pytest.approx((2 + 2 + 0 + 1 - 3) / 4),
        "brier_difference": pytest.approx(((0.5**2 + 0.6**2) - (0.3**2 + 0.2**2)) / 2),
        "n_paired_rows": 4.0,
        "n_paired_props": 2.0,
    }


def test_probabilities_are_compared_given_no_push():
    table = predictions()
    metrics = paired_comparison([(table, table.assign(p_over=0.3, p_push=0.5, p_under=0.2))])
    decided = table[table["line"].notna() & (table["actual"] != table["line"])]
    over = (decided["actual"] > decided["line"]).astype(float)
    expected = np.square(0.6 - over).mean() - np.square(decided["p_over"] / 0.9 - over).mean()
    assert metrics["brier_difference"] == pytest.approx(expected)
    assert metrics["n_paired_props"] == len(decided)


def test_a_worse_baseline_makes_every_number_of_the_variant_better():
    metrics = paired_comparison([(predictions(), predictions(shift=3.0))])
    assert 0 < metrics["mae_difference_ci_low"] < metrics["mae_difference"] < metrics["mae_difference_ci_high"]
    assert metrics["mae_difference_p_value"] < 0.01
    assert metrics["brier_difference"] == 0.0


def test_a_different_line_is_not_compared():
    table = predictions()
    metrics = paired_comparison([(table.assign(line=table["line"] + 1), table)])
    assert metrics["n_paired_props"] == 0
    assert not [name for name in metrics if name.startswith("brier")]


def test_without_lines_only_the_errors_are_compared():
    table = predictions()[["game_id", "player_id", "game_date", "actual", "predicted"]]
    metrics = paired_comparison([(table, table)])
    assert metrics["n_paired_props"] == 0
    assert (metrics["mae_difference_ci_low"], metrics["mae_difference_ci_high"]) == (0.0, 0.0)


def test_rows_that_are_not_identical_are_refused():
    table = predictions()
    with pytest.raises(DataError, match="299 and 300 rows, of which 299"):
        paired_comparison([(table[1:], table)])
    with pytest.raises(DataError, match="appears twice"):
        paired_comparison([(table, pd.concat([table, table[:1]]))])
    with pytest.raises(DataError, match="column actual: differs"):
        paired_comparison([(table.assign(actual=table["actual"] + (table.index == 3)), table)])
    with pytest.raises(DataError, match="missing columns predicted"):
        paired_comparison([(table.drop(columns="predicted"), table)])
    with pytest.raises(DataError, match="0 and 0 rows"):
        paired_comparison([(table[:0], table[:0])])


def test_over_several_seeds_the_loss_of_a_row_is_its_mean():
    pairs = [(predictions(shift=shift), predictions(shift=2.0)) for shift in (0.5, 1.0, 1.5)]
    single = [paired_comparison([pair]) for pair in pairs]

    both = paired_comparison(pairs)

    differences = [metrics["mae_difference"] for metrics in single]
    assert both["mae_difference"] == pytest.approx(np.mean(differences))
    assert both["mae_difference_seed_sd"] == pytest.approx(np.std(differences, ddof=1))
    assert both["brier_difference"] == pytest.approx(0.0)
    assert both["mae_difference_ci_low"] < both["mae_difference"] < both["mae_difference_ci_high"]
    assert "mae_difference_seed_sd" not in single[0]


def test_seeds_of_other_rows_are_refused():
    with pytest.raises(DataError, match="identical rows"):
        paired_comparison([(predictions(), predictions()), (predictions(nights=29), predictions(nights=29))])
