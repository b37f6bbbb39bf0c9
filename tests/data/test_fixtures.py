"""Fixtures from a schedule, from odds events and from tables."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from nba_props.data.fixtures import load_fixtures
from nba_props.data.schemas import FIXTURE_COLUMNS
from nba_props.errors import DataError

EVENT = {"id": "e1", "sport_key": "basketball_nba", "commence_time": "2026-02-09T00:30:00Z",
         "home_team": "Boston Celtics", "away_team": "New York Knicks"}  # fmt: skip
SCHEDULE = {
    "leagueSchedule": {
        "seasonYear": "2025-26",
        "gameDates": [
            {
                "gameDate": "02/08/2026 00:00:00",
                "games": [
                    {"gameDateEst": "2026-02-08T00:00:00Z", "gameDateTimeUTC": "2026-02-09T00:30:00Z",
                     "homeTeam": {"teamTricode": "BOS"}, "awayTeam": {"teamTricode": "NYK"}},
                    {"gameDateEst": "2026-02-08T00:00:00Z", "gameDateTimeUTC": "2026-02-08T05:00:00Z",
                     "homeTeam": {"teamTricode": "MIA"}, "awayTeam": {"teamTricode": "UTA"}},
                    {"gameDateEst": "2026-02-08T00:00:00Z", "gameDateTimeUTC": "2026-02-08T20:00:00Z",
                     "homeTeam": {"teamTricode": "RMD"}, "awayTeam": {"teamTricode": "UTA"}},
                    {"gameDateEst": "2026-02-08T00:00:00Z", "gameDateTimeUTC": "2026-02-08T20:00:00Z",
                     "homeTeam": {"teamTricode": ""}, "awayTeam": {"teamTricode": None}},
                ],
            }
        ],
    }
}  # fmt: skip


def write(tmp_path, content, name="fixtures.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def rows(frame):
    return [tuple(str(cell) for cell in row) for row in frame.itertuples(index=False)]


GAME = ("2026-02-08 00:00:00", "BOS", "NYK", "2026-02-09 00:30:00+00:00")


@pytest.mark.parametrize(
    "document",
    [EVENT, [EVENT], [EVENT, EVENT], {"timestamp": "2026-02-08T20:00:00Z", "data": [EVENT]}, {"data": EVENT}],
)
def test_events_of_the_odds_api(tmp_path, document):
    fixtures = load_fixtures(write(tmp_path, document))
    assert list(fixtures) == list(FIXTURE_COLUMNS)
    assert rows(fixtures) == [GAME]
    assert str(fixtures["tip"].dtype) == "datetime64[us, UTC]"


def test_a_schedule_leaves_out_foreign_and_unknown_teams_and_counts_them(tmp_path, caplog):
    fixtures = load_fixtures(write(tmp_path, SCHEDULE))
    assert rows(fixtures) == [GAME, ("2026-02-08 00:00:00", "MIA", "UTA", "NaT")], "midnight stands for an open hour"
    assert "2 games left out" in caplog.text


def test_the_schedule_as_a_table(tmp_path):
    text = (
        "gameDateEst,gameDateTimeUTC,homeTeam_teamTricode,awayTeam_teamTricode,homeTeam_teamName\n"
        "2026-02-08T00:00:00Z,2026-02-09T00:30:00Z,BOS,NYK,Celtics\n"
    )
    assert rows(load_fixtures(write(tmp_path, text, "schedule.csv"))) == [GAME]


@pytest.mark.parametrize(
    ("text", "tip"),
    [
        ("home,away,tip\nBoston Celtics,Knicks,2026-02-08 19:30:00-05:00\n", GAME[3]),
        ("game_date,home_team,away_team\n02/08/2026,BOS,NYK\n", "NaT"),
        ("game_date,home,away,commence_time\n2026-02-08,BOS,NYK,2026-02-09T00:30Z\n", GAME[3]),
    ],
)
def test_a_table(tmp_path, text, tip):
    assert rows(load_fixtures(write(tmp_path, text, "games.csv"))) == [(*GAME[:3], tip)]


def test_a_moved_game_has_the_tip_of_the_last_file(tmp_path):
    first = write(tmp_path, [EVENT], "a.json")
    later = write(tmp_path, [EVENT | {"commence_time": "2026-02-09T01:00:00Z"}], "b.json")
    unknown = write(tmp_path, "game_date,home,away\n2026-02-08,NYK,BOS\n", "c.csv")
    assert load_fixtures([first, later, unknown])["tip"].tolist() == [pd.Timestamp("2026-02-09T01:00Z")]
    assert load_fixtures(tmp_path)["tip"].tolist() == [pd.Timestamp("2026-02-09T01:00Z")]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("home,away\nBOS,NYK\n", "f.csv", "tip: 1 required column is missing"),
        ("home,away,tip\nBOS,NYK,soon\n", "f.csv", "column tip.*not a time"),
        ("home,away,tip\nBOS,NYK,2026-02-08\n", "f.csv", "with the hour"),
        ("home,away,tip\nBOS,BOS,2026-02-09T00:30Z\n", "f.csv", "the same team"),
        ("home,away,game_date,tip\nBOS,NYK,2026-02-09,2026-02-09T00:30Z\n", "f.csv", "not on the day of the game"),
        ("home,away,game_date,tip\nBOS,NYK,,\n", "f.csv", "without a day"),
        ("[1, 2]", "f.json", "something other than objects"),
        ("[[", "f.json", "cannot be read"),
        ('[{"commence_time": 5, "home_team": "BOS", "away_team": "NYK"}]', "f.json", "not a time"),
    ],
)
def test_what_is_no_fixture_is_refused(tmp_path, content, name, says):
    with pytest.raises(DataError, match=says):
        load_fixtures(write(tmp_path, content, name))
