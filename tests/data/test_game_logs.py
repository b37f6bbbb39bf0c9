"""Game logs that are as they should be, in every shape that is accepted."""

from __future__ import annotations

import logging

import pandas as pd
import pytest

from nba_props.data import load_game_logs, read_game_logs
from nba_props.errors import ConfigError, DataError

CAMEL = {
    "SEASON_ID": "season_year", "PLAYER_ID": "personId", "PLAYER_NAME": "personName",
    "TEAM_ABBREVIATION": "teamTricode", "GAME_ID": "gameId", "GAME_DATE": "game_date",
    "MATCHUP": "matchup", "MIN": "minutes", "FGM": "fieldGoalsMade",
    "FGA": "fieldGoalsAttempted", "FG3M": "threePointersMade", "FG3A": "threePointersAttempted",
    "FTM": "freeThrowsMade",
    "FTA": "freeThrowsAttempted", "OREB": "reboundsOffensive", "DREB": "reboundsDefensive", "REB": "reboundsTotal",
    "AST": "assists", "STL": "steals", "BLK": "blocks", "TOV": "turnovers", "PF": "foulsPersonal", "PTS": "points",
    "PLUS_MINUS": "plusMinusPoints",
}  # fmt: skip


def as_camel(log: pd.DataFrame) -> pd.DataFrame:
    """The same rows in the column names of a box-score endpoint, with season, date, matchup and result added."""
    return log.assign(SEASON_ID="2023-24").rename(columns=CAMEL)


def test_a_league_game_log_becomes_the_games_table(log, write):
    games = load_game_logs(write(log))
    first = games.iloc[0]
    assert list(games)[:9] == [
        "season", "game_id", "game_date", "player_id", "player_name", "team", "opponent", "home", "won",
    ]  # fmt: skip
    assert (first["season"], first["game_id"], first["player_name"]) == ("2023-24", "0022300001", "Luka Brandić")
    assert first["game_date"] == pd.Timestamp("2023-10-24")
    assert (first["team"], first["opponent"], first["home"], first["won"]) == ("BOS", "NYK", True, True)
    assert (first["min"], first["pts"], first["plus_minus"]) == (30.0, 21.0, 4.0)
    assert games["pts"].dtype == "float64"
    assert games["player_id"].dtype == "int64"
    assert isinstance(games.index, pd.RangeIndex)
    assert len(games) == len(log)


def test_rows_are_sorted_by_date_game_team_and_player(log, write):
    games = load_game_logs(write(log.sample(frac=1, random_state=1)))
    keys = list(games[["game_date", "game_id", "team", "player_id"]].itertuples(index=False))
    assert keys == sorted(keys)


def test_the_extra_columns_of_the_real_endpoint_are_ignored(log, write):
    extra = log.assign(
        TEAM_ID=1610612738, TEAM_NAME="Celtics", NICKNAME="x", FG_PCT=0.5, VIDEO_AVAILABLE=1, FANTASY_PTS=9
    )
    pd.testing.assert_frame_equal(load_game_logs(write(extra)), load_game_logs(write(log)))


def test_a_game_id_and_a_season_id_read_as_numbers_get_their_form_back(log, write):
    numbers = log.astype({"GAME_ID": int, "SEASON_ID": int})
    assert "22300001" in write(numbers).read_text().splitlines()[1].split(",")
    pd.testing.assert_frame_equal(load_game_logs(write(numbers)), load_game_logs(write(log)))


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.parquet"])
def test_csv_gzip_and_parquet_give_the_same_table(name, log, write, games):
    pd.testing.assert_frame_equal(load_game_logs(write(log, name)), games)


def test_parquet_may_hold_numbers_and_dates_as_such(log, write, games):
    typed = log.astype({"GAME_ID": int, "SEASON_ID": int}).assign(GAME_DATE=pd.to_datetime(log["GAME_DATE"]).dt.date)
    pd.testing.assert_frame_equal(load_game_logs(write(typed, "log.parquet")), games)


