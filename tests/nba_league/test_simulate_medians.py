"""The oracle that models are compared with is the median of the league's own truth."""

from __future__ import annotations

import numpy as np
import pytest

from nba_league import simulate_league


@pytest.mark.parametrize("market", ["pts", "ra"])
def test_half_the_truth_lies_on_each_side_of_the_true_median(market):
    league = simulate_league(("2022-23",), seed=3, odds_seasons=(), n_teams=6, n_games=20)
    median = league.true_medians(market)
    quotes = league.truth[["game_id", "player_id"]].assign(market=market, line=median + 0.5)
    above = league.true_probabilities(quotes)["p_over"]
    at_least = league.true_probabilities(quotes.assign(line=median - 0.5))["p_over"][median > 0]
    assert above.max() <= 0.5
    assert at_least.min() > 0.5


def test_no_other_forecast_made_of_the_truth_errs_by_less():
    league = simulate_league(("2022-23",), seed=3, odds_seasons=(), n_teams=8, n_games=60)
    actual = league.games["pts"].to_numpy()
    error = np.abs(actual - league.true_medians("pts")).mean()
    assert error < np.abs(actual - league.truth["pts"]).mean()
    assert error < np.abs(actual - league.true_medians("pts") - 1.0).mean()


def test_the_league_before_a_night_knows_nothing_of_it_and_keeps_its_truth():
    league = simulate_league(("2022-23",), seed=3, odds_seasons=("2022-23",), n_teams=6, n_games=20)
    night = league.games["game_date"].unique()[-3]
    before = league.before(night)
    for table in (before.games, before.odds, before.availability):
        assert table["game_date"].max() < night
    earlier = (league.games["game_date"] < night).to_numpy()
    assert before.true_medians("pts").tolist() == league.true_medians("pts")[earlier].tolist()


def test_the_medians_since_a_day_are_those_of_all_days_and_nothing_is_said_of_earlier_ones():
    league = simulate_league(("2021-22", "2022-23"), seed=3, odds_seasons=(), n_teams=6, n_games=20)
    days = league.games["game_date"].unique()
    for since in (days[-3], days[5]):
        asked = (league.games["game_date"] >= since).to_numpy()
        median = league.true_medians("pra", since)
        assert median[asked].tolist() == league.true_medians("pra")[asked].tolist()
        assert median[~asked].isna().all()
