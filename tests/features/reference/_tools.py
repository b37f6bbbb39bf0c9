"""Shift, roll and decay: the pandas idioms every part of the reference uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

BASE = ["pts", "reb", "ast", "pra", "min"]
BOX = [
    "min", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts",
]  # fmt: skip


def ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
    """`top / bottom`, NaN where the bottom is not positive."""
    return top / bottom.where(bottom > 0)


def before(g: pd.DataFrame, keys: list[str], columns: Iterable[str]) -> pd.DataFrame:
    """Running totals of `columns` over the earlier games of each group: zero at the first."""
    columns = list(columns)
    return g.groupby(keys)[columns].cumsum() - g[columns]


def rolling(g: pd.DataFrame, columns: list[str], window: int, kind: str) -> pd.DataFrame:
    """Rolling statistic of the player's earlier games."""
    shifted = g.groupby("player_id")[columns].shift(1)
    windows = shifted.groupby(g["player_id"]).rolling(window, min_periods=2 if kind == "std" else 1)
    return getattr(windows, kind)().droplevel(0).sort_index()


def ewm(g: pd.DataFrame, columns: list[str], **decay: float) -> pd.DataFrame:
    """Exponentially weighted mean of the player's earlier games."""
    shifted = g.groupby("player_id")[columns].shift(1)
    return shifted.groupby(g["player_id"]).ewm(**decay).mean().droplevel(0).sort_index()
