"""Exponentially weighted means over earlier games, as pandas' `ewm(adjust=True)` defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.features.history.asof import TOGETHER, Past

HALF_LIVES: Final = (3, 7, 15)


def decay_of_half_life(games: float) -> float:
    """Weight of a game relative to the next one: half after `games` games.

    >>> decay_of_half_life(1), round(decay_of_half_life(7) ** 7, 6)
    (0.5, 0.5)
    """
    return float(0.5 ** (1.0 / games))


def decay_of_span(games: float) -> float:
    """The same for pandas' `span`: alpha = 2 / (span + 1).

    >>> decay_of_span(3)
    0.5
    """
    return float(1.0 - 2.0 / (games + 1.0))


def ewma(past: Past, series: Mapping[str, Floats], decays: Sequence[float]) -> dict[tuple[str, float], Floats]:
    """(series, decay) -> weighted mean over all games of the entity before each query; NaN where there is none."""
    columns = [(name, decay) for name in series for decay in decays]
    games = past.end - past.origin
    weights = {decay: _total_weight(games, decay) for decay in decays}
    out: dict[tuple[str, float], Floats] = {}
    for start in range(0, len(columns), TOGETHER):
        part = columns[start : start + TOGETHER]
        values = np.column_stack([series[name] for name, _ in part])
        state = past.state(past.log.running(values, np.array([decay for _, decay in part])))
        out |= {column: state[:, place] / weights[column[1]] for place, column in enumerate(part)}
    return out


def _total_weight(games: Ints, decay: float) -> Floats:
    """1 + decay + decay^2 + ... over so many games; NaN for none."""
    table = [np.nan, 1.0]
    for _ in range(int(games.max(initial=0)) - 1):
        table.append(1.0 + decay * table[-1])
    return np.array(table)[games]