def test_the_camel_case_columns_of_the_box_score_endpoints_give_the_same_table(log, write, games):
    pd.testing.assert_frame_equal(load_game_logs(write(as_camel(log))), games)


def test_first_and_family_name_are_put_together(log, write, games):
    camel = as_camel(log)
    parts = camel["personName"].str.split(" ", n=1, expand=True)
    named = camel.drop(columns="personName").assign(firstName=parts[0], familyName=parts[1], nameI="X")
    pd.testing.assert_frame_equal(load_game_logs(write(named)), games)


def test_without_a_result_column_the_team_with_more_points_won(log, write, games):
    camel = as_camel(log).drop(columns="WL")
    home = camel["matchup"].str.contains("vs.", regex=False)
    # A hundred points more for every player of the home side.
    more = 40 * home
    camel = camel.assign(points=21 + more, freeThrowsMade=3 + more, freeThrowsAttempted=4 + more)
    assert load_game_logs(write(camel))["won"].tolist() == games["won"].tolist()


@pytest.mark.parametrize(
    ("written", "minutes"), [("32:30", 32.5), ("PT32M30.00S", 32.5), ("PT05M15.00S", 5.25), ("7", 7.0), ("7.5", 7.5)]
)
def test_minutes_are_read_in_every_notation(written, minutes, log, write):
    games = load_game_logs(write(log.assign(MIN=written)))
    assert games["min"].eq(minutes).all()


def test_a_whole_zero_is_an_appearance_but_no_minutes_and_nothing_else_is_not(log, write):
    counts = [name for name in log.columns[9:] if name != "PLUS_MINUS"]
    idle = log.astype({"MIN": object})
    idle.loc[[0, 1], [*counts, "PLUS_MINUS"]] = 0
    idle.loc[0, "MIN"] = 0
    idle.loc[1, "MIN"] = None
    games, report = read_game_logs(write(idle))
    assert len(games) == len(log) - 1
    assert games["min"].eq(0).sum() == 1
    assert report.dropped == {"did not play": 1}
    assert report.rows + sum(report.dropped.values()) == report.rows_read == len(log)


def test_zero_seconds_are_no_appearance(log, write):
    clock = log.astype({"MIN": object}).assign(MIN="PT30M00.00S")
    clock.loc[0, list(log.columns[9:])] = 0
    clock.loc[0, "MIN"] = "PT00M00.00S"
    assert read_game_logs(write(clock))[1].dropped == {"did not play": 1}


def test_other_kinds_of_game_are_left_out_and_counted_and_logged(log, write, caplog):
    kinds = log.copy()
    kinds.loc[kinds["GAME_ID"] == "0022300002", "SEASON_ID"] = "42023"
    with caplog.at_level(logging.WARNING):
        games, report = read_game_logs(write(kinds))
    assert set(games["game_id"]) == {"0022300001", "0022300003"}
    assert report.dropped == {"playoffs": 8}
    assert "playoffs 8" in caplog.text
    assert report.frame().set_index("cause")["rows"].to_dict() == {"kept": len(log) - 8, "playoffs": 8}
    both = load_game_logs(write(kinds), game_types=("2", "4"))
    assert len(both) == len(log)


def test_the_kind_of_game_is_read_from_the_game_id_where_the_season_does_not_say(log, write):
    named = log.assign(SEASON_ID="2023-24", GAME_ID=log["GAME_ID"].replace("0022300002", "0042300002"))
    assert read_game_logs(write(named))[1].dropped == {"playoffs": 8}


def test_the_season_is_read_from_the_game_id_where_there_is_no_season_column(log, write, games):
    pd.testing.assert_frame_equal(load_game_logs(write(log.drop(columns="SEASON_ID"))), games)


def test_an_unknown_game_type_is_a_configuration_error(log, write):
    with pytest.raises(ConfigError, match="regular season"):
        load_game_logs(write(log), game_types=("9",))


