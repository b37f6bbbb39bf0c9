"""A month of real lines, evening by evening from truncated files: the bets of the walk-forward, and voids besides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.data import load_training_data
from models.forecasting import forecaster
from models.live.batch import batch_ledger
from models.live.card import ModelInUse, lines_of, make_card
from models.live.replay import SAME_BET, same_bets
from models.live.settle import ledger_of, settled_tables
from models.live.slate import build_slate
from models.logged.prop_forecast import PAST, SETTLED, BettingRule, PropForecast
from nba_props.config import make_config
from nba_props.data import load_odds
from nba_props.forecast.walk_forward import walk_forward_all

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

START, END = pd.Timestamp("2024-01-08"), pd.Timestamp("2024-02-07")


@pytest.fixture(scope="module")
def files(realdata_dir):
    logs = [realdata_dir / f"player_game_logs_{season}.csv.gz" for season in ("2022-23", "2023-24")]
    return logs, [realdata_dir / "prop_odds_2023-24_pra.csv.gz"]


@pytest.fixture(scope="module")
def data(files):
    return load_training_data(*files)


@pytest.fixture(scope="module")
def model(data):
    """A model of the season before."""
    config = make_config(market="pra", model_params={"n_estimators": 40}, walk_forward={"step": "once"})
    made = forecaster(data, config, "lightgbm")
    (test,) = [fold for fold in made.folds if fold.role == "test"]
    known = (data.games["game_date"] <= test.train_end).to_numpy()
    (result,) = walk_forward_all([made], workers=1)
    estimator = made.make()
    estimator.fit(made.features[known], made.target[known])
    past = result.predictions[result.predictions["role"] == "calibration"]
    forecast = PropForecast(
        market="pra",
        estimator=estimator,
        features=tuple(made.features.columns),
        distribution="conformal",
        calibrator="platt",
        rule=BettingRule("open", 0.02, 2.1, 0.25),
        past=past[PAST].reset_index(drop=True),
        settled=pd.DataFrame(columns=SETTLED),
        trained_until=test.train_end,
        data_kind="real",
    )
    return ModelInUse("NBAProps_pra", 1, "Production", "0" * 32, forecast)


def test_a_month_of_evenings_makes_the_bets_of_the_walk_forward_and_voids_besides(data, files, model):
    odds = load_odds(files[1])
    nights = data.games.loc[data.games["game_date"].between(START, END), "game_date"].drop_duplicates()
    settled, bets = [], []
    for night in nights:
        seen = data.games[data.games["game_date"] <= night]
        slate, _ = build_slate(seen, odds, night, kind="real", source="files")
        known = {"pra": pd.concat(settled, ignore_index=True)} if settled else None
        card = make_card(slate, {"pra": model}, decision="rule", settled=known)
        props, won = settled_tables(card.props, card.bets, seen, night, None)
        settled.append(lines_of(props, model.forecast))
        bets.append(won)
        whole = data.features[(data.games["game_date"] == night).to_numpy()]
        there = data.games[data.games["game_date"] == night]
        place = pd.MultiIndex.from_frame(slate.players[["game_id", "player_id"]]).get_indexer(
            pd.MultiIndex.from_frame(there[["game_id", "player_id"]])
        )
        np.testing.assert_array_equal(slate.features.to_numpy()[place], whole.to_numpy())
    ledger = ledger_of(pd.concat([table for table in bets if len(table)], ignore_index=True))
    expected = batch_ledger(model.forecast, data, START, END)
    assert len(expected) > 50
    assert same_bets(ledger[ledger["result"] != "void"], expected), SAME_BET
