"""Game logs by nba_api, from a server of our own."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from nba_props.data import load_game_logs
from nba_props.fetch.client import BlockedError, Client, FetchError
from nba_props.fetch.game_logs import fetch_game_logs

BOX = {"MIN": 30, "FGM": 8, "FGA": 16, "FG3M": 2, "FG3A": 5, "FTM": 3, "FTA": 4, "OREB": 1, "DREB": 6, "REB": 7,
       "AST": 5, "STL": 1, "BLK": 0, "TOV": 2, "PF": 3, "PTS": 21, "PLUS_MINUS": 4}  # fmt: skip
PATH = "/stats/leaguegamelog"


def log(path, query):
    year = query["Season"][:4]
    rows = [
        {"SEASON_ID": f"2{year}", "PLAYER_ID": 1 + number, "PLAYER_NAME": "Luka Brandić", "TEAM_ABBREVIATION": team,
         "GAME_ID": f"002{year[2:]}00001", "GAME_DATE": f"{year}-11-01", "MATCHUP": matchup, "WL": won, **BOX}
        for number, (team, matchup, won) in enumerate([("BOS", "BOS vs. NYK", "W"), ("NYK", "NYK @ BOS", "L")])
    ]  # fmt: skip
    part = {"name": "LeagueGameLog", "headers": list(rows[0]), "rowSet": [list(row.values()) for row in rows]}
    return 200, {}, json.dumps({"resource": "leaguegamelog", "parameters": {}, "resultSets": [part]}).encode()


@pytest.fixture
def client(stub, waits):
    stub.answers[PATH] = log
    return Client(stub.url + "/stats", sleep=waits.append, timeout=5)


def test_seasons_are_saved_as_the_loader_reads_them(stub, client, tmp_path, waits):
    done = fetch_game_logs(client, tmp_path, ["2022-23", "2023-24"])
    assert (done.fetched, done.cached) == (2, 0)
    assert load_game_logs(tmp_path)["season"].tolist() == ["2022-23"] * 2 + ["2023-24"] * 2
    assert stub.asked[0][1]["PlayerOrTeam"] == "P"
    assert waits == [1.0]


def test_a_season_on_disk_is_not_asked_for_again_unless_it_goes_on(stub, client, tmp_path):
    seasons = ["2022-23", "2023-24"]
    fetch_game_logs(client, tmp_path, seasons)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert fetch_game_logs(client, tmp_path, seasons).cached == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    assert fetch_game_logs(client, tmp_path, seasons, refresh=True, today=date(2024, 3, 1)).fetched == 1
    assert len(stub.asked) == 3


def test_a_fetch_that_was_killed_asks_only_for_what_is_missing(stub, client, tmp_path):
    def killed(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_game_logs(client, tmp_path, ["2022-23", "2023-24"], step=killed)
    assert fetch_game_logs(client, tmp_path, ["2022-23", "2023-24"]).fetched == 1
    assert [query["Season"] for _, query in stub.asked] == ["2022-23", "2023-24"]


def test_a_block_is_named_and_nothing_is_saved(stub, client, tmp_path, waits):
    stub.answers[PATH] = (403, {}, b"<html>Access Denied</html>")
    with pytest.raises(BlockedError, match="2022-23 in 3 tries .status 403.*another network"):
        fetch_game_logs(client, tmp_path, ["2022-23"])
    assert waits == [2.0, 4.0]
    assert list(tmp_path.iterdir()) == []


def test_no_answer_is_named(client, tmp_path, stub):
    nobody = Client("http://127.0.0.1:9/stats", sleep=lambda _: None, timeout=1)
    with pytest.raises(BlockedError, match="ConnectionError"):
        fetch_game_logs(nobody, tmp_path, ["2022-23"])


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"resultSets": []}', b'{"resultSets": 5}', b"[]"])
def test_an_answer_that_is_no_game_log_is_refused(stub, client, tmp_path, body):
    stub.answers[PATH] = (200, {}, body)
    with pytest.raises(FetchError, match="not a game log"):
        fetch_game_logs(client, tmp_path, ["2022-23"])
    assert list(tmp_path.iterdir()) == []


def test_a_season_without_games_and_what_is_no_season_are_refused(stub, client, tmp_path):
    stub.answers[PATH] = (200, {}, b'{"resultSets": [{"headers": ["SEASON_ID"], "rowSet": []}]}')
    with pytest.raises(FetchError, match="no games of 2030-31 yet"):
        fetch_game_logs(client, tmp_path, ["2030-31"])
    for season in ("2023", "2023-25", "23-24", "2023-2024", ""):
        with pytest.raises(FetchError, match="not a season"):
            fetch_game_logs(client, tmp_path, [season])


def test_the_script(stub, client, tmp_path, load_script):
    arguments = ["2022-23", "--output", str(tmp_path), "--base-url", stub.url + "/stats/", "--pause", "0"]
    assert "1 seasons fetched" in CliRunner().invoke(load_script("fetch_game_logs").app, arguments).output
    assert [path.name for path in tmp_path.iterdir()] == ["player_game_logs_2022-23.csv"]
