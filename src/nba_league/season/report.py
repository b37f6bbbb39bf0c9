"""The league's injury report: once in the morning, before the first lines, and once more before the tip."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from nba_league.season.set_up import Season
from nba_props.arrays import Bools, Ints

STATUSES: Final = ("out", "questionable", "available")
_OUT, _QUESTIONABLE, _AVAILABLE = range(3)

_DOUBTED_SCRATCHES: Final = 0.6
"""Of the late scratches, who are listed as questionable in the morning; the others are not listed."""
_DOUBTED_PLAYERS: Final = 0.03
"""Of those who will play, who are listed as questionable in the morning all the same."""


def injury_report(season: Season, played: Bools, rng: np.random.Generator) -> pd.DataFrame:
    """Everybody listed, team-game by team-game, in the morning and before the tip.

    In the morning the late scratches are not known yet: they are questionable or not listed at all, as some are who
    will play. Before the tip everybody who is out is listed as out, and who was questionable and plays as available.
    `played` tells who appeared, by team-game and place.

    Returns:
        ``side`` (team-game), ``row`` (player of the pool), ``status`` (index of `STATUSES`) and ``last`` (whether it is
        the report before the tip), sorted by report and team-game.
    """
    side, row = _players_out(season, played)
    scratched = _late_scratches(season, side, row)
    doubted = scratched & (rng.random(len(side)) < _DOUBTED_SCRATCHES)
    there_side, place = np.nonzero(played & (rng.random(played.shape) < _DOUBTED_PLAYERS))
    there = season.pre.row[there_side, place]
    heard = doubted | ~scratched
    morning = _listed(side[heard], row[heard], np.where(doubted[heard], _QUESTIONABLE, _OUT), last=False)
    doubts = _listed(there_side, there, _QUESTIONABLE, last=False)
    final = _listed(side, row, _OUT, last=True)
    fit = _listed(there_side, there, _AVAILABLE, last=True)
    table = pd.concat([morning, doubts, final, fit], ignore_index=True)
    return table.sort_values(["side", "last", "row"], kind="stable", ignore_index=True)


def _listed(side: Ints, row: Ints, status: Any, *, last: bool) -> pd.DataFrame:  # noqa: ANN401 - one or one each
    return pd.DataFrame({"side": side, "row": row, "status": status, "last": last})


def _players_out(season: Season, played: Bools) -> tuple[Ints, Ints]:
    """Team-game and player of everybody of the squad who is not fit; the walking wounded who play are not out."""
    schedule = season.schedule
    sides = np.column_stack([schedule.home, schedule.away]).ravel()
    day = np.repeat(schedule.day, 2)
    absent = (season.players.team[:, day] == sides) & ~season.fit[:, day]
    row, side = np.nonzero(absent)
    appeared = np.zeros_like(absent)
    here, place = np.nonzero(played)
    appeared[season.pre.row[here, place], here] = True
    out = ~appeared[row, side]
    return side[out], row[out]


def _late_scratches(season: Season, side: Ints, row: Ints) -> Bools:
    """Which of these absences nobody had heard of in the morning."""
    missed, game, place = season.scratched.T
    late = missed * len(season.players.player) + season.pre.row[game, place]
    return np.isin(side * len(season.players.player) + row, late)
