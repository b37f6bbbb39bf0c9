"""Directions and prefixes known from a metric's name."""

from __future__ import annotations

import pytest

from nba_props.errors import TrackingError
from nba_props.metrics import direction, prefixed, resolve_direction


@pytest.mark.parametrize(
    "name",
    "val_mae train_rmse val_mae_fold log_loss brier_score calibration_error max_drawdown brier_mcb roi_p_value "
    "mae_tier1_stars mae_2021_22 model_mae_on_lines mae_over_oracle fold/val_mae".split(),
)
def test_less_of_an_error_is_better(name):
    assert direction(name) == "min"


@pytest.mark.parametrize(
    "name",
    "val_r2 roi roi_edge_small roi_ci_low win_rate clv clv_line sharpe_ratio profit bankroll_growth mae_skill "
    "mae_skill_vs_market brier_skill_vs_market brier_dsc accuracy f1".split(),
)
def test_more_of_a_gain_or_a_skill_is_better(name):
    assert direction(name) == "max"


@pytest.mark.parametrize(
    "name",
    "n_bets baseline_mae market_mae market_brier_score calibration_error_null turnover breakeven_rate kelly_criterion "
    "expected_roi training_time whatever normal".split(),
)
def test_where_the_name_does_not_tell_there_is_no_direction(name):
    assert direction(name) is None


def test_an_unknown_direction_must_be_said():
    assert resolve_direction("whatever", "max") == "max"
    with pytest.raises(TrackingError, match="mode='min' or mode='max'"):
        resolve_direction("whatever")
    with pytest.raises(TrackingError, match="not 'up'"):
        resolve_direction("roi", "up")


def test_prefixes_are_put_once_and_not_before_names_that_take_none():
    assert prefixed("mae", "val") == "val_mae"
    assert prefixed("val_mae", "val") == "val_mae"
    assert prefixed("baseline_mae", "val") == "baseline_mae"
    assert prefixed("n_features", "train") == "n_features"
    assert prefixed("training_time", "train") == "training_time"
