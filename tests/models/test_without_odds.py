"""Box scores of one's own, and no lines: everything but the bets."""

from __future__ import annotations

import pytest

from models.data import load_training_data
from models.train_model_mlflow import NBAPropsMLflowTrainer


@pytest.fixture(scope="module")
def box_scores(league, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    return [path for path in league.write(folder) if "game_logs" in path.name]


def test_a_run_without_odds_has_errors_and_no_betting_number(box_scores, store):
    data = load_training_data(box_scores)
    result = NBAPropsMLflowTrainer("reb", training_data=data, model_params={"n_estimators": 20}).run()
    assert result.metrics["val_mae"] < result.metrics["baseline_mae"] * 1.1
    absent = {"roi", "n_bets", "clv", "brier_score", "market_mae", "win_rate"}
    assert not absent & result.metrics.keys()
    assert result.registration is not None
    assert str(result.registration.stage) == "None"
    assert data.join_report is None
    assert data.quotes.empty