def test_nobody_is_at_home_where_both_teams_are_marked_alike(log, write):
    neutral = log.copy()
    at_miami = neutral["GAME_ID"] == "0022300003"
    neutral.loc[at_miami, "MATCHUP"] = neutral.loc[at_miami, "MATCHUP"].str.replace("vs.", "@", regex=False)
    games, report = read_game_logs(write(neutral))
    miami = games[games["game_id"] == "0022300003"]
    assert not miami["home"].any()
    assert set(zip(miami["team"], miami["opponent"], strict=True)) == {("MIA", "BOS"), ("BOS", "MIA")}
    assert report.neutral_games == 1
    both_home = log.copy()
    both_home.loc[at_miami, "MATCHUP"] = both_home.loc[at_miami, "MATCHUP"].str.replace("@", "vs.", regex=False)
    assert not load_game_logs(write(both_home)).query("game_id == '0022300003'")["home"].any()


def test_one_matchup_for_both_teams_is_read_from_the_side_the_team_stands_on(log, write, games):
    same = log.assign(MATCHUP=log.groupby("GAME_ID")["MATCHUP"].transform("first"))
    pd.testing.assert_frame_equal(load_game_logs(write(same)), games)


@pytest.mark.parametrize("dates", ["upper", "time"])
def test_dates_are_read_as_nba_com_writes_them(dates, log, write, games):
    days = pd.to_datetime(log["GAME_DATE"])
    written = days.dt.strftime("%b %d, %Y").str.upper() if dates == "upper" else days.dt.strftime("%Y-%m-%dT00:00:00")
    pd.testing.assert_frame_equal(load_game_logs(write(log.assign(GAME_DATE=written))), games)


def test_a_utc_time_becomes_the_eastern_day(log, write, games):
    written = log["GAME_DATE"].map(lambda day: f"{pd.Timestamp(day) + pd.Timedelta(days=1):%Y-%m-%d}T02:30:00Z")
    pd.testing.assert_frame_equal(load_game_logs(write(log.assign(GAME_DATE=written))), games)


def test_several_files_and_a_folder_give_one_table(log, write, games, tmp_path):
    early = write(log[log["GAME_ID"] == "0022300001"], "b.csv")
    late = write(log[log["GAME_ID"] != "0022300001"], "a.csv.gz")
    pd.testing.assert_frame_equal(load_game_logs([early, str(late)]), games)
    pd.testing.assert_frame_equal(load_game_logs(tmp_path), games)


def test_in_a_folder_files_are_known_by_their_header(log, write, quote, games, tmp_path, caplog):
    write(log, "some numbers.csv")
    write(pd.DataFrame([quote()]), "player_game_logs.csv")
    write(pd.DataFrame({"arena": ["Garden"]}), "arenas.csv")
    (tmp_path / "README.md").write_text("not a table")
    pd.testing.assert_frame_equal(load_game_logs(tmp_path), games)
    assert "arenas.csv" in caplog.text


def test_the_covid_seasons_keep_their_own_calendar(log, write):
    bubble = log.assign(SEASON_ID="22019", GAME_DATE="2020-08-14", GAME_ID=log["GAME_ID"].str.replace("223", "219"))
    assert load_game_logs(write(bubble))["season"].eq("2019-20").all()
    late = log.assign(SEASON_ID="42020", GAME_DATE="2021-07-20")
    assert load_game_logs(write(late), game_types=("4",))["season"].eq("2020-21").all()


def test_a_box_score_without_date_and_matchup_says_what_to_add(log, write):
    bare = as_camel(log).drop(columns=["season_year", "game_date", "matchup"])
    with pytest.raises(DataError) as caught:
        load_game_logs(write(bare))
    assert "GAME_DATE, MATCHUP" in str(caught.value)
    assert "The box-score endpoints do not give those" in str(caught.value)
