"""One row per bookmaker, prop and time stamp: the pipeline's own odds columns."""

from __future__ import annotations

from typing import Final

from nba_props.data.tables.columns import ODDS as COLUMNS
from nba_props.data.tables.formats import ODDS, Reader, add

_NEEDS: Final = ("player_name", "bookmaker", "market", "line", "over_price", "under_price")

add(Reader("quote rows", ODDS, tuple("|".join(COLUMNS[name]) for name in _NEEDS)))
