"""Who was in the rotation of a team, and who was missing, in its games before a date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.features.history.asof import Log
from nba_props.features.history.fixtures import Fixtures
from nba_props.features.history.table import Table

_MEMORY: Final = 10
"""Team games over which a player's part in the rotation is judged."""

_REGULAR: Final = 3
"""Appearances in those games that make a regular."""

PRODUCTION: Final = ("min", "pts", "reb", "ast", "fga")

ROSTER: Final = (
    "missing", *(f"missing_{name}" for name in PRODUCTION), "played_min", "rotation_rank", "played_share",
)  # fmt: skip


@dataclass(frozen=True)
class _Block:
    """Players (rows) of one team and season by its games (columns), as known before each game.

    Attributes:
        mean: Mean of each production column over the appearances in the team's last games.
        appearances: Number of those appearances; `games` the number of team games they are out of.
        present: Appeared in the team's last game.
        absent: A regular who did not, and has not played for another team since.
    """

    mean: Floats
    appearances: Floats
    games: Ints
    present: Floats
    absent: Floats


def _block(table: Table, players_log: Log, fixtures: Fixtures, rows: Ints, games: slice) -> tuple[_Block, Ints, Ints]:
    """The block of one team and season, and the player and game index of each of its rows."""
    players, player = np.unique(table.player[rows], return_inverse=True)
    game = fixtures.row[rows] - games.start
    size = games.stop - games.start
    known = fixtures.own.end[games] - games.start
    oldest = np.maximum(known - _MEMORY, 0)
    values = np.zeros((len(PRODUCTION) + 1, len(players), size + 1))
    values[0, player, game + 1] = 1.0
    for place, name in enumerate(PRODUCTION):
        values[place + 1, player, game + 1] = table.stat[name][rows]
    totals = np.cumsum(values, axis=2)
    recent = totals[:, :, known] - totals[:, :, oldest]
    appearances = recent[0]
    mean = recent[1:] / np.maximum(appearances, 1.0)
    last = values[0][:, known]
    query = np.broadcast_to(fixtures.day[games], last.shape)
    who = np.broadcast_to(players[:, None], last.shape)
    latest = players_log.before(who.ravel(), query.ravel()) - 1
    here = (table.team[latest] == fixtures.team[games.start]).reshape(last.shape)
    absent = ((appearances >= _REGULAR) & (last == 0.0) & here).astype(np.float64)
    return _Block(mean, appearances, known - oldest, last, absent), player.astype(np.int64), game


def _down(values: Floats) -> Floats:
    """Sum over the players, one after the other: absent players add exact zeros whoever they are."""
    total = np.zeros(values.shape[1:])
    for line in values:
        total += line
    return total


def _describe(block: _Block, player: Ints, game: Ints, expected: Floats) -> Floats:
    """Columns of `ROSTER` for the rows of one block, the player himself left out of his team-mates."""
    own_absent = block.absent[player, game]
    out = np.empty((len(ROSTER), len(player)))
    out[0] = _down(block.absent)[game] - own_absent
    for place in range(len(PRODUCTION)):
        lost = block.mean[place] * block.absent
        out[place + 1] = _down(lost)[game] - lost[player, game]
    used = block.mean[0] * block.present
    out[-3] = _down(used)[game] - used[player, game]
    ahead = (block.present[:, game] > 0) & (block.mean[0][:, game] > expected)
    ahead[player, np.arange(len(player))] = False
    out[-2] = 1.0 + ahead.sum(axis=0)
    out[-1] = block.appearances[player, game] / np.maximum(block.games[game], 1)
    out[:, block.games[game] == 0] = np.nan
    out[-2, np.isnan(expected)] = np.nan
    return out


def roster(table: Table, players: Log, fixtures: Fixtures, expected: Floats) -> dict[str, Floats]:
    """Team-mates missing and the place in the rotation, as of each player-game; NaN before a team's first game.

    `players` is the table as a log of players; the minutes expected of a player place him among his team-mates.
    """
    out = np.empty((len(ROSTER), len(fixtures.row)))
    for rows, games in fixtures.team_seasons():
        out[:, rows] = _describe(*_block(table, players, fixtures, rows, games), expected[rows])
    return dict(zip(ROSTER, out, strict=True))
