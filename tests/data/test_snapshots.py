"""The store of line snapshots: every quote once, whatever happens while it is written."""

from __future__ import annotations

import os
from datetime import date

import pandas as pd
import pytest
from pyarrow import dataset, parquet

from nba_props.data import join_odds, load_odds
from nba_props.data.odds.snapshots import Captured, capture, is_store, read_snapshots
from nba_props.errors import DataError

HEADER = "game_date,player_name,home_team,away_team,bookmaker,market,line,over_price,under_price,timestamp,event_id\n"
ROWS = [
    "2023-10-24,Luka Brandić,BOS,NYK,BookA,pts,20.5,-110,-110,2023-10-24T20:00:00Z,e1\n",
    "2023-10-24,Luka Brandić,BOS,NYK,BookA,pts,21.5,-110,,2023-10-24T23:00:00Z,e1\n",
    "2023-10-25,Jeff Green,NYK,BOS,BookB,reb,4.5,105,-125,2023-10-25T20:00:00Z,\n",
    ",Jeff Green,NYK,BOS,BookB,ast,4.5,105,-125,2023-10-25T20:00:00Z,\n",
]


def capture_files(paths, store):
    return capture(load_odds(paths), store)


def write(tmp_path, *rows, name="lines.csv"):
    path = tmp_path / name
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def files(store):
    return {path.relative_to(store): path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}


def test_what_comes_out_is_what_load_odds_gives(tmp_path):
    path, store = write(tmp_path, *ROWS), tmp_path / "store"
    assert capture_files(path, store) == Captured(rows=4, added=4, known=0, dates=3)
    pd.testing.assert_frame_equal(read_snapshots(store), load_odds(path))
    assert sorted(folder.name for folder in store.iterdir()) == [
        "game_date=2023-10-24", "game_date=2023-10-25", "game_date=unknown",
    ]  # fmt: skip


def test_the_join_takes_them(tmp_path, games):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS), store)
    assert join_odds(read_snapshots(store), games).report.matched == 4


def test_the_same_lines_captured_twice_are_one(tmp_path):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS), store)
    before = files(store)
    again = write(tmp_path, *reversed(ROWS), *ROWS, name="again.csv")
    assert capture_files(again, store) == Captured(rows=8, added=0, known=8, dates=0)
    assert files(store) == before, "no file was touched"


def test_only_what_is_new_is_added(tmp_path):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS[:2]), store)
    before = files(store)
    moved = ROWS[1].replace("-110,,", "-120,,")
    assert capture_files(write(tmp_path, *ROWS, moved), store) == Captured(rows=5, added=3, known=2, dates=3)
    assert before.items() <= files(store).items(), "what was there stays as it was"
    assert len(read_snapshots(store)) == 5


def test_a_capture_that_is_killed_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS[:1]), store)
    before = read_snapshots(store)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        capture_files(write(tmp_path, *ROWS[:2]), store)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(read_snapshots(store), before)
    (store / "game_date=2023-10-24" / ".half-written").write_bytes(b"PAR1")
    assert capture_files(write(tmp_path, *ROWS[:2]), store).added == 1


def test_a_first_capture_that_is_killed_is_simply_done_again(tmp_path, monkeypatch):
    store = tmp_path / "store"
    monkeypatch.setattr(os, "fsync", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        capture_files(write(tmp_path, *ROWS), store)
    assert not files(store)
    assert read_snapshots(store).empty
    monkeypatch.undo()
    assert capture_files(write(tmp_path, *ROWS), store).added == 4


def test_two_captures_at_once_give_every_quote_once(tmp_path):
    """Neither sees what the other writes: the same rows get the same name, others are told apart when read."""
    store, part = tmp_path / "store", tmp_path / "part"
    capture_files(write(tmp_path, *ROWS[:2]), store)
    capture_files(write(tmp_path, *ROWS[1:2]), part)
    for path in part.rglob("*.parquet"):
        path.replace(store / path.relative_to(part))
    assert len(list(store.rglob("*.parquet"))) == 2
    assert len(read_snapshots(store)) == 2


def test_dates_are_asked_for_without_reading_the_others(tmp_path):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS), store)
    (store / "game_date=2023-10-24" / "broken.parquet").write_bytes(b"PAR1")
    assert read_snapshots(store, first=date(2023, 10, 25))["market"].tolist() == ["reb"]
    with pytest.raises(DataError, match=r"broken\.parquet: a part of the store cannot be read"):
        read_snapshots(store, last=date(2023, 10, 24))
    with pytest.raises(DataError, match="other dates"):
        read_snapshots(store, first=date(2024, 1, 1))


def test_a_column_that_came_later_is_missing_in_earlier_quotes(tmp_path):
    store = tmp_path / "store"
    odds = load_odds(write(tmp_path, *ROWS[:2]))
    capture(odds.iloc[:1], store)
    capture(odds.assign(tip=pd.Timestamp("2023-10-24T23:40Z")), store)
    assert read_snapshots(store)["tip"].isna().tolist() == [True, False]


def test_a_folder_of_other_things_is_no_store(tmp_path):
    path = write(tmp_path, *ROWS)
    assert not is_store(tmp_path)
    with pytest.raises(DataError, match="not a store of line snapshots"):
        capture_files(path, tmp_path)
    with pytest.raises(DataError, match="not a store of line snapshots"):
        read_snapshots(tmp_path)


def test_any_reader_of_partitioned_parquet_reads_the_store(tmp_path):
    store = tmp_path / "store"
    capture_files(write(tmp_path, *ROWS), store)
    plain = dataset.dataset(store, partitioning="hive").to_table()
    assert sorted(plain["game_date"].to_pylist()) == ["2023-10-24", "2023-10-24", "2023-10-25", "unknown"]
    schema = parquet.read_schema(next(store.rglob("*.parquet")))
    assert {str(schema.field(name).type) for name in ("player_name", "event_id")} == {"string"}
