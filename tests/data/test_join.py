"""Odds joined to games: what the sources get wrong, row by row, and nothing lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.data import JoinReport, join_odds
from nba_props.data.report import CAUSES
from nba_props.errors import DataError


@pytest.fixture
def join(games, quote):
    """Joins odds rows given as changes to the standard one."""

    def _join(*rows, drop=(), **options):
        return join_odds(pd.DataFrame([quote(**row) for row in rows]).drop(columns=list(drop)), games, **options)

    return _join


def only(result):
    assert len(result.quotes) == 1
    return result.quotes.iloc[0]


def causes(result):
    return {cause: rows for cause, rows in result.report.counts.items() if rows}


def test_a_quote_carries_the_game_the_player_and_the_result(join):
    result = join({"market": "pra", "line": 30.5})
    row = only(result)
    assert list(result.quotes) == [
        "game_date", "game_id", "player_id", "player_name", "home_team", "away_team", "bookmaker", "market", "line",
        "over_price", "under_price", "observed_at", "event_id", "actual", "tip", "alternate",
    ]  # fmt: skip
    assert (row["game_id"], row["player_id"], row["player_name"]) == ("0022300001", 101, "Luka Brandić")
    assert (row["home_team"], row["away_team"], row["event_id"]) == ("BOS", "NYK", "e1")
    assert row["observed_at"] == pd.Timestamp("2023-10-24 23:25", tz="UTC")
    assert row["actual"] == 21 + 7 + 5
    assert causes(result) == {"matched": 1}


@pytest.mark.parametrize(
    ("market", "result"), [("pts", 21), ("reb", 7), ("ast", 5), ("pr", 28), ("fg3m", 2), ("tov", 2)]
)
def test_every_market_is_settled_on_its_own_columns(market, result, join):
    assert only(join({"market": market}))["actual"] == result


def test_an_evening_game_is_a_day_later_in_utc_and_still_the_same_game(join):
    # 9.55 pm Eastern on the 24th. The same teams play again on the 25th.
    late = {"timestamp": "2023-10-25T01:55:00Z", "source_date": "2023-10-25"}
    assert only(join(late))["game_id"] == "0022300001"
    assert only(join(late, drop=["game_date"]))["game_id"] == "0022300001"
    assert only(join(late, drop=["game_date", "source_date", "event_id"]))["game_id"] == "0022300001"


def test_winter_time_moves_the_eastern_midnight(join):
    # 2 November is still daylight time: 03:30 UTC is 11.30 pm of the 2nd. The clocks change on the 5th.
    row = {"home_team": "MIA", "away_team": "BOS", "timestamp": "2023-11-03T03:30:00Z"}
    assert only(join(row, drop=["game_date", "source_date"]))["game_id"] == "0022300003"
    row["timestamp"] = "2023-11-03T04:30:00Z"
    assert causes(join(row, drop=["game_date", "source_date"])) == {"no_game": 1}


def test_without_a_game_date_a_price_seen_the_evening_before_is_for_the_next_day(join):
    row = {"home_team": "MIA", "away_team": "BOS", "timestamp": "2023-11-01T22:00:00Z"}
    assert only(join(row, drop=["game_date", "source_date"]))["game_id"] == "0022300003"
    row["timestamp"] = "2023-10-31T22:00:00Z"
    assert causes(join(row, drop=["game_date", "source_date"])) == {"no_game": 1}


def test_without_a_game_date_the_latest_time_of_the_event_speaks_for_its_rows(join):
    early = {"home_team": "MIA", "away_team": "BOS", "timestamp": "2023-10-30T22:00:00Z", "event_id": "m"}
    late = {**early, "timestamp": "2023-11-02T22:00:00Z", "line": 21.5}
    result = join(early, late, drop=["game_date", "source_date"])
    assert set(result.quotes["game_id"]) == {"0022300003"}
    assert len(result.quotes) == 2


def test_a_bare_date_that_fits_two_games_is_ambiguous_and_not_guessed(join):
    row = {"timestamp": "2023-10-25", "source_date": "2023-10-25"}
    assert only(join(row))["game_id"] == "0022300001"
    assert causes(join(row, drop=["game_date"])) == {"ambiguous_date": 1}


def test_a_bare_date_that_fits_one_game_is_enough(join):
    row = {"home_team": "MIA", "away_team": "BOS", "timestamp": "2023-11-03", "source_date": "2023-11-03"}
    result = join(row, drop=["game_date"])
    assert only(result)["game_id"] == "0022300003"
    assert result.report.date_only == 1


def test_a_file_dated_in_utc_is_put_right_and_its_back_to_back_games_are_not_guessed(join):
    moved = {"home_team": "MIA", "away_team": "BOS", "game_date": "2023-11-03", "timestamp": "2023-11-02T23:00:00Z"}
    twice = {"game_date": "2023-10-25", "timestamp": "2023-10-24T23:00:00Z"}
    result = join(moved, twice)
    assert only(result)["game_id"] == "0022300003"
    assert result.report.utc_dated == 1
    assert causes(result) == {"matched": 1, "ambiguous_date": 1}
    # In a file dated in Eastern days the second row is a price seen the evening before.
    assert only(join(twice))["game_id"] == "0022300002"


def test_play_in_and_playoff_rows_are_not_glued_to_another_game(join):
    # The same teams, two days after their last game in the log, and one.
    row = {"home_team": "MIA", "away_team": "BOS", "game_date": "2023-11-04", "timestamp": "2023-11-04T23:00:00Z"}
    assert causes(join(row)) == {"no_game": 1}
    next_day = {**row, "game_date": "2023-11-03", "timestamp": "2023-11-03T23:00:00Z"}
    assert causes(join(next_day)) == {"no_game": 1}
    assert causes(join(next_day, drop=["game_date", "source_date"])) == {"no_game": 1}


def test_a_price_seen_after_the_game_is_not_used(join):
    result = join({"timestamp": "2023-10-26T15:00:00Z"})
    assert causes(result) == {"observed_after_game": 1}
    assert result.quotes.empty


def test_home_and_away_may_be_swapped_and_the_log_says_who_was_at_home(join):
    result = join({"home_team": "NYK", "away_team": "BOS"})
    row = only(result)
    assert (row["home_team"], row["away_team"]) == ("BOS", "NYK")
    assert result.report.swapped_venue == 1


def test_at_a_neutral_site_the_teams_stay_as_the_odds_have_them(games, quote):
    neutral = games.assign(home=False)
    result = join_odds(pd.DataFrame([quote(home_team="NYK", away_team="BOS")]), neutral)
    assert only(result)["home_team"] == "NYK"
    assert result.report.swapped_venue == 0


@pytest.mark.parametrize(
    ("written", "player_id", "rule"),
    [
        ("Luka Brandić", 101, "as written"),
        ("Luka Brandic", 101, "accents, case, punctuation"),
        ("LUKA BRANDIĆ", 101, "accents, case, punctuation"),
        ("Luka Brandic Jr.", 101, "suffix"),
        ("Brandic, Luka", 101, "accents, case, punctuation"),
        ("Brandić Luka", 101, "word order"),
        ("L. Brandic", 101, "nickname or initial"),
        ("Luka (1999) Brandic", 101, "accents, case, punctuation"),
        ("Nicolas Clayborn", 103, "nickname or initial"),
        ("Karl Anthony Street", 201, "accents, case, punctuation"),
        ("K Anthony-Street", 201, "nickname or initial"),
        ("PJ Waters", 202, "accents, case, punctuation"),
        ("P. J. Waters II", 202, "suffix"),
        ("Moss Dejounte", 203, "word order"),
    ],
)
def test_a_name_is_found_through_its_spelling(written, player_id, rule, join):
    result = join({"player_name": written})
    assert only(result)["player_id"] == player_id
    assert result.report.spellings == {rule: 1}


def test_the_log_s_spelling_is_what_the_quotes_show(join):
    assert only(join({"player_name": "moss dejounte"}))["player_name"] == "Dejounte Moss"


def test_a_name_that_fits_two_players_is_ambiguous(join):
    assert causes(join({"player_name": "J. Green"})) == {"ambiguous_name": 1}
    assert only(join({"player_name": "Je. Green"}))["player_id"] == 204


def test_the_teams_of_the_event_decide_who_is_meant(join):
    miami = {"home_team": "MIA", "away_team": "BOS", "game_date": "2023-11-02", "timestamp": "2023-11-02T23:00:00Z"}
    assert only(join({"player_name": "J. Green", **miami}))["player_id"] == 104
    assert only(join({"player_name": "Alfred Hartford", **miami}))["player_id"] == 301
    assert only(join({"player_name": "Christian James McCall", **miami}))["player_id"] == 302


def test_an_unknown_name_is_reported_with_an_example(join):
    result = join({"player_name": "Nobody Atall"})
    assert causes(result) == {"unknown_name": 1}
    assert result.report.examples["unknown_name"] == "Nobody Atall, NYK at BOS, 2023-10-24, BookA"


def test_the_user_s_own_alias_finds_him(join):
    result = join({"player_name": "The Captain"}, aliases={"the captain": "Luka Brandic"})
    assert only(result)["player_id"] == 101


def test_another_player_s_name_is_not_bent_to_fit_the_teams(games, quote):
    """Lu plays for Miami: in a game of Boston his name must not be taken for the beginning of Luka's."""
    assert only(join_odds(pd.DataFrame([quote(player_name="Lu Brandic")]), games))["player_id"] == 101
    others = games.copy()
    others.loc[others["player_id"] == 302, "player_name"] = "Lu Brandić"
    result = join_odds(pd.DataFrame([quote(player_name="Lu Brandic")]), others)
    assert only(result)["player_id"] == 302
    assert causes(result) == {"void": 1}


