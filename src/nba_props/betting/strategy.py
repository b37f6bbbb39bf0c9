"""What is bet: small filters over a table of candidate bets, and the settings that build the usual ones.

A filter is any function from the candidate table (one row per side of a quote: ``game_date``, ``market``,
``bookmaker``, ``side``, ``line``, ``price``, ``decimal_odds``, ``p``, ``q``, ``edge``, ``ev``) to a boolean mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.betting.market.fair import VIG_METHODS, VigMethod
from nba_props.betting.stakes import StakeConfig, real_number
from nba_props.errors import ConfigError

Filter = Callable[[Any], NDArray[np.bool_]]


def edge_at_least(threshold: float) -> Filter:
    """Edge over the no-vig market probability of `threshold` or more (0.02 = two points of probability)."""
    return lambda bets: _mask(bets["edge"] >= threshold)


def ev_above(threshold: float) -> Filter:
    """Expected profit per unit strictly above `threshold`."""
    return lambda bets: _mask(bets["ev"] > threshold)


def odds_between(low: float, high: float) -> Filter:
    """Decimal odds in [low, high]."""
    return lambda bets: _mask((bets["decimal_odds"] >= low) & (bets["decimal_odds"] <= high))


def in_markets(*markets: str) -> Filter:
    """Only these markets."""
    return lambda bets: _mask(bets["market"].isin(markets))


def at_books(*books: str) -> Filter:
    """Only these bookmakers."""
    return lambda bets: _mask(bets["bookmaker"].isin(books))


def side_is(side: Literal["over", "under"]) -> Filter:
    """Only this side."""
    return lambda bets: _mask(bets["side"] == side)


def both(*filters: Filter) -> Filter:
    """All of `filters` at once; without any, everything passes."""

    def every(bets: pd.DataFrame) -> NDArray[np.bool_]:
        kept = np.ones(len(bets), dtype=bool)
        for keep in filters:
            kept &= np.asarray(keep(bets), dtype=bool)
        return kept

    return every


@dataclass(frozen=True)
class BettingConfig:
    """A strategy: which candidates are bet, and how much is staked.

    Attributes:
        min_edge: Least edge over the no-vig market probability.
        min_ev: The model's expected profit per unit must be above this: an edge smaller than the margin is not a bet.
        odds_range: Decimal odds allowed, both ends included.
        books: Bookmakers bet at; None means all. The others still take part in the market's probability.
        markets: Markets bet; None means all.
        filters: Further filters, all of which must agree.
        one_per: At most one bet, the one of the highest EV, per player, game and market ("prop") or per player and
            night ("player").
        vig: No-vig method.
        stakes: Flat or Kelly, and caps.
    """

    min_edge: float = 0.02
    min_ev: float = 0.0
    odds_range: tuple[float, float] = (1.0, np.inf)
    books: tuple[str, ...] | None = None
    markets: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    one_per: Literal["prop", "player"] = "prop"
    vig: VigMethod = "power"
    stakes: StakeConfig = field(default_factory=StakeConfig)

    def __post_init__(self) -> None:
        """Refuse unknown names, and limits that silently let nothing through."""
        for name in ("min_edge", "min_ev"):
            real_number(name, getattr(self, name))
        low, high = (real_number("odds_range", limit) for limit in self.odds_range)
        if low > high:
            message = f"odds_range is {self.odds_range}: the lower end comes first."
            raise ConfigError(message)
        for name in ("books", "markets"):
            if isinstance(getattr(self, name), str):
                message = f"{name} is the text {getattr(self, name)!r}; it must be a tuple of names."
                raise ConfigError(message)
        if self.one_per not in {"prop", "player"}:
            message = f"one_per is {self.one_per!r}; allowed: 'prop', 'player'."
            raise ConfigError(message)
        if self.vig not in VIG_METHODS:
            message = f"vig is {self.vig!r}; allowed: {', '.join(VIG_METHODS)}."
            raise ConfigError(message)

    @property
    def rule(self) -> BettingConfig:
        """The strategy without its stakes: what decides which bets are chosen."""
        return replace(self, stakes=StakeConfig())

    def keep(self) -> Filter:
        """All the settings above as one filter."""
        parts = [edge_at_least(self.min_edge), ev_above(self.min_ev), odds_between(*self.odds_range)]
        if self.books is not None:
            parts.append(at_books(*self.books))
        if self.markets is not None:
            parts.append(in_markets(*self.markets))
        return both(*parts, *self.filters)


def _mask(condition: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(condition, dtype=bool)
