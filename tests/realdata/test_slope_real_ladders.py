"""On real ladders: between two rungs the model's P(over) moves as the books' does, in every market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.data import load_training_data
from models.forecasting import Forecasts
from nba_props.betting import fair_probability, hold
from nba_props.config import make_config
from nba_props.evaluation.market import evaluate_market

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

SETTINGS = {"platt": {"calibrator": "platt"}, "blend": {"model": "market_blend"}}
MARKETS = ("pra", "pts", "reb", "ast")

_MOMENT = ["game_id", "player_id", "bookmaker", "observed_at"]


@pytest.fixture(scope="module")
def data(realdata_dir: Path):
    """Two seasons and three weeks of box scores; the lines of 2023-24 (PRA) and 2025-26."""
    ladders = realdata_dir.parent / "realdata_2025_26"
    if not ladders.is_dir():
        pytest.skip("the ladders of 2025-26 are not there")
    logs = [realdata_dir / f"player_game_logs_{season}.csv.gz" for season in ("2023-24", "2024-25")]
    odds = [realdata_dir / f"prop_odds_2024-25_{market}.csv.gz" for market in ("pts", "reb", "ast")]
    return load_training_data([*logs, *ladders.glob("player*")], [*odds, *ladders.glob("prop*")])


def _config(market: str, name: str):
    return make_config(
        market=market, model_params={"n_estimators": 60},
        walk_forward={"first_test_season": "2024-25", "step": "season"}, **SETTINGS[name],
    )  # fmt: skip


@pytest.fixture(scope="module")
def forecasts(data) -> Forecasts:
    """Both settings of a market price the same forecasts."""
    return Forecasts(data, [_config(market, name) for market in MARKETS for name in SETTINGS])


def _rungs(quotes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Neighbouring lines of one book and moment: the lower ones and the higher ones, with the books' P(over)."""
    margin = hold(quotes["over_price"], quotes["under_price"])
    table = quotes.assign(fair=fair_probability(quotes["over_price"], quotes["under_price"]))
    table = table[(margin > -0.05) & (margin < 0.25)].drop_duplicates([*_MOMENT, "line"], keep=False)
    table = table.sort_values([*_MOMENT, "line"], ignore_index=True)
    above = table.groupby(_MOMENT)[["line", "fair"]].shift(-1)
    known = above["line"].notna()
    return table[known].reset_index(drop=True), above[known].reset_index(drop=True)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("market", MARKETS)
def test_p_over_moves_between_rungs_within_a_fifth_of_how_the_books_move_it(data, forecasts, market, name):
    """A calibrator used line by line moved it by a third: worse lines at longer prices then looked like edges."""
    config = _config(market, name)
    quotes = data.quotes_of(market)
    pricing = evaluate_market(forecasts.of(config).result, quotes, config).pricing
    low, high = _rungs(quotes[quotes["game_date"] > "2025-10-01"].reset_index(drop=True))
    ours = [
        pricing.at(low[["game_id", "player_id"]].assign(line=rung["line"]))["p_over"].to_numpy() for rung in (low, high)
    ]
    fall, theirs = ours[0] - ours[1], (low["fair"] - high["fair"]).to_numpy()
    known = ~np.isnan(fall)
    assert known.sum() > 300
    assert fall[known].sum() / theirs[known].sum() == pytest.approx(1.0, abs=0.2)
