"""Files as spreadsheets, scrapers and other people's programs leave them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pandas as pd
import pytest

from nba_props.data import join_odds, load_game_logs, load_odds, load_season_stats, read_game_logs
from nba_props.data.availability import load_availability
from nba_props.data.fixtures import load_fixtures
from nba_props.data.format_names import kind_of
from nba_props.data.inspect import inspect
from nba_props.data.market_names import market_key
from nba_props.data.odds.load import read_odds_file
from nba_props.data.tables.files import open_table
from nba_props.data.tables.formats import READERS
from nba_props.errors import ConfigError, DataError


def test_what_a_log_is_packed_and_written_in_makes_no_difference(log, write, tmp_path):
    expected = load_game_logs(write(log))
    answer = {"resultSets": [{"name": "LeagueGameLog", "headers": list(log), "rowSet": log.to_numpy().tolist()}]}
    written = {
        "excel.csv": b"\xef\xbb\xbfsep=;\r\n" + log.to_csv(index=False, sep=";", lineterminator="\r\n").encode(),
        "mac.csv": log.to_csv(index=False, lineterminator="\r").encode(),
        "packed.csv": gzip.compress(log.to_csv(index=False).encode()),
        "rows.json": log.to_json(orient="records").encode(),
        "rows.jsonl": log.to_json(orient="records", lines=True).encode("utf-16"),
        "rows.json.gz": gzip.compress(log.to_json(orient="records").encode()),
        "stats.json": json.dumps(answer).encode(),
        "dotted.csv": log.rename(columns=lambda name: name.replace("_", ".")).to_csv(index=False).encode(),
    }
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
        pd.testing.assert_frame_equal(load_game_logs(tmp_path / name), expected)


def test_rows_of_odds_of_availability_and_of_fixtures_may_be_json(quote, write, tmp_path):
    table = pd.DataFrame([quote(), quote(line=9.5, under_price=None)])
    path = tmp_path / "odds.json"
    path.write_text(table.to_json(orient="records"))
    expected = load_odds(write(table, "odds.csv")).drop(columns="source_file")
    pd.testing.assert_frame_equal(load_odds(path).drop(columns="source_file"), expected)
    path.write_text(json.dumps([{"game_date": "2023-10-24", "team": "BOS", "player": "Ab Cd", "status": "Out",
                                 "reported_at": "2023-10-24T20:30:00Z"}]))  # fmt: skip
    assert load_availability(path).availability["status"].tolist() == ["out"]
    path.write_text(json.dumps([{"home": "BOS", "away": "NYK", "tip": "2023-10-24T23:30:00Z"}]))
    assert load_fixtures(path)["home"].tolist() == ["BOS"]


@pytest.mark.parametrize(("content", "says"), [
    (b'{"player": {"0": "a"}, "line": {"0": 1}}', "event with odds"),
    (b'[{"player_name": "a", "bookmaker": ["b"], "market": "pts", "line": 1, "over_price": 1, "under_price": 1, '
     b'"home_team": "BOS", "away_team": "NYK", "timestamp": "2023-10-24"}]', "bookmaker: the column holds lists"),
    (b'[{"id": "\\ud800", "commence_time": 1, "home_team": 1, "away_team": 1, "bookmakers": []}]', "control char"),
    (b'[{"id": "a\\u0000", "commence_time": 1, "home_team": 1, "away_team": 1, "bookmakers": []}]', "control char"),
])  # fmt: skip
def test_json_that_is_no_table_is_refused_with_the_reason(tmp_path, content, says):
    path = tmp_path / "odds.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        load_odds(path)
    assert "refused" in next(inspect([path])) or "not recognised" in next(inspect([path]))


def test_an_archive_is_called_one(log, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("log.csv", log.to_csv(index=False))
    (tmp_path / "log.csv").write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="a zip archive or a spreadsheet"):
        load_game_logs(tmp_path / "log.csv")


def test_a_column_named_twice_in_other_letters_is_refused(log, write):
    with pytest.raises(DataError, match="the header names it twice"):
        load_game_logs(write(log.assign(Pts=99)))


@pytest.mark.parametrize(
    "minutes", ["DNP - Coach's Decision", "Did Not Dress", "DND", "NWT - Personal", "Inactive", "—"]
)
def test_who_did_not_play_may_stand_in_place_of_the_minutes(log, write, minutes):
    table = log.astype(dict.fromkeys(log.columns[8:], object))
    table.loc[0, log.columns[8:]] = ""
    table.loc[0, ["MIN", "PTS"]] = minutes
    games, report = read_game_logs(write(table))
    assert (len(games), report.dropped) == (len(log) - 1, {"did not play": 1})


@pytest.mark.parametrize("comment", ["Coach's Decision", "Not With Team", "Out (knee)", "Suspended", "Injured List"])
def test_every_way_to_say_that_he_did_not_play_makes_a_whole_zero_no_game(log, write, comment):
    table = log.assign(COMMENT="")
    table.loc[0, "COMMENT"] = comment
    table.loc[0, log.columns[8:]] = 0
    assert read_game_logs(write(table))[1].dropped == {"did not play": 1}


def test_statistics_beside_a_word_for_minutes_are_not_thrown_away_in_silence(log, write):
    table = log.astype({"MIN": object})
    table.loc[0, "MIN"] = "DNP"
    with pytest.raises(DataError, match="column MIN: values are missing"):
        load_game_logs(write(table))


@pytest.mark.parametrize(("home", "away"), [
    ("Boston", "New York"), ("BOS Celtics", "NY Knicks"), ("boston-celtics", "new_york_knicks"), ("bos", "ny"),
])  # fmt: skip
def test_teams_as_books_write_them(quote, write, home, away):
    odds = load_odds(write(pd.DataFrame([quote(home_team=home, away_team=away)]), "odds.csv"))
    assert odds.loc[0, ["home_team", "away_team"]].tolist() == ["BOS", "NYK"]


@pytest.mark.parametrize(("name", "market"), [
    ("Points Scored", "pts"), ("3PTM", "fg3m"), ("Three Point Field Goals Made", "fg3m"), ("Points and Rebounds", "pr"),
    ("Points, Rebounds, and Assists", "pra"), ("Points in the Paint", None), ("Blks+Stls", None), ("Team Points", None),
    ("Points - 1st Half", None),
])  # fmt: skip
def test_markets_as_books_write_them(name, market):
    assert market_key(name) == (market or name.lower())


@pytest.mark.parametrize(("price", "american"), [("- 110", -110), ("evs", 100), ("+ 1,200", 1200)])
def test_prices_with_spaces_and_words(quote, write, price, american):
    odds = load_odds(write(pd.DataFrame([quote(over_price=price, line="20½")]), "odds.csv"))
    assert odds.loc[0, ["over_price", "line"]].tolist() == [american, 20.5]


def sides(*rows: tuple[str, int, str]) -> pd.DataFrame:
    prop = {"player": "Luka Brandić", "market": "player_points", "bookmaker": "DK", "line": 20.5, "home_team": "BOS",
            "away_team": "NYK"}  # fmt: skip
    return pd.DataFrame([prop | {"side": s, "price": p, "timestamp": f"2023-10-24T{t}Z"} for s, p, t in rows])


def test_sides_seen_within_a_minute_are_one_quote_of_the_later_moment(write):
    path = write(sides(("Over", -110, "22:00:00"), ("Luka Brandić Under 20.5", -105, "22:00:07")), "sides.csv")
    odds, read, dropped = read_odds_file(open_table(path))
    assert odds[["over_price", "under_price"]].to_numpy().tolist() == [[-110, -105]]
    assert odds["timestamp"].tolist() == [pd.Timestamp("2023-10-24T22:00:07Z")]
    assert (read, dropped) == (2, {})
    assert "sides paired: 1" in next(inspect([path]))


def test_sides_further_apart_stay_alone_and_are_counted(write, games):
    table = sides(("Over", -110, "22:00:00"), ("Under", -105, "22:01:30"), ("Over", -101, "22:30:00"),
                  ("Under", -102, "22:30:00"), ("Over", 100, "22:30:40"))  # fmt: skip
    path = write(table, "sides.csv")
    odds = load_odds(path)
    assert odds[["over_price", "under_price"]].notna().all(axis=1).tolist() == [False, False, True, False]
    assert "one side only: 3" in next(inspect([path]))
    assert join_odds(odds, games).report.one_sided == 3


def test_of_two_lines_priced_alike_the_lower_is_the_only_main_one(games, quote):
    rows = [quote(line=line, over_price=-137, under_price=-137) for line in (21.0, 20.5)]
    quotes = join_odds(pd.DataFrame([*rows, quote(line=10.5, over_price=-400, under_price=300)]), games).quotes
    assert quotes.loc[~quotes["alternate"], "line"].tolist() == [20.5]


def test_a_parquet_file_of_one_value_repeated_counts_as_what_it_unpacks_to(tmp_path, log, monkeypatch):
    path = tmp_path / "log.parquet"
    log.iloc[[0] * 100_000].to_parquet(path)
    assert path.stat().st_size < 100_000
    monkeypatch.setenv("NBA_PROPS_MAX_UNPACKED_BYTES", "10000000")
    with pytest.raises(DataError, match="unpacks to more than 10,000,000 bytes"):
        load_game_logs(path)


def test_season_tables_with_decimal_commas_are_the_same_rates(tmp_path):
    path = tmp_path / "2022-23.csv"
    path.write_text("Player;MIN;Usage;AST%\nAb Cd;1,234;24,4%;17,6\nEf Gh;900;9,1%;1,6\n")
    stats = load_season_stats(path)
    assert stats[["usage", "ast_pct"]].to_numpy().round(4).tolist() == [[0.244, 0.176], [0.091, 0.016]]


@pytest.mark.parametrize(("column", "value"), [("season", "2023-24"), ("season", "x")])
def test_a_season_that_espn_does_not_write_is_refused(log, write, column, value):
    names = READERS["hoopR player_box"].needs
    table = pd.DataFrame({name: ["1"] for name in names} | {column: [value]})
    with pytest.raises(DataError, match="not a season as ESPN has it"):
        load_game_logs(write(table))


def test_formats_of_every_kind_are_found_in_one_list():
    assert [kind_of(name) for name in ("LeagueGameLog", "side rows", "status table")] == [
        "game log",
        "odds",
        "availability",
    ]
    with pytest.raises(ConfigError, match=r"did you mean 'side rows'.*known formats: .*LeagueGameLog.*status table"):
        kind_of("side row")
