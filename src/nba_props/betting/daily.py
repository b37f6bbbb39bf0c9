"""Sums of a ledger by night: all that metrics and the bootstrap over nights need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats
from nba_props.metrics.definitions import clv_rows, roi_rows, win_rate_rows

SEASON_NIGHTS: Final = 165
"""Nights with games in a full regular season of the league's calendar."""


@dataclass(frozen=True)
class Daily:
    """One entry per night with a bet won, lost or pushed, in order.

    Attributes:
        profit: Units won.
        turnover: Units staked on bets won or lost.
        wins: Bets won.
        decided: Bets won or lost.
        breakeven: Sum of 1 / decimal odds over them.
        clv: Sum of CLV over the bets that have one.
        clv_count: Number of those.
        opening: Bankroll at the opening, units.
    """

    dates: NDArray[np.datetime64]
    profit: Floats
    turnover: Floats
    wins: Floats
    decided: Floats
    breakeven: Floats
    clv: Floats
    clv_count: Floats
    opening: Floats

    @property
    def returns(self) -> Floats | None:
        """Profit over the bankroll at the opening of each night; None once the bankroll has been lost."""
        return None if (self.opening <= 0).any() else self.profit / self.opening

    def per_season(self, game_nights: ArrayLike | None) -> float | None:
        """Betting nights of a full season: its game nights times the share of game nights that were bet.

        The share is that of the nights with games between the first and the last bet, so that a third of a season gives
        the same as a whole one. `game_nights` is the date of every night with games, in any order, repeated or not.
        Without it, or without a bet, there is no answer: None.
        """
        if game_nights is None or not len(self.dates):
            return None
        known = np.unique(np.r_[np.asarray(game_nights, dtype="datetime64[D]"), self.dates])
        between = (known >= self.dates[0]) & (known <= self.dates[-1])
        return SEASON_NIGHTS * len(self.dates) / int(between.sum())


def daily(ledger: pd.DataFrame) -> Daily:
    """Sum a ledger by night; voids are not bets and do not make a night.

    >>> bets = {"result": ["won", "lost"], "profit": [1.0, -1.0], "stake": 1.0, "bankroll": 1000.0, "decimal_odds": 2.0}
    >>> night = daily(pd.DataFrame({"game_date": pd.to_datetime(["2024-01-01"] * 2), **bets, "clv": [0.02, np.nan]}))
    >>> night.turnover.tolist(), night.wins.tolist(), night.clv_count.tolist()
    ([2.0], [1.0], [1.0])
    """
    result = ledger["result"].to_numpy()
    bet = result != "void"
    outcome = np.select([result == "won", result == "lost", result == "push"], [1.0, -1.0, 0.0], np.nan)
    dates, night = np.unique(
        ledger["game_date"].to_numpy(dtype="datetime64[ns]")[bet].astype("datetime64[D]"), return_inverse=True
    )

    def total(values: Floats) -> Floats:
        sums: Floats = np.bincount(night, weights=values[bet], minlength=len(dates)).astype("float64")
        return sums

    won, turnover = roi_rows(
        ledger["profit"].to_numpy(dtype="float64"), ledger["stake"].to_numpy(dtype="float64"), outcome
    )
    wins, decided = win_rate_rows(outcome)
    clv, clv_count = clv_rows(ledger["clv"].to_numpy(dtype="float64"))
    profit = total(won)
    after = np.empty(len(dates))
    after[night] = ledger["bankroll"].to_numpy(dtype="float64")[bet]
    odds = ledger["decimal_odds"].to_numpy(dtype="float64")
    return Daily(
        dates=dates,
        profit=profit,
        turnover=total(turnover),
        wins=total(wins),
        decided=total(decided),
        breakeven=total(decided / odds),
        clv=total(clv),
        clv_count=total(clv_count),
        opening=after - profit,
    )
