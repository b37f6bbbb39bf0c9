"""A store of line snapshots: every quote once, as Parquet partitioned by game date; rows are only ever added.

A part is written under a hidden name, synchronised, and renamed to the digest of its rows: a capture that is killed
leaves the store as it was, and two at once cannot damage it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
from pyarrow import dataset, parquet

from nba_props.atomic import write_atomically
from nba_props.data.content import fingerprint
from nba_props.data.schemas import ODDS_COLUMNS
from nba_props.errors import DataError

KEY: Final = (
    "game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price", "under_price",
    "timestamp", "event_id",
)  # fmt: skip
"""Columns that make a quote: rows that agree in all of them are one."""

_PARTITION: Final = "game_date="
_NO_DATE: Final = "unknown"
_FIX: Final = "Give the folder that capture_lines.py wrote (--store)."


@dataclass(frozen=True)
class Captured:
    """What a capture did: quotes `added`, quotes `known` before or given twice, and the game dates added to."""

    rows: int
    added: int
    known: int
    dates: int


def capture(odds: pd.DataFrame, store: str | PathLike[str]) -> Captured:
    """Add the quotes of `odds` (as `load_odds` returns them) that the store does not hold yet; say how many were new.

    The folder of the store is made if it is missing.

    Raises:
        DataError: The folder holds something else, or a part of the store cannot be read.
    """
    root = Path(store)
    if root.exists() and not (root.is_dir() and (is_store(root) or not any(root.iterdir()))):
        raise DataError(str(root), "it is not a store of line snapshots", fix="Give a new folder, or the store.")
    root.mkdir(parents=True, exist_ok=True)
    new = odds.drop_duplicates(list(KEY))
    added, dates = 0, 0
    for day, rows in new.groupby(new["game_date"].dt.strftime("%Y-%m-%d").fillna(_NO_DATE), sort=True):
        folder = root / f"{_PARTITION}{day}"
        fresh = _not_in(rows, _read(folder)) if folder.is_dir() else rows
        if len(fresh):
            _write(fresh, folder)
            added, dates = added + len(fresh), dates + 1
    return Captured(rows=len(odds), added=added, known=len(odds) - added, dates=dates)


def is_store(path: str | PathLike[str]) -> bool:
    """Whether a path is a store of line snapshots: a folder with partitions by game date."""
    root = Path(path)
    return root.is_dir() and any(child.is_dir() and child.name.startswith(_PARTITION) for child in root.iterdir())


def read_snapshots(store: str | PathLike[str], *, first: date | None = None, last: date | None = None) -> pd.DataFrame:
    """The quotes of a store, each once.

    Args:
        store: Folder of the store.
        first: Earliest game date, inclusive.
        last: Latest game date, inclusive. With either bound, quotes without a game date are left out.

    Returns:
        The columns of `load_odds` in its types; sorted by game date, time and the other columns of a quote, with a
        RangeIndex. `source_file` is the file a quote was first captured from.

    Raises:
        DataError: The folder is not a store, or a part of it cannot be read.
    """
    root = Path(store)
    if not is_store(root):
        raise DataError(str(root), "it is not a store of line snapshots", fix=_FIX)
    folders = [folder for folder in sorted(root.iterdir()) if folder.name.startswith(_PARTITION)]
    wanted = [folder for folder in folders if _within(folder.name.removeprefix(_PARTITION), first, last)]
    parts = [_read(folder) for folder in wanted]
    if not parts:
        raise DataError(str(root), "it holds no quotes on games of these days", fix="Ask for other dates.")
    odds = pd.concat(parts, ignore_index=True).drop_duplicates(list(KEY))
    order = ["game_date", "timestamp", *(name for name in KEY if name not in ("game_date", "timestamp"))]
    return odds.sort_values(order, kind="stable").reset_index(drop=True)


def _within(day: str, first: date | None, last: date | None) -> bool:
    if first is None and last is None:
        return True
    return day != _NO_DATE and (first is None or day >= first.isoformat()) and (last is None or day <= last.isoformat())


def _read(folder: Path) -> pd.DataFrame:
    """The quotes of one game date; hidden files are parts that were not finished."""
    files = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))
    if files:
        # Columns that came later are missing in earlier parts.
        schema = pa.unify_schemas([_schema(file) for file in files])
        table = dataset.dataset([str(file) for file in files], schema=schema, format="parquet").to_table()
    else:
        table = _empty()
    day = pd.to_datetime(folder.name.removeprefix(_PARTITION), format="%Y-%m-%d", errors="coerce")
    return _typed(table.to_pandas().assign(game_date=day))


def _schema(file: Path) -> pa.Schema:
    try:
        return parquet.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        fix = "Remove it and capture its files again."
        raise DataError(str(file), f"a part of the store cannot be read ({error})", fix=fix) from error


def _empty() -> pa.Table:
    columns = {name: pd.Series(dtype="str") for name in ODDS_COLUMNS}
    return pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)


def _typed(odds: pd.DataFrame) -> pd.DataFrame:
    odds = odds.reindex(columns=[*ODDS_COLUMNS, *(name for name in odds if name not in ODDS_COLUMNS)])
    dates = {name: odds[name].astype("datetime64[us]") for name in ("game_date", "source_date")}
    numbers = {name: odds[name].astype("float64") for name in ("line", "over_price", "under_price")}
    text = {name: odds[name].astype("str") for name in odds if odds[name].dtype == object}
    times = {name: odds[name].astype("datetime64[us, UTC]") for name in ("timestamp", "tip")}
    rung = odds["alternate"].map(lambda value: value is True or value == "True").astype(bool)
    return odds.assign(**text, **dates, **numbers, **times, alternate=rung)


def _not_in(rows: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([held[list(KEY)], rows[list(KEY)]], ignore_index=True)
    return rows[~both.duplicated().to_numpy()[len(held) :]]


def _write(rows: pd.DataFrame, folder: Path) -> None:
    # The date is in the folder's name alone, so that any reader of such data sets finds it once.
    table = pa.table({name: _column(rows[name]) for name in rows if name != "game_date"})
    content = io.BytesIO()
    parquet.write_table(table, content, compression="zstd")
    write_atomically(folder / f"{fingerprint(rows)}.parquet", content.getvalue())


def _column(values: pd.Series) -> pa.Array:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        utc = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return pa.array(utc, from_pandas=True).cast(pa.timestamp("us", tz="UTC"))
    if pd.api.types.is_string_dtype(values.dtype):  # one without any value has no type of its own
        return pa.array(values, type=pa.string(), from_pandas=True)
    return pa.array(values, from_pandas=True)
