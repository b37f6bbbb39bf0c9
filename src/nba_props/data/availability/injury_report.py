"""The league's official injury report, as the PDF it is published as.

Its table is drawn, not stored: rows and columns follow from where the words are. A reason of several
lines runs above and below the line of its player; the cells of the game and of the team are written once and hold for
the rows below them; a row may be cut by the end of a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from nba_props.data.availability.game_times import report_fixtures
from nba_props.data.availability.table import INJURY_REPORT, AvailabilityReading, canonical_availability, days
from nba_props.data.tables.stream import refuse_size
from nba_props.data.tables.validate import Origin
from nba_props.data.teams import team_code
from nba_props.data.times import EASTERN
from nba_props.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEADINGS: Final = {
    "GameDate": "game_date", "GameTime": "game_time", "Matchup": "matchup", "Team": "team", "PlayerName": "player",
    "CurrentStatus": "status", "Reason": "reason",
}  # fmt: skip
_HEADER: Final = "".join(_HEADINGS)
_SPANNING: Final = ("game_date", "game_time", "matchup", "team")
_TITLE: Final = re.compile(r"InjuryReport:?(\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))(\d{1,2}:\d{2})([AP]M)", re.IGNORECASE)
_FOOTER: Final = re.compile(r"Page(\d{1,3})(?:of(\d{1,3}))?", re.IGNORECASE)
_NOT_SUBMITTED: Final = "NOTYETSUBMITTED"
_SUFFIX: Final = re.compile(r"(?<=[a-z])(Jr\.|Sr\.|I{2,3}|IV)(?=,)")
_SPACE: Final = 0.12
"""Two letters further apart than this share of their height belong to two words (the report's spaces: 0.23)."""
_ROW_GAP: Final = 1.8
"""Lines further apart than this many letter heights belong to two rows, where no rule is drawn (in a row: 1.4)."""
_PACKED: Final = 1032
"""Bytes that deflate packs into one at most: what a PDF of a size may unpack to."""
_FIX: Final = "Give a report as it is published on official.nba.com."

Cells = dict[str, str]


@dataclass
class _Page:
    """Words of the table of one page, the places of its columns, and the heights at which rows end."""

    words: list[dict[str, Any]]
    columns: dict[str, float]
    cuts: list[float]


@dataclass
class InjuryReport:
    """One report as it is printed.

    Attributes:
        reported_at: The time of its title line.
        rows: Its rows with a player, spanning cells filled in: `game_date`, `game_time`, `matchup`, `team`, `player`,
            `status`, `reason`.
        not_submitted: The rows of teams that had not reported.
        pages: How many pages it has.
    """

    reported_at: pd.Timestamp
    rows: list[Cells] = field(default_factory=list)
    not_submitted: list[Cells] = field(default_factory=list)
    pages: int = 0


def read_injury_report(path: Path) -> InjuryReport:
    """Read one report.

    Raises:
        DataError: The file is not a PDF, has no title with a time, no table header, or a row that cannot be understood.
    """
    pages = _pages(path)
    report = InjuryReport(_reported_at(pages, path), pages=len(pages))
    context: Cells = {}
    for cells in _joined(_bands(_tables(pages, path))):
        if any(cells.get(name) for name in ("game_date", "game_time", "matchup")):
            context = {**context, "team": ""}
        context |= {name: cells[name] for name in _SPANNING if cells.get(name)}
        row = {**context, **{name: cells.get(name, "") for name in ("player", "status", "reason")}}
        if _without_spaces(row["player"] + row["status"] + row["reason"]).upper() == _NOT_SUBMITTED:
            report.not_submitted.append(row)
        elif row["player"] and row["status"]:
            report.rows.append(row | {"player": _SUFFIX.sub(r" \1", row["player"])})
        elif any(row[name] for name in ("player", "status", "reason")):
            printed = ", ".join(f"{name} {text!r}" for name, text in cells.items() if text)
            raise DataError(str(path), f"a row without a player or a status ({printed})", fix=_FIX)
    return report


def load_injury_report(path: Path) -> AvailabilityReading:
    """One report as `availability` rows.

    Raises:
        DataError: See `read_injury_report`; or a team, a status or a date of it is none.
    """
    report = read_injury_report(path)
    origin = Origin(str(path), {}, ("game_date", "team", "player"), is_parquet=True)
    columns = ["game_date", "team", "player", "status", "reason"]
    printed = pd.DataFrame(
        report.rows + report.not_submitted, columns=["game_date", "game_time", "matchup"], dtype="str"
    )
    fixtures = report_fixtures(printed.assign(game_date=days(printed, "game_date", origin)))
    rows = pd.DataFrame(report.rows, columns=columns, dtype="str").assign(
        reported_at=report.reported_at, source=INJURY_REPORT
    )
    waiting = pd.DataFrame(report.not_submitted, columns=["game_date", "team"], dtype="str")
    waiting = waiting.assign(
        game_date=days(waiting, "game_date", origin),
        team=waiting["team"].map(team_code).fillna(waiting["team"]).astype("str"),
        reported_at=report.reported_at,
    )
    return AvailabilityReading(canonical_availability(rows, origin), waiting, fixtures)


def eastern_time(day: str, clock: str) -> pd.Timestamp:
    """The UTC instant of an Eastern wall clock, such as `02/08/26` and `03:30PM`.

    >>> eastern_time("02/08/26", "03:30PM")
    Timestamp('2026-02-08 20:30:00+0000', tz='UTC')
    """
    written = pd.to_datetime(f"{day} {clock}", format=f"%m/%d/%{'y' if len(day) <= 8 else 'Y'} %I:%M%p")
    return written.tz_localize(EASTERN, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC").as_unit("us")


def _pages(path: Path) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Words and horizontal edges of every page."""
    refuse_size(str(path), path.stat().st_size * _PACKED)
    try:
        import pdfplumber
        from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
    except ImportError as error:
        fix = "Install the extra: uv sync --extra nba, outside a clone pip install pdfplumber."
        raise DataError(str(path), "reading a PDF needs pdfplumber, which is not installed", fix=fix) from error
    try:
        with pdfplumber.open(path) as pdf:
            return [
                (page.extract_words(x_tolerance_ratio=_SPACE, keep_blank_chars=False), page.horizontal_edges)
                for page in pdf.pages
            ]
    except (PdfminerException, MalformedPDFException, ValueError, TypeError, KeyError, IndexError, OSError) as error:
        raise DataError(str(path), f"the PDF cannot be read ({type(error).__name__})", fix=_FIX) from error


def _reported_at(pages: Sequence[tuple[list[dict[str, Any]], Any]], path: Path) -> pd.Timestamp:
    for words, _ in pages:
        found = _TITLE.search("".join(word["text"] for word in words))
        if found:
            try:
                return eastern_time(found[1], found[2] + found[3].upper())
            except ValueError:
                break
    raise DataError(str(path), "no title 'Injury Report: 02/08/26 03:30 PM' with a time is on its pages", fix=_FIX)


def _tables(pages: Iterable[tuple[list[dict[str, Any]], list[dict[str, Any]]]], path: Path) -> list[_Page]:
    """The table of every page, without title, header and footer; the header's columns hold for the pages after it."""
    columns: dict[str, float] = {}
    tables = []
    numbers: list[tuple[int, int]] = []
    for words, edges in pages:
        kept: list[dict[str, Any]] = []
        for line in _lines(words):
            text = "".join(word["text"] for word in line)
            if text == _HEADER:
                columns = _columns(line)
            elif footer := _FOOTER.fullmatch(text):
                numbers += [(int(footer[1]), int(footer[2]))] if footer[2] else []
            elif not _TITLE.search(text):
                kept += line
        if kept and not columns:
            raise DataError(str(path), "no header 'Game Date ... Current Status, Reason' is on its pages", fix=_FIX)
        start = columns.get("reason", 0.0)
        # Rules are drawn cell by cell; those over the reasons column separate the rows.
        cuts = sorted({round(edge["top"], 1) for edge in edges if edge["x0"] <= start <= edge["x1"]})
        tables.append(_Page(kept, columns, cuts))
    if not columns:
        raise DataError(str(path), "it holds no table of players", fix=_FIX)
    lost = sorted({page for _, total in numbers for page in range(1, total + 1)} - {page for page, _ in numbers})
    if lost:
        problem = f"page {', '.join(map(str, lost))} of {numbers[0][1]} is missing or cannot be read"
        raise DataError(str(path), problem, fix="Fetch the report again.")
    return tables


def _lines(words: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Words by line, top to bottom, each from left to right."""
    lines: list[list[dict[str, Any]]] = []
    for word in sorted(words, key=lambda word: (word["top"], word["x0"])):
        if lines and abs(lines[-1][0]["top"] - word["top"]) < 2:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word["x0"]) for line in lines]


def _columns(line: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Column -> where it starts, from the header's words, whether or not they are one word each."""
    starts, position = {}, 0
    for word in line:
        starts[position] = word["x0"]
        position += len(word["text"])
    columns, position = {}, 0
    for heading, name in _HEADINGS.items():
        columns[name] = starts[position]
        position += len(heading)
    return columns


def _bands(tables: Iterable[_Page]) -> list[list[Cells]]:
    """The rows of every page, in their order."""
    pages = []
    for table in tables:
        rows: list[list[dict[str, Any]]] = []
        previous: dict[str, Any] | None = None
        for word in sorted(table.words, key=lambda word: (word["top"], word["x0"])):
            if previous is None or _are_two_rows(previous, word, table.cuts):
                rows.append([])
            rows[-1].append(word)
            previous = word
        pages.append([_cells(row, table.columns) for row in rows])
    return pages


def _are_two_rows(upper: dict[str, Any], lower: dict[str, Any], cuts: Sequence[float]) -> bool:
    if cuts:
        return any(_middle(upper) < cut <= _middle(lower) for cut in cuts)
    return bool(lower["top"] - upper["top"] > _ROW_GAP * (lower["bottom"] - lower["top"]))


def _middle(word: dict[str, Any]) -> float:
    return float(word["top"] + word["bottom"]) / 2


def _cells(words: Iterable[dict[str, Any]], columns: dict[str, float]) -> Cells:
    cells: dict[str, str] = {}
    for line in _lines(words):
        for word in line:
            # Cells are a little to the right of their heading.
            name = [name for name, start in columns.items() if word["x0"] >= start - 2][-1:] or ["game_date"]
            cells[name[0]] = _joined_cell(cells.get(name[0], ""), word["text"])
    return cells


def _joined_cell(left: str, right: str) -> str:
    """Two parts of a cell with a space between, unless the line broke at the hyphen of a word."""
    return left + right if re.search(r"\w-$", left) else f"{left} {right}".strip()


def _joined(pages: Iterable[list[Cells]]) -> list[Cells]:
    """The rows of all pages, those cut by the end of a page put together again."""
    rows: list[Cells] = []
    for page in pages:
        first, rest = page[:1], page[1:]
        if rows and first and _one_row(rows[-1], first[0]):
            rows[-1] = {
                name: _joined_cell(rows[-1].get(name, ""), first[0].get(name, "")) for name in _HEADINGS.values()
            }
            rows += rest
        else:
            rows += page
    return rows


def _one_row(upper: Cells, lower: Cells) -> bool:
    """Whether the last cells of a page and the first of the next are one row: one of them has a status, once."""
    if any(_without_spaces(part.get("reason", "")).upper() == _NOT_SUBMITTED for part in (upper, lower)):
        return False
    if any(lower.get(name) for name in _SPANNING) and upper.get("status"):
        return False
    return bool(upper.get("status")) != bool(lower.get("status"))


def _without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)
