"""The fingerprint is a name for content."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd

import nba_props.data
from nba_props.data import fingerprint, load_odds


def test_the_order_of_rows_and_columns_and_the_index_do_not_matter(games):
    mixed = games.sample(frac=1, random_state=3)[sorted(games, reverse=True)]
    assert fingerprint(mixed) == fingerprint(games)


def test_how_pandas_stores_text_and_times_does_not_matter(games):
    stored = games.assign(team=games["team"].astype("category"), game_date=games["game_date"].astype("datetime64[ns]"))
    assert fingerprint(stored) == fingerprint(games)


def test_one_value_one_row_or_one_repetition_matters(games):
    one = games.copy()
    one.loc[3, "pts"] += 1
    prints = {fingerprint(f) for f in (games, one, games.iloc[1:], pd.concat([games, games.iloc[:1]]), games.iloc[:0])}
    assert len(prints) == 5


def test_swapping_two_values_between_rows_matters(games):
    swapped = games.copy()
    swapped.loc[[0, 1], "player_id"] = games["player_id"].iloc[[1, 0]].to_numpy()
    assert fingerprint(swapped) != fingerprint(games)


def test_the_file_a_row_came_from_does_not_matter(quote, write):
    odds = pd.DataFrame([quote(), quote(line=3.5)])
    one = load_odds(write(odds, "a.csv"))
    two = load_odds([write(odds.iloc[1:], "b.csv"), write(odds.iloc[:1], "c.csv")])
    assert fingerprint(one) == fingerprint(two)


def test_it_is_sixteen_hexadecimal_digits_and_the_same_in_every_process(games):
    digits = fingerprint(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert digits == fingerprint(pd.DataFrame({"b": ["y", "x"], "a": [2, 1]}))
    assert len(digits) == 16
    assert int(digits, 16) > 0


def test_several_tables_have_one_fingerprint(games):
    assert fingerprint(games, games) != fingerprint(games)


def test_every_export_exists_and_stays_what_it_is_after_its_module_was_imported():
    for name in nba_props.data.__all__:
        assert getattr(nba_props.data, name).__name__ == name
    assert callable(nba_props.data.fingerprint)


def test_importing_the_package_brings_neither_pandas_nor_pandera():
    code = "import sys, nba_props.data; assert not {'pandas', 'pandera', 'pyarrow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
