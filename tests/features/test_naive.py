"""The naive forecasts, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import ConfigError
from nba_props.features import mean_minutes_before, naive_forecasts, prior_games_in_season


def test_forecasts_of_a_short_season_are_those_computed_by_hand(solo):
    games = solo({"2021-22": [50.0], "2022-23": [10.0, 20.0, 40.0]})

    out = naive_forecasts(games, "pts")

    keep = 1.0 - 2.0 / 11.0
    ewma = (20.0 + keep * 10.0) / (1.0 + keep)
    assert out["season_mean"].tolist() == pytest.approx([np.nan, np.nan, 10.0, 15.0], nan_ok=True)
    assert out["last_10"].tolist() == pytest.approx([np.nan, np.nan, 10.0, 15.0], nan_ok=True)
    assert out["ewma_10"].tolist() == pytest.approx([np.nan, np.nan, 10.0, ewma], nan_ok=True)


def test_the_last_ten_forget_the_eleventh_game(solo):
    games = solo({"2021-22": [1000.0, *range(1, 11), 7.0]})

    assert naive_forecasts(games, "pts")["last_10"].iloc[-1] == pytest.approx(5.5)
    assert naive_forecasts(games, "pts")["season_mean"].iloc[-1] == pytest.approx(1055.0 / 11.0)


def test_a_market_of_several_columns_is_forecast_as_their_sum(solo):
    games = solo({"2021-22": [10.0, 20.0]}).assign(reb=4.0, ast=[1.0, 2.0])

    assert naive_forecasts(games, "pra")["season_mean"].iloc[1] == 15.0
    assert naive_forecasts(games, "ra")["season_mean"].iloc[1] == 5.0


def test_an_unknown_market_is_refused(solo):
    with pytest.raises(ConfigError, match="Unknown market"):
        naive_forecasts(solo({"2021-22": [1.0]}), "dunks")


def test_games_and_minutes_before_restart_with_the_season(solo):
    games = solo({"2021-22": [1.0, 1.0], "2022-23": [1.0, 1.0, 1.0]}).assign(min=[30.0, 10.0, 20.0, 24.0, 5.0])

    assert prior_games_in_season(games).tolist() == [0, 1, 0, 1, 2]
    assert prior_games_in_season(games).dtype == np.int64
    assert mean_minutes_before(games).tolist() == pytest.approx([np.nan, 30.0, np.nan, 20.0, 22.0], nan_ok=True)


def test_rows_keep_their_index_whatever_their_order(league):
    games = league(2).sample(frac=1.0, random_state=1)
    sorted_games = games.sort_index()

    for shuffled, ordered in (
        (naive_forecasts(games, "pra"), naive_forecasts(sorted_games, "pra")),
        (prior_games_in_season(games).to_frame(), prior_games_in_season(sorted_games).to_frame()),
        (mean_minutes_before(games).to_frame(), mean_minutes_before(sorted_games).to_frame()),
    ):
        assert shuffled.index.equals(games.index)
        pd.testing.assert_frame_equal(shuffled.sort_index(), ordered, check_exact=True)


def test_nothing_of_tonight_or_later_enters(league):
    games = league(8)
    day = np.sort(games["game_date"].unique())[9]
    changed = games.copy()
    late = changed["game_date"] >= day
    changed.loc[late, ["pts", "reb", "ast", "min"]] = 99.5
    early = (games["game_date"] <= day).to_numpy()

    assert naive_forecasts(changed, "pra")[early].equals(naive_forecasts(games, "pra")[early])
    assert mean_minutes_before(changed)[early].equals(mean_minutes_before(games)[early])
