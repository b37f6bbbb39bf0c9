"""The bench of the models: its numbers are those of the package, and no later season is read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from models.data import training_data_of
from models.forecasting import Forecasts
from nba_league import simulate_league
from nba_props.config import make_config
from nba_props.evaluation.market import evaluate_market

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks" / "models.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("models_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names of their annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data():
    seasons = ("2021-22", "2022-23", "2023-24")
    return training_data_of(simulate_league(seasons, seed=9, odds_seasons=seasons[1:], n_teams=4, n_games=24))


@pytest.fixture(scope="module")
def configs():
    trees = {"n_estimators": 20, "min_data_in_leaf": 20}
    walk = {"first_test_season": "2022-23", "step": "season"}
    return [
        make_config(market="pts", model=model, model_params=trees, walk_forward=walk)
        for model in ("lightgbm", "market_blend")
    ]


@pytest.fixture(scope="module")
def table(script, data, configs):
    return script.bench(script.up_to(data, "2022-23"), configs, seeds=[3]).set_index("forecast")


def test_every_forecast_has_a_row(table):
    naive = ["season_mean", "last_10", "ewma_10"]
    assert list(table.index) == [*naive, "oracle", "line", "implied line", "lightgbm", "market_blend"]


def test_the_numbers_are_those_of_the_evaluation(script, table, data, configs):
    earlier = script.up_to(data, "2022-23")
    config = configs[0].model_copy(update={"seed": 3})
    metrics = evaluate_market(Forecasts(earlier, [config]).of(config).result, earlier.quotes_of("pts"), config).metrics
    of = {"mae": "val_mae", "rmse": "val_rmse", "mae_on_lines": "model_mae_on_lines", "brier": "brier_score"}
    assert [table.loc["lightgbm", name] for name in of] == [metrics[name] for name in of.values()]
    assert table.loc["oracle", "mae"] == metrics["oracle_mae"]
    assert table.loc["line", "mae_on_lines"] == metrics["market_mae"]
    assert table.loc["implied line", "mae_on_lines"] == metrics["market_implied_mae"]
    assert table.loc["implied line", "log_loss"] == metrics["market_log_loss"]
    assert table["mae"].iloc[:3].min() == metrics["baseline_mae"]


def test_seasons_after_the_last_one_tested_are_not_there(script, data):
    earlier = script.up_to(data, "2022-23")
    kept = set(data.games.loc[data.games["season"] <= "2022-23", "game_id"])
    assert set(earlier.games["game_id"]) == kept
    assert set(earlier.quotes["game_id"]) <= kept
    assert len(earlier.games) == len(earlier.features) == len(earlier.is_b2b)


def test_a_gain_is_said_with_its_interval_and_the_table_is_markdown(script, table):
    lines = script.as_markdown(table.reset_index()).splitlines()
    assert len(lines) == 2 + len(table)
    assert {line.count("|") for line in lines} == {len(table.columns) + 2}
    assert table.loc["market_blend", "gain"].count("[") == 1
    assert "nan" not in "".join(lines)


def test_lines_without_box_scores_are_refused(script, capsys):
    with pytest.raises(SystemExit):
        script.main(["--odds", "lines"])
    assert "need --data" in capsys.readouterr().err
    assert script.main(["--data", "nowhere"]) == 2
