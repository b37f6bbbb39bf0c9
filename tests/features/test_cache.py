"""The feature cache gives what a build gives, to the last bit, and nothing that was made from anything else."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_league import simulate_league
from nba_props.errors import DataError
from nba_props.features import build_features, cached_features
from nba_props.features import cache as _cache
from nba_props.features.cache import feature_key


@pytest.fixture(scope="module")
def games() -> pd.DataFrame:
    return simulate_league(("2022-23", "2023-24"), seed=3, n_teams=6, n_games=8).games


@pytest.fixture
def builds(monkeypatch) -> list[int]:
    """One entry for each time the features are really made."""
    made: list[int] = []

    def counted(games):
        made.append(len(games))
        return build_features(games)

    monkeypatch.setattr(_cache, "build_features", counted)
    return made


def test_a_hit_is_the_build_to_the_last_bit_with_the_index_of_the_games(games, tmp_path, builds):
    moved = games.set_index(games.index + 1000)
    cached_features(games, tmp_path)
    found = cached_features(moved, tmp_path)
    assert len(builds) == 1
    expected = build_features(moved)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found.to_numpy().tobytes() == expected.to_numpy().tobytes()
    found.iloc[0, 0] = 7.0  # what is found can be written to, and the entry is not touched by it
    pd.testing.assert_frame_equal(cached_features(moved, tmp_path), expected, check_exact=True)


@settings(max_examples=60, deadline=None)
@given(row=st.integers(0, 10**6), column=st.integers(0, 10**6), amount=st.floats(1e-9, 10.0))
def test_any_changed_cell_is_a_miss(games, row, column, amount):
    name = games.columns[column % games.shape[1]]
    changed = games.copy()
    changed[name] = different(changed[name], row % len(games), amount)
    assert not changed[name].equals(games[name])
    assert feature_key(changed) != feature_key(games)


def different(values: pd.Series, row: int, amount: float) -> pd.Series:
    """The column with one cell changed, whatever it holds."""
    at = np.arange(len(values)) == row
    if pd.api.types.is_bool_dtype(values):
        return values ^ at
    if pd.api.types.is_float_dtype(values):
        return values.mask(at, values.fillna(0.0) + max(amount, 1e-9 * float(values.abs().max())))
    if pd.api.types.is_integer_dtype(values):
        return values.mask(at, values + 1)
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.mask(at, values + pd.Timedelta(days=1))
    return values.astype("object").mask(at, values.astype("object").map(lambda text: f"{text}x")).astype(values.dtype)


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 10**6), second=st.integers(0, 10**6))
def test_rows_in_another_order_are_a_miss(games, first, second):
    order = np.arange(len(games))
    i, j = first % len(games), second % len(games)
    order[[i, j]] = order[[j, i]]
    assert (feature_key(games.iloc[order]) == feature_key(games)) == (i == j)


def test_a_column_a_row_or_a_type_more_or_less_is_a_miss(games):
    others = [games.iloc[:-1], games.drop(columns="pts"), games.assign(extra=1.0), games.astype({"pts": "float32"})]
    assert len({feature_key(table) for table in [games, *others]}) == 5


def test_the_file_a_row_came_from_and_the_order_of_columns_do_not_matter(games):
    assert feature_key(games.assign(source_file="a.csv")) == feature_key(games)
    assert feature_key(games[games.columns[::-1]]) == feature_key(games)


def test_changed_code_or_another_version_of_pandas_is_a_miss(games, tmp_path, builds, monkeypatch):
    cached_features(games, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(_cache, "code_version", lambda *_: "other")
        cached_features(games, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(pd, "__version__", "99")
        cached_features(games, tmp_path)
    assert len(builds) == 3
    cached_features(games, tmp_path)
    assert len(builds) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-8],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw + bytes(8),
        lambda raw: b"[1]\n" + raw,
        lambda raw: b"\xff\xfe" + raw,
        lambda raw: raw.replace(b"names", b"nomes", 1),
    ],
)
def test_a_damaged_entry_is_made_again_and_mended(games, tmp_path, builds, damage):
    expected = cached_features(games, tmp_path)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    for _ in range(2):
        pd.testing.assert_frame_equal(cached_features(games, tmp_path), expected, check_exact=True)
    assert len(builds) == 2


def test_what_a_killed_process_left_half_written_is_not_read_and_goes_away(games, tmp_path, builds):
    left = tmp_path / "abc.part"
    left.write_bytes(b"half")
    cached_features(games, tmp_path)
    assert left.exists(), "another process may be writing it"
    os.utime(left, (0, 0))
    cached_features(games.iloc[:-1], tmp_path)
    assert not left.exists()
    assert len(builds) == 2


def test_the_entries_used_last_are_kept(games, tmp_path, builds):
    tables = [games.iloc[: len(games) - cut] for cut in range(4)]
    for age, table in enumerate(tables[:3]):
        cached_features(table, tmp_path, keep=3)
        os.utime(tmp_path / f"{feature_key(table)}.features", (100 + age, 100 + age))
    cached_features(tables[0], tmp_path, keep=3)  # used now: the second one is the oldest
    cached_features(tables[3], tmp_path, keep=3)
    kept = {path.stem for path in tmp_path.iterdir()}
    assert kept == {feature_key(tables[position]) for position in (0, 2, 3)}


def test_a_folder_that_can_not_be_written_costs_nothing_but_time(games, tmp_path, builds, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    found = cached_features(games, blocked)
    pd.testing.assert_frame_equal(found, build_features(games), check_exact=True)
    assert "cannot be kept" in caplog.text


def test_bad_games_are_refused_as_by_a_build_and_leave_nothing(games, tmp_path):
    with pytest.raises(DataError):
        cached_features(games.drop(columns="game_date"), tmp_path)
    assert list(tmp_path.iterdir()) == []
