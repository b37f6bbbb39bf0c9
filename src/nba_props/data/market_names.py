"""The names that vendors give the markets, and which market each one is."""

from __future__ import annotations

import re
from typing import Final

from nba_props.markets import MARKETS

ALTERNATE: Final = r"(?i)^alt(?:ernate)?[\s_-]+|[\s_-]*\(?alt(?:ernate)?\)?$"
"""What a name contains where the market is one of alternate lines."""
_AROUND: Final = re.compile(r"^(?:player|total|made)+|(?:overunder|ou)$")
_ALIASES: Final = {
    spelling: market
    for market, spellings in {
        "pts": "points pointsscored",
        "reb": "rebounds rebs",
        "ast": "assists asts",
        "pra": "pointsreboundsassists ptsrebast ptsrebsasts pointsassistsrebounds ptsastreb ptsastsrebs",
        "pr": "pointsrebounds ptsreb ptsrebs",
        "pa": "pointsassists ptsast ptsasts",
        "ra": "reboundsassists rebast rebsasts assistsrebounds",
        "fg3m": (
            "threes 3pm 3ptm 3ptsm threepointersmade 3ptmade 3pointersmade 3ptsmade threepointers 3pointers 3pt "
            "threesmade threepointfieldgoals threepointfieldgoalsmade 3pointfieldgoals 3pointfieldgoalsmade"
        ),
        "stl": "steals",
        "blk": "blocks blks blockedshots blockshots",
        "tov": "turnovers",
    }.items()
    for spelling in spellings.split()
}


def market_key(name: str) -> str:
    """The key of the market that a name means, or the name itself in lower case where it means none.

    >>> market_key("player_points_alternate"), market_key("Pts + Rebs + Asts"), market_key("P+R+A")
    ('pts', 'pra', 'pra')
    >>> market_key("Total Points O/U"), market_key("player_points_q1")
    ('pts', 'player_points_q1')
    """
    plain = re.sub(ALTERNATE, "", name.strip()).lower()
    squeezed = "".join(c for c in re.sub(r"\band\b", "", plain) if c.isalnum())
    for spelling in (squeezed, _AROUND.sub("", squeezed)):
        if spelling in MARKETS:
            return spelling
        if spelling in _ALIASES:
            return _ALIASES[spelling]
    return plain
