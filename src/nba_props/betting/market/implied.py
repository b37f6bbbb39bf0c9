"""The line that the prices imply: where the books together put even chances, the market's real forecast.

``implied = median over books of line + sigma Phi^-1(q)`` with q the no-vig P(over) at the book's own line. Sigma grows
with the line; it is learned per market from how far results of earlier props fell from their lines, starting at a
first guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from nba_props.arrays import Floats
from nba_props.betting.frames import PROP_GROUP, group_codes, group_median
from nba_props.betting.market.fair import fair_probability

FIRST_GUESSES: Final = {"pra": (5.34, 0.112), "pts": (3.94, 0.163), "reb": (1.41, 0.229), "ast": (1.05, 0.28)}
"""Market -> (intercept, slope) of sigma before anything is settled, in stat units; fitted on seasons up to 2024-25."""

_PRIOR_ROWS: Final = 300
_ABSOLUTE_TO_SD: Final = float(np.sqrt(np.pi / 2.0))
_LEAST: Final = 0.25


@dataclass(frozen=True)
class ImpliedSigma:
    """``sigma = intercept + slope * line``, in stat units, floored at a quarter.

    Attributes:
        intercept: Stat units.
        slope: Stat units per unit of the line.
    """

    intercept: float
    slope: float

    @classmethod
    def first_guess(cls, market: str) -> ImpliedSigma:
        """The one of the market; for markets without one, that of assists, which also fits the lines of PRA."""
        return cls(*FIRST_GUESSES.get(market, FIRST_GUESSES["ast"]))

    @classmethod
    def fit(cls, line: ArrayLike, actual: ArrayLike, market: str) -> ImpliedSigma:
        """Learn from settled props: mean absolute distance from the line, times sqrt(pi / 2), linear in the line.

        The first guess counts as `_PRIOR_ROWS` further props at the same lines.

        >>> sigma = ImpliedSigma.fit(np.full(3000, 20.0), 20.0 + np.tile([-8.0, 8.0], 1500), "pra")
        >>> float(sigma.at(np.array([20.0]))[0].round(1))  # 8 sqrt(pi / 2) = 10.0, a first guess of 7.6 in eleven
        9.8

        Args:
            line: Lines, n.
            actual: Results, n; NaN (voids) are left out.
            market: Market key.
        """
        at, result = np.asarray(line, dtype="float64"), np.asarray(actual, dtype="float64")
        guess = cls.first_guess(market)
        known = ~(np.isnan(at) | np.isnan(result))
        if not known.any():
            return guess
        at, size = at[known], np.abs(result[known] - at[known]) * _ABSOLUTE_TO_SD
        design = np.column_stack([np.ones_like(at), at]) / guess.at(at)[:, None]
        share = _PRIOR_ROWS / len(at)
        gram, target = design.T @ design, design.T @ (size / guess.at(at))
        ridge = 1e-6 * np.trace(gram) * np.eye(2)
        first = np.array([guess.intercept, guess.slope])
        intercept, slope = np.linalg.solve(gram * (1.0 + share) + ridge, target + (share * gram + ridge) @ first)
        return cls(float(intercept), float(slope))

    def at(self, line: Floats) -> Floats:
        """Sigma at each line, stat units."""
        return np.maximum(self.intercept + self.slope * line, _LEAST)


def implied_lines(quotes: pd.DataFrame, sigma: Floats) -> pd.DataFrame:
    """The implied line of every prop: the median over its quotes of each one's line moved by its own two prices.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "line": [20.5, 21.5, 20.5]}
    >>> quotes = pd.DataFrame({**prop, "over_price": [-110.0, -110.0, 100.0], "under_price": [-110.0, -110.0, np.nan]})
    >>> implied_lines(quotes, np.full(3, 7.0))["implied_line"].tolist()
    [21.0]

    Args:
        quotes: `PROP_GROUP`, ``line``, ``over_price``, ``under_price``; n rows, flagged ones out.
        sigma: Of each quote's line, n.

    Returns:
        One row per prop, in order of first appearance: `PROP_GROUP` and ``implied_line``; NaN where no quote has two
        prices.

    Raises:
        DataError: An impossible price.
    """
    group = group_codes(quotes, PROP_GROUP)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(group), prepend=-1))
    fair = fair_probability(quotes["over_price"], quotes["under_price"])
    moved = quotes["line"].to_numpy(dtype="float64") + sigma * ndtri(fair)
    table = quotes[PROP_GROUP].iloc[first].reset_index(drop=True)
    return table.assign(implied_line=group_median(group, moved, len(first)))
