"""Which availability files are known, and the reading of one or more of them.

A format is a `Format` in the registry `FORMATS`: one file that adds it, plus its test.
"""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import pandas as pd

from nba_props.data.availability.injury_report import eastern_time
from nba_props.data.availability.table import AvailabilityReading
from nba_props.data.tables.files import Paths, open_table
from nba_props.data.tables.formats import TableFile
from nba_props.data.tables.stream import read_document
from nba_props.errors import DataError
from nba_props.plugins import Registry

_LOG: Final = logging.getLogger(__name__)
_SUFFIXES: Final = (".pdf", ".json", ".csv", ".csv.gz", ".parquet")
_TIME_IN_NAME: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})[_-](\d{2})(?:[_-]?(\d{2}))?([AP]M)", re.IGNORECASE)


@dataclass(frozen=True)
class Opened:
    """A file that was looked into: its path, and whichever of table, JSON or PDF it is."""

    path: Path
    table: TableFile | None = None
    document: object = None
    is_pdf: bool = False


@dataclass(frozen=True)
class Format:
    """A format of availability files.

    Attributes:
        needs: What such a file holds, for the message about one that is in no known format.
        recognises: Whether a file is one.
        read: Reads it; the second argument is the time of the report where the file does not give it.
    """

    needs: str
    recognises: Callable[[Opened], bool]
    read: Callable[[Opened, pd.Timestamp | None], AvailabilityReading]


_ROOM: Final = "nba_props.data.availability"
FORMATS: Final = Registry[Format](
    "availability format", home=[f"{_ROOM}.{name}" for name in ("pdf", "inactive", "box_scores", "status_table")]
)
"""Formats by name, the first that recognises a file reads it."""


def load_availability(
    paths: Paths,
    *,
    reported_at: str | pd.Timestamp | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
) -> AvailabilityReading:
    """Load who was reported out, and when, from files of any known format.

    Args:
        paths: Files, or folders (searched one level deep; files of other kinds there are passed over and named in the
            log).
        reported_at: UTC time of files that give none, in a column or in their name.
        format: Name of a format of `FORMATS`; None recognises each file by itself.

    Returns:
        The `availability` table with the rows in file order, the teams that had not reported, and the games named.

    Raises:
        DataError: A file is in no known format, or holds a value that is impossible; names file, column, number of
            rows and the first of them.
        ConfigError: There is no such format.
    """
    told = None if reported_at is None else pd.Timestamp(reported_at)
    if told is not None:
        told = told.tz_localize("UTC") if told.tzinfo is None else told.tz_convert("UTC")
    readings = []
    for path, in_folder in _files(paths):
        opened = _open(path)
        found = FORMATS[format] if format else _format_of(opened)[1]
        if found is not None:
            readings.append(found.read(opened, told or time_in_name(path)))
        elif in_folder:
            _LOG.warning("%s: in no known availability format, passed over", path)
        else:
            raise DataError(str(path), "the file is in no known availability format", fix=f"Known are {_known()}.")
    if not readings:
        source = str(paths)
        raise DataError(source, "there is no availability file", fix=f"Known are {_known()}.")
    tables = zip(
        *((reading.availability, reading.not_submitted, reading.fixtures) for reading in readings), strict=True
    )
    availability, waiting, fixtures = (pd.concat(parts, ignore_index=True) for parts in tables)
    return AvailabilityReading(availability, waiting, fixtures)


def _format_of(file: Opened) -> tuple[str, Format | None]:
    return next(((name, known) for name, known in FORMATS.items() if known.recognises(file)), ("", None))


def recognised(path: Path) -> str:
    """Name of the format that recognises a file; empty where none does.

    Raises:
        DataError: The file cannot be read.
    """
    return _format_of(_open(path))[0]


def is_availability_file(path: Path) -> bool:
    """Whether a folder's entry is looked at: a regular, visible file whose name ends as reports and tables do."""
    return path.is_file() and path.name.endswith(_SUFFIXES) and path.name[0] != "."


def nobody_waiting() -> pd.DataFrame:
    """The table of teams that had not reported, for formats that know of none."""
    return pd.DataFrame(
        {
            "game_date": pd.Series(dtype="datetime64[us]"),
            "team": pd.Series(dtype="str"),
            "reported_at": pd.Series(dtype="datetime64[us, UTC]"),
        }
    )


def time_in_name(path: Path) -> pd.Timestamp | None:
    """The UTC time in a name such as `Injury-Report_2026-02-08_03_30PM.pdf` (Eastern); None if there is none.

    Until December 2025 the league's names had no minutes: those reports are of half past.

    >>> time_in_name(Path("Injury-Report_2025-02-08_03PM.csv"))
    Timestamp('2025-02-08 20:30:00+0000', tz='UTC')
    """
    found = _TIME_IN_NAME.search(path.name)
    if found is None:
        return None
    year, month, day, hour, minute, half = found.groups()
    try:
        return eastern_time(f"{month}/{day}/{year}", f"{hour}:{minute or '30'}{half.upper()}")
    except ValueError:
        return None


def _known() -> str:
    return "; ".join(f"{name} ({form.needs})" for name, form in FORMATS.items())


def _files(paths: Paths) -> Iterable[tuple[Path, bool]]:
    """Every file meant, and whether it was found in a folder."""
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    seen: set[Path] = set()
    for item in given:
        path = Path(item)
        if not path.exists():
            raise DataError(str(path), "there is no such file or folder", fix="Check the path.")
        inside = sorted(p for p in path.iterdir() if p.name.endswith(_SUFFIXES)) if path.is_dir() else [path]
        for file in inside:
            if not file.is_file():
                raise DataError(str(file), "it is not a regular file", fix="Give a file or a folder of files.")
            if file.resolve() in seen:
                raise DataError(str(file), "the same file is given twice", fix="Name every file once.")
            seen.add(file.resolve())
            yield file, path.is_dir()


def _open(path: Path) -> Opened:
    try:
        with path.open("rb") as handle:
            start = handle.read(1024)
        if start.startswith(b"%PDF"):
            return Opened(path, is_pdf=True)
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path) as unpacked:
                start = unpacked.read(1024)
        if path.suffix == ".json" or start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            document = read_document(path)
            rows = isinstance(document, list) and bool(document) and all(isinstance(row, dict) for row in document)
            return Opened(path, table=open_table(path) if rows else None, document=document)
    except (OSError, EOFError, zlib.error) as error:
        fix = "Fetch or export it again."
        raise DataError(str(path), f"the file cannot be read ({type(error).__name__}: {error})", fix=fix) from error
    if path.suffix == ".pdf":
        raise DataError(str(path), "the file is named .pdf but is not a PDF", fix="Fetch it again.")
    return Opened(path, table=open_table(path))
