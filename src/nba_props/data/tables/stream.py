"""Bytes to text tables: encodings, separators, and limits that are kept while reading.

Only regular files are opened. The unpacked size of a file is counted as it is read, so that a small file cannot fill
the memory; the last line is kept, so that a file that was cut short is noticed.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import re
import stat
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pandas as pd

from nba_props.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMIT_VARIABLE: Final = "NBA_PROPS_MAX_UNPACKED_BYTES"
"""Environment variable with the number of bytes a file may unpack to."""
DEFAULT_LIMIT: Final = 2 * 1024**3
_HEAD: Final = 65_536
_WIDE: Final = "utf-16"
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_EXCEL: Final = re.compile(rb"^((?:\xef\xbb\xbf)?)sep=.(?=\r?\n)")
"""The line before the header in which Excel notes the separator."""
_SEPARATORS: Final = ",;\t|"
_CONTROL: Final = bytes(code for code in (*range(9), 11, 12, *range(14, 32), 127))
_CONTROL_PATTERN: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_ESCAPED: Final = re.compile(r"(?i)\\u(?:00[01]|007f|d[89a-f])")
"""Escapes of JSON that may stand for a control character, or for half a character."""
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FIX: Final = "Give a CSV (UTF-8, UTF-16 or Windows-1252), JSON, or either of them gzip-compressed, or a Parquet file."


@dataclass(frozen=True)
class Head:
    """What the first bytes of a text file say."""

    header: tuple[str, ...]
    separator: str
    encoding: str
    is_json: bool = False


def limit() -> int:
    """Bytes a file may unpack to: 2 GiB, or the number in the environment.

    Raises:
        ConfigError: The variable is not a positive whole number.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(DEFAULT_LIMIT))
    if not text.isdecimal() or int(text) == 0:
        message = f"{LIMIT_VARIABLE} is {text!r}; give a positive number of bytes."
        raise ConfigError(message)
    return int(text)


