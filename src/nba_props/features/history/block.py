"""Who belongs to a team, who is out and who is there, before each game of a season."""

from __future__ import annotations

from dataclasses import dataclass

from nba_props.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Block:
    """Players (rows) of one team and season by its games (columns), as known before each game.

    Attributes:
        now: (part, player, game) expected minutes, points, rebounds and assists.
        long_run: Minutes in the long run.
        regular: Belongs to those whose absence is news.
        last: Played the team's last game; before a season's first one, any of its last 10.
        out: A regular who is known to be out.
        available: Regulars who are not out, and others who played the last game.
        played: Played this game; only ever read of earlier games.
        known: Number of the team's games this season that are strictly earlier than each game.
        told: Whether the team has a strictly earlier game at all.
    """

    now: Floats
    long_run: Floats
    regular: Bools
    last: Bools
    out: Bools
    available: Bools
    played: Bools
    known: Ints
    told: Bools
