"""Every shape of file that people have goes in right, or is refused clearly."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nba_props.data import join_odds, load_game_logs, load_odds, load_season_stats, read_game_logs
from nba_props.data.inspect import inspect
from nba_props.data.odds.load import read_odds_file
from nba_props.data.tables.files import open_table
from nba_props.data.tables.formats import Options
from nba_props.data.tables.stream import LIMIT_VARIABLE
from nba_props.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CITIES = {"BOS": ("Boston", "Celtics"), "NYK": ("New York", "Knicks"), "MIA": ("Miami", "Heat")}


def kaggle(log: pd.DataFrame) -> pd.DataFrame:
    """The same player-games as Kaggle's PlayerStatistics has them."""
    other = log["MATCHUP"].str[-3:]
    return pd.DataFrame(
        {
            "firstName": log["PLAYER_NAME"].str.split(n=1).str[0],
            "lastName": log["PLAYER_NAME"].str.split(n=1).str[1],
            "personId": log["PLAYER_ID"],
            "gameId": log["GAME_ID"].astype(int),
            "gameDateTimeEst": log["GAME_DATE"] + " 22:30:00",
            "playerteamCity": log["TEAM_ABBREVIATION"].map(lambda t: CITIES[t][0]),
            "playerteamName": log["TEAM_ABBREVIATION"].map(lambda t: CITIES[t][1]),
            "opponentteamCity": other.map(lambda t: CITIES[t][0]),
            "opponentteamName": other.map(lambda t: CITIES[t][1]),
            "gameType": "Regular Season",
            "win": log["WL"].eq("W").astype(int),
            "home": log["MATCHUP"].str.contains("vs").astype(int),
            "numMinutes": log["MIN"] + 0.5,
            "points": log["PTS"], "assists": log["AST"], "blocks": log["BLK"], "steals": log["STL"],
            "fieldGoalsAttempted": log["FGA"], "fieldGoalsMade": log["FGM"],
            "threePointersAttempted": log["FG3A"], "threePointersMade": log["FG3M"],
            "freeThrowsAttempted": log["FTA"], "freeThrowsMade": log["FTM"],
            "reboundsDefensive": log["DREB"], "reboundsOffensive": log["OREB"], "reboundsTotal": log["REB"],
            "foulsPersonal": log["PF"], "turnovers": log["TOV"], "plusMinusPoints": log["PLUS_MINUS"],
        }
    )  # fmt: skip


def test_kaggle_has_the_games_of_the_log(log, write):
    expected = load_game_logs(write(log))
    found = load_game_logs(write(kaggle(log), "kaggle.csv"))
    columns = [name for name in expected if name not in ("min", "home")]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    assert (found["min"] == expected["min"] + 0.5).all()


def test_the_half_row_at_the_end_of_a_cut_file_is_found_even_where_its_season_is_not_wanted(log, write):
    path = write(pd.concat([kaggle(log), kaggle(log).assign(gameDateTimeEst="1950-11-01 20:00:00")]), "kaggle.csv")
    text = path.read_text()
    path.write_text(text[: text.rindex(",", 0, -30)])
    with pytest.raises(DataError, match="the last row is cut short"):
        load_game_logs(path)


@pytest.mark.parametrize("way", ["%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:00Z", "%Y-%m-%d %H:%M:00-04:00"])
def test_the_day_of_kaggle_is_the_one_that_is_written(log, write, way):
    table = kaggle(log)
    expected = load_game_logs(write(table, "kaggle.csv"))
    table["gameDateTimeEst"] = pd.to_datetime(table["gameDateTimeEst"]).dt.strftime(way)
    pd.testing.assert_frame_equal(load_game_logs(write(table, "other.csv")), expected)
    with pytest.raises(DataError, match="column gameDateTimeEst: wrong type: the value is not a date"):
        load_game_logs(write(table.assign(gameDateTimeEst="-0"), "none.csv"))


def test_kaggle_keeps_the_wanted_seasons_and_kinds(log, write):
    table = kaggle(log)
    table.loc[table["gameId"] == 22300003, "gameType"] = "Playoffs"
    path = write(table, "kaggle.csv")
    assert "playoffs" in read_game_logs(path)[1].dropped
    with pytest.raises(DataError, match="season not wanted"):
        read_game_logs(path, options=Options(seasons=("2022-23",)))


def test_zero_minutes_beside_fractional_ones_is_no_game(log, write):
    table = kaggle(log)
    stats = [name for name in table.columns[12:] if name != "numMinutes"]
    table.loc[0, stats] = 0
    table.loc[0, "numMinutes"] = 0.0
    games, report = read_game_logs(write(table, "kaggle.csv"))
    assert (len(games), report.dropped) == (len(log) - 1, {"did not play": 1})


