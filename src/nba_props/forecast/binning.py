"""Rows binned once for many fits: the boundaries come from an early training fold, never from a later row.

LightGBM splits between bins, and finding them costs a third of a fit. The fits of a walk-forward therefore share them,
over folds, over members of an ensemble and over markets. Boundaries are those of the training rows of a fold and serve
the later folds until their training rows have doubled; then they are found anew, so that a feature that an early season
cannot have (last season's mean, in the first one) does not stay without any. A forecast never hangs on a row after its
own training rows, and neither on which other fits share its bins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd

from nba_props.arrays import Ints

BinnedRows = Callable[[Mapping[str, Any]], lightgbm.Dataset]
"""Binned rows, of which the first are those of a fit, for given parameters of LightGBM."""

_GROWTH: Final = 2

BINNING: Final[Mapping[str, Any]] = {
    "data_random_seed": 1, "enable_bundle": False, "feature_pre_filter": False, "is_enable_sparse": False,
}  # fmt: skip
"""What every fit sets, so that bins can be shared: the seed of a model does not move them, and no column is bundled,
left out or packed for how the first rows look. A model's own parameters come before these."""

_AFTER_BINNING: Final = frozenset(
    (
        "objective", "reg_sqrt", "learning_rate", "num_leaves", "max_depth", "feature_fraction",
        "feature_fraction_bynode", "bagging_fraction", "bagging_freq", "lambda_l1", "lambda_l2", "min_gain_to_split",
        "min_sum_hessian_in_leaf", "seed", "num_threads", "deterministic", "force_col_wise", "verbosity",
        "extra_trees", "path_smooth",
    )
)  # fmt: skip
"""Parameters that bins do not depend on. One that is missing here costs a binning of its own, and nothing else."""


def bin_stages(known: Iterable[int]) -> dict[int, int]:
    """Which rows the bins of each fit come from.

    Args:
        known: Training rows of each fit of a walk-forward.

    Returns:
        Training rows of a fit to the number of first rows that its bins are found on: its own, or those of the first
        fit before it that has more than half as many.

    >>> bin_stages([300, 400, 599, 600, 1300])
    {300: 300, 400: 300, 599: 300, 600: 600, 1300: 1300}
    """
    stages: dict[int, int] = {}
    first = 0
    for rows in sorted(set(known)):
        first = first if rows < _GROWTH * first else rows
        stages[rows] = first
    return stages


def binned_rows(features: pd.DataFrame, first: int, last: int, params: Mapping[str, Any]) -> lightgbm.Dataset:
    """Bin the first `last` rows of `features` (n, k) by boundaries found on the first `first` of them.

    Args:
        features: Rows in time order.
        first: Rows that boundaries are found on.
        last: Rows that are binned, at least `first`.
        params: LightGBM's parameters; those of training are left out.

    Returns:
        A constructed data set with labels of zero.
    """
    values, names = features.to_numpy(), list(features.columns)
    own = {**BINNING, **_of_binning(params), "verbosity": -1, "num_threads": 1}
    found = lightgbm.Dataset(values[:first], np.zeros(first), feature_name=names, params=own).construct()
    if last == first:
        return found
    return found.create_valid(values[:last], np.zeros(last), params=own).construct()


def labelled(
    binned: lightgbm.Dataset, rows: Ints, target: np.ndarray, weight: np.ndarray | None = None
) -> lightgbm.Dataset:
    """`rows` (positions, m) of a binned data set, ready to be trained on, with `target` (m) and `weight` (m)."""
    # A subset takes labels of its own only once it has been made.
    part = binned.subset(rows).construct()
    part.set_label(target)
    part.set_weight(weight)
    return part


@dataclass
class _Made:
    """A binned table, or the place where it will be; whoever holds the lock makes it."""

    lock: Lock = field(default_factory=Lock)
    rows: lightgbm.Dataset | None = None


class SharedBins:
    """The binned rows of one feature table, made when the first fit asks for them and kept for the others.

    In a process of its own a fit makes them itself: they do not travel, and are the same wherever they are made.

    Args:
        fits: Of each fit on the table, the rows its bins are found on and its training rows.
    """

    def __init__(self, fits: Iterable[tuple[int, int]]) -> None:
        self._last: dict[int, int] = {}
        for first, known in fits:
            self._last[first] = max(known, self._last.get(first, 0))
        self._forget()

    def _forget(self) -> None:
        self._lock = Lock()
        self._made: dict[tuple[int, str], _Made] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Without what belongs to one process: locks and data."""
        return {"_last": self._last}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """With nothing made yet."""
        self.__dict__.update(state)
        self._forget()

    def rows(self, features: pd.DataFrame, first: int, params: Mapping[str, Any]) -> lightgbm.Dataset:
        """All rows that fits with bins of the first `first` rows are trained on (`binned_rows`)."""
        key = first, json.dumps(_of_binning(params), sort_keys=True, default=str)
        with self._lock:
            made = self._made.setdefault(key, _Made())
        with made.lock:
            if made.rows is None:
                made.rows = binned_rows(features, first, self._last[first], params)
            return made.rows


def _of_binning(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in _AFTER_BINNING}
