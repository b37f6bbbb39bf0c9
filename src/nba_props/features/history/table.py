"""The games table as sorted integer codes and float arrays: what every feature starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.errors import DataError

STATS: Final = (
    "min", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts",
)  # fmt: skip
"""Box-score columns the features read."""

_SOURCE: Final = "games"

_FACTS: Final = ("season", "game_date", "player_id", "team", "opponent", "home")


@dataclass(frozen=True)
class Table:
    """Player-games sorted by player and date; `order` leads back to the rows of the input.

    Attributes:
        order: Input row of each sorted row.
        player, team, opponent, season: Integer codes; season codes rise with time.
        day: Days since 1970-01-01.
        home: 1.0 at home, 0.0 away.
        team_names: Abbreviation of each team code.
        season_names: Name of each season code.
        player_ids: `player_id` of each player code.
        stat: Box-score columns, and `pra` = points + rebounds + assists.
    """

    order: Ints
    player: Ints
    team: Ints
    opponent: Ints
    season: Ints
    day: Ints
    home: Floats
    team_names: tuple[str, ...]
    season_names: tuple[str, ...]
    player_ids: Ints
    stat: dict[str, Floats]


def read_table(games: pd.DataFrame) -> Table:
    """Check the columns that features need and sort the player-games.

    Raises:
        DataError: If a column is missing, a player has two rows on one date, seasons overlap in time, or a box score
            before the last date of the table is incomplete. (On the last date it may be: games still to be played.)
    """
    missing = [column for column in (*_FACTS, *STATS) if column not in games.columns]
    if missing:
        problem = f"missing columns {', '.join(missing)}"
        raise DataError(_SOURCE, problem, fix="Pass the table that the loader returns.")
    raw_day = games["game_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    player_ids, raw_player = np.unique(games["player_id"].to_numpy(dtype=np.int64), return_inverse=True)
    order = np.lexsort((raw_day, raw_player)).astype(np.int64)
    day, player = raw_day[order], raw_player[order].astype(np.int64)
    names, teams = _codes(games["team"], games["opponent"])
    season_names, (raw_season,) = _codes(games["season"])
    stat = {name: games[name].to_numpy(dtype=np.float64)[order] for name in STATS}
    stat["pra"] = stat["pts"] + stat["reb"] + stat["ast"]
    table = Table(
        order=order,
        player=player,
        team=teams[0][order],
        opponent=teams[1][order],
        season=raw_season[order],
        day=day,
        home=games["home"].to_numpy(dtype=np.float64)[order],
        team_names=names,
        season_names=season_names,
        player_ids=player_ids,
        stat=stat,
    )
    _check(table, games)
    return table


def _codes(*columns: pd.Series) -> tuple[tuple[str, ...], list[Ints]]:
    """Alphabetical integer codes shared by several text columns."""
    coded = [pd.factorize(column) for column in columns]
    names = sorted({str(name) for _, uniques in coded for name in uniques})
    place = {name: code for code, name in enumerate(names)}
    lookup = [np.array([place[str(name)] for name in uniques], dtype=np.int64) for _, uniques in coded]
    return tuple(names), [table[codes] for table, (codes, _) in zip(lookup, coded, strict=True)]


def _check(table: Table, games: pd.DataFrame) -> None:
    """Raise `DataError` for what would silently corrupt the features."""
    twice = (np.diff(table.player) == 0) & (np.diff(table.day) == 0)
    if twice.any():
        _refuse(games, table.order[1:][twice], "a player has two rows on one date", "Remove the duplicated rows.")
    starts = np.full(len(table.season_names), np.iinfo(np.int64).max)
    ends = np.full(len(table.season_names), np.iinfo(np.int64).min)
    np.minimum.at(starts, table.season, table.day)
    np.maximum.at(ends, table.season, table.day)
    overlap = starts[1:] <= ends[:-1]
    if overlap.any():
        late = (table.season[:, None] == np.flatnonzero(overlap) + 1).any(axis=1)
        problem = "a season begins before the one before it has ended"
        _refuse(games, table.order[late], problem, "Fix the season names or the dates.")
    broken = ~np.isfinite(np.column_stack([table.stat[name] for name in STATS])).all(axis=1)
    broken &= table.day < (table.day.max() if len(table.day) else 0)
    if broken.any():
        _refuse(games, table.order[broken], "an incomplete box score before the last date", "Load the missing numbers.")


def _refuse(games: pd.DataFrame, rows: Ints, problem: str, fix: str) -> None:
    shown = games.iloc[np.sort(rows)[:5]][["season", "game_date", "player_id", "team", "opponent"]]
    raise DataError(_SOURCE, problem, fix=fix, count=len(rows), rows=shown.to_string())
