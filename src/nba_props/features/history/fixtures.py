"""Games of a team, made from the rows of its players, with what the opponent did in the same game."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.features.history.asof import Log, Past, group_totals
from nba_props.features.history.table import STATS, Table

_TEAM_SPAN: Final = 1 << 10
_DAY_SPAN: Final = 1 << 20
"""More than any code of a team or number of a day: they share one sortable integer."""


@dataclass(frozen=True)
class Fixtures:
    """One row per team and game, sorted by team and date.

    Attributes:
        row: Fixture of each player-game.
        team, opponent, season, day, home: As in the player table.
        log: The fixtures as a log of teams.
        own, past: Earlier games of the team: of this season, and all.
        rival: Earlier games of the opponent this season.
        total: Team totals of each box-score column.
        against: The opponent's totals in the same game, NaN where the table lacks its rows.
    """

    row: Ints
    team: Ints
    opponent: Ints
    season: Ints
    day: Ints
    home: Floats
    log: Log
    past: Past
    own: Past
    rival: Past
    total: dict[str, Floats]
    against: dict[str, Floats]

    @property
    def possessions(self) -> Floats:
        """Possessions of each fixture: FGA - OREB + TOV + 0.44 FTA, the mean of both sides (Kubatko et al. 2007)."""
        own, other = self.total, self.against
        sides = [side["fga"] - side["oreb"] + side["tov"] + 0.44 * side["fta"] for side in (own, other)]
        return 0.5 * (sides[0] + sides[1])

    @cached_property
    def _rows(self) -> tuple[Ints, Ints]:
        """The player-games fixture by fixture, and where each fixture begins among them."""
        by_fixture = np.argsort(self.row, kind="stable")
        return by_fixture, np.searchsorted(self.row[by_fixture], np.arange(len(self.day) + 1))

    def find(self, team: Ints, day: Ints) -> Ints:
        """Fixture of each team (by code) and day; -1 where there is none."""
        keys, wanted = self.team * _DAY_SPAN + self.day, team * _DAY_SPAN + day
        order = np.argsort(keys, kind="stable")
        place = np.searchsorted(keys[order], wanted)
        found = order[np.minimum(place, len(order) - 1)]
        return np.where(keys[found] == wanted, found, -1)

    def rows_of(self, fixtures: slice) -> Ints:
        """The player-games of a stretch of fixtures."""
        by_fixture, edges = self._rows
        return by_fixture[edges[fixtures.start] : edges[fixtures.stop]]

    def team_seasons(self) -> Iterator[tuple[Ints, slice]]:
        """The player-games and the fixtures of every team and season."""
        edges = np.flatnonzero(np.diff(self.team * 1024 + self.season, prepend=-1, append=-1))
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            yield self.rows_of(slice(start, stop)), slice(start, stop)


def build_fixtures(table: Table) -> Fixtures:
    """Collect the player-games of `table` into team games."""
    key = (table.team * _DAY_SPAN + table.day) * _TEAM_SPAN + table.opponent
    keys, first, row = np.unique(key, return_index=True, return_inverse=True)
    team, opponent, season, day = (column[first] for column in (table.team, table.opponent, table.season, table.day))
    sums = group_totals(row.astype(np.int64), len(keys), np.column_stack([table.stat[name] for name in STATS]))
    mirror_key = (opponent * _DAY_SPAN + day) * _TEAM_SPAN + team
    mirror = np.minimum(np.searchsorted(keys, mirror_key), len(keys) - 1)
    against = np.where((keys[mirror] == mirror_key)[:, None], sums[mirror], np.nan)
    log = Log(team, day, season)
    past, rival = log.past(team, day), log.past(opponent, day)
    return Fixtures(
        row=row.astype(np.int64),
        team=team,
        opponent=opponent,
        season=season,
        day=day,
        home=table.home[first],
        log=log,
        past=past,
        own=past.since(log.season_start(team, season)),
        rival=rival.since(log.season_start(opponent, season)),
        total=dict(zip(STATS, sums.T.copy(), strict=True)),
        against=dict(zip(STATS, against.T.copy(), strict=True)),
    )
