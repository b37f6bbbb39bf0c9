"""The gates can say no: where the books know the truth, nothing gets into Production."""

from __future__ import annotations

import pytest

from mlflow_integration import ModelRegistry
from models.data import training_data_of
from models.plan.recipe import load_recipe
from models.plan.run import run_plan
from nba_league import simulate_league


@pytest.mark.slow
def test_no_candidate_passes_where_the_market_is_efficient(store):
    league = simulate_league(
        ("2022-23", "2023-24"), seed=3, odds_seasons=("2023-24",), n_teams=14, n_games=50, inefficiency=0.0
    )
    quick = ["markets=['reb', 'ast']", "model_params.n_estimators=60", "calibrator=none"]
    names = ("lightgbm_baseline", "platt")
    recipes = [load_recipe(names[0], quick), load_recipe(names[1], quick[:2])]
    candidates = load_recipe("production_candidates", quick[:1])
    steps = [step for step in run_plan([*recipes, candidates], training_data_of(league)) if step.recipe[5] == "4"]

    assert {step.market for step in steps} == {"reb", "ast"}
    for step in steps:
        report = step.result.registration.report
        verdicts = {gate.gate.key: gate.verdict.value for gate in report.results}
        assert not report.passed
        assert verdicts["roi"] == "fail", "it fails for the true reason, not only for want of bets"
        assert verdicts["val_mae"] == "pass"
        assert step.result.metrics["roi"] < 0.02
    registry = ModelRegistry(store)
    assert {registry.get_production_version(f"NBAProps_{market}_SIMULATED") for market in ("reb", "ast")} == {None}