def refuse_irregular(path: Path) -> None:
    """Refuse (DataError) pipes, devices and sockets without opening them: reading one may wait forever."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise DataError(str(path), f"the file cannot be opened ({error.strerror})", fix="Check the path.") from error
    if not stat.S_ISREG(mode):
        raise DataError(str(path), "it is not a regular file", fix="Save the data to a file and give that.")


def refuse_size(source: str, size: int) -> None:
    """Refuse more bytes than `limit` (DataError)."""
    if size > limit():
        fix = f"Split it by season, or raise {LIMIT_VARIABLE}."
        raise DataError(source, f"the file unpacks to more than {limit():,} bytes", fix=fix)


def refuse_control(source: str, text: pd.Series, column: str) -> None:
    """Refuse control characters in a text column (DataError)."""
    wrong = text.astype("str").str.contains(_CONTROL_PATTERN, na=False)
    if wrong.any():
        fix = "Remove them, or export the file again."
        raise DataError(source, "values hold control characters", column=column, count=int(wrong.sum()), fix=fix)


class _Watched(io.RawIOBase):
    """Hands bytes on (UTF-16 as UTF-8), counts them, refuses control characters, and remembers the end."""

    def __init__(self, inner: BinaryIO, source: str, *, wide: bool = False) -> None:
        super().__init__()
        self._inner, self._source = inner, source
        self._decoder = codecs.getincrementaldecoder("utf-16")() if wide else None
        self._seen = 0
        self._lines = 0
        self.tail = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        data = self._read(len(buffer))
        if not self._seen:
            data = _EXCEL.sub(rb"\1", data)  # the line stays, empty, so that lines are counted as in the file
        self._seen += len(data)
        refuse_size(self._source, self._seen)
        if len(data.translate(None, _CONTROL)) != len(data):
            first = next(place for place, byte in enumerate(data) if byte in _CONTROL)
            line = self._lines + data[:first].count(b"\n") + 1
            problem = "the file is binary or holds control characters, not CSV"
            raise DataError(self._source, problem, fix=_FIX, rows=f"line {line}")
        self._lines += data.count(b"\n")
        if data:
            self.tail = (self.tail + data)[-_HEAD:] if len(data) < _HEAD else data[-_HEAD:]
        buffer[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        if self._decoder is None:
            return self._inner.read(size)
        while raw := self._inner.read(max(size // 2, 1)):  # two bytes of UTF-16 are three of UTF-8 at most
            if text := self._decoder.decode(raw):
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as handle:
        packed = handle.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(path, "rb") if packed else path.open("rb"))


def look(path: Path) -> Head:
    """Encoding, separator and header of a text file, from its first 64 KiB; the keys of a JSON file.

    Raises:
        DataError: It is not text, or has no header.
    """
    try:
        with _open(path) as handle:
            first = handle.read(_HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(str(path), f"the file cannot be read as CSV ({error})", fix=_FIX) from error
    if first.startswith(_ZIP):
        problem = "the file is a zip archive or a spreadsheet"
        raise DataError(str(path), problem, fix="Unpack it, or export the sheet as CSV.")
    encoding = _encoding(first)
    if encoding != _WIDE and b"\x00" in first:
        raise DataError(str(path), "the file is binary, not CSV", fix=_FIX)
    text = first.decode(encoding, errors="ignore")
    if text.lstrip()[:1] in ("{", "["):
        keys = dict.fromkeys(key for item in read_json(path) for key in item)
        return Head(tuple(keys), "", encoding, is_json=True)
    text = re.sub(r"^sep=.(?=\r?\n)", "", text).lstrip("\r\n")
    line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = max(_SEPARATORS, key=line.count)
    try:
        header = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error as error:
        raise DataError(str(path), f"the file cannot be read as CSV ({error})", fix=_FIX) from error
    if not [name for name in header if name.strip()]:
        raise DataError(str(path), "the file has no header line", fix="The first line must name the columns.")
    return Head(tuple(header), separator, encoding)


def _encoding(first: bytes) -> str:
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _WIDE
    try:
        first[: len(first) - 4 if len(first) == _HEAD else None].decode("utf-8")
    except UnicodeDecodeError as error:
        # Four bytes may be missing from the last character of the part that was read.
        return "utf-8-sig" if len(first) == _HEAD and error.start > _HEAD - 8 else "cp1252"
    return "utf-8-sig"


def read_csv(path: Path, header: tuple[str, ...], separator: str, encoding: str, text: set[str]) -> pd.DataFrame:
    """All columns of a CSV: with `usecols`, pandas passes over lines that have too many fields.

    The header tells whether the last row is whole. What is not in `encoding` after all is read as Windows-1252. Columns
    in `text` are kept as text, so that leading zeros survive; the others are inferred.

    Raises:
        DataError: A limit is passed, or the last row was cut short.
    """

    def parse(stream: BinaryIO, used: str) -> pd.DataFrame:
        dtype = dict.fromkeys(text, "str")
        return pd.read_csv(stream, dtype=dtype, sep=separator, encoding=used, low_memory=False)

    return _with_encodings(path, header, separator, encoding, parse)


def chunks(path: Path, header: tuple[str, ...], separator: str, encoding: str, rows: int) -> Iterator[pd.DataFrame]:
    """A large CSV as text, `rows` at a time.

    Raises:
        DataError: A limit is passed, the file cannot be read, or the last row was cut short.
    """
    try:
        with _open(path) as inner:
            watched = _Watched(inner, str(path), wide=encoding == _WIDE)
            stream = cast("BinaryIO", io.BufferedReader(watched, _HEAD * 16))
            used = "utf-8" if encoding == _WIDE else encoding
            yield from pd.read_csv(stream, dtype="str", sep=separator, encoding=used, chunksize=rows)
        _refuse_half_row(str(path), watched.tail, header, separator, used)
    except (pd.errors.ParserError, UnicodeError, EOFError, zlib.error, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(str(path), f"the file cannot be read ({reason})", fix=_FIX) from error


def _with_encodings(
    path: Path, header: tuple[str, ...], separator: str, encoding: str, parse: Callable[[BinaryIO, str], pd.DataFrame]
) -> pd.DataFrame:
    for used in ["utf-8"] if encoding == _WIDE else dict.fromkeys((encoding, "cp1252")):
        try:
            with _open(path) as inner:
                watched = _Watched(inner, str(path), wide=encoding == _WIDE)
                frame = parse(cast("BinaryIO", io.BufferedReader(watched, _HEAD * 16)), used)
        except UnicodeDecodeError:
            if used == "cp1252" or encoding == _WIDE:
                raise
            continue
        _refuse_half_row(str(path), watched.tail, header, separator, used)
        return frame
    raise AssertionError


def _refuse_half_row(source: str, tail: bytes, header: tuple[str, ...], separator: str, encoding: str) -> None:
    text = tail.decode(encoding, errors="ignore")
    if text.endswith(("\n", "\r")):
        return
    line = text.replace("\r", "\n").rpartition("\n")[2]
    fields = len(next(csv.reader([line], delimiter=separator), []))
    if line.strip() and fields < len(header):
        problem = f"the last row is cut short ({fields} of {len(header)} fields)"
        raise DataError(source, problem, count=1, rows=f"  {line[:80]}", fix="Fetch or export the file again.")


def read_records(path: Path, header: tuple[str, ...], text: set[str]) -> pd.DataFrame:
    """The rows of a table that is written as JSON, typed as those of a CSV would be.

    The file is a list of objects, one a line, or an answer of stats.nba.com. Columns in `text` are kept as text.

    Raises:
        DataError: It is no JSON, or a value is a list or an object.
    """
    objects = read_json(path)
    nested = [name for name in header if any(isinstance(item.get(name), (list, dict)) for item in objects)]
    if nested:
        problem = "the column holds lists or objects"
        raise DataError(str(path), problem, column=", ".join(nested[:5]), fix="Give one flat object per row.")
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(header)
    writer.writerows([item.get(name) for name in header] for item in objects)
    table.seek(0)
    return pd.read_csv(table, dtype=dict.fromkeys(text, "str"), low_memory=False, skip_blank_lines=False)


def read_json(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON file: one, a list of them, one a line, or the rows of an answer of stats.nba.com.

    Raises:
        DataError: It is not JSON, or holds something other than objects.
    """
    found = read_document(path)
    if isinstance(found, dict) and (rows := _of_result_sets(found)):
        return rows
    objects = found if isinstance(found, list) else [found]
    if not all(isinstance(item, dict) for item in objects):
        raise DataError(str(path), "the JSON holds something other than objects", fix="Give a list of objects.")
    return objects


