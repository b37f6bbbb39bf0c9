"""Who was known to be out before each game: as reported, from the last game's list, or the stand-in for backtests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from nba_props.arrays import Bools, Ints
from nba_props.errors import DataError
from nba_props.features.history.fixtures import Fixtures
from nba_props.features.history.table import Table

Availability = Literal["reported", "stand_in"]

_SOURCE: Final = "absences"


@dataclass(frozen=True)
class Absences:
    """What was known of tonight's absences before the decision.

    Attributes:
        kind: "reported": the players listed in `out`; of games not in `reported`, the regulars who missed the team's
            last game. "stand_in": the regulars who are missing from the box score itself. That is known only
            afterwards, so it is for backtests without reports, named as such, and never compared with others.
        out: ``game_date``, ``team``, ``player_id`` of everybody listed as out; None for nobody.
        reported: ``game_date``, ``team`` of the games whose absences were reported before the decision, those with
            nobody out too; None for none.
    """

    kind: Availability = "reported"
    out: pd.DataFrame | None = None
    reported: pd.DataFrame | None = None


@dataclass(frozen=True)
class KnownOut:
    """`Absences` in the codes of a games table.

    Attributes:
        stand_in: Whether the box scores themselves tell who is out.
        reported: Of each fixture, whether its absences were reported.
        fixture: Fixture of each player listed as out, in ascending order.
        player: Code of each player listed as out.
    """

    stand_in: bool
    reported: Bools
    fixture: Ints
    player: Ints

    def listed(self, games: slice, ids: Ints) -> Bools:
        """(player, game): whether each of `ids` is listed as out of each fixture of a stretch."""
        low, high = np.searchsorted(self.fixture, [games.start, games.stop])
        place = np.searchsorted(ids, self.player[low:high])
        known = ids[np.minimum(place, len(ids) - 1)] == self.player[low:high]
        out = np.zeros((len(ids), games.stop - games.start), dtype=bool)
        out[place[known], self.fixture[low:high][known] - games.start] = True
        return out


def known_out(absences: Absences, table: Table, fixtures: Fixtures) -> KnownOut:
    """Match the absences to a games table; players and games that are not in it are ignored.

    Raises:
        DataError: A list lacks a column, or somebody is listed as out of a game that is not among those reported.
    """
    nothing = np.zeros(0, dtype=np.int64)
    reported = np.zeros(len(fixtures.day), dtype=bool)
    if absences.kind == "stand_in" or absences.reported is None:
        if absences.out is not None and absences.kind == "reported":
            raise _unreported(len(absences.out))
        return KnownOut(absences.kind == "stand_in", reported, nothing, nothing)
    game = _fixture_of(absences.reported, table, fixtures)
    reported[game[game >= 0]] = True
    if absences.out is None:
        return KnownOut(False, reported, nothing, nothing)
    fixture = _fixture_of(absences.out, table, fixtures)
    ids = absences.out["player_id"].to_numpy(dtype=np.int64)
    player = np.searchsorted(table.player_ids, ids)
    found = table.player_ids[np.minimum(player, len(table.player_ids) - 1)] == ids
    found &= fixture >= 0
    if not reported[fixture[found]].all():
        raise _unreported(int((~reported[fixture[found]]).sum()))
    order = np.argsort(fixture[found], kind="stable")
    return KnownOut(False, reported, fixture[found][order], player[found][order].astype(np.int64))


def _unreported(count: int) -> DataError:
    problem = "players are listed as out of games whose absences were not reported"
    return DataError(_SOURCE, problem, fix="List the date and team of these games in `reported`.", count=count)


def _fixture_of(rows: pd.DataFrame, table: Table, fixtures: Fixtures) -> Ints:
    """Fixture of each (game_date, team); -1 where the table has none."""
    missing = [name for name in ("game_date", "team") if name not in rows]
    if missing:
        problem = f"missing columns {', '.join(missing)}"
        raise DataError(_SOURCE, problem, fix="Give the date and team of each game.")
    code = {name: place for place, name in enumerate(table.team_names)}
    team = rows["team"].map(code).fillna(-1).to_numpy(dtype=np.int64)
    day = rows["game_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return fixtures.find(team, day)
