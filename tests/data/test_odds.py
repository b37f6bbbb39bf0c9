"""Odds that are as they should be, in every shape that is accepted."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data import load_odds


def test_odds_are_returned_as_quoted_with_canonical_teams_and_utc_times(quote, write):
    odds = load_odds(write(pd.DataFrame([quote(under_price=None)]), "odds.csv"))
    row = odds.iloc[0]
    assert list(odds) == [
        "game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price",
        "under_price", "timestamp", "source_date", "event_id", "source_file", "tip", "alternate",
    ]  # fmt: skip
    assert (row["home_team"], row["away_team"]) == ("BOS", "NYK")
    assert row["timestamp"] == pd.Timestamp("2023-10-24 23:25", tz="UTC")
    assert row["game_date"] == pd.Timestamp("2023-10-24")
    assert (row["line"], row["over_price"]) == (20.5, -110.0)
    assert pd.isna(row["under_price"])
    assert row["source_file"] == "odds.csv"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2023-10-25T01:55:42Z", "2023-10-25 01:55:42"),
        ("2023-10-24T21:55:42-04:00", "2023-10-25 01:55:42"),
        ("2023-10-25 01:55:42", "2023-10-25 01:55:42"),
        ("2023-10-25", "2023-10-25 00:00:00"),
    ],
)
def test_times_are_utc_however_they_are_written(written, meant, quote, write):
    odds = load_odds(write(pd.DataFrame([quote(timestamp=written)]), "odds.csv"))
    assert odds.loc[0, "timestamp"] == pd.Timestamp(meant, tz="UTC")


@pytest.mark.parametrize(
    ("written", "market"),
    [("PTS", "pts"), ("player_points", "pts"), ("player_points_rebounds_assists", "pra"), ("Pts+Rebs+Asts", "pra"),
     ("player_threes", "fg3m"), ("Rebounds", "reb"), ("player_rebounds_assists", "ra"), ("blk", "blk")],
)  # fmt: skip
def test_markets_are_known_under_the_vendors_names(written, market, quote, write):
    assert load_odds(write(pd.DataFrame([quote(market=written)]), "odds.csv")).loc[0, "market"] == market


@pytest.mark.parametrize(
    ("written", "team"),
    [("LA Clippers", "LAC"), ("Los Angeles Clippers", "LAC"), ("lakers", "LAL"), ("GSW", "GSW"), ("76ers", "PHI"),
     ("Portland Trail Blazers", "POR"), ("phx", "PHX"), ("Oklahoma City Thunder", "OKC")],
)  # fmt: skip
def test_teams_are_known_by_full_name_nickname_and_abbreviation(written, team, quote, write):
    assert load_odds(write(pd.DataFrame([quote(home_team=written)]), "odds.csv")).loc[0, "home_team"] == team


def test_optional_columns_may_be_absent(quote, write):
    bare = pd.DataFrame([quote()]).drop(columns=["game_date", "source_date", "event_id"])
    odds = load_odds(write(bare, "odds.csv"))
    assert odds[["game_date", "source_date", "event_id"]].isna().all(axis=None)


def test_the_tip_off_time_gives_the_eastern_day_where_there_is_no_game_date(quote, write):
    frame = pd.DataFrame([quote(commence_time="2023-10-25T00:10:00Z")]).drop(columns="game_date")
    assert load_odds(write(frame, "odds.csv")).loc[0, "game_date"] == pd.Timestamp("2023-10-24")


def test_a_folder_and_several_files_are_read_in_order_and_remembered(quote, log, write, tmp_path):
    write(pd.DataFrame([quote(line=1.5)]), "a.csv")
    write(pd.DataFrame([quote(line=2.5)]), "b.parquet")
    write(log, "log.csv")
    odds = load_odds(tmp_path)
    assert odds["line"].tolist() == [1.5, 2.5]
    assert odds["source_file"].tolist() == ["a.csv", "b.parquet"]


def test_exact_duplicates_are_left_for_the_join_to_count(quote, write):
    assert len(load_odds(write(pd.DataFrame([quote(), quote()]), "odds.csv"))) == 2