def test_a_player_who_did_not_appear_is_a_void_and_kept(join):
    result = join({"player_name": "Jaren Wells"})
    row = only(result)
    assert (row["player_id"], row["player_name"], row["game_id"]) == (102, "Jaren Wells Jr.", "0022300001")
    assert np.isnan(row["actual"])
    assert causes(result) == {"void": 1}


def test_a_player_of_a_third_team_is_a_void(join):
    assert causes(join({"player_name": "Al Hartford"})) == {"void": 1}


def test_exact_repetitions_are_counted_once_each(join):
    assert causes(join({}, {}, {}, {"line": 21.5})) == {"matched": 2, "duplicate": 2}


def test_the_same_row_in_two_files_is_a_repetition(games, quote):
    odds = pd.DataFrame([quote(), quote()]).assign(source_file=["a.csv", "b.csv"])
    assert causes(join_odds(odds, games)) == {"matched": 1, "duplicate": 1}


def test_a_quote_under_two_spellings_is_one_quote(join):
    result = join({}, {"player_name": "Luka Brandic"})
    assert causes(result) == {"matched": 1, "same_quote": 1}
    assert only(result)["player_id"] == 101


def test_early_and_late_prices_of_one_prop_are_both_kept_in_time_order(join):
    result = join({}, {"timestamp": "2023-10-24T22:25:00Z", "over_price": -120.0})
    assert result.quotes["over_price"].tolist() == [-120.0, -110.0]


