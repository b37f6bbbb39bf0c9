"""The scale of a player-game's distribution on props: how many times the spread that all players' errors suggest.

A distribution fitted on the errors of all rows is not the one of lined props, where the location is corrected by what
the line says. One factor per market says how much narrower or wider it is, learned on settled props by the logarithmic
score, weekly, with a prior at 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.probability.by_fold import Distributions
from nba_props.probability.refits import refits

SCALES: Final = np.exp(np.linspace(-0.45, 0.45, 7))
"""Factors whose scores are compared; between them the best is read from a parabola."""

_PRIOR_ROWS: Final = 500.0
_LEAST: Final = 1e-9


def scale_scores(distributions: Distributions, props: pd.DataFrame, actual: ArrayLike) -> Floats:
    """Logarithmic score of each result at each of `SCALES`, n rows and 7 columns; NaN: the prop teaches nothing.

    Args:
        distributions: The distributions of the player-games.
        props: ``game_id``, ``player_id``, ``line`` and ``location`` (NaN: no probability), n.
        actual: Results, n; NaN for a void.
    """
    masses = distributions.masses(props.assign(anchor=props["line"]), actual, SCALES)
    return np.log(np.maximum(masses, _LEAST))


def walk_forward_scale(scores: Floats, dates: ArrayLike, target_dates: ArrayLike | None = None) -> Floats:
    """Factor on the spread for each prop, from results of earlier weeks only.

    >>> scores = np.full((4, len(SCALES)), np.nan)  # nothing is settled
    >>> walk_forward_scale(scores, ["2024-01-01"] * 4).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]

    Args:
        scores: Of `scale_scores`, n rows.
        dates: Date of each of them, n.
        target_dates: Dates of the props that factors are wanted for, m; `dates` by default.

    Returns:
        n (or m) factors; 1 until something is settled.
    """
    usable = ~np.isnan(scores).any(axis=1)
    factor = np.ones(len(np.asarray(dates if target_dates is None else target_dates)))
    for past, now in refits(dates, target_dates):
        factor[now] = _best(scores[past & usable].sum(axis=0))
    return factor


def _best(total: Floats) -> float:
    """The factor with the highest penalised score: the top of the parabola through the best one and its neighbours.

    A result of a Normal tells the log of its scale with a curvature of 2; the prior is worth so many of them.

    >>> _best(np.zeros(len(SCALES)))
    1.0
    """
    size = np.log(SCALES)
    value = total - _PRIOR_ROWS * np.square(size)
    top = int(np.clip(np.argmax(value), 1, len(size) - 2))
    left, middle, right = value[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    move = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(np.exp(size[top] + np.clip(move, -1.0, 1.0) * (size[1] - size[0])))
