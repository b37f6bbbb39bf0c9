"""Which files were meant, what kind of table each one holds, and how it is read.

A file is recognised by its header, never by its name: a folder may hold game logs, odds and anything else side by side.
Whatever can not be read becomes one `DataError` that names the file.
"""

from __future__ import annotations

import csv
import gzip
import io
import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Literal

import pandas as pd
import pyarrow
from pyarrow import parquet

from nba_props.data.columns import classify
from nba_props.errors import DataError

Kind = Literal["game log", "odds", "other"]
Paths = str | PathLike[str] | list[str | PathLike[str]] | tuple[str | PathLike[str], ...]

_LOG: Final = logging.getLogger(__name__)
_SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_PARQUET_MAGIC: Final = b"PAR1"
_MEND_UNREADABLE: Final = "Give a UTF-8 CSV, a gzip-compressed CSV (.csv.gz) or a Parquet file."


@dataclass(frozen=True)
class TableFile:
    """One readable file: its path, its header and the kind of table the header says it is."""

    path: Path
    header: tuple[str, ...]
    kind: Kind

    @property
    def source(self) -> str:
        """The file as messages name it."""
        return str(self.path)

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet (rows are then counted from 1 and not by lines of text)."""
        return self.path.suffix == ".parquet"


def find_tables(paths: Paths, kind: Kind) -> list[TableFile]:
    """Every file of `kind` among `paths`, in the order given; folders are searched one level deep, by name.

    A file named outright is taken as `kind` whatever its header (its missing columns are then reported); in a folder
    the header decides.

    Raises:
        DataError: A path is missing, a folder holds no such table, a file can not be read or is given twice.
    """
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    if not given:
        source = "the list of paths"
        raise DataError(source, "no file was given", mend=f"Name at least one {kind} file or folder.")
    tables: list[TableFile] = []
    for item in given:
        path = Path(item)
        if path.is_dir():
            tables += _in_folder(path, kind)
        elif path.exists():
            tables.append(open_table(path))
        else:
            raise DataError(str(path), "there is no such file or folder", mend="Check the path.")
    _refuse_repeats(tables)
    return tables


def _in_folder(folder: Path, kind: Kind) -> list[TableFile]:
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and p.name.endswith(_SUFFIXES) and p.name[0] != "."]
    tables = [open_table(path) for path in files]
    found = [table for table in tables if table.kind == kind]
    if not found:
        seen = ", ".join(f"{t.path.name} ({t.kind})" for t in tables[:5]) or "no .csv, .csv.gz or .parquet file"
        raise DataError(str(folder), f"the folder holds no {kind}", mend=f"It holds: {seen}.")
    others = [table.path.name for table in tables if table.kind == "other"]
    if others:
        _LOG.warning("%s: neither a game log nor odds, ignored: %s", folder, ", ".join(others))
    return found


def _refuse_repeats(tables: Sequence[TableFile]) -> None:
    seen: set[Path] = set()
    for table in tables:
        resolved = table.path.resolve()
        if resolved in seen:
            raise DataError(table.source, "the same file is given twice", mend="Name every file once.")
        seen.add(resolved)


def open_table(path: Path) -> TableFile:
    """Look at one file: is it readable, and what does its header say it is?

    Raises:
        DataError: It can not be read.
    """
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
    except OSError as error:
        raise DataError(str(path), f"the file can not be opened ({error.strerror})", mend="Check the path.") from error
    if not magic:
        raise DataError(str(path), "the file is empty", mend="Fetch or export it again.")
    zipped, is_parquet = path.name.endswith(".gz"), path.suffix == ".parquet"
    if zipped and not magic.startswith(_GZIP_MAGIC):
        raise DataError(str(path), "the file is named .gz but is not gzip-compressed", mend=_MEND_UNREADABLE)
    if is_parquet and magic != _PARQUET_MAGIC:
        raise DataError(str(path), "the file is named .parquet but is not Parquet", mend=_MEND_UNREADABLE)
    header = _parquet_header(path) if is_parquet else _csv_header(path, zipped=zipped)
    return TableFile(path, header, classify(header))


def _csv_header(path: Path, *, zipped: bool) -> tuple[str, ...]:
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as handle:
            first = handle.readline(65_536)
            if b"\x00" in first:
                raise DataError(str(path), "the file is binary, not CSV", mend=_MEND_UNREADABLE)
            header = next(csv.reader(io.StringIO(first.decode("utf-8-sig"))), [])
    except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile, csv.Error) as error:
        raise DataError(str(path), f"the file can not be read as CSV ({error})", mend=_MEND_UNREADABLE) from error
    if not [name for name in header if name.strip()]:
        raise DataError(str(path), "the file has no header line", mend="The first line must name the columns.")
    return tuple(header)


def _parquet_header(path: Path) -> tuple[str, ...]:
    try:
        return tuple(str(name) for name in parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(str(path), f"the file can not be read as Parquet ({error})", mend=_MEND_UNREADABLE) from error


def read_table(table: TableFile, wanted: dict[str, str], text: Sequence[str]) -> pd.DataFrame:
    """The wanted columns of one file under their canonical names, rows in file order (index 0, 1, ...).

    Args:
        table: The file.
        wanted: Canonical name -> name in the file; several canonical names may share one.
        text: Canonical names read as text, so that leading zeros survive; the others are inferred.

    Raises:
        DataError: A wanted column appears twice, the file has no rows or can not be read.
    """
    repeated = sorted({name for name in wanted.values() if table.header.count(name) > 1})
    if repeated:
        column = ", ".join(repeated)
        raise DataError(table.source, "the header names it twice", column=column, mend="Keep one of them.")
    names = list(dict.fromkeys(wanted.values()))
    try:
        if table.is_parquet:
            raw = pd.read_parquet(table.path, columns=names)
        else:
            as_text = {wanted[name]: "str" for name in text if name in wanted}
            # All columns are read: with `usecols`, pandas passes over lines that have too many fields.
            raw = pd.read_csv(table.path, dtype=as_text, encoding="utf-8-sig", low_memory=False)
    except (pd.errors.ParserError, UnicodeDecodeError, EOFError, zlib.error, OSError, pyarrow.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(table.source, f"the file can not be read ({reason})", mend=_MEND_UNREADABLE) from error
    if not table.is_parquet and not isinstance(raw.index, pd.RangeIndex):
        problem = "the first line after the header has more fields than the header"
        raise DataError(table.source, problem, mend="Quote values that hold a comma, or complete the header.")
    if raw.empty:
        raise DataError(table.source, "the file has a header but no rows", mend="Fetch or export it again.")
    frame = pd.DataFrame({canonical: raw[name] for canonical, name in wanted.items()}).reset_index(drop=True)
    # Parquet has its own types: text that was stored as a number is text here.
    numbers = [name for name in text if name in frame and pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{name: frame[name].astype("str").mask(frame[name].isna()) for name in numbers})
