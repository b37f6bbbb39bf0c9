"""Format: a table with one row per player and his status; a generic one, or the league's report as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.availability.formats import FORMATS, Format, Opened, nobody_waiting
from nba_props.data.availability.game_times import report_fixtures
from nba_props.data.availability.table import INJURY_REPORT, AvailabilityReading, canonical_availability, days, instants
from nba_props.data.tables.columns import STATS, missing_columns, resolve
from nba_props.data.tables.files import read_table
from nba_props.data.tables.formats import TableFile
from nba_props.data.tables.validate import Origin
from nba_props.data.teams import team_code
from nba_props.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPELLINGS: Final = {
    "game_date": ("gamedate", "date"),
    "game_time": ("gametime",),
    "matchup": ("matchup",),
    "team": ("team", "teamabbreviation", "teamtricode", "teamname"),
    "player": ("player", "playername", "name"),
    "player_id": ("playerid", "personid"),
    "status": ("status", "currentstatus", "injurystatus"),
    "reason": ("reason", "comment", "injury", "notes"),
    "reported_at": ("reportedat", "reporttime", "reportdatetime", "timestamp", "updatedat", "observedat"),
    "source": ("source",),
}
_REQUIRED: Final = ("game_date", "team", "player", "status")
_FIX: Final = "One row per player and report: game_date, team, player, status, reason, reported_at (UTC)."


def _recognises(file: Opened) -> bool:
    if file.table is None or len(resolve(file.table.header, STATS)) >= 5:
        return False  # a box score may have a status too
    return {"player", "status", "team"} <= set(resolve(file.table.header, _SPELLINGS))


def _read(file: Opened, reported_at: pd.Timestamp | None) -> AvailabilityReading:
    if file.table is None:
        raise DataError(str(file.path), "the file is not a table", fix=_FIX)
    names = resolve(file.table.header, _SPELLINGS)
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise missing_columns(file.table.source, file.table.header, missing, _FIX)
    if "reported_at" not in names and reported_at is None:
        fix = (
            "Add a column reported_at (UTC), give the option reported_at, or name the file like "
            "Injury-Report_2026-02-08_03_30PM.csv (Eastern)."
        )
        raise DataError(file.table.source, "nothing says when it was reported", column="reported_at", fix=fix)
    frame = _blank_to_missing(read_table(file.table, names, list(names)))
    origin = Origin(file.table.source, names, ("player", "team", "game_date"), is_parquet=file.table.is_parquet)
    if "reported_at" not in frame:
        frame = frame.assign(reported_at=reported_at)
    is_report = {"gametime", "matchup"} & {_plain(name) for name in file.table.header} or "gameDate" in names.values()
    if "source" not in frame:
        frame = frame.assign(source=INJURY_REPORT if is_report else "table")
    if "matchup" in frame or "game_time" in frame:
        frame = _spanned(frame)
    waiting = frame.get("reason", pd.Series("", frame.index)).fillna("").map(_plain) == "notyetsubmitted"
    waiting &= frame["player"].isna()
    games = frame.reindex(columns=["game_date", "game_time", "matchup"])
    return AvailabilityReading(
        availability=canonical_availability(frame[~waiting], origin),
        not_submitted=_not_submitted(frame[waiting], origin, file.table),
        fixtures=report_fixtures(games.assign(game_date=days(frame, "game_date", origin))),
    )


def _plain(text: object) -> str:
    return "".join(str(text).replace("_", "").split()).lower()


def _blank_to_missing(frame: pd.DataFrame) -> pd.DataFrame:
    text = [name for name in frame if not pd.api.types.is_datetime64_any_dtype(frame[name])]
    plain = {name: frame[name].astype("str").str.strip().mask(frame[name].isna()) for name in text}
    return frame.assign(**{name: column.mask(column == "").astype("str") for name, column in plain.items()})


def _spanned(frame: pd.DataFrame) -> pd.DataFrame:
    """The league's table writes date, game and team once: they hold for the rows below."""
    names: Sequence[str] = [name for name in ("game_date", "game_time", "matchup", "team") if name in frame]
    return frame.assign(**{name: frame[name].ffill() for name in names})


def _not_submitted(frame: pd.DataFrame, origin: Origin, table: TableFile) -> pd.DataFrame:
    if frame.empty:
        return nobody_waiting()
    codes = frame["team"].map(team_code, na_action="ignore")
    if codes.isna().any():
        raise DataError(
            table.source, "a team that has not reported is not a team", column=origin.column("team"),
            fix="Write the team's full name or nba.com's abbreviation.", count=int(codes.isna().sum()),
            rows=origin.rows(frame, frame.index[codes.isna()], ["team"]),
        )  # fmt: skip
    told = {"game_date": days(frame, "game_date", origin), "team": codes.astype("str")}
    return pd.DataFrame({**told, "reported_at": instants(frame, "reported_at", origin)}).reset_index(drop=True)


FORMATS.add("status table", Format(needs=", ".join((*_REQUIRED, "reported_at")), recognises=_recognises, read=_read))