def test_a_comment_tells_who_did_not_play_but_whole_zero_minutes_stay(log, write):
    log.loc[[0, 1], ["MIN", *log.columns[9:]]] = 0
    log["COMMENT"] = None
    log.loc[0, "COMMENT"] = "DNP - Coach's Decision"
    games, report = read_game_logs(write(log))
    assert (len(games), report.dropped) == (len(log) - 1, {"did not play": 1})


@pytest.mark.parametrize("suffix", ["T00:00:00Z", " 00:00:00+00:00", "T00:00:00", "T00:00:00.000Z"])
def test_midnight_in_every_row_is_a_calendar_day(log, write, suffix):
    expected = load_game_logs(write(log))
    found = load_game_logs(write(log.assign(GAME_DATE=log["GAME_DATE"] + suffix), "midnight.csv"))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("suffix", ["T23:30:00Z", " 23:30:00+00:00", "T19:30:00-04:00"])
def test_instants_become_the_eastern_day(log, write, suffix):
    expected = load_game_logs(write(log))
    pd.testing.assert_frame_equal(load_game_logs(write(log.assign(GAME_DATE=log["GAME_DATE"] + suffix))), expected)


@pytest.mark.parametrize("written", ["2024", "2024-11", "-0", "1890-01-01", "2923-10-24", "True"])
def test_what_is_no_date_is_refused(log, quote, write, written):
    with pytest.raises(DataError, match="not a date"):
        load_game_logs(write(log.assign(GAME_DATE=written)))
    with pytest.raises(DataError, match="not a date"):
        load_odds(write(pd.DataFrame([quote(game_date=written)]), "odds.csv"))


def test_player_game_log_takes_names_from_the_folder_and_the_team_from_the_matchup(log, write):
    own = log[log["PLAYER_ID"] == 101]
    bare = own.drop(columns=["PLAYER_NAME", "TEAM_ABBREVIATION"]).rename(columns={"PLAYER_ID": "Player_ID"})
    path = write(bare, "one.csv")
    with pytest.raises(DataError, match="has no names"):
        load_game_logs(path)
    write(pd.DataFrame({"id": [101], "full_name": ["Luka Brandić"]}), "players.csv")
    games = load_game_logs(path)
    assert set(games["player_name"]) == {"Luka Brandić"}
    assert set(games["team"]) == {"BOS"}


BBREF = (
    "Rk,G,Date,Age,Tm,,Opp,,GS,MP,FG,FGA,FG%,3P,3PA,3P%,FT,FTA,FT%,ORB,DRB,TRB,AST,STL,BLK,TOV,PF,PTS,GmSc,+/-\n"
    "1,1,2024-11-01,28-072,BRK,@,CHO,W (+6),1,36:05,10,20,.500,2,5,.400,3,4,.750,1,6,7,5,1,0,2,2,25,18.1,+6\n"
    "2,,2024-11-03,28-074,BRK,,NYK,L (-3),Inactive,Inactive,Inactive" + "," * 19 + "\n"
)


def test_basketball_reference_is_read_where_the_player_is_told(tmp_path):
    path = tmp_path / "gamelog.csv"
    path.write_text(BBREF)
    with pytest.raises(DataError, match="which player"):
        load_game_logs(path)
    games, report = read_game_logs(path, options=Options(player="Ab Cd"))
    assert report.dropped == {"did not play": 1}
    assert games.loc[0, ["player_name", "team", "opponent", "pts"]].tolist() == ["Ab Cd", "BKN", "CHA", 25.0]
    assert not games.loc[0, "home"]


