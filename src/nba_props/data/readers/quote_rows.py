"""One row per bookmaker, prop and time stamp: the pipeline's own odds columns."""

from __future__ import annotations

from nba_props.data.readers import ODDS, Reader, add

add(
    Reader(
        "quote rows",
        ODDS,
        ("playername|player", "bookmaker|book|sportsbook", "market", "line|point", "overprice|overodds",
         "underprice|underodds"),
    )
)  # fmt: skip
