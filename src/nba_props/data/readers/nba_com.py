"""nba.com's own tables: logs, which have the pipeline's columns, and box scores, which lack date and matchup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.tables import columns as _columns
from nba_props.data.tables.files import is_data_file, open_table, read_table, read_text
from nba_props.data.tables.formats import GAME_LOG, Brought, Options, Reader, add
from nba_props.errors import DataError

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_BOX: Final = ("fgm", "fga", "oreb", "dreb", "reb", "ast", "pts")
_OF_GAME: Final = {name: _columns.GAME_LOG[name] for name in ("game_id", "game_date", "matchup")}
_FIX: Final = (
    "The box-score endpoints do not give those: add the columns, or put a table with GAME_ID, GAME_DATE and MATCHUP of "
    "these games (LeagueGameLog or LeagueGameFinder) into the same folder."
)


def _bring_box(table: TableFile, _options: Options) -> Brought:
    raw = read_text(table)
    names = _columns.resolve(table.header, _columns.GAME_LOG)
    frame = pd.DataFrame({canonical: raw[name] for canonical, name in names.items()})
    lacking = [name for name in ("game_date", "matchup") if name not in names]
    if {"home", "opponent"} <= set(names) and "matchup" in lacking:
        lacking.remove("matchup")
    if not lacking:
        return Brought(frame, len(frame))
    ids = _game_ids(frame["game_id"])
    games = _games_beside(table)
    unknown = ids[~ids.isin(games.index)]
    if len(games) and len(unknown):
        problem = f"no file of the folder gives {' and '.join(name.upper() for name in lacking)} of these games"
        shown = ", ".join(unknown.drop_duplicates()[:3])
        raise DataError(table.source, problem, fix=_FIX, column="GAME_ID", count=len(unknown), rows=f"  {shown}")
    if not len(games):
        raise _columns.missing_columns(table.source, table.header, [name.upper() for name in lacking], _FIX)
    told = games.reindex(ids)
    return Brought(frame.assign(**{name: told[name].to_numpy() for name in lacking}), len(frame))


def _games_beside(table: TableFile) -> pd.DataFrame:
    """Date and matchup by game id, from the other files of the folder."""
    parts = []
    for path in sorted(table.path.parent.iterdir()):
        if path == table.path or not is_data_file(path):
            continue
        other = open_table(path)
        names = _columns.resolve(other.header, _OF_GAME)
        if set(names) == set(_OF_GAME) and (other.separator or other.is_parquet):
            parts.append(read_table(other, names, list(names)).dropna())
    known = pd.concat(parts) if parts else pd.DataFrame({name: pd.Series(dtype="str") for name in _OF_GAME})
    known = known.assign(game_id=_game_ids(known["game_id"]))
    return known.drop_duplicates("game_id").set_index("game_id")


def _game_ids(column: pd.Series) -> pd.Series:
    return column.astype("str").str.strip().str.removesuffix(".0").str.zfill(10)


add(Reader("PlayerGameLogs", GAME_LOG, ("seasonyear", "playername", "gameid", "matchup", *_BOX)))
add(Reader("LeagueGameLog", GAME_LOG, ("seasonid", "playername", "gameid", "matchup", *_BOX)))
add(
    Reader(
        "BoxScoreTraditionalV2",
        GAME_LOG,
        ("gameid", "playerid", "playername", "comment", "startposition", *_BOX),
        _bring_box,
    )
)
add(
    Reader(
        "BoxScoreTraditionalV3",
        GAME_LOG,
        ("gameid", "personid", "fieldgoalsmade", "fieldgoalsattempted", "reboundstotal", "assists", "points"),
        _bring_box,
    )
)