def event(**changes: Any) -> dict[str, Any]:
    """An event of The Odds API."""
    outcomes = [
        {"name": "Over", "description": "Luka Brandić", "price": -115, "point": 20.5},
        {"name": "Under", "description": "Luka Brandić", "price": -105, "point": 20.5},
    ]
    decimal = [{**o, "price": price} for o, price in zip(outcomes, (1.87, 1.95), strict=True)]
    rung = [{**outcomes[0], "price": 210, "point": 25.5}]
    seen = "2023-10-24T22:00:00Z"
    return {
        "id": "e1", "commence_time": "2023-10-24T23:10:00Z", "home_team": "Boston Celtics",
        "away_team": "New York Knicks",
        "bookmakers": [
            {"key": "a", "title": "A", "markets": [
                {"key": "player_points", "last_update": seen, "outcomes": outcomes},
                {"key": "player_points_alternate", "last_update": seen, "outcomes": rung},
                {"key": "player_double_double", "last_update": seen,
                 "outcomes": [{"name": "Yes", "description": "Luka Brandić", "price": 320}]}]},
            {"key": "b", "title": "B", "markets": [
                {"key": "player_points", "last_update": seen, "outcomes": decimal}]},
        ],
        **changes,
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["current", "historical", "list", "lines"])
def test_the_odds_api_is_read(tmp_path, shape):
    one = event()
    text = {
        "current": json.dumps(one),
        "historical": json.dumps({"timestamp": "2023-10-24T22:05:00Z", "data": one}),
        "list": json.dumps([one]),
        "lines": json.dumps(one) + "\n" + json.dumps({**one, "id": "e2", "bookmakers": []}) + "\n",
    }[shape]
    path = tmp_path / "odds.json"
    path.write_text(text)
    odds, _, dropped = read_odds_file(open_table(path))
    assert odds["line"].tolist() == [20.5, 25.5, 20.5]
    assert odds["alternate"].tolist() == [False, True, False]
    assert odds["over_price"].round().tolist() == [-115, 210, -115]
    assert sum(dropped.values()) == 1
    assert (odds["tip"] == pd.Timestamp("2023-10-24T23:10Z")).all()


def test_side_rows_are_paired(write):
    row = {"player": "Luka Brandić", "market": "player_points", "bookmaker": "Underdog", "line": 28.5, "price": -137,
           "home_team": "Boston Celtics", "away_team": "New York Knicks", "game_id": "e1",
           "commence_time": "2023-10-24T23:10:00Z"}  # fmt: skip
    odds = load_odds(write(pd.DataFrame([{**row, "side": "Over"}, {**row, "side": "Under"}]), "sides.csv"))
    assert odds[["line", "over_price", "under_price"]].values.tolist() == [[28.5, -137.0, -137.0]]


def test_odd_rows_and_unknown_markets_are_left_out_and_counted(write, quote):
    rows = [quote(event_id=f"e{i}") for i in range(20)]
    rows += [quote(market="player_blocks_steals"), quote(market="player_points_alternate"), quote(line=20.3)]
    odds, read, dropped = read_odds_file(open_table(write(pd.DataFrame(rows), "odds.csv")))
    assert (read, len(odds), dropped) == (23, 21, {"unknown market": 1, "odd row": 1})
    assert odds["alternate"].sum() == 1


@pytest.mark.parametrize(("over", "under", "american"), [
    ("1.91", "1.87", (-110, -115)), ("EVEN", "−120", (100, -120)), ("2.5", "1.5", (150, -200)),
])  # fmt: skip
def test_prices_as_people_write_them(write, quote, over, under, american):
    odds = load_odds(write(pd.DataFrame([quote(over_price=over, under_price=under)]), "odds.csv"))
    assert odds[["over_price", "under_price"]].round().values.tolist() == [list(american)]


@pytest.mark.parametrize(("market", "expected"), [("3-PT Made", "fg3m"), ("Pts+Rebs+Asts", "pra"), ("Points", "pts")])
def test_pickem_markets_and_at_least(tmp_path, market, expected):
    path = tmp_path / "prizepicks.csv"
    path.write_text(f"Player;Team;Opponent;Stat Type;Line\nLuka Brandić;BOS;NYK;{market};25+\n", encoding="utf-16")
    odds = load_odds(path)
    assert odds.loc[0, ["market", "line", "bookmaker"]].tolist() == [expected, 24.5, "PrizePicks"]


def test_in_play_quotes_are_counted_and_left_out(games, quote):
    rows = [quote(commence_time="2023-10-24T23:30:00Z", timestamp=f"2023-10-24T23:{m}:00Z") for m in (25, 30, 45)]
    joined = join_odds(pd.DataFrame(rows), games)
    assert (joined.report.matched, joined.report.in_play, len(joined.quotes)) == (1, 2, 1)


def test_a_quote_of_midnight_sharp_after_the_tip_is_in_play_too(games, quote):
    """Midnight in UTC is half an hour into many games: it is an instant, not a date without an hour."""
    rows = [
        quote(commence_time="2023-10-24T23:30:00Z", timestamp=t)
        for t in ("2023-10-24T23:00:00Z", "2023-10-25T00:00:00Z")
    ]
    joined = join_odds(pd.DataFrame(rows), games)
    assert (joined.report.in_play, len(joined.quotes)) == (1, 1)


