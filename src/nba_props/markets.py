"""Player-prop markets and the box-score columns each one is settled on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nba_props.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_MARKETS", "MARKETS", "actual", "check_market"]

MARKETS: Final[dict[str, tuple[str, ...]]] = {
    "pts": ("pts",),
    "reb": ("reb",),
    "ast": ("ast",),
    "pra": ("pts", "reb", "ast"),
    "pr": ("pts", "reb"),
    "pa": ("pts", "ast"),
    "ra": ("reb", "ast"),
    "fg3m": ("fg3m",),
    "stl": ("stl",),
    "blk": ("blk",),
    "tov": ("tov",),
}
"""Market key -> box-score columns whose sum settles it."""

DEFAULT_MARKETS: Final = ("pts", "reb", "ast", "pra")
"""What the main job runs when no market is named."""


def check_market(market: str) -> str:
    """Return `market` if it is known.

    Raises:
        ConfigError: Naming the known markets.
    """
    if market not in MARKETS:
        message = f"Unknown market {market!r}; known markets: {', '.join(MARKETS)}."
        raise ConfigError(message)
    return market


def actual(games: pd.DataFrame, market: str) -> pd.Series:
    """Settlement value of `market` for every player-game of `games`, as float64, same index."""
    columns = list(MARKETS[check_market(market)])
    return games[columns].sum(axis=1).astype("float64").rename(market)
