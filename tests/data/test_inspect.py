"""The dry run says of every kind of file what the loaders would make of it."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data import load_odds
from nba_props.data.inspect import inspect
from nba_props.data.odds.snapshots import capture
from nba_props.errors import ConfigError

REPORT = """game_date,team,player,status,reason,reported_at
2026-02-08,BOS,Al Hartford,Out,Left Knee; Sprain,2026-02-08T18:30:00Z
2026-02-08,NYK,Dru Moss,GTD,,2026-02-08T19:30:00Z
"""


def described(path, **options):
    return "\n".join(inspect([path], **options))


def test_odds_are_described_by_markets_books_tips_snapshots_and_what_is_left_out(write, quote):
    rows = [
        quote(commence_time="2023-10-24T23:30:00Z"),
        quote(commence_time="2023-10-24T23:30:00Z", timestamp="2023-10-24T23:45:00Z", bookmaker="B"),
        quote(timestamp="2023-10-24", under_price=None),
        quote(market="player_double_double"),
    ]
    text = described(write(pd.DataFrame(rows), "odds.csv"))
    assert "odds, quote rows" in text
    assert "rows used: 3 of 4; left out: unknown market 1" in text
    assert "books: BookA 2, B 1" in text
    assert "tips known: 67% of the rows; in play: 1" in text
    assert "seen: 2023-10-24 00:00Z to 2023-10-24 23:45Z; snapshots: 3; without an hour: 33% of the rows" in text
    assert "one side only: 1" in text


def test_the_first_odd_rows_are_shown(write, quote):
    rows = [quote(player_name=f"Player {n}") for n in range(30)] + [quote(line="many")]
    text = described(write(pd.DataFrame(rows), "odds.csv"))
    assert "rows used: 30 of 31; left out: odd row 1" in text
    assert "first odd rows: " in text
    assert "line 32" in text
    assert "line many" in text


def test_side_rows_add_up(write):
    row = {"player": "Luka Brandić", "market": "pts", "book": "A", "home_team": "BOS", "away_team": "NYK", "line": 20.5}
    rows = [row | {"side": side, "price": -110} for side in ("Over", "Under")]
    assert "rows used: 1 of 2; left out: none; sides paired: 1" in described(write(pd.DataFrame(rows), "sides.csv"))


def test_availability_fixtures_and_a_store_are_known(tmp_path, write, quote):
    path = tmp_path / "reports.csv"
    path.write_text(REPORT)
    text = described(path)
    assert "availability, status table" in text
    assert "statuses: out 1, questionable 1" in text
    assert "reported: 2026-02-08 18:30Z to 2026-02-08 19:30Z, 2 reports" in text
    games = tmp_path / "games.csv"
    games.write_text("home,away,tip\nBOS,NYK,2026-02-09T00:30:00Z\n")
    assert "fixtures\n  games: 1, with a tip: 1" in described(games)
    store = tmp_path / "store"
    capture(load_odds(write(pd.DataFrame([quote()]), "odds.csv")), store)
    assert "store of line snapshots\n  rows: 1" in described(store)
    assert described(tmp_path / "store" / "nothing").endswith("Check the path.")


def test_a_format_is_forced_and_its_name_is_checked(tmp_path, write, quote):
    path = write(pd.DataFrame([quote()]), "odds.csv")
    assert "it lacks" in described(path, format="side rows")
    assert "required column" in described(path, format="status table")
    with pytest.raises(ConfigError, match="did you mean 'side rows'"):
        described(path, format="side row")


def test_what_nobody_knows_and_an_empty_folder_are_said_so(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert "not recognised (columns: a, b)" in described(tmp_path)
    (tmp_path / "empty").mkdir()
    assert "no file that a loader takes" in described(tmp_path / "empty")
