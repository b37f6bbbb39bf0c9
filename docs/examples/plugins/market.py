"""Two markets: a sum of columns, and one that a function settles."""

from __future__ import annotations

from nba_props.markets import MARKETS, Market


def double_double(games):
    """1.0 where two of points, rebounds and assists reach ten, 0.0 where not; NaN where the game was not played."""
    columns = games[["pts", "reb", "ast"]]
    reached = (columns >= 10).sum(axis=1) >= 2
    return reached.astype("float64").where(columns.notna().all(axis=1))


MARKETS.add("stocks", Market("stocks", ("stl", "blk")))
MARKETS.add("double_double", Market("double_double", settle=double_double))
