"""Walk-forward folds never let a test date, or the gap before it, into training."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_props.errors import ConfigError, NotEnoughDataError
from nba_props.forecast.folds import walk_forward_folds


def calendar(*seasons: str, days: int = 120) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"game_date": pd.date_range(f"{name[:4]}-10-20", periods=days, freq="D"), "season": name})
        for name in seasons
    ]
    return pd.concat(parts, ignore_index=True)


def folds_of(table: pd.DataFrame, **settings):
    return walk_forward_folds(table["game_date"], table["season"], **settings)


def test_a_season_from_20_october_for_120_days_has_five_monthly_test_folds():
    folds = [fold for fold in folds_of(calendar("2022-23", "2023-24")) if fold.role == "test"]
    spans = [(f"{fold.test_start:%m-%d}", f"{fold.test_end:%m-%d}") for fold in folds]
    assert spans == [
        ("10-20", "10-31"),
        ("11-01", "11-30"),
        ("12-01", "12-31"),
        ("01-01", "01-31"),
        ("02-01", "02-16"),
    ]


def test_a_gap_of_one_day_leaves_exactly_one_day_between_training_and_test():
    fold = folds_of(calendar("2022-23", "2023-24"), gap_days=1)[-1]
    assert fold.test_start == pd.Timestamp("2024-02-01")
    assert fold.train_end == pd.Timestamp("2024-01-30")


def test_calibration_folds_come_before_the_first_test_season_and_every_test_date_is_predicted_once():
    table = calendar("2021-22", "2022-23", "2023-24")
    folds = folds_of(table, first_test_season="2022-23", step="weekly")
    test = [fold for fold in folds if fold.role == "test"]
    calibration = [fold for fold in folds if fold.role == "calibration"]
    times_tested = sum(fold.test_mask(table["game_date"]).astype(int) for fold in test)
    assert (times_tested == (table["season"] >= "2022-23")).all()
    assert max(fold.test_end for fold in calibration) < min(fold.test_start for fold in test)
    assert min(fold.test_start for fold in calibration) >= pd.Timestamp("2021-12-19")


@given(
    step=st.one_of(st.sampled_from(["weekly", "monthly", "season"]), st.integers(1, 60)),
    gap=st.integers(0, 5),
    length=st.integers(30, 170),
)
def test_no_fold_trains_on_a_date_within_the_gap_before_its_test(step, gap, length):
    table = calendar("2021-22", "2022-23", "2023-24", days=length)
    for fold in folds_of(table, step=step, gap_days=gap):
        trained = table["game_date"][table["game_date"] <= fold.train_end]
        tested = table["game_date"][fold.test_mask(table["game_date"])]
        assert len(tested) > 0
        assert (tested.min() - trained.max()).days > gap


def test_testing_the_first_season_is_refused_with_the_mend():
    with pytest.raises(NotEnoughDataError, match="Add an earlier season"):
        folds_of(calendar("2022-23", "2023-24"), first_test_season="2022-23")


def test_an_unknown_season_is_refused_naming_those_there():
    with pytest.raises(ConfigError, match="2022-23, 2023-24"):
        folds_of(calendar("2022-23", "2023-24"), first_test_season="2030-31")


@pytest.mark.parametrize(("step", "gap"), [(0, 1), ("monthly", -1)])
def test_a_step_or_gap_out_of_range_is_refused(step, gap):
    with pytest.raises(ConfigError, match="gap_days must be >= 0"):
        folds_of(calendar("2022-23", "2023-24"), step=step, gap_days=gap)


def test_a_model_fitted_once_has_one_test_fold_over_all_test_seasons():
    folds = folds_of(calendar("2021-22", "2022-23", "2023-24"), first_test_season="2022-23", step="once")
    test = [fold for fold in folds if fold.role == "test"]
    assert [(fold.test_start.year, fold.test_end.year) for fold in test] == [(2022, 2024)]
