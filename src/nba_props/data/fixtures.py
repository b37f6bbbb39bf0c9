"""The `fixtures` table: which games are to be played, and when they tip off.

From nba_api's ScheduleLeagueV2 (JSON or its table SeasonGames), from events of The Odds API (JSON, current or
historical), or from a table with home, away and the tip.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

import pandas as pd

from nba_props.data.availability.table import days, instants
from nba_props.data.schemas import FIXTURE_COLUMNS
from nba_props.data.tables.columns import missing_columns, resolve
from nba_props.data.tables.files import Paths, open_table, read_table
from nba_props.data.tables.stream import read_document
from nba_props.data.tables.validate import Origin
from nba_props.data.teams import team_code
from nba_props.data.times import EASTERN
from nba_props.errors import DataError

_LOG: Final = logging.getLogger(__name__)
_SUFFIXES: Final = (".csv", ".csv.gz", ".parquet", ".json", ".json.gz")
_SPELLINGS: Final = {
    "game_date": ("gamedateest", "gamedate", "date"),
    "home": ("hometeamteamtricode", "hometeam", "home"),
    "away": ("awayteamteamtricode", "visitorteam", "awayteam", "away"),
    "tip": ("gamedatetimeutc", "tip", "commencetime"),
}
_FIX: Final = "Give home, away and tip (UTC) or game_date; events of The Odds API; or nba_api's ScheduleLeagueV2."


def load_fixtures(paths: Paths) -> pd.DataFrame:
    """Load the games that are to be played.

    Args:
        paths: Files, or folders (searched one level deep).

    Returns:
        `game_date` (US Eastern day), `home`, `away` (abbreviations) and `tip` (UTC; NaT where it is not known), one row
        per day and pair of teams, in time order with a RangeIndex. Where files disagree on the tip, the last one given
        counts (games are moved). Games against teams that are not of the league, and those whose teams are not known
        yet, are left out and counted in the log.

    Raises:
        DataError: A file cannot be read, a time or a day is none, a row has neither, or the two disagree.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.json")
    ...     _ = path.write_text('[{"id": "e1", "commence_time": "2026-02-09T00:30:00Z",'
    ...                         ' "home_team": "Boston Celtics", "away_team": "New York Knicks"}]')
    ...     load_fixtures(path)
       game_date home away                       tip
    0 2026-02-08  BOS  NYK 2026-02-09 00:30:00+00:00
    """
    parts = [_canonical(*_read(path)) for path in _files(paths)]
    if not parts:
        source = str(paths)
        raise DataError(source, "there is no file with fixtures", fix=_FIX)
    return one_per_game(pd.concat(parts, ignore_index=True))


def one_per_game(fixtures: pd.DataFrame) -> pd.DataFrame:
    """One row per day and pair of teams, in time order with a RangeIndex.

    If a game has two tips, the last counts, and a known one before an unknown one.
    """
    pair = fixtures[["home", "away"]].min(axis=1) + fixtures[["home", "away"]].max(axis=1)
    order = fixtures.assign(pair=pair, known=fixtures["tip"].notna(), row=range(len(fixtures)))
    order = order.sort_values(["known", "row"], kind="stable").drop_duplicates(["game_date", "pair"], keep="last")
    return order.sort_values(["game_date", "tip", "home"], kind="stable")[list(FIXTURE_COLUMNS)].reset_index(drop=True)


def _files(paths: Paths) -> Iterator[Path]:
    for item in [paths] if isinstance(paths, (str, PathLike)) else list(paths):
        path = Path(item)
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.is_file() and p.name.endswith(_SUFFIXES))
        elif path.is_file():
            yield path
        else:
            raise DataError(str(path), "there is no such file or folder", fix="Check the path.")


def _read(path: Path) -> tuple[pd.DataFrame, Origin]:
    table = open_table(path)
    names = resolve(table.header, _SPELLINGS)
    games = list(_games(read_document(path))) if table.is_json else []
    if games or (table.is_json and not {"home", "away"} <= set(names)):
        if not games:
            raise DataError(str(path), "it holds no games", fix=_FIX)
        frame = pd.DataFrame(games, columns=list(FIXTURE_COLUMNS), dtype="str")
        return frame, Origin(str(path), {}, ("home", "away"), is_parquet=True)
    missing = [name for name in ("home", "away") if name not in names]
    missing += [] if {"tip", "game_date"} & set(names) else ["tip"]
    if missing:
        raise missing_columns(table.source, table.header, missing, _FIX)
    frame = read_table(table, names, list(names))
    blank = {name: pd.Series(None, frame.index, "str") for name in FIXTURE_COLUMNS if name not in frame}
    return frame.assign(**blank), Origin(table.source, names, ("home", "away"), is_parquet=table.is_parquet)


def _games(document: object) -> Iterator[dict[str, str | None]]:
    """The games of a document, whichever of the known ones it is."""
    if isinstance(document, Mapping) and isinstance(schedule := document.get("leagueSchedule"), Mapping):
        for day in _from_list(schedule.get("gameDates")):
            for game in _from_list(day.get("games")):
                home, away = (_from_mapping(game.get(side)).get("teamTricode") for side in ("homeTeam", "awayTeam"))
                yield _row(game.get("gameDateEst"), home, away, game.get("gameDateTimeUTC"))
    elif isinstance(document, Mapping) and "data" in document:
        yield from _games(document["data"])
    elif isinstance(document, Mapping) and "commence_time" in document:
        yield _row(None, document.get("home_team"), document.get("away_team"), document["commence_time"])
    elif isinstance(document, list):
        for event in document:
            yield from _games(event)


def _from_list(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _from_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _row(day: object, home: object, away: object, tip: object) -> dict[str, str | None]:
    cells = {"game_date": day, "home": home, "away": away, "tip": tip}
    return {name: None if value in (None, "") else str(value) for name, value in cells.items()}


def _canonical(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    codes = {side: frame[side].map(_code, na_action="ignore").astype("str") for side in ("home", "away")}
    known = codes["home"].notna() & codes["away"].notna()
    if not known.all():
        _LOG.warning(
            "%s: %d games left out, whose teams are not two of the league's", origin.source, int((~known).sum())
        )
    frame = frame.assign(**codes)[known]
    # The schedule writes days as `10/22/2024 00:00:00`.
    text = frame["game_date"].map(lambda day: str(day).removesuffix(" 00:00:00"), na_action="ignore")
    day = days(frame.assign(game_date=text.astype(frame["game_date"].dtype)), "game_date", origin)
    tip = instants(frame, "tip", origin)
    local = tip.dt.tz_convert(EASTERN).dt.tz_localize(None)
    # No game tips off at midnight: the league writes it where the hour is not yet set.
    tip = tip.mask((local == local.dt.normalize()) & day.notna())
    night = local.dt.normalize().astype("datetime64[us]")
    _refuse(frame, day.isna() & night.isna(), origin, "a game without a day and without a tip", "tip")
    _refuse(frame, tip.notna() & day.notna() & (day != night), origin, "the tip is not on the day of the game", "tip")
    _refuse(frame, frame["home"] == frame["away"], origin, "home and away are the same team", "away")
    return frame.assign(game_date=day.fillna(night), tip=tip)[list(FIXTURE_COLUMNS)]


def _code(name: object) -> str | None:
    return team_code(str(name))


def _refuse(frame: pd.DataFrame, wrong: pd.Series, origin: Origin, problem: str, column: str) -> None:
    if wrong.any():
        rows = origin.rows(frame, frame.index[wrong], ["game_date", "tip"])
        raise DataError(
            origin.source, problem, fix="Correct the rows; tips are UTC, days are US Eastern.",
            column=origin.column(column), count=int(wrong.sum()), rows=rows,
        )  # fmt: skip
