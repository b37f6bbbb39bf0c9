"""Player game logs: from files in nba.com's columns to the `games` table."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from nba_props.data import parse as _parse
from nba_props.data.schemas import GAMES
from nba_props.data.tables import columns as _columns
from nba_props.data.tables.files import Paths, find_tables, open_table, read_table
from nba_props.data.tables.formats import GAME_LOG, NO_OPTIONS, Options, TableFile, formats
from nba_props.data.tables.validate import Origin, check_frame, to_numbers
from nba_props.errors import ConfigError, DataError

_LOG: Final = logging.getLogger(__name__)


GAME_TYPES: Final[dict[str, str]] = {
    "1": "preseason",
    "2": "regular season",
    "3": "all-star",
    "4": "playoffs",
    "5": "play-in",
    "6": "cup final",
}
"""First digit of nba.com's SEASON_ID (third of its GAME_ID) -> what kind of game it is."""

COLUMNS: Final = (
    "season", "game_id", "game_date", "player_id", "player_name", "team", "opponent", "home", "won",
    *_columns.STATS,
)  # fmt: skip
"""Columns of the `games` table, in order."""

_PLAYERS: Final = {"player_id": ("playerid", "personid", "id"),
                   "player_name": ("playername", "personname", "fullname", "displayfirstlast")}  # fmt: skip
_REQUIRED: Final = ("game_id", "game_date", "player_id", "team", *_columns.STATS)
_DNP: Final = "did not play"
_TEXT: Final = ("season", "game_id", "game_date", "player_name", "first_name", "family_name", "name_initial", "team",
                "opponent", "matchup", "min", "comment")  # fmt: skip
_FIX: Final = (
    "Use nba.com's LeagueGameLog columns (players), or box-score columns to which season, game date and matchup "
    "(such as 'BOS vs. NYK') were added: the box-score endpoints do not give those."
)


@dataclass(frozen=True)
class LoadReport:
    """What became of the rows of the game-log files.

    Attributes:
        files: The files read, as they were named.
        rows_read: Rows in the files.
        dropped: Cause -> rows left out; `rows_read` is `rows` plus these.
        neutral_games: Games at a neutral site (nba.com marks both teams alike): nobody is at home there.
    """

    files: tuple[str, ...]
    rows_read: int
    rows: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    neutral_games: int = 0

    def frame(self) -> pd.DataFrame:
        """Tidy table: one row per cause, with `rows` and `share` of the rows read."""
        table = pd.DataFrame([("kept", self.rows), *self.dropped.items()], columns=["cause", "rows"])
        return table.assign(share=table["rows"] / self.rows_read)

    def __str__(self) -> str:
        """One line for people."""
        files = f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}"
        dropped = ", ".join(f"{cause} {rows:,}" for cause, rows in self.dropped.items()) or "none"
        return (
            f"Game logs: {self.rows:,} of {self.rows_read:,} rows from {files}; left out: {dropped}; "
            f"games at a neutral site: {self.neutral_games}"
        )


def load_game_logs(
    paths: Paths,
    *,
    game_types: Sequence[str] = ("2",),
    format: str | None = None,  # noqa: A002 - the option's name
    options: Options = NO_OPTIONS,
) -> pd.DataFrame:
    """Load player game logs as the `games` table (see `docs/contract.md`).

    Accepts nba.com's LeagueGameLog columns (players) and the camelCase columns of its box-score endpoints. Minutes may
    be whole, `32:10` or `PT32M10.00S`; a GAME_ID that lost its leading zeros gets them back. Rows of players who did
    not play, and other kinds of game than `game_types`, are left out, counted and logged.

    Args:
        paths: CSV, CSV.gz or Parquet files, or folders (searched one level deep; a file is recognised by its header).
        game_types: Keys of `GAME_TYPES` to keep; the regular season by default.
        format: Name of a format in `nba_props.data.tables.formats`; recognised without.
        options: What the files cannot say themselves.

    Returns:
        One row per player-game, sorted by date, game, team and player, with a RangeIndex.

    Raises:
        DataError: Naming file, column, number of rows and the first offending ones.
        ConfigError: An unknown game type.
    """
    return read_game_logs(paths, game_types=game_types, format=format, options=options)[0]


