"""The loaders and the join on real box scores and real lines."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data import fingerprint, join_odds, load_game_logs, load_odds, read_game_logs

pytestmark = pytest.mark.realdata

SEASONS = {"2021-22": 26_039, "2022-23": 25_895, "2023-24": 26_401, "2024-25": 26_306}


@pytest.fixture(scope="module")
def games(realdata_dir):
    return load_game_logs(realdata_dir)


@pytest.fixture(scope="module")
def odds(realdata_dir):
    return load_odds(realdata_dir)


@pytest.fixture(scope="module")
def pra(odds, games):
    return join_odds(odds[odds["market"] == "pra"], games)


@pytest.fixture(scope="module")
def pick_em(odds, games):
    return join_odds(odds[odds["market"] != "pra"], games)


def test_every_row_of_four_seasons_is_loaded_and_none_breaks_a_rule(realdata_dir):
    games, report = read_game_logs(realdata_dir)
    assert games["season"].value_counts().to_dict() == SEASONS
    assert report.dropped == {}
    assert report.rows_read == len(games) == 104_641
    assert games.groupby("season")["game_id"].nunique().eq(1_230).all()
    assert games["min"].eq(0).sum() == 379


def test_five_games_of_2024_25_were_played_at_neutral_sites(games):
    at_home = games.groupby("game_id")["home"].any()
    assert (~at_home).sum() == 5
    assert games.loc[games["game_id"].isin(at_home.index[~at_home]), "season"].eq("2024-25").all()


def test_teams_and_results_fit_together(games):
    per_team = games.groupby(["game_id", "team"]).agg(pts=("pts", "sum"), won=("won", "first")).reset_index()
    best = per_team.groupby("game_id")["pts"].transform("max")
    assert (per_team["won"] == (per_team["pts"] == best)).all()


def test_the_pra_lines_of_2023_24_are_joined_and_every_row_is_accounted_for(pra):
    report = pra.report
    assert report.rows == 29_592 == sum(report.counts.values())
    assert report.duplicate == 823
    assert report.no_game == 3_448
    assert report.matched >= 25_190
    assert report.matched + report.void + report.unknown_name + report.ambiguous_name == report.in_log
    assert report.reachable >= 0.998
    assert report.matched / report.in_log >= 0.988
    assert report.ambiguous_date == report.observed_after_game == 0


def test_no_play_in_or_playoff_row_is_glued_to_a_game(pra, odds):
    late = odds[(odds["market"] == "pra") & (odds["game_date"] > "2024-04-14")]
    assert len(late) > 3_000
    assert not pra.quotes["event_id"].isin(late["event_id"]).any()


def test_joined_rows_are_on_the_eastern_day_of_the_source(pra, pick_em, odds):
    dates = odds.drop_duplicates("event_id").set_index("event_id")["game_date"]
    for quotes in (pra.quotes, pick_em.quotes):
        assert (quotes["event_id"].map(dates).to_numpy() == quotes["game_date"].to_numpy()).all()


def test_the_pick_em_lines_are_joined_in_full(pick_em, odds):
    report = pick_em.report
    assert report.rows == 21_460 == sum(report.counts.values())
    assert report.no_game == 113
    assert report.reachable == 1.0
    assert report.void == 667
    # The cup final, and a game that was put off by seventeen days.
    elsewhere = odds[(odds["market"] != "pra") & ~odds["event_id"].isin(pick_em.quotes["event_id"])]
    events = elsewhere.groupby(["game_date", "home_team", "away_team"]).size()
    assert events.to_dict() == {
        (pd.Timestamp("2024-12-17"), "OKC", "MIL"): 99,
        (pd.Timestamp("2025-01-11"), "ATL", "HOU"): 14,
    }


def test_actuals_are_what_the_box_score_says(pra, games):
    box = games.set_index(["game_id", "player_id"])[["pts", "reb", "ast"]].sum(axis=1)
    played = pra.quotes.dropna(subset="actual")
    keys = pd.MultiIndex.from_frame(played[["game_id", "player_id"]])
    assert (box.reindex(keys).to_numpy() == played["actual"].to_numpy()).all()
    voids = pra.quotes[pra.quotes["actual"].isna()]
    assert not pd.MultiIndex.from_frame(voids[["game_id", "player_id"]]).isin(box.index).any()


@pytest.mark.parametrize(
    ("absent", "joined"), [(["game_date"], 46_484), (["game_date", "source_date"], 46_289), ([], 46_654)]
)
def test_without_the_date_columns_fewer_rows_are_joined_but_none_to_another_game(absent, joined, odds, games):
    truth = join_odds(odds, games).quotes.drop_duplicates("event_id").set_index("event_id")["game_id"]
    quotes = join_odds(odds.drop(columns=absent), games).quotes
    assert len(quotes) == joined
    assert (quotes["event_id"].map(truth) == quotes["game_id"]).all()


def test_a_file_dated_by_utc_loses_only_the_back_to_back_games(odds, games):
    truth = join_odds(odds, games).quotes.drop_duplicates("event_id").set_index("event_id")["game_id"]
    result = join_odds(odds.assign(game_date=odds["source_date"]), games)
    assert (result.quotes["event_id"].map(truth) == result.quotes["game_id"]).all()
    assert result.report.ambiguous_date == 170
    assert result.report.no_game == 3_561


def test_the_fingerprint_does_not_depend_on_the_way_the_files_were_given(games, realdata_dir):
    one_by_one = load_game_logs(sorted(realdata_dir.glob("player_game_logs_*"), reverse=True))
    assert fingerprint(one_by_one) == fingerprint(games)
