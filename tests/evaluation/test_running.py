"""Histories of headline numbers end at the number of the whole run."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.evaluation.regression import NAIVE_FORECASTS, validation_metrics
from nba_props.evaluation.running import running_metrics

DATES = pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02"])
PREDICTIONS = pd.DataFrame({"actual": [10.0, 20.0, 6.0], "predicted": [11.0, 17.0, 6.0], "fold": [0, 1, 1]}).assign(
    **{name: [12.0, 24.0, 8.0] for name in NAIVE_FORECASTS}
)
LEDGER = pd.DataFrame(
    {
        "game_date": DATES,
        "result": ["won", "push", "lost"],
        "profit": [0.9, 0.0, -1.0],
        "stake": 1.0,
        "decimal_odds": 1.9,
        "clv": 0.0,
        "bankroll": [100.9, 100.9, 99.9],
    }
)
SCORED = pd.DataFrame({"game_date": DATES, "chance": [0.6, 0.5, 0.4], "over": [1, 0, 0], "market_p_over": 0.5})


def test_the_last_error_and_skill_are_those_of_the_run():
    histories = running_metrics(PREDICTIONS, LEDGER.iloc[:0], SCORED.iloc[:0])
    whole = validation_metrics(PREDICTIONS)
    assert histories["val_mae_so_far"] == pytest.approx([1.0, 4.0 / 3.0])
    assert histories["mae_skill_so_far"][-1] == pytest.approx(whole["mae_skill"])
    assert set(histories) == {"val_mae_so_far", "mae_skill_so_far"}


def test_the_gain_on_the_market_is_a_mean_over_the_props_so_far():
    histories = running_metrics(PREDICTIONS, LEDGER.iloc[:0], SCORED)
    assert histories["brier_gain_so_far"] == pytest.approx([0.045, 0.06])
    unknown = running_metrics(PREDICTIONS, LEDGER.iloc[:0], SCORED.assign(market_p_over=[0.5, 0.5, None]))
    assert "brier_gain_so_far" not in unknown


def test_the_last_return_and_profit_are_those_of_all_bets():
    histories = running_metrics(PREDICTIONS, LEDGER, SCORED)
    assert histories["roi_so_far"] == pytest.approx([0.9, -0.05])
    assert histories["cumulative_profit"] == pytest.approx([0.9, -0.1])
