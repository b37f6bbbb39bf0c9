"""Prop odds: from files with one row per bookmaker, prop and time stamp to one canonical table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from nba_props.data import columns as _columns
from nba_props.data import parse as _parse
from nba_props.data.files import Paths, TableFile, find_tables, read_table
from nba_props.data.schemas import ODDS
from nba_props.data.teams import team_code
from nba_props.data.validate import Origin, check_frame, text_in_column, to_numbers

COLUMNS: Final = (
    "game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price", "under_price",
    "timestamp", "source_date", "event_id", "source_file",
)  # fmt: skip
"""Columns of the odds table, in order."""

_TEXT: Final = ("game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "timestamp", "source_date",
                "commence_time", "event_id")  # fmt: skip
_MARKET_ALIASES: Final = {
    spelling: market
    for market, spellings in {
        "pts": "points",
        "reb": "rebounds",
        "ast": "assists",
        "pra": "pointsreboundsassists ptsrebast ptsrebsasts",
        "pr": "pointsrebounds ptsreb ptsrebs",
        "pa": "pointsassists ptsast ptsasts",
        "ra": "reboundsassists rebast rebsasts",
        "fg3m": "threes 3pm threepointersmade",
        "stl": "steals",
        "blk": "blocks blockedshots",
        "tov": "turnovers",
    }.items()
    for spelling in spellings.split()
}
_MEND: Final = (
    "One row per bookmaker, prop and time stamp: player_name, home_team, away_team, bookmaker, market, line, "
    "over_price, under_price (American), timestamp (UTC)."
)


def no_odds() -> pd.DataFrame:
    """The odds table without a row: what there is where nobody has lines."""
    text = ("player_name", "home_team", "away_team", "bookmaker", "market")
    return pd.DataFrame(
        {
            "game_date": pd.Series(dtype="datetime64[us]"),
            **{name: pd.Series(dtype="str") for name in text},
            **{name: pd.Series(dtype="float64") for name in ("line", "over_price", "under_price")},
            "timestamp": pd.Series(dtype="datetime64[us, UTC]"),
            "source_date": pd.Series(dtype="datetime64[us]"),
            "event_id": pd.Series(dtype="str"),
        }
    )


def load_odds(paths: Paths) -> pd.DataFrame:
    """Load prop odds as they were quoted, validated but not yet joined to games.

    Markets may carry the odds vendors' names (`player_points`); teams may be full names, nicknames or abbreviations and
    become nba.com's abbreviations. A missing price means that the side is not offered; such rows are kept.

    Args:
        paths: CSV, CSV.gz or Parquet files, or folders (searched one level deep; a file is recognised by its header).

    Returns:
        Columns `game_date` (US Eastern day, NaT where the file has none), `player_name`, `home_team`, `away_team`,
        `bookmaker`, `market`, `line`, `over_price`, `under_price` (American, NaN where not offered), `timestamp`
        (UTC; a bare date is its midnight), `source_date` (NaT where none), `event_id` (missing where none) and
        `source_file`; rows in file order, with a RangeIndex. Exact duplicates are kept: the join counts them.

    Raises:
        DataError: Naming file, column, number of rows and the first offending ones.
    """
    return pd.concat([_read_one(table) for table in find_tables(paths, "odds")], ignore_index=True)


def _read_one(table: TableFile) -> pd.DataFrame:
    names = _columns.resolve(table.header, _columns.ODDS)
    missing = [name for name in _columns.ODDS_REQUIRED if name not in names]
    if missing:
        mend = "It looks like a game log. " + _MEND if table.kind == "game log" else _MEND
        raise _columns.missing_columns(table.source, table.header, missing, mend)
    frame = read_table(table, names, [name for name in _TEXT if name in names])
    labels = ("player_name", "bookmaker", "timestamp")
    origin = Origin(table.source, names, labels, is_parquet=table.is_parquet)
    return canonical_odds(frame, origin).assign(source_file=table.path.name)[list(COLUMNS)]


def canonical_odds(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Types, markets and teams brought to their canonical form, then validated.

    Raises:
        DataError: See `load_odds`.
    """
    frame = to_numbers(frame, ["line", "over_price", "under_price"], origin)
    days = {
        name: _parse.dates(frame, name, origin) if name in frame else pd.Series(pd.NaT, frame.index, "datetime64[us]")
        for name in ("game_date", "source_date")
    }
    if "commence_time" in frame:
        start = _parse.utc_times(frame, "commence_time", origin)
        eastern = start.dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()
        days["game_date"] = days["game_date"].fillna(eastern)
    frame = frame.assign(
        **days,
        timestamp=_parse.utc_times(frame, "timestamp", origin),
        market=_mapped(frame["market"], _market),
        player_name=frame["player_name"].astype("str").str.strip(),
        bookmaker=frame["bookmaker"].astype("str").str.strip(),
        event_id=frame["event_id"] if "event_id" in frame else pd.Series(None, frame.index, "str"),
        home_team=_teams(frame, "home_team", origin),
        away_team=_teams(frame, "away_team", origin),
    )
    check_frame(frame, ODDS, origin)
    return frame


def _mapped(column: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """`column.map(function)` worked out once per different value; what maps to None stays missing."""
    known = {value: function(str(value)) for value in column.dropna().unique()}
    return column.map(known).astype("str")


def _market(name: str) -> str:
    plain = name.strip().lower()
    squeezed = "".join(c for c in plain.removeprefix("player_") if c.isalnum())
    return _MARKET_ALIASES.get(squeezed, plain)


def _teams(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    codes = _mapped(frame[column], team_code)
    unknown = codes.isna() & frame[column].notna()
    if unknown.any():
        mend = "Write the team's full name or nba.com's abbreviation, such as Boston Celtics or BOS."
        raise text_in_column(frame, {column: frame.index[unknown]}, origin, "a team", mend)
    return codes