def read_game_logs(
    paths: Paths,
    *,
    game_types: Sequence[str] = ("2",),
    format: str | None = None,  # noqa: A002 - the option's name
    options: Options = NO_OPTIONS,
) -> tuple[pd.DataFrame, LoadReport]:
    """Like `load_game_logs`, together with the report of what was left out; errors are the same."""
    unknown = [kind for kind in game_types if kind not in GAME_TYPES]
    if unknown or not game_types:
        message = f"Unknown game types {unknown}; known: " + ", ".join(f"{k} ({v})" for k, v in GAME_TYPES.items())
        raise ConfigError(message)
    tables = find_tables(paths, "game log", format)
    parts, read, dropped = [], 0, Counter[str]()
    for table in tables:
        part, rows, out = _read_one(table, game_types, options)
        parts.append(part.assign(_file=table.source))
        read, dropped = read + rows, dropped + out
    games = pd.concat(parts, ignore_index=True)
    if games.empty:
        kept = ", ".join(GAME_TYPES[kind] for kind in game_types)
        found = ", ".join(f"{cause} {rows:,}" for cause, rows in dropped.items())
        raise DataError(tables[0].source, f"no {kept} rows", fix=f"The rows are: {found}.", count=read)
    _refuse_duplicates(games)
    games, neutral = _without_home_at_neutral_sites(games)
    games = games.sort_values(["game_date", "game_id", "team", "player_id"], ignore_index=True)[list(COLUMNS)]
    report = LoadReport(tuple(t.source for t in tables), read, len(games), dict(dropped), neutral)
    (_LOG.warning if dropped else _LOG.info)("%s", report)
    return games, report


def _read_one(table: TableFile, game_types: Sequence[str], options: Options) -> tuple[pd.DataFrame, int, Counter[str]]:
    if table.reader and table.reader.bring:
        _refuse_other_kind(table)
        brought = table.reader.bring(table, options)
        frame, read, dropped = brought.frame, brought.rows, Counter(brought.dropped)
        names = _columns.resolve(table.header, _columns.GAME_LOG)
        if frame.empty:
            return _empty(), read, dropped
        lacking = [name.upper() for name in _REQUIRED if name not in frame]
        if lacking:
            raise _columns.missing_columns(table.source, table.header, lacking, _FIX)
        if "player_name" in frame and frame["player_name"].isna().any():
            frame = frame.assign(player_name=_named(frame, table))
    else:
        names = _wanted(table)
        frame = read_table(table, names, [name for name in _TEXT if name in names])
        read, dropped = len(frame), Counter[str]()
    origin = Origin(table.source, names, ("game_id", "player_name", "player_id"), is_parquet=table.is_parquet)
    frame = _parse.names(frame)
    frame, said = _parse.without_words(frame, list(_columns.STATS))
    frame["min"], to_the_second = _parse.minutes(frame, origin)
    frame = to_numbers(frame, [*(name for name in _columns.STATS if name != "min"), "player_id"], origin)
    absent = _did_not_play(frame, said, to_the_second=to_the_second)
    dropped[_DNP] += int(absent.sum())
    frame = frame[~absent]
    frame["game_id"] = _parse.game_ids(frame)
    frame["season"], kinds = _parse.seasons(frame, origin)
    for kind, rows in kinds[~kinds.isin(game_types)].value_counts().items():
        dropped[GAME_TYPES[str(kind)]] += int(rows)
    frame = frame[kinds.isin(game_types)]
    if frame.empty:
        return _empty(), read, +dropped
    frame["game_date"] = _parse.dates(frame, "game_date", origin)
    frame["team"] = frame["team"].str.strip().str.upper()
    frame["opponent"], frame["home"] = _parse.sides(frame, origin)
    frame["won"] = _parse.results(frame, origin)
    frame["player_id"] = _parse.player_ids(frame, origin)
    check_frame(frame, GAMES, origin)
    return frame[list(COLUMNS)], read, +dropped


