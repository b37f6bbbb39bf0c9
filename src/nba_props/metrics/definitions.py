"""The one definition of each number that is computed both for backtests and for live results."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints

_BINS: Final = 10


def quantile_bins(p: Floats, bins: int = _BINS) -> Ints:
    """Bin of each probability, n, from 0: as even in number as equal probabilities, which share a bin, allow.

    A group of equal ones lies where its middle rank does; empty bins are dropped.

    >>> quantile_bins(np.array([0.1, 0.9, 0.1, 0.5]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    _, group, sizes = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(sizes) - (sizes - 1) / 2.0)[group]
    place = np.floor((rank - 0.5) * min(bins, len(p)) / max(len(p), 1))
    numbered: Ints = np.unique(place, return_inverse=True)[1].astype("int64")
    return numbered
