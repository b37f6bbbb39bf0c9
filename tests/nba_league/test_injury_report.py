"""The simulated league's injury report: right at the end, not yet in the morning, and of every game of its day."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_league import simulate_league
from nba_props.data.availability import COLUMNS, as_of


@pytest.fixture(scope="module")
def league():
    return simulate_league(("2022-23", "2023-24"), seed=3, n_teams=8, n_games=40, markets=("pts",))


def known(league, clock):
    """What the last report before an hour of the day (Eastern) says of its games."""
    day = league.availability["game_date"] + pd.Timedelta(hours=clock)
    return as_of(league.availability, day.dt.tz_localize("America/New_York").dt.tz_convert("UTC"))


KEY = ["game_date", "team", "player_id"]


def test_it_has_the_columns_of_the_contract_and_comes_in_order_of_time(league):
    assert list(league.availability) == list(COLUMNS)
    assert league.availability["reported_at"].is_monotonic_increasing
    assert not league.availability.duplicated([*KEY, "reported_at"]).any()


def test_who_is_out_in_the_last_report_does_not_play_and_who_is_available_does(league):
    last = known(league, 24)
    played = last.merge(league.games[KEY], how="left", on=KEY, indicator=True)["_merge"] == "both"
    assert set(last["status"]) == {"out", "available"}
    assert not played[last["status"] == "out"].any()
    assert played[last["status"] == "available"].all()


def test_a_regular_who_misses_a_game_of_his_team_is_listed_as_out(league):
    """Everybody who plays both the game before and the game after one that he misses, 30 minutes or more each."""
    games = league.games.sort_values(["team", "game_date"])
    nights = games[["season", "team", "game_date"]].drop_duplicates()
    nights["number"] = nights.groupby(["season", "team"]).cumcount()
    long = games[games["min"] >= 30].merge(nights)
    around = long.assign(number=long["number"] + 1).merge(
        long.assign(number=long["number"] - 1), on=["season", "team", "player_id", "number"]
    )
    missed = around[["season", "team", "player_id", "number"]].merge(nights)
    missed = missed.merge(games[KEY], how="left", on=KEY, indicator=True).query("_merge == 'left_only'")
    out = known(league, 24).query("status == 'out'")
    assert len(missed) > 30
    assert missed.merge(out[KEY], on=KEY).shape[0] == len(missed)


def test_the_morning_does_not_know_the_late_scratches(league):
    morning, last = known(league, 10), known(league, 24)
    out = last[last["status"] == "out"].merge(morning[[*KEY, "status"]], how="left", on=KEY, suffixes=("", "_before"))
    before = out["status_before"].fillna("not listed").value_counts(normalize=True)
    assert before["out"] > 0.8
    assert before["questionable"] > before["not listed"] > 0.02
    doubted = morning[morning["status"] == "questionable"]
    fit = doubted.merge(last[last["status"] == "available"][KEY], on=KEY)
    assert 0.3 < len(fit) / len(doubted) < 0.8, "some of the doubted play"


def test_a_report_before_an_early_tip_still_lists_the_absences_of_the_late_games(league):
    reports = league.availability.groupby("game_date")["reported_at"].nunique()
    day = reports[reports >= 3].index[0]
    rows = league.availability[league.availability["game_date"] == day]
    teams = rows[rows["status"] == "out"].groupby("reported_at")["team"].agg(set)
    assert all(teams.iloc[0] <= later for later in teams.iloc[1:])


def test_box_scores_and_lines_are_those_of_a_league_that_reports_nothing(league):
    """The report has random numbers of its own: drawing it moves nothing else."""
    again = simulate_league(("2022-23", "2023-24"), seed=3, n_teams=8, n_games=40, markets=("pts",))
    pd.testing.assert_frame_equal(again.availability, league.availability)
    pd.testing.assert_frame_equal(again.games, league.games)
