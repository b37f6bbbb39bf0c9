"""Format: the inactive lists of nba_api's BoxScoreSummaryV2, as its JSON or as the table InactivePlayers."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from nba_props.data.availability.formats import FORMATS, Format, Opened, nobody_waiting
from nba_props.data.availability.table import AvailabilityReading, canonical_availability, days, next_midnight
from nba_props.data.tables.columns import missing_columns, resolve
from nba_props.data.tables.files import read_table
from nba_props.data.tables.validate import Origin
from nba_props.errors import DataError

SOURCE: Final = "inactive list"
_SPELLINGS: Final = {
    "player_id": ("playerid",),
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "team": ("teamabbreviation",),
    "game_date": ("gamedate", "gamedateest"),
    "jersey": ("jerseynum",),
}
_REQUIRED: Final = ("player_id", "first_name", "last_name", "team", "game_date")
_FIX: Final = "Give the JSON of BoxScoreSummaryV2, or its table InactivePlayers with a column GAME_DATE."


def _sets(document: object) -> dict[str, dict[str, Any]]:
    """Result sets by name of an answer of stats.nba.com; empty if it is none."""
    sets = document.get("resultSets") if isinstance(document, dict) else None
    if not isinstance(sets, list):
        return {}
    return {
        str(part["name"]): part
        for part in sets
        if isinstance(part, dict) and {"name", "headers", "rowSet"} <= set(part)
    }


def _recognises(file: Opened) -> bool:
    if file.table is not None:
        names = resolve(file.table.header, _SPELLINGS)
        return {"player_id", "first_name", "last_name", "team", "jersey"} <= set(names)
    return "InactivePlayers" in _sets(file.document)


def _read(file: Opened, reported_at: pd.Timestamp | None) -> AvailabilityReading:
    if file.table is not None:
        names = resolve(file.table.header, _SPELLINGS)
        missing = [name for name in _REQUIRED if name not in names]
        if missing:
            raise missing_columns(file.table.source, file.table.header, missing, _FIX)
        frame = read_table(file.table, names, list(names))
        origin = Origin(file.table.source, names, ("last_name", "team"), is_parquet=file.table.is_parquet)
    else:
        frame = _from_json(file)
        origin = Origin(str(file.path), {}, ("last_name", "team"), is_parquet=True)
    day = days(frame, "game_date", origin)
    whole = frame["first_name"].fillna("") + " " + frame["last_name"].fillna("")
    frame = frame.assign(
        game_date=day,
        player=whole.str.strip(),
        status="out",
        reason="Inactive",
        reported_at=next_midnight(day) if reported_at is None else reported_at,
        source=SOURCE,
    )
    return AvailabilityReading(canonical_availability(frame, origin), nobody_waiting())


def _from_json(file: Opened) -> pd.DataFrame:
    sets = _sets(file.document)
    try:
        players = _rows(sets["InactivePlayers"])
        day = _rows(sets["GameSummary"])[0]["GAME_DATE_EST"]
        columns = {"player_id": "PLAYER_ID", "first_name": "FIRST_NAME", "last_name": "LAST_NAME",
                   "team": "TEAM_ABBREVIATION"}  # fmt: skip
        cells = {name: [row[column] for row in players] for name, column in columns.items()}
    except (KeyError, IndexError, ValueError, TypeError) as error:
        problem = f"it is not a whole answer of BoxScoreSummaryV2 ({type(error).__name__}: {error})"
        raise DataError(str(file.path), problem, fix=_FIX) from error
    text = {name: [None if value is None else str(value) for value in values] for name, values in cells.items()}
    frame = pd.DataFrame(text, dtype="str")
    return frame.assign(game_date=pd.Series(str(day), frame.index, dtype="str"))


def _rows(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(part["headers"], row, strict=True)) for row in part["rowSet"]]


FORMATS.add("inactive list", Format(needs="BoxScoreSummaryV2 with InactivePlayers", recognises=_recognises, read=_read))
