"""What a player did beyond expectation when the team-mates of his own role were there, or missing, as tonight.

An absence changes most for those who do the same things. Line-ups are therefore compared by the long-run minutes of
those who differ, a team-mate of another role counting for a fifth of one of the same. Deviations from what was
expected before each game are averaged, not levels, so a player who has grown since is not held to what he was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from nba_props.features.history.asof import masked_ratio

if TYPE_CHECKING:
    from nba_props.arrays import Floats, Ints
    from nba_props.features.history.block import Block

ROLE_FORM: Final = (
    "role_form_min", "role_form_games", *(f"role_form_beyond_{part}" for part in ("min", "pts", "reb", "ast"))
)  # fmt: skip
"""The columns that `role_form` makes, in its order."""

_ROLE: Final = 0.2
"""Difference in role (rebounds against assists) over which two players are taken to have different roles."""
_ANYBODY: Final = 0.25
"""What a team-mate of another role counts for; one of the same counts 1 more."""
_STEPS: Final = 1024.0
"""Steps in a minute that they are counted in: such sums are exact, and the same to the bit in whatever order."""
_ALIKE: Final = 20.0
"""Minutes of line-up that differ, so counted, over which the weight of an earlier game falls to 1/e."""
_FADE: Final = 40.0
"""Team games over which the weight of an earlier game is halved."""
_PRIOR: Final = 1.0
"""Games like tonight's at which a deviation is believed by half."""


def role_of(expected: Floats) -> Floats:
    """Rebounds against assists, from 0 to 1, of expected (minutes, points, rebounds, assists); NaN with neither.

    >>> role_of(np.array([30.0, 15.0, 8.0, 5.0]))
    array(0.5)
    """
    return masked_ratio(expected[2], expected[2] + 1.6 * expected[3])


def closeness(roles: Floats, own: Floats) -> Floats:
    """1 for the same role, near 0 from a difference of 0.4 on and where a role is not known.

    >>> closeness(np.array([0.3, 0.5, np.nan]), np.array([0.3, 0.3, 0.3])).round(3).tolist()
    [1.0, 0.368, 0.0]
    """
    gap = (roles - own) / _ROLE
    return np.where(np.isfinite(gap), np.exp(-gap * gap), 0.0)


def role_form(block: Block, series: Floats, player: Ints, game: Ints) -> Floats:
    """Columns of `ROLE_FORM` for the player-games of one team and season, over his earlier games of both.

    `series` are (minutes, points, rebounds, assists; player-game) as they came; `player` and `game` say which player of
    the block, and which of its games (ascending), each player-game is of.
    """
    own = block.now[:, player, game]
    expected = own[0] > 0.0
    beyond = np.where(expected, series[: len(own)] - own, 0.0)
    terms = np.stack([series[0], np.ones(len(player)), *beyond, expected])
    values = np.zeros((len(block.known), len(terms), len(block.played)))
    values[game, :, player] = terms.T
    weight = _weights(block, player, game)
    sums = np.zeros((len(player), len(terms)))
    # One game after the other: later games add nothing, so they cannot even move the last bit.
    for earlier, first in enumerate(np.searchsorted(game, np.arange(len(block.known)), side="right").tolist()):
        sums[first:] += weight[first:, earlier, None] * values[earlier][:, player[first:]].T
    minutes, games, *deviations, counted = sums.T
    out = np.stack([masked_ratio(minutes, games), games, *(total / (counted + _PRIOR) for total in deviations)])
    out[:, ~expected | (games == 0.0)] = np.nan
    return out


def _weights(block: Block, player: Ints, game: Ints) -> Floats:
    """(player-game, earlier game) how much alike the line-ups are, and how recent; 0 for games not known yet."""
    role = role_of(block.now)
    mates = np.flatnonzero(block.long_run.any(axis=1))
    likeness = closeness(role[np.ix_(mates, game)], role[player, game])
    counts = np.round((_ANYBODY + likeness) * block.long_run[np.ix_(mates, game)] * _STEPS) / _STEPS
    counts[mates[:, None] == player] = 0.0
    there = block.available[np.ix_(mates, game)]
    # Who is in one of two line-ups only: those there tonight, less those there both times, and those there only then.
    # Not by BLAS: its threads cost more than these small products.
    signed, played = np.where(there, -counts, counts), block.played[mates].astype(np.float64)
    differ = (counts * there).sum(axis=0)[:, None] + np.einsum("mp,mg->pg", signed, played)
    earlier = np.arange(len(block.known))
    faded = np.log(2.0) / _FADE * np.maximum(game[:, None] - earlier, 0)
    weight = np.exp(-differ / _ALIKE - faded)
    return np.where(earlier < block.known[game][:, None], weight, 0.0)
