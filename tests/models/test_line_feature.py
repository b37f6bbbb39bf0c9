"""The market's own forecast among the features: of the decision, of nothing settled later, and never of a card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.forecasting import feature_frame
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.config import make_config
from nba_props.errors import ConfigError

KEYS = ["game_id", "player_id"]


def column(data, **settings) -> pd.Series:
    frame = feature_frame(data, make_config(market="pts", line_feature=True, **settings))
    return frame["implied_line"]


def test_a_player_game_has_the_line_of_its_market_and_without_one_nothing(data):
    lined = pd.MultiIndex.from_frame(data.games[KEYS]).isin(pd.MultiIndex.from_frame(data.quotes_of("pts")[KEYS]))
    implied = column(data)
    assert implied.notna().to_numpy().tolist() == lined.tolist()
    middle = data.quotes_of("pts").groupby(KEYS)["line"].median()
    found = middle.reindex(pd.MultiIndex.from_frame(data.games[KEYS][lined])).to_numpy()
    assert np.abs(implied[lined] - found).median() < 1.0
    assert "implied_line" not in feature_frame(data, make_config(market="pts"))


def test_the_line_of_the_decision_is_not_that_of_the_close(data):
    assert (column(data) != column(data, decision="close")).sum() > 50


def test_nothing_that_is_settled_later_moves_it(data):
    quotes = data.quotes
    day = quotes["game_date"].sort_values().iloc[len(quotes) // 2]
    later = quotes["game_date"] >= day
    changed = quotes.assign(actual=quotes["actual"].where(~later, 3.0 * quotes["actual"] + 40.0))
    before = (data.games["game_date"] <= day).to_numpy()
    pd.testing.assert_series_equal(column(replace(data, quotes=changed))[before], column(data)[before])


def test_without_lines_it_is_refused_and_so_is_its_registration(data, store):
    with pytest.raises(ConfigError, match="no lines of pts"):
        column(replace(data, quotes=data.quotes.head(0)))
    trainer = NBAPropsMLflowTrainer("pts", training_data=data, line_feature=True)
    with pytest.raises(ConfigError, match="before it is priced"):
        trainer.run()
