"""Broken input gives one error that names file, column, number of rows and the first of them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from nba_props.data import join_odds, load_game_logs, load_odds
from nba_props.errors import DataError, NBAPropsError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Broken:
    """How a good table is broken, and what the message must say."""

    name: str
    spoil: Callable[[pd.DataFrame], pd.DataFrame]
    column: str | None
    count: int | None
    says: tuple[str, ...]


def put(column: str, value: object, rows: tuple[int, ...] = (1,)) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[list(rows), column] = value
        return frame

    return spoil


LOGS = [
    Broken("a missing column", lambda f: f.drop(columns=["PTS", "REB"]), "REB, PTS", None, ("2 required columns are",)),
    Broken("text in a number", put("PTS", "many"), "PTS", 1, ("not a number", "line 3", "PTS many")),
    Broken("a missing value", put("PTS", np.nan), "PTS", 1, ("missing", "line 3")),
    Broken("a repeated row", lambda f: pd.concat([f, f.iloc[[2]]]), "PLAYER_ID", 2,
           ("duplicate player-game", "line 23")),
    Broken("negative minutes", put("MIN", -3, (1, 4)), "MIN", 2, ("negative", "line 3", "line 6", "MIN -3")),
    Broken("minutes that are not minutes", put("MIN", "half"), "MIN", 1, ("not minutes", "32:10")),
    Broken("minutes of a team", put("MIN", 240), "MIN", 1, ("more than 100 minutes",)),
    Broken("a negative count", put("AST", -1), "AST", 1, ("negative",)),
    Broken("averages", put("AST", 4.5), "AST", 1, ("whole number", "averages")),
    Broken("more made than tried", put("FGM", 17), "FGM", 1, ("more FGM than FGA", "FGM 17")),
    Broken("more threes than shots", put("FG3A", 17), "FG3A", 1, ("more FG3A than FGA",)),
    Broken("points that do not add up", put("PTS", 50), "PTS", 1, ("2 FGM + FG3M + FTM", "PTS 50")),
    Broken("rebounds that do not add up", put("REB", 9), "REB", 1, ("OREB + DREB",)),
    Broken("a date of another season", lambda f: f.assign(GAME_DATE=f["GAME_DATE"].str.replace("2023", "2022")),
           "GAME_DATE", 21, ("outside its season", "GAME_DATE 2022-10-24", "...")),
    Broken("a date in summer", lambda f: f.assign(GAME_DATE="2024-08-01"), "GAME_DATE", 21, ("outside its season",)),
    Broken("no date at all", put("GAME_DATE", "soon"), "GAME_DATE", 1, ("not a date", "GAME_DATE soon")),
    Broken("two dates in one game", put("GAME_DATE", "2023-10-26"), "GAME_DATE", 1, ("rows of one game disagree",)),
    Broken("a bare year for a season", lambda f: f.assign(SEASON_ID="2023"), "SEASON_ID", 21,
           ("not a season", "2023-24")),
    Broken("a season of three years", lambda f: f.assign(SEASON_ID="2023-26"), "SEASON_ID", 21, ("not a season",)),
    Broken("a matchup without the team", put("MATCHUP", "LAL @ DEN"), "MATCHUP", 1,
           ("does not name the team", "LAL @ DEN")),
    Broken("a matchup of nothing", put("MATCHUP", "BOS-NYK"), "MATCHUP", 1, ("'BOS vs. NYK'",)),
    Broken("neither won nor lost", put("WL", "?"), "WL", 1, ("not W or L",)),
    Broken("a player without id", put("PLAYER_ID", np.nan), "PLAYER_ID", 1, ("not a player id",)),
    Broken("a blank name", put("PLAYER_NAME", " "), "PLAYER_NAME", 1, ("blank",)),
    Broken("a game id too long", put("GAME_ID", "00223000011"), "GAME_ID", 1, ("10 characters",)),
    Broken("only playoffs", lambda f: f.assign(SEASON_ID="42023"), None, 21, ("no regular season rows", "playoffs 21")),
    Broken("no rows", lambda f: f.iloc[:0], None, None, ("no rows",)),
]  # fmt: skip

ODDS = [
    Broken("a missing column", lambda f: f.drop(columns=["line"]), "line", None, ("1 required column is missing",)),
    Broken("text in a number", put("line", "high"), "line", 1, ("not a number", "line 3")),
    Broken("a price of +50", put("over_price", 50), "over_price", 1, ("impossible American price", "over_price 50")),
    Broken("a price of zero", put("under_price", 0), "under_price", 1, ("impossible American price",)),
    Broken("decimal odds", put("over_price", 1.91, (0, 1, 2)), "over_price", 3, ("impossible", "convert decimal")),
    Broken("a line of zero", put("line", 0), "line", 1, ("not positive",)),
    Broken("a line of 20.25", put("line", 20.25), "line", 1, ("multiple of 0.5", "20.25")),
    Broken("no line", put("line", np.nan), "line", 1, ("missing",)),
    Broken(
        "an unknown market",
        lambda f: f.assign(market="dunks"),
        "market",
        4,
        ("unknown market", "pts, reb", "market dunks"),
    ),
    Broken("an unknown team", put("home_team", "Seattle"), "home_team", 1, ("not a team", "Seattle")),
    Broken("a team against itself", put("away_team", "BOS"), "away_team", 1, ("same team",)),
    Broken("a time that is none", put("timestamp", "noon"), "timestamp", 1, ("not a time", "noon")),
    Broken("no time", put("timestamp", None), "timestamp", 1, ("missing",)),
    Broken("a date that is none", put("game_date", "24.10.23"), "game_date", 1, ("not a date",)),
    Broken("no rows", lambda f: f.iloc[:0], None, None, ("no rows",)),
]


def check(caught: pytest.ExceptionInfo[DataError], broken: Broken, file: str) -> None:
    message = str(caught.value)
    assert file in message
    assert caught.value.column == broken.column
    assert caught.value.count == broken.count
    for part in broken.says:
        assert part in message
    assert isinstance(caught.value, NBAPropsError)


@pytest.mark.parametrize("broken", LOGS, ids=lambda b: b.name)
def test_a_broken_game_log_is_refused_with_its_file_column_count_and_rows(broken, log, write):
    path = write(broken.spoil(log), "log_2023.csv")
    with pytest.raises(DataError) as caught:
        load_game_logs(path)
    check(caught, broken, str(path))


@pytest.mark.parametrize("broken", ODDS, ids=lambda b: b.name)
def test_broken_odds_are_refused_with_their_file_column_count_and_rows(broken, quote, write):
    path = write(broken.spoil(pd.DataFrame([quote(line=n + 0.5) for n in range(4)])), "odds.csv")
    with pytest.raises(DataError) as caught:
        load_odds(path)
    check(caught, broken, str(path))


def test_everything_wrong_with_a_file_is_said_at_once(log, write):
    log.loc[1, "MIN"] = -1
    log.loc[[2, 3], "FGM"] = 30
    with pytest.raises(DataError) as caught:
        load_game_logs(write(log))
    assert "column MIN: minutes are negative (1 row)" in str(caught.value)
    assert "Also wrong: column FGM: more FGM than FGA (2 rows)" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.csv", b"", "the file is empty"),
        ("log.csv.gz", b"SEASON_ID,PLAYER_ID\n1,2\n", "not gzip-compressed"),
        ("log.csv.gz", gzip.compress(b"SEASON_ID,PLAYER_ID\n" * 50, mtime=0)[:25], "cannot be read"),
        ("log.csv.gz", gzip.compress(b"", mtime=0), "no header line"),
        ("log.csv", bytes(range(256)) * 8, "binary"),
        ("log.csv", "SEASON_ID,JOUEUR_É\n".encode("latin-1"), "required columns are missing"),
        ("log.csv", b"\n\n\n", "no header line"),
        ("log.parquet", b"SEASON_ID,PLAYER_ID\n1,2\n", "not Parquet"),
        ("log.parquet", b"PAR1" + b"rubbish" * 9, "cannot be read as Parquet"),
        ("log.csv", b"<html><body>403 Forbidden</body></html>\n", "required columns are missing"),
    ],
)
def test_an_unreadable_file_is_named_with_the_reason(name, content, says, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    for load in (load_game_logs, load_odds):
        with pytest.raises(DataError) as caught:
            load(path)
        assert str(path) in str(caught.value)
        assert says in str(caught.value)


def test_a_gzip_file_cut_short_after_its_header_is_named(log, tmp_path):
    big = pd.concat([log.assign(PLAYER_NAME=f"Player {n * 7919 % 1000}") for n in range(200)])
    path = tmp_path / "log.csv.gz"
    whole = gzip.compress(big.to_csv(index=False).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"log\.csv\.gz: the file cannot be read"):
        load_game_logs(path)


def test_a_line_with_too_many_fields_is_named(log, write):
    path = write(log)
    lines = path.read_text().splitlines()
    lines[4] += ",1"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match="line 5"):
        load_game_logs(path)
    lines[1] += ",1"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match="more fields than the header"):
        load_game_logs(path)


def test_a_file_cut_off_in_the_middle_of_a_line_is_refused(log, write):
    path = write(log)
    text = path.read_text()
    path.write_text(text[: text.rindex(",21,")])
    with pytest.raises(DataError, match="the last row is cut short"):
        load_game_logs(path)


def test_a_column_named_twice_is_refused(log, write):
    path = write(log)
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header + ",PTS", *(line + ",9" for line in lines)]))
    with pytest.raises(DataError, match="column PTS: the header names it twice"):
        load_game_logs(path)


def test_a_missing_path_and_a_folder_without_tables_are_named(tmp_path, quote, write):
    with pytest.raises(DataError, match=r"nowhere.*no such file or folder"):
        load_game_logs(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"the folder holds no game log.*no \.csv"):
        load_game_logs(tmp_path)
    write(pd.DataFrame([quote()]), "odds.csv")
    with pytest.raises(DataError, match=r"the folder holds no game log\. It holds: odds\.csv \(odds\)"):
        load_game_logs(tmp_path)
    with pytest.raises(DataError, match="no file was given"):
        load_odds([])


def test_a_file_of_the_other_kind_is_recognised(log, write, quote):
    with pytest.raises(DataError, match="It looks like a game log"):
        load_odds(write(log))
    with pytest.raises(DataError, match="It looks like a table of odds"):
        load_game_logs(write(pd.DataFrame([quote()]), "odds.csv"))


def test_the_same_file_twice_is_refused(log, write, tmp_path):
    path = write(log)
    with pytest.raises(DataError, match="given twice"):
        load_game_logs([path, tmp_path])


def test_a_copy_of_a_file_is_refused_naming_both(log, write):
    one, two = write(log, "one.csv"), write(log, "two.csv")
    with pytest.raises(DataError) as caught:
        load_game_logs([one, two])
    assert "one.csv" in str(caught.value)
    assert "two.csv" in str(caught.value)
    assert "duplicate player-game" in str(caught.value)
    assert caught.value.count == 2 * len(log)


def test_parquet_rows_are_counted_from_one(log, write):
    log.loc[1, "MIN"] = -3
    with pytest.raises(DataError, match=r"row 2: GAME_ID 0022300001"):
        load_game_logs(write(log, "log.parquet"))


def test_odds_made_in_memory_are_checked_by_the_join(quote, games):
    with pytest.raises(DataError, match="column over_price: impossible American price"):
        join_odds(pd.DataFrame([quote(over_price=99)]), games)
    with pytest.raises(DataError, match=r"the odds table: column line: 1 required column is missing"):
        join_odds(pd.DataFrame([quote()]).drop(columns="line"), games)


def test_real_prices_at_the_edge_are_legal(quote, write):
    prices = [100, -100, -10_000, 100_000]
    odds = load_odds(write(pd.DataFrame([quote(over_price=price) for price in prices]), "odds.csv"))
    assert odds["over_price"].tolist() == prices
