"""The clubs of a league: nba.com abbreviations, full names as bookmakers write them, and conferences."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from nba_props.data.teams import TEAMS
from nba_props.errors import ConfigError

_WEST: Final = frozenset(
    {"DAL", "DEN", "GSW", "HOU", "LAC", "LAL", "MEM", "MIN", "NOP", "OKC", "PHX", "POR", "SAC", "SAS", "UTA"}
)


class Club(NamedTuple):
    """One club: nba.com abbreviation, full name, and whether it plays in the West."""

    abbreviation: str
    name: str
    west: bool


ALL_CLUBS: Final = tuple(Club(code, " ".join(TEAMS[code]), code in _WEST) for code in sorted(TEAMS))
"""Sorted by abbreviation, so that an index into it sorts like the abbreviation."""


def clubs(n_teams: int) -> tuple[Club, ...]:
    """`n_teams` clubs, spread evenly over the alphabet.

    Raises:
        ConfigError: If `n_teams` is odd, below 4 or above 30.
    """
    if n_teams % 2 or not 4 <= n_teams <= len(ALL_CLUBS):
        message = f"n_teams must be an even number from 4 to {len(ALL_CLUBS)}, got {n_teams}."
        raise ConfigError(message)
    chosen = np.linspace(0, len(ALL_CLUBS) - 1, n_teams).round().astype(int)
    return tuple(ALL_CLUBS[index] for index in chosen)