def test_a_tip_that_one_row_tells_holds_for_every_quote_of_the_game_and_fixtures_tell_the_rest(games, quote):
    silent = [quote(bookmaker="B", timestamp=f"2023-10-24T23:{m}:00Z") for m in (20, 45)]
    rows = [quote(commence_time="2023-10-24T23:30:00Z", timestamp="2023-10-24T22:00:00Z"), *silent]
    joined = join_odds(pd.DataFrame(rows), games)
    assert (joined.report.in_play, joined.report.tip_unknown, len(joined.quotes)) == (1, 0, 2)
    day = pd.Timestamp("2023-10-24")
    fixtures = pd.DataFrame(
        {"game_date": [day], "home": "BOS", "away": "NYK", "tip": pd.Timestamp("2023-10-24T23:40Z")}
    )
    told = join_odds(pd.DataFrame(silent), games, fixtures=fixtures)
    assert (told.report.in_play, set(told.quotes["tip"])) == (1, {pd.Timestamp("2023-10-24T23:40Z")})
    assert join_odds(pd.DataFrame(silent), games).report.tip_unknown == 2


def test_rungs_of_a_ladder(games, quote):
    rows = [quote(line=15.5, over_price=-400, under_price=300), quote(), quote(line=25.5, over_price=320,
            under_price=-450), quote(line=30.5, over_price=900, under_price=None)]  # fmt: skip
    quotes = join_odds(pd.DataFrame(rows), games).quotes
    assert quotes.loc[~quotes["alternate"], "line"].tolist() == [20.5]


def test_a_season_table_takes_the_season_of_its_folder(tmp_path):
    folder = tmp_path / "ctg 2022-23"
    folder.mkdir()
    (folder / "players.csv").write_text("Player,Age,Team,MIN,Usage Rank,Usage,AST%\nAb Cd,29,BOS,3057,95,24.4%,17.6\n")
    stats = load_season_stats(folder)
    assert stats.loc[0, ["season", "usage", "ast_pct"]].tolist() == [
        "2022-23",
        pytest.approx(0.244),
        pytest.approx(0.176),
    ]


def test_limits_of_files(tmp_path, log, write, monkeypatch):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="regular file"):
        load_game_logs(tmp_path / "pipe.csv")
    path = write(log)
    whole = path.read_text()
    path.write_text(whole[: whole.rindex(",") - 6])
    with pytest.raises(DataError, match="cut short"):
        load_game_logs(path)
    path.write_text(whole.replace("Jalen", "Ja\x07len"))
    with pytest.raises(DataError, match="control characters"):
        load_game_logs(path)
    path.write_text(whole)
    monkeypatch.setenv(LIMIT_VARIABLE, "1000")
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        load_game_logs(path)


def test_an_unknown_file_is_told_the_formats_and_the_nearest(write):
    with pytest.raises(DataError, match=r"(?s)Known formats: .*The Odds API.*The nearest is"):
        load_odds(write(pd.DataFrame({"player": ["a"], "side": ["Over"], "price": [1]}), "x.csv"))


def test_inspect_goes_on_after_a_faulty_file(write, log, tmp_path):
    write(log)
    write(log.assign(PTS="many"), "wrong.csv")
    text = "\n".join(inspect([tmp_path]))
    assert f"rows used: {len(log)} of {len(log)}" in text
    assert "refused" in text


WEIRD = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.none(),
    st.sampled_from(["-0", "2024-11-01 23:30:00+00:00", "NaT", "inf", "1e400", "25+", "EVEN", "−110", "\x00", "T", "Z",
                     "01/02/2024", "10/24/2023 7:30 PM ET", "Oct 24, 2023", "1698189900000", "DNP", "—", "20½"]),
)  # fmt: skip
FUZZ = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
"""Other examples at every run: each costs a file, written and read."""


@pytest.mark.slow
@FUZZ
@given(data=st.data(), value=WEIRD)
def test_no_odds_end_in_a_traceback(tmp_path_factory, quote, data, value):
    rows = [quote(commence_time="2023-10-24T23:30:00Z")]
    rows[0][data.draw(st.sampled_from(sorted(rows[0])))] = value
    check(load_odds, pd.DataFrame(rows), tmp_path_factory.getbasetemp() / "fuzz_odds.csv")


@pytest.mark.slow
@FUZZ
@given(data=st.data(), value=WEIRD)
def test_no_log_ends_in_a_traceback(tmp_path_factory, log, data, value):
    table = log.head(4).astype(object)
    table.loc[0, data.draw(st.sampled_from(sorted(table)))] = value
    check(load_game_logs, table, tmp_path_factory.getbasetemp() / "fuzz_log.csv")


def check(load: Callable[[Path], pd.DataFrame], table: pd.DataFrame, path: Path) -> None:
    path.write_bytes(table.to_csv(index=False).encode("utf-8", "surrogatepass"))
    try:
        loaded = load(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017 - either is right
    else:
        assert 1 <= len(loaded) <= len(table)  # a row of another kind of game is left out, and counted
