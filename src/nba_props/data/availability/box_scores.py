"""Format: box scores that say who did not play and why, by a comment or by a column did_not_play.

Known only after the game, so such rows are dated at the midnight that ends its day. They are for looking back: which of
the absences were injuries and which the coach's decision.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from nba_props.data.availability.formats import FORMATS, Format, Opened, nobody_waiting
from nba_props.data.availability.table import AvailabilityReading, absence, canonical_availability, days, next_midnight
from nba_props.data.parse import ABSENT
from nba_props.data.tables.columns import STATS, missing_columns, resolve
from nba_props.data.tables.files import read_table
from nba_props.data.tables.validate import Origin, text_in_column
from nba_props.errors import DataError

SOURCE: Final = "box score"
_SPELLINGS: Final = {
    "game_date": ("gamedate", "date"),
    "team": ("teamabbreviation", "teamtricode", "team"),
    "player": ("playername", "personname", "athletedisplayname", "player"),
    "first_name": ("firstname",),
    "family_name": ("familyname", "lastname"),
    "player_id": ("playerid", "personid"),
    "did_not_play": ("didnotplay",),
    "reason": ("comment", "reason"),
}
_FIX: Final = "Box scores with game_date, team, player and a comment, or did_not_play and reason."
_YES: Final = ("true", "1", "1.0", "yes")
_NO: Final = ("false", "0", "0.0", "no")


def _recognises(file: Opened) -> bool:
    if file.table is None:
        return False
    names = set(resolve(file.table.header, {**_SPELLINGS, **STATS}))
    return len(names & set(STATS)) >= 5 and bool(names & {"did_not_play", "reason"})


def _read(file: Opened, _: pd.Timestamp | None) -> AvailabilityReading:
    if file.table is None:
        raise DataError(str(file.path), "the file is not a table", fix=_FIX)
    names = resolve(file.table.header, _SPELLINGS)
    if "player" not in names and {"first_name", "family_name"} <= set(names):
        names["player"] = names["family_name"]
    missing = [name for name in ("game_date", "team", "player") if name not in names]
    if missing or not {"did_not_play", "reason"} & set(names):
        raise missing_columns(file.table.source, file.table.header, missing or ["comment"], _FIX)
    frame = read_table(file.table, names, list(names))
    origin = Origin(file.table.source, names, ("player", "team", "game_date"), is_parquet=file.table.is_parquet)
    reason = frame["reason"].fillna("").astype("str").str.strip() if "reason" in frame else pd.Series("", frame.index)
    if {"first_name", "family_name"} <= set(frame):
        frame = frame.assign(
            player=(frame["first_name"].fillna("") + " " + frame["family_name"].fillna("")).str.strip()
        )
    if "player_id" in frame and "athlete" in names["player"].lower():
        frame = frame.drop(columns="player_id")  # ESPN's, not the league's
    absent = _absent(frame, reason, origin)
    frame = frame.assign(reason=reason)[absent]
    day = days(frame, "game_date", origin)
    available = frame["reason"].map(absence) == "coach's decision"
    frame = frame.assign(
        game_date=day,
        status=available.map({True: "available", False: "out"}).astype("str"),
        reported_at=next_midnight(day),
        source=SOURCE,
    )
    return AvailabilityReading(canonical_availability(frame, origin), nobody_waiting())


def _absent(frame: pd.DataFrame, reason: pd.Series, origin: Origin) -> pd.Series:
    if "did_not_play" not in frame:
        return reason.str.contains(ABSENT)
    text = frame["did_not_play"].astype("str").str.strip().str.lower()
    wrong = ~text.isin((*_YES, *_NO)) & frame["did_not_play"].notna()
    if wrong.any():
        fix = "Write true where the player did not play, else false."
        raise text_in_column(frame, {"did_not_play": frame.index[wrong]}, origin, "true or false", fix)
    return text.isin(_YES)


FORMATS.add("box scores", Format(needs="box scores with comment or did_not_play", recognises=_recognises, read=_read))
