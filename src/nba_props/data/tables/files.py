"""Which files were meant, what kind of table each one holds, and how it is read.

A file is recognised by its header, never by its name: a folder may hold game logs, odds and anything else side by side.
Whatever cannot be read becomes one `DataError` that names the file.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow
from pyarrow import parquet

from nba_props.data.tables import stream as _stream
from nba_props.data.tables.columns import plain
from nba_props.data.tables.formats import READERS, Reader, TableFile, recognise
from nba_props.errors import DataError

Paths = str | PathLike[str] | list[str | PathLike[str]] | tuple[str | PathLike[str], ...]

_LOG: Final = logging.getLogger(__name__)
_TEXT_SUFFIXES: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_SUFFIXES: Final = (*_TEXT_SUFFIXES, *(f"{suffix}.gz" for suffix in _TEXT_SUFFIXES), ".parquet")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_PARQUET_MAGIC: Final = b"PAR1"
_FIX_UNREADABLE: Final = "Give a UTF-8 CSV, a gzip-compressed CSV (.csv.gz) or a Parquet file."


def find_tables(paths: Paths, kind: str, format: str | None = None) -> list[TableFile]:  # noqa: A002 - the option's name
    """Every file of `kind` among `paths`, in the order given; folders are searched one level deep, by name.

    A file named outright is taken as `kind` whatever its header (its missing columns are then reported); in a folder
    the header decides.

    Raises:
        DataError: A path is missing, a folder holds no such table, a file cannot be read or is given twice.
    """
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    if not given:
        source = "the list of paths"
        raise DataError(source, "no file was given", fix=f"Name at least one {kind} file or folder.")
    tables: list[TableFile] = []
    for item in given:
        path = Path(item)
        if path.is_dir():
            tables += _in_folder(path, kind)
        elif path.exists():
            tables.append(open_table(path, kind))
        else:
            raise DataError(str(path), "there is no such file or folder", fix="Check the path.")
    _refuse_repeats(tables)
    return [forced(table, READERS[format]) for table in tables] if format else tables


def forced(table: TableFile, reader: Reader) -> TableFile:
    """The file read in the format that was named; DataError where it lacks what the format needs."""
    lacking = reader.lacks(table.header)
    if lacking:
        columns = ", ".join(need.replace("|", " or ") for need in lacking)
        problem = f"the file is not in the format {reader.name}: it lacks {columns}"
        raise DataError(table.source, problem, fix="Leave the format out: it is recognised by the header.")
    return replace(table, reader=reader)


def is_data_file(path: Path) -> bool:
    """Whether a folder's entry is looked at: a regular, visible file whose name ends as tables do."""
    return path.is_file() and path.name.endswith(_SUFFIXES) and path.name[0] != "."


def _in_folder(folder: Path, kind: str) -> list[TableFile]:
    files = [path for path in sorted(folder.iterdir()) if is_data_file(path)]
    tables = [open_table(path) for path in files]
    found = [table for table in tables if table.kind == kind]
    if not found:
        seen = ", ".join(f"{t.path.name} ({t.kind})" for t in tables[:5]) or "no .csv, .csv.gz or .parquet file"
        raise DataError(str(folder), f"the folder holds no {kind}", fix=f"It holds: {seen}.")
    others = [table.path.name for table in tables if table.kind == "other"]
    if others:
        _LOG.warning("%s: neither a game log nor odds, ignored: %s", folder, ", ".join(others))
    return found


def _refuse_repeats(tables: Sequence[TableFile]) -> None:
    seen: set[Path] = set()
    for table in tables:
        resolved = table.path.resolve()
        if resolved in seen:
            raise DataError(table.source, "the same file is given twice", fix="Name every file once.")
        seen.add(resolved)


def open_table(path: Path, kind: str | None = None) -> TableFile:
    """Look at one file: is it readable, and what does its header say it is?

    Of formats that recognise the same header, those of this kind come first.

    Raises:
        DataError: It cannot be read.
    """
    _stream.refuse_irregular(path)
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
    except OSError as error:
        raise DataError(str(path), f"the file cannot be opened ({error.strerror})", fix="Check the path.") from error
    if not magic:
        raise DataError(str(path), "the file is empty", fix="Fetch or export it again.")
    zipped, is_parquet = path.name.endswith(".gz"), path.suffix == ".parquet"
    if zipped and not magic.startswith(_GZIP_MAGIC):
        raise DataError(str(path), "the file is named .gz but is not gzip-compressed", fix=_FIX_UNREADABLE)
    if is_parquet and magic != _PARQUET_MAGIC:
        raise DataError(str(path), "the file is named .parquet but is not Parquet", fix=_FIX_UNREADABLE)
    if is_parquet:
        header = _parquet_header(path)
        return TableFile(path, header, recognise(header, kind))
    head = _stream.look(path)
    return TableFile(path, head.header, recognise(head.header, kind, json=head.is_json), head.separator, head.encoding)


