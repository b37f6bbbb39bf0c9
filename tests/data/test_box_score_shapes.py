"""Box scores in the shapes that have a reader of their own: every team is one that played, every row accounted for."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data import load_game_logs, read_game_logs
from nba_props.errors import DataError

KAGGLE = {
    "firstName": "Ab", "lastName": "Cd", "personId": 1, "gameId": 20500001, "gameDateTimeEst": "2005-11-02 20:00:00",
    "playerteamCity": "Seattle", "playerteamName": "SuperSonics", "opponentteamCity": "LA",
    "opponentteamName": "Clippers", "gameType": "Regular Season", "gameLabel": "", "gameSubLabel": "", "win": 1,
    "home": 1,
    "numMinutes": 30.5, "points": 21, "assists": 5, "blocks": 0, "steals": 1, "fieldGoalsAttempted": 16,
    "fieldGoalsMade": 8, "threePointersAttempted": 5, "threePointersMade": 2, "freeThrowsAttempted": 4,
    "freeThrowsMade": 3, "reboundsDefensive": 6, "reboundsOffensive": 1, "reboundsTotal": 7, "foulsPersonal": 3,
    "turnovers": 2, "plusMinusPoints": 4,
}  # fmt: skip


@pytest.mark.parametrize(("city", "nickname", "day", "code"), [
    ("Seattle", "SuperSonics", "2005-11-02", "SEA"),
    ("New Orleans/Oklahoma City", "Hornets", "2005-11-02", "NOK"),
    ("New Orleans", "Hornets", "2003-11-02", "NOH"),
    ("Charlotte", "Hornets", "1999-11-02", "CHH"),
    ("Charlotte", "Hornets", "2023-11-02", "CHA"),
    ("Charlotte", "Bobcats", "2005-11-02", "CHA"),
    ("New Jersey", "Nets", "2005-11-02", "NJN"),
    ("Vancouver", "Grizzlies", "1999-11-02", "VAN"),
    ("Washington", "Bullets", "1996-11-02", "WAS"),
    ("Los Angeles", "Clippers", "2005-11-02", "LAC"),
    ("", "Trail Blazers", "2005-11-02", "POR"),
])  # fmt: skip
def test_a_team_of_the_past_has_the_code_of_its_time(write, city, nickname, day, code):
    """The Hornets of New Orleans are not those of Charlotte, whatever they are called today."""
    other = ("Boston", "Celtics") if nickname != "Celtics" else ("Utah", "Jazz")
    row = KAGGLE | {"gameDateTimeEst": f"{day} 20:00:00", "playerteamCity": city, "playerteamName": nickname,
                    "opponentteamCity": other[0], "opponentteamName": other[1]}  # fmt: skip
    games = load_game_logs(write(pd.DataFrame([row]), "kaggle.csv"))
    assert games[["team", "opponent"]].iloc[0].tolist() == [code, "BOS"]


@pytest.mark.parametrize(("changes", "cause"), [
    ({"playerteamCity": "", "playerteamName": "Team LeBron"}, "unknown team 1"),
    ({"opponentteamCity": "Melbourne", "opponentteamName": "United"}, "unknown team 1"),
    ({"playerteamCity": "Springfield", "playerteamName": "Hornets"}, "unknown team 1"),
    ({"gameType": "Summer League"}, "unknown kind of game 1"),
    ({"gameType": "All-Star Game"}, "all-star 1"),
    ({"gameType": "", "gameId": 40500001}, "playoffs 1"),
])  # fmt: skip
def test_a_row_of_no_league_team_or_no_known_game_is_counted_and_has_no_made_up_code(write, changes, cause):
    rows = [KAGGLE, KAGGLE | {"personId": 2, "gameId": 20500002} | changes]
    games, report = read_game_logs(write(pd.DataFrame(rows), "kaggle.csv"))
    assert len(games) == 1
    assert cause in str(report)


@pytest.mark.parametrize("kind", ["Regular Season", "Emirates NBA Cup", "in-season-tournament", ""])
def test_games_of_the_cup_count_for_the_regular_season(write, kind):
    assert len(load_game_logs(write(pd.DataFrame([KAGGLE | {"gameType": kind}]), "kaggle.csv"))) == 1


HOOPR = {
    "game_id": 401704627, "season": 2025, "season_type": 2, "game_date": "2024-10-22", "athlete_id": 4065648,
    "athlete_display_name": "Ab Cd", "team_abbreviation": "GS", "opponent_team_abbreviation": "UTAH",
    "home_away": "home",
    "team_winner": "TRUE", "minutes": 30, "field_goals_made": 8, "field_goals_attempted": 16,
    "three_point_field_goals_made": 2, "three_point_field_goals_attempted": 5, "free_throws_made": 3,
    "free_throws_attempted": 4, "offensive_rebounds": 1, "defensive_rebounds": 6, "rebounds": 7, "assists": 5,
    "steals": 1, "blocks": 0, "turnovers": 2, "fouls": 3, "plus_minus": "+4", "points": 21, "starter": "TRUE",
    "did_not_play": "FALSE", "reason": "",
}  # fmt: skip


def test_player_boxes_of_sportsdataverse_are_game_logs(write):
    """ESPN names a season by the year it ends in, and has abbreviations of its own."""
    box = list(HOOPR)[list(HOOPR).index("minutes") : list(HOOPR).index("starter")]
    absent = HOOPR | dict.fromkeys(box)
    rows = [
        HOOPR,
        absent | {"athlete_id": 2, "did_not_play": "TRUE", "reason": "COACH'S DECISION"},
        HOOPR | {"athlete_id": 3, "team_abbreviation": "EAST", "game_id": 2},
        HOOPR | {"athlete_id": 4, "season_type": 4, "game_id": 3},
    ]
    games, report = read_game_logs(write(pd.DataFrame(rows), "player_box.csv"))
    assert games[["season", "team", "opponent", "home", "won", "plus_minus"]].to_numpy().tolist() == [
        ["2024-25", "GSW", "UTA", True, True, 4.0]
    ]
    assert report.dropped == {"unknown kind of game": 1, "unknown team": 1, "did not play": 1}


def _box_scores(log):
    """BoxScoreTraditionalV2 as the endpoint gives it."""
    box = log.drop(columns=["SEASON_ID", "GAME_DATE", "MATCHUP", "WL"]).rename(columns={"TOV": "TO"})
    return box.assign(START_POSITION="F", COMMENT="", NICKNAME="A", MIN=box["MIN"].map("{}.000000:00".format))


def test_box_scores_take_date_and_matchup_from_the_other_files_of_the_folder(log, write, tmp_path):
    log.loc[log["WL"] == "W", ["FTM", "PTS"]] = [4, 22]
    games = load_game_logs(write(log))
    (tmp_path / "log.csv").unlink()
    path = write(_box_scores(log), "box.csv")
    with pytest.raises(DataError, match=r"(?s)GAME_DATE, MATCHUP.*LeagueGameFinder"):
        load_game_logs(path)
    finder = log[["GAME_ID", "GAME_DATE", "MATCHUP"]].drop_duplicates("GAME_ID")
    write(finder.iloc[1:], "finder.csv")
    with pytest.raises(DataError, match="of these games"):
        load_game_logs(path)
    write(finder, "finder.csv")
    columns = [name for name in games if name != "won"]  # which the points tell, and here they tie
    pd.testing.assert_frame_equal(load_game_logs(path)[columns], games[columns])
    pd.testing.assert_frame_equal(load_game_logs(tmp_path)[columns], games[columns])


def test_a_log_of_one_player_without_a_column_says_which(log, write):
    one = log[log["PLAYER_ID"] == 101].drop(columns=["PLAYER_NAME", "TEAM_ABBREVIATION", "FG3M"])
    with pytest.raises(DataError, match="FG3M: 1 required column is missing"):
        load_game_logs(write(one, "one.csv"))
