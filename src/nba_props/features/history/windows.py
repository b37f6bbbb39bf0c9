"""Mean, standard deviation and median over the last games, for all windows at once."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from nba_props.arrays import Bools, Floats, Ints
from nba_props.features.history.asof import Past

WINDOWS: Final = (3, 5, 10, 20)

_CHUNK: Final = 8192
"""Rows worked on together: the last 20 games of so many players stay in the processor's cache."""


def rolling(past: Past, values: Floats) -> dict[tuple[str, int], Floats]:
    """("mean" | "sd" | "median", window) -> value over the last games; fewer games where the history is shorter.

    The standard deviation has ddof 1 and needs two games. Windows reach back over the ends of seasons.
    """
    size = len(past.end)
    out = {(kind, window): np.empty(size) for kind in ("mean", "sd", "median") for window in WINDOWS}
    for start in range(0, size, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, size))
        part = past.take(rows)
        lags = np.stack(list(part.lags(values, WINDOWS[-1])))
        known = np.arange(WINDOWS[-1])[:, None] < part.count
        total, done = np.zeros(len(rows)), 0
        zeroed = np.where(known, lags, 0.0)
        for window in WINDOWS:
            count = np.minimum(part.count, window)
            for value in zeroed[done:window]:
                total += value
            done = window
            mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
            out["mean", window][rows] = mean
            out["sd", window][rows] = _deviation(lags[:window], known[:window], mean, count)
            out["median", window][rows] = _median(lags[:window], known[:window], count)
    return out


def _deviation(lags: Floats, known: Bools, mean: Floats, count: Ints) -> Floats:
    """Standard deviation (ddof 1) down the columns, from the gaps to the mean: equal games give exactly zero."""
    gaps = np.where(known, lags - mean, 0.0)
    gaps *= gaps
    squares = np.zeros(lags.shape[1])
    for gap in gaps:
        squares += gap
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _median(lags: Floats, known: Bools, count: Ints) -> Floats:
    """Median down the columns of the known values."""
    wires = list(np.where(known, lags, np.inf))
    spare = np.empty(lags.shape[1])
    for low, high in _sorting_network(len(wires)):
        np.minimum(wires[low], wires[high], out=spare)
        np.maximum(wires[low], wires[high], out=wires[high])
        wires[low], spare = spare, wires[low]
    ordered, column = np.stack(wires), np.arange(lags.shape[1])
    left, right = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(wires) - 1)
    middle = 0.5 * (ordered[left, column] + ordered[right, column])
    return np.where(count > 0, middle, np.nan)


@cache
def _sorting_network(size: int) -> tuple[tuple[int, int], ...]:
    """Comparators of Batcher's odd-even merge sort for `size` wires (Knuth, TAOCP 3, 5.2.2, algorithm M)."""
    comparators: list[tuple[int, int]] = []
    top = 1 << max(size - 1, 1).bit_length() - 1
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            comparators += [(i, i + d) for i in range(size - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return tuple(comparators)
