"""A model that starts at the market: in a fair league it stays there, in an unfair one it goes to the model."""

from __future__ import annotations

import pytest

from mlflow_integration import get_profile
from models.data import training_data_of
from models.forecasting import Forecasts
from nba_league import simulate_league
from nba_props.config import make_config
from nba_props.evaluation.market import evaluate_market

SETTINGS = {"market": "reb", "model": "market_blend", "model_params": {"n_estimators": 80}}


def _evaluated(inefficiency: float):
    league = simulate_league(
        ("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=14, n_games=60, inefficiency=inefficiency
    )
    data, config = training_data_of(league), make_config(**SETTINGS)
    return evaluate_market(Forecasts(data, [config]).of(config).result, data.quotes_of("reb"), config)


@pytest.mark.slow
def test_where_the_market_is_efficient_the_blend_adds_nothing_and_the_gate_says_so():
    evaluation = _evaluated(0.0)
    assert evaluation.metrics["blend_weight"] < 0.2
    assert evaluation.metrics["brier_gain_vs_market"] < 0.001
    report = get_profile("market").check(evaluation.metrics)
    verdicts = {result.gate.key: result.verdict.value for result in report.results}
    assert verdicts["adds_to_market"] == "insufficient evidence"
    assert verdicts["plausible"] == "pass"


@pytest.mark.slow
def test_where_the_market_errs_the_weight_goes_to_the_model():
    metrics = _evaluated(4.0).metrics
    assert metrics["blend_weight"] > 0.5
    assert metrics["brier_gain_vs_market_ci_low"] > 0
    assert get_profile("market").check(metrics).results[-1].verdict.value == "pass"