def _of_result_sets(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the first result set of stats.nba.com; none where it is not such an answer."""
    sets = answer.get("resultSets") or answer.get("resultSet")
    first = sets[0] if isinstance(sets, list) and sets else sets
    if not isinstance(first, dict):
        return []
    names, rows = first.get("headers"), first.get("rowSet")
    if not isinstance(names, list) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return []
    return [dict(zip(map(str, names), row, strict=False)) for row in rows if len(row) == len(names)]


def read_document(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a JSON file holds; a list where it holds a value a line.

    Raises:
        DataError: It is not JSON, or a limit is passed.
    """
    try:
        with _open(path) as handle:
            wide = handle.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        with _open(path) as inner:
            text = io.BufferedReader(_Watched(inner, str(path), wide=wide), _HEAD * 16).read().decode("utf-8-sig")
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError, OSError, EOFError, zlib.error) as error:
        raise DataError(str(path), f"the file cannot be read as JSON ({error})", fix=_FIX) from error
    if _ESCAPED.search(text):
        _refuse_escapes(str(path), found)
    return found


def _refuse_escapes(source: str, document: object) -> None:
    """Refuse text with control characters or half characters that JSON wrote as escapes."""
    left = [document]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left += [*item, *item.values()]
        elif isinstance(item, list):
            left += item
        elif isinstance(item, str) and _NO_TEXT.search(item):
            fix = "Remove them, or export the file again."
            raise DataError(source, "values hold control characters", fix=fix, rows=f"  {item[:80]!a}")
