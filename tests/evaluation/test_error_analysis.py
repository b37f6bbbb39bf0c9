"""The error table splits the same rows in several ways and loses none of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.evaluation.error_analysis import error_analysis


@pytest.fixture
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 120
    return pd.DataFrame(
        {
            "game_date": pd.Timestamp("2023-11-29") + pd.to_timedelta(np.arange(n) // 30, unit="D"),
            "season": "2023-24",
            "player_name": np.where(np.arange(n) < 100, "Regular Player", "Rare Player"),
            "team": "BOS",
            "opponent": np.where(np.arange(n) % 2, "NYK", "LAL"),
            "home": np.arange(n) % 2 == 0,
            "is_b2b": False,
            "mean_minutes": np.repeat([10.0, 18.0, 30.0], 40),
            "actual": rng.poisson(12, n).astype(float),
            "predicted": 12.0,
            "ewma_10": 11.0,
        }
    )


def test_every_split_holds_every_row_once(predictions):
    table = error_analysis(predictions)
    totals = table[table["split"] != "player"].groupby("split")["n"].sum()
    assert set(totals.index) == {
        "season", "month", "minutes", "forecast", "venue", "back_to_back", "opponent", "team"
    }  # fmt: skip
    assert (totals == 120).all()


def test_figures_of_a_split_are_those_of_its_rows(predictions):
    table = error_analysis(predictions).set_index(["split", "value"])
    rows = predictions[predictions["opponent"] == "NYK"]
    error = rows["actual"] - rows["predicted"]
    row = table.loc[("opponent", "NYK")]
    assert row["mae"] == pytest.approx(error.abs().mean())
    assert row["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert row["mean_error"] == pytest.approx(error.mean())
    assert row["baseline_mae"] == pytest.approx((rows["ewma_10"] - rows["actual"]).abs().mean())


def test_players_with_few_games_are_not_listed(predictions):
    table = error_analysis(predictions, min_player_games=21)
    assert list(table.loc[table["split"] == "player", "value"]) == ["Regular Player"]


def test_minutes_tiers_take_their_lower_bound(predictions):
    table = error_analysis(predictions)
    assert list(table.loc[table["split"] == "minutes", "value"]) == ["<18", "18-30", ">=30"]
    assert list(table.loc[table["split"] == "minutes", "n"]) == [40, 40, 40]
