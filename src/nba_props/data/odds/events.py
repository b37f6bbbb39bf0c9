"""Which game of the log an odds row is about: the two teams, and the US Eastern day.

The pair of teams is unordered, since sources swap home and away at neutral sites. The day must be exact: pairs meet on
consecutive days, and play-in or playoff games follow the regular season closely, so a tolerance of days would put rows
on another game. Evidence for the day, best first:

1. `game_date`, the Eastern day. If there is no such game, but one the day before, and the time stamp falls on that day,
   the column holds UTC dates (evening games are a day later in UTC).
2. Without it, the time stamp: a price seen on an Eastern day is for a game of that day, or of the next. A bare date is
   the UTC day of an unknown hour, so the Eastern day is it or the day before. `source_date`, where there is one, is the
   UTC date of the game, which narrows this down.
Two games that fit equally well are ambiguous, and a price seen after the day of its game was not available before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Bools, Ints
from nba_props.data.times import EASTERN
from nba_props.errors import DataError

FOUND: Final = 0
NO_GAME: Final = 1
AMBIGUOUS_DATE: Final = 2
AFTER_GAME: Final = 3

NO_DAY: Final = -1
_UTC_DATED_SHARE: Final = 0.05
"""A file with more located rows than this a day late by `game_date` is taken to hold UTC dates."""


def day_number(days: pd.Series) -> Ints:
    """Days since 1970-01-01, NO_DAY where missing."""
    numbers = days.to_numpy().astype("datetime64[D]").astype("int64")
    return np.where(days.isna().to_numpy(), NO_DAY, numbers)


class Schedule:
    """The games of the log by unordered pair of teams and day; `teams` are those of the log and of the odds.

    Raises:
        DataError: Two games of the same teams on one day.
    """

    def __init__(self, games: pd.DataFrame, teams: pd.Index) -> None:
        self.teams = teams
        self.games = games.drop_duplicates("game_id").reset_index(drop=True)
        pairs = pair_number(self.games["team"], self.games["opponent"], teams)
        self.day = day_number(self.games["game_date"])
        keys = self._key(pairs, self.day)
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]
        twice = np.flatnonzero(np.diff(self._sorted) == 0)
        if len(twice):
            ids = self.games["game_id"].iloc[self._order[[twice[0], twice[0] + 1]]]
            problem = f"two games of the same teams on one day ({', '.join(ids)})"
            source = "the games table"
            raise DataError(source, problem, fix="Correct the dates or the game ids.", count=len(twice))

    @staticmethod
    def _key(pair: Ints, day: Ints) -> Ints:
        return pair * 1_000_000 + day

    def look_up(self, pair: Ints, day: Ints) -> Ints:
        """Row of `games` for each pair and day, -1 where there is none."""
        keys = self._key(pair, day)
        at = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        return np.where((self._sorted[at] == keys) & (day != NO_DAY), self._order[at], -1)


def pair_number(one: pd.Series, two: pd.Series, teams: pd.Index) -> Ints:
    """The same number for `BOS, NYK` and `NYK, BOS`; every team is in `teams`."""
    left, right = (teams.get_indexer(side) for side in (one, two))
    return np.asarray(np.minimum(left, right) * len(teams) + np.maximum(left, right), dtype="int64")


def evidence(odds: pd.DataFrame, pair: Ints) -> pd.DataFrame:
    """What each row says about its game: pair, days as numbers, file.

    `first` is the earliest Eastern day the game can have been played on (a price is seen before its game), `loose` says
    that the time stamp is a bare date. Without `game_date` the latest time stamp of the event speaks for all its rows.
    """
    stamp = odds["timestamp"]
    eastern = day_number(stamp.dt.tz_convert(EASTERN).dt.tz_localize(None).dt.normalize())
    loose = (stamp == stamp.dt.normalize()).to_numpy()
    utc = day_number(stamp.dt.tz_localize(None).dt.normalize())
    table = pd.DataFrame(
        {
            "pair": pair,
            "day": day_number(odds["game_date"]),
            "utc_day": day_number(odds["source_date"]) if "source_date" in odds else NO_DAY,
            "first": np.where(loose, utc - 1, eastern),
            "loose": loose,
            "file": pd.factorize(odds["source_file"])[0] if "source_file" in odds else 0,
        }
    )
    undated = (table["day"] == NO_DAY).to_numpy() & odds["event_id"].notna().to_numpy()
    if undated.any():
        of_event = table[undated].groupby([odds["event_id"].to_numpy()[undated], table["pair"][undated]])
        table.loc[undated, "first"] = of_event["first"].transform("max")
        table.loc[undated, "loose"] = of_event["loose"].transform("any")
    return table


def locate(events: pd.DataFrame, schedule: Schedule) -> tuple[Ints, Ints, Bools]:
    """Game of each row of `evidence`: row of `schedule.games` (-1 if none), cause, and whether its date was moved."""
    columns = {name: events[name].to_numpy() for name in events}
    dated = columns["day"] != NO_DAY
    game, moved, doubtful = _by_game_date(columns, schedule)
    free, several = _by_time(columns, schedule)
    game = np.where(dated, game, free)
    doubtful = np.where(dated, doubtful, several)
    cause = np.where(game >= 0, FOUND, NO_GAME)
    cause = np.where((game >= 0) & (columns["first"] > schedule.day[game]), AFTER_GAME, cause)
    cause = np.where(doubtful, AMBIGUOUS_DATE, cause)
    return game, cause, moved & (cause == FOUND)


def tips(odds: pd.DataFrame, schedule: Schedule, game: Ints, fixtures: pd.DataFrame | None = None) -> pd.Series:
    """Tip of every row's game (UTC): from the last seen of its rows, else from the fixtures; NaT where neither has it.

    `game` is the row of `schedule.games` of each of the n rows; -1 where there is none.
    """
    told = pd.DataFrame({"game": game, "seen": odds["timestamp"].array, "tip": odds["tip"].array})
    told = told[(game >= 0) & told["tip"].notna()].sort_values("seen", kind="stable")
    tip = told.drop_duplicates("game", keep="last").set_index("game")["tip"].reindex(range(len(schedule.games)))
    if fixtures is not None and len(fixtures):
        known = fixtures[fixtures["tip"].notna() & fixtures["home"].isin(schedule.teams)]
        known = known[known["away"].isin(schedule.teams)]
        played = schedule.look_up(
            pair_number(known["home"], known["away"], schedule.teams), day_number(known["game_date"])
        )
        of_game = known["tip"].groupby(played).last()
        tip = tip.fillna(of_game[of_game.index >= 0].reindex(tip.index))
    of_row = tip.reindex(game).set_axis(odds.index).astype("datetime64[us, UTC]")
    return of_row.fillna(odds["tip"])


def _by_game_date(of: Mapping[str, Ints], schedule: Schedule) -> tuple[Ints, Bools, Bools]:
    exact = schedule.look_up(of["pair"], of["day"])
    before = np.where(of["day"] == NO_DAY, -1, schedule.look_up(of["pair"], of["day"] - 1))
    stamped_before = (of["first"] <= of["day"] - 1) & (of["day"] - 1 <= of["first"] + of["loose"])
    moved = (exact < 0) & (before >= 0) & stamped_before
    game = np.where(moved, before, exact)
    share = pd.Series(moved[game >= 0]).groupby(of["file"][game >= 0]).mean()
    utc_dated = np.isin(of["file"], share.index[share > _UTC_DATED_SHARE]) & (of["first"] <= of["day"] - 1)
    moved = moved | (utc_dated & (exact < 0) & (before >= 0))
    return np.where(moved, before, exact), moved, utc_dated & (exact >= 0) & (before >= 0)


def _by_time(of: Mapping[str, Ints], schedule: Schedule) -> tuple[Ints, Bools]:
    told = of["utc_day"] != NO_DAY
    start = np.where(told, of["utc_day"] - 1, of["first"])
    width = np.where(told, 2, 2 + of["loose"])
    hits = np.stack(
        [
            np.where((step < width) & (start + step >= of["first"]), schedule.look_up(of["pair"], start + step), -1)
            for step in range(3)
        ]
    )
    number = (hits >= 0).sum(axis=0)
    same_day = schedule.look_up(of["pair"], of["first"])
    certain = ~of["loose"].astype(bool) & (same_day >= 0) & (hits == same_day).any(axis=0)
    game = np.where(certain, same_day, hits.max(axis=0))
    return game, (number > 1) & ~certain
