"""The market as the starting point: P(over) moves from the market's towards the model's by one learned weight.

``logit(c) = logit(q) + w (logit(p) - logit(q))`` with the market's no-vig q and the model's p at the same line. The
weight starts at 0, where the market is right, and settled props move it: logistic regression with a penalty, one
parameter, refitted weekly. Fitted slopes of two and more parameters are unstable on a season of props.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.errors import NotEnoughDataError
from nba_props.probability.calibrators import MIN_CALIBRATION_ROWS, expit, logistic, logit
from nba_props.probability.refits import refits

PRIOR_ROWS: Final = 200.0
"""Strength of the prior that the weight is 0: it holds the weight to a standard deviation of 0.14 (the curvature of 200
rows at p = 1/2 whose log-odds differ from the market's by 1 is 50). The weights of real props, 0.1 at closing lines and
0.3 at early ones, are then no surprise; twice the strength takes half a season to get near them (docs/models.md)."""

_EDGE: Final = 1e-6


@dataclass(frozen=True)
class MarketBlend:
    """How far P(over) moves from the market's to the model's.

    Attributes:
        weight: 0 is the market, 1 the model; never outside: a model is followed or left, not turned around or topped.
        n_props: Settled props it was learned on.
    """

    weight: float = 0.0
    n_props: int = 0

    @classmethod
    def fit(cls, p: ArrayLike, market_p_over: ArrayLike, y: ArrayLike, prior: float = PRIOR_ROWS) -> MarketBlend:
        """Learn the weight.

        >>> p, market = np.full(1000, 0.9), np.full(1000, 0.5)
        >>> round(MarketBlend.fit(p, market, np.arange(1000) % 10 > 0).weight, 1), MarketBlend().weight
        (0.8, 0.0)

        Args:
            p: Model's P(over | no push), n.
            market_p_over: No-vig probability of the market at the same line, n.
            y: 1 over, 0 under, n; rows with a NaN in any of the three are left out.
            prior: Worth, in settled props, of the belief that the market is right.

        Raises:
            NotEnoughDataError: Fewer than `MIN_CALIBRATION_ROWS` usable rows.
        """
        model, market, result = (np.asarray(values, dtype="float64") for values in (p, market_p_over, y))
        known = ~(np.isnan(model) | np.isnan(market) | np.isnan(result))
        if known.sum() < MIN_CALIBRATION_ROWS:
            message = f"{int(known.sum())} settled props with a price; a blend needs {MIN_CALIBRATION_ROWS}."
            raise NotEnoughDataError(message)
        start, step = _log_odds(market[known]), _log_odds(model[known]) - _log_odds(market[known])
        # The market's own log-odds enter with weight 1, as a fixed part of the sum.
        weight = _offset_logistic(step, start, result[known], prior)
        return cls(float(np.clip(weight, 0.0, 1.0)), int(known.sum()))

    def apply(self, p: ArrayLike, market_p_over: ArrayLike) -> Floats:
        """Blended P(over | no push), n; NaN where either is missing.

        >>> MarketBlend(weight=0.5).apply([0.5], [0.8]).round(3).tolist()
        [0.667]
        """
        start = _log_odds(np.asarray(market_p_over, dtype="float64"))
        blended: Floats = start + self.weight * (_log_odds(np.asarray(p, dtype="float64")) - start)
        return np.where(np.isnan(blended), np.nan, expit(np.nan_to_num(blended)))


def walk_forward_blend(
    p: ArrayLike,
    market_p_over: ArrayLike,
    y: ArrayLike,
    dates: ArrayLike,
    prior: float = PRIOR_ROWS,
    *,
    apply_to: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
) -> tuple[Floats, pd.DataFrame]:
    """Blend every probability by the weight learned on props settled on earlier dates; refitted weekly.

    >>> dates, over = pd.date_range("2024-01-01", periods=400), np.tile([1.0, 0.0], 200)
    >>> blended, weeks = walk_forward_blend(0.25 + 0.5 * over, np.full(400, 0.5), over, dates)
    >>> blended[[0, -2]].round(2).tolist(), float(weeks["weight"].iloc[-1])  # only the model knows anything here
    ([nan, 0.75], 1.0)

    Args:
        p: Model's P(over | no push), n, any order.
        market_p_over: The market's, n.
        y: 1 over, 0 under, NaN push or void, n.
        dates: Date of each prop, n.
        prior: See `MarketBlend.fit`.
        apply_to: Other probabilities of model and market to blend, and their dates, m each; those of the settled props
            by default.

    Returns:
        Blended probabilities, n (or m), NaN where one of the two is missing or too few props are settled; and one row
        per week with a weight: ``first_date``, ``weight``, ``n_props``.
    """
    model, market, result = (np.asarray(values, dtype="float64") for values in (p, market_p_over, y))
    ours, theirs, target_dates = (p, market_p_over, dates) if apply_to is None else apply_to
    ours, theirs = np.asarray(ours, dtype="float64"), np.asarray(theirs, dtype="float64")
    days = np.asarray(target_dates, dtype="datetime64[D]")
    blended, weeks = np.full(len(ours), np.nan), []
    for past, now in refits(dates, target_dates):
        try:
            blend = MarketBlend.fit(model[past], market[past], result[past], prior)
        except NotEnoughDataError:
            continue
        blended[now] = blend.apply(ours[now], theirs[now])
        weeks.append({"first_date": days[now].min(), "weight": blend.weight, "n_props": blend.n_props})
    return blended, pd.DataFrame(weeks, columns=["first_date", "weight", "n_props"])


def _offset_logistic(step: Floats, start: Floats, y: Floats, prior: float) -> float:
    """Slope on `step` of a logistic regression with the fixed offset `start`, held towards 0.

    The offset is a column whose coefficient a penalty of a trillion rows holds at 1.
    """
    return float(logistic(np.column_stack([step, start]), y, np.array([0.0, 1.0]), np.array([prior, 1e12]))[0])


def _log_odds(p: Floats) -> Floats:
    return logit(np.clip(p, _EDGE, 1.0 - _EDGE))