def _refuse_other_kind(table: TableFile) -> None:
    if table.kind != GAME_LOG:
        raise DataError(table.source, f"it is a table of {table.kind}", fix=formats(table.header, GAME_LOG))


def _named(frame: pd.DataFrame, table: TableFile) -> pd.Series:
    """Names for a log that has only ids, from other files of its folder that have both."""
    known: dict[str, str] = {}
    for path in sorted(table.path.parent.iterdir()):
        if path == table.path or not path.is_file() or not path.name.endswith((".csv", ".csv.gz", ".parquet")):
            continue
        other = open_table(path)
        names = _columns.resolve(other.header, _PLAYERS)
        if set(names) == set(_PLAYERS):
            both = read_table(other, names, list(_PLAYERS)).dropna()
            known |= dict(zip(both["player_id"].str.removesuffix(".0"), both["player_name"], strict=True))
    found = frame["player_name"].fillna(frame["player_id"].str.removesuffix(".0").map(known))
    if found.isna().any():
        fix = "Put a file with PLAYER_ID and PLAYER_NAME (or id and full_name) beside it, or give the option player."
        raise DataError(table.source, "the file has no names", column="player_name", count=int(found.isna().sum()),
                        fix=fix)  # fmt: skip
    return found


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS))


def _wanted(table: TableFile) -> dict[str, str]:
    names = _columns.resolve(table.header, _columns.GAME_LOG)
    missing = [name.upper() for name in _REQUIRED if name not in names]
    if not {"player_name", "name_initial", "family_name"} & set(names):
        missing.append("PLAYER_NAME")
    if "season" not in names and "game_id" not in names:
        missing.append("SEASON_ID")
    if "matchup" not in names and not {"home", "opponent"} <= set(names):
        missing.append("MATCHUP")
    if missing:
        fix = "It looks like a table of odds. " + _FIX if table.kind == "odds" else _FIX
        fix = f"{fix} {formats(table.header, GAME_LOG)}"
        raise _columns.missing_columns(table.source, table.header, missing, fix)
    return names


def _did_not_play(frame: pd.DataFrame, said: pd.Series, *, to_the_second: bool) -> pd.Series:
    """No minutes and nothing in the box score: the row of a player who was on the bench or out."""
    told = said | (
        frame["comment"].astype("str").str.contains(_parse.ABSENT, na=False) if "comment" in frame else False
    )
    no_minutes = frame["min"].isna() | (frame["min"].eq(0) & (to_the_second | told))
    counts = [name for name in _columns.STATS if name not in ("min", "plus_minus")]
    return no_minutes & ~frame[counts].fillna(0).ne(0).any(axis=1)


def _refuse_duplicates(games: pd.DataFrame) -> None:
    again = games.duplicated(["game_id", "player_id"], keep=False)
    if not again.any():
        return
    both: Any = games[again].sort_values(["game_id", "player_id"], kind="stable")
    files = list(dict.fromkeys(both["_file"]))
    shown = both.head(4)
    rows = "\n".join(
        f"  {file}: GAME_ID {game}, PLAYER_NAME {name}, PLAYER_ID {player}"
        for file, game, name, player in zip(
            shown["_file"], shown["game_id"], shown["player_name"], shown["player_id"], strict=True
        )
    )
    raise DataError(
        " and ".join(files[:2]),
        "duplicate player-game (the files hold the same rows)",
        column="PLAYER_ID",
        count=int(again.sum()),
        rows=rows,
        fix="Keep one of the files.",
    )


def _without_home_at_neutral_sites(games: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Both teams marked '@' (or both 'vs.') is how nba.com writes a neutral site: nobody is at home."""
    sides = games.groupby(["game_id", "team"])["home"].first().groupby("game_id").agg(["sum", "size"])
    alike = sides.index[(sides["size"] == 2) & (sides["sum"] != 1)]
    return games.assign(home=games["home"] & ~games["game_id"].isin(alike)), len(alike)