def _parquet_header(path: Path) -> tuple[str, ...]:
    try:
        return tuple(str(name) for name in parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(str(path), f"the file cannot be read as Parquet ({error})", fix=_FIX_UNREADABLE) from error


def read_table(table: TableFile, wanted: dict[str, str], text: Sequence[str]) -> pd.DataFrame:
    """The wanted columns of one file under their canonical names, rows in file order.

    The index is the row of the file, counted from 0. `wanted` maps canonical names to those in the file, of which
    several may share one. Columns in `text` are read as text, so that leading zeros survive; the others are inferred.

    Raises:
        DataError: A wanted column appears twice, the file has no rows or cannot be read.
    """
    refuse_repeated(table, wanted.values())
    names = list(dict.fromkeys(wanted.values()))
    raw = _parquet(table, names) if table.is_parquet else _text_table(table, {wanted[n] for n in text if n in wanted})
    if raw.empty:
        raise DataError(table.source, "the file has a header but no rows", fix="Fetch or export it again.")
    frame = pd.DataFrame({canonical: raw[name] for canonical, name in wanted.items()})
    # Parquet has its own types: text that was stored as a number is text here.
    numbers = [name for name in text if name in frame and pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{name: frame[name].astype("str").mask(frame[name].isna()) for name in numbers})


def refuse_repeated(table: TableFile, names: Iterable[str]) -> None:
    """Refuse columns that the header names more than once, in whichever letters (DataError)."""
    given = [plain(name) for name in table.header]
    repeated = sorted({name for name in names if given.count(plain(name)) > 1})
    if repeated:
        column = ", ".join(repeated)
        raise DataError(table.source, "the header names it twice", column=column, fix="Keep one of them.")


def read_text(table: TableFile) -> pd.DataFrame:
    """Every column of one file as text under its own name, missing where empty.

    Raises:
        DataError: See `read_table`.
    """
    refuse_repeated(table, [name for name in table.header if name.strip()])
    if table.is_parquet:
        raw = _parquet(table, list(table.header))
        return raw.astype("str").mask(raw.isna())
    return _text_table(table, set(table.header))


def _parquet(table: TableFile, names: list[str]) -> pd.DataFrame:
    try:
        schema = parquet.read_schema(table.path)
        for name in names:
            kind = schema.field(name).type
            if pyarrow.types.is_nested(kind) or pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
                raise DataError(table.source, f"the column holds {kind}", column=name, fix="Write numbers or text.")
        # A value that is repeated a million times takes no room in the file: every cell counts as a number at least.
        groups = _row_groups(table.path)
        cells = sum(group.num_rows for group in groups) * len(names)
        _stream.refuse_size(table.source, max(sum(group.total_byte_size for group in groups), 8 * cells))
        raw = pd.read_parquet(table.path, columns=names)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise _unreadable(table, error) from error
    for name in names:
        if isinstance(raw[name].dtype, pd.StringDtype) or raw[name].dtype == object:
            _stream.refuse_control(table.source, raw[name], name)
    return raw


def _row_groups(path: Path) -> list[parquet.RowGroupMetaData]:
    metadata = parquet.read_metadata(path)
    return [metadata.row_group(i) for i in range(metadata.num_row_groups)]


def _text_table(table: TableFile, as_text: set[str]) -> pd.DataFrame:
    try:
        if table.is_json:
            raw = _stream.read_records(table.path, table.header, as_text)
        else:
            raw = _stream.read_csv(table.path, table.header, table.separator, table.encoding, as_text)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, EOFError, zlib.error, OSError) as error:
        raise _unreadable(table, error) from error
    if not isinstance(raw.index, pd.RangeIndex):
        problem = "the first line after the header has more fields than the header"
        raise DataError(table.source, problem, fix="Quote values that hold a comma, or complete the header.")
    return _without_empty_lines(raw, table.source)


def _without_empty_lines(raw: pd.DataFrame, source: str) -> pd.DataFrame:
    """The rows with content: pasted files repeat their header, spreadsheets end in lines of commas."""
    first = raw.iloc[:, 0]
    maybe = np.flatnonzero((first.isna() | (first.astype("object") == raw.columns[0])).to_numpy())
    some = raw.iloc[maybe]
    repeated = some.astype("object").eq(list(raw.columns)).all(axis=1).to_numpy()
    nothing = maybe[repeated | some.isna().all(axis=1).to_numpy()]
    if not len(nothing):
        return raw
    _LOG.warning("%s: %d lines left out that are empty or repeat the header", source, len(nothing))
    return raw.drop(index=raw.index[nothing])


def _unreadable(table: TableFile, error: Exception) -> DataError:
    reason = " ".join(str(error).split())
    return DataError(table.source, f"the file cannot be read ({reason})", fix=_FIX_UNREADABLE)
