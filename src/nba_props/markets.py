"""Player-prop markets: what each one is settled on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nba_props.errors import ConfigError
from nba_props.plugins import Registry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_MARKETS", "MARKETS", "Market", "actual", "check_market"]


@dataclass(frozen=True)
class Market:
    """What a prop is about.

    Attributes:
        columns: Box-score columns whose sum settles it; empty where a function does.
        settle: Result of every player-game from the games table, where no sum of columns says it (1.0 and 0.0 for yes
            and no, with a line of 0.5). It must give NaN where the box score is missing.
    """

    name: str
    columns: tuple[str, ...] = ()
    settle: Callable[[pd.DataFrame], pd.Series] | None = None

    def __post_init__(self) -> None:
        """Refuse a market without a definition, or with two."""
        if bool(self.columns) == (self.settle is not None):
            message = f"Market {self.name!r} needs columns to add up, or a function that settles it: one of the two."
            raise ConfigError(message)


MARKETS: Final[Registry[Market]] = Registry("market")
"""The markets by name; `MARKETS.add(name, Market(name, columns))` adds one."""

for _name, _columns in {
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
}.items():
    MARKETS.add(_name, Market(_name, _columns))

DEFAULT_MARKETS: Final = ("pts", "reb", "ast", "pra")
"""What the main job runs when no market is named."""


def check_market(market: str) -> str:
    """Return `market` if it is known.

    >>> check_market("pra")
    'pra'

    Raises:
        ConfigError: Naming the known markets.
    """
    return MARKETS[market].name


def actual(games: pd.DataFrame, market: str) -> pd.Series:
    """Settlement value of `market` for every player-game of `games`, as float64, same index.

    NaN where a column it is settled on is missing: the game has not been played.

    >>> import pandas as pd
    >>> actual(pd.DataFrame({"pts": [20, 7], "reb": [5, 3], "ast": [4, 0]}), "pra").tolist()
    [29.0, 10.0]

    Raises:
        ConfigError: An unknown market.
    """
    chosen = MARKETS[market]
    if chosen.settle is not None:
        return chosen.settle(games).astype("float64").rename(market)
    return games[list(chosen.columns)].sum(axis=1, skipna=False).astype("float64").rename(market)