def test_a_one_sided_quote_is_kept_and_counted(join):
    result = join({"under_price": None})
    assert np.isnan(only(result)["under_price"])
    assert result.report.one_sided == 1


def test_every_row_is_accounted_for(join):
    result = join(
        {}, {}, {"player_name": "Luka Brandic"}, {"player_name": "Jaren Wells"}, {"player_name": "J. Green"},
        {"player_name": "Nobody"}, {"game_date": "2024-04-20", "timestamp": "2024-04-20T23:00:00Z"},
        {"timestamp": "2023-10-27T00:00:00Z"},
    )  # fmt: skip
    assert causes(result) == {
        "matched": 1, "void": 1, "duplicate": 1, "same_quote": 1, "no_game": 1, "observed_after_game": 1,
        "unknown_name": 1, "ambiguous_name": 1,
    }  # fmt: skip
    report = result.report
    frame = report.frame()
    assert frame["rows"].sum() == report.rows == 8
    assert frame["cause"].tolist() == list(CAUSES)
    assert frame["share"].sum() == pytest.approx(1.0)
    assert report.in_log == 5
    assert report.reachable == pytest.approx(2 / 5)
    assert "8 rows, 5 different ones with a game in the log, 40.00% of these joined" in str(report)
    assert "Nobody, NYK at BOS" in str(report)


def test_a_report_that_loses_a_row_can_not_be_made():
    with pytest.raises(ValueError, match="accounts for 1 of 2 rows"):
        JoinReport(rows=2, matched=1)


def test_quotes_are_ordered_by_game_player_market_book_and_time(join):
    books = [
        {"bookmaker": book, "player_name": name} for book in ("B", "A") for name in ("Dejounte Moss", "Luka Brandić")
    ]
    quotes = join(*books, {"game_date": "2023-10-25", "timestamp": "2023-10-25T20:00:00Z"}).quotes
    assert quotes["player_id"].tolist() == [101, 101, 203, 203, 101]
    assert quotes["bookmaker"].tolist() == ["A", "B", "A", "B", "BookA"]
    assert isinstance(quotes.index, pd.RangeIndex)


def test_the_tables_given_are_not_changed(games, quote):
    odds = pd.DataFrame([quote(), quote(player_name="J. Green")])
    before, log = odds.copy(), games.copy()
    join_odds(odds, games)
    pd.testing.assert_frame_equal(odds, before)
    pd.testing.assert_frame_equal(games, log)


def test_odds_of_a_season_that_is_not_in_the_log_give_an_empty_table_of_the_right_columns(join):
    result = join({"game_date": "2021-10-24", "timestamp": "2021-10-24T23:25:00Z"})
    assert causes(result) == {"no_game": 1}
    assert result.quotes.empty
    assert "actual" in result.quotes
    assert np.isnan(result.report.reachable)


def test_an_empty_log_and_an_impossible_schedule_are_refused(games, quote):
    odds = pd.DataFrame([quote()])
    with pytest.raises(DataError, match="no rows"):
        join_odds(odds, games.iloc[:0])
    twice = pd.concat([games, games.assign(game_id=games["game_id"].str.replace("00223", "99999"))], ignore_index=True)
    with pytest.raises(DataError, match="two games of the same teams on one day"):
        join_odds(odds, twice)
