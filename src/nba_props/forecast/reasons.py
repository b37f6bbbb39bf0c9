"""Why a forecast is what it is: the contributions of the model's own trees, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats

REASONS: Final = ("reason_1", "reason_2", "reason_3")
"""Columns of the predictions: the strongest reason first."""

_LEAST: Final = 0.005
"""A smaller part of a forecast is no reason (stat units)."""
_SMALL: Final = 0.05
"""A smaller part of a forecast is written with two decimals (stat units)."""


@dataclass(frozen=True)
class Explain:
    """Which forecasts are explained, and in which words.

    Attributes:
        rows: Boolean, n: the rows whose forecasts are explained.
        families: Feature to the family it is counted in; features that are not named count as a family of their own.
        texts: Feature to what it says.
    """

    rows: pd.Series
    families: Mapping[str, str]
    texts: Mapping[str, str]


def by_family(contributions: Floats, names: Sequence[str], families: Mapping[str, str]) -> pd.DataFrame:
    """Sums of contributions over the features of each family.

    >>> by_family(np.array([[1.0, 0.5, -0.25]]), ["pts_mean_5", "pts_lag_1", "days_rest"],
    ...           {"pts_mean_5": "own form", "pts_lag_1": "own form", "days_rest": "rest"}).to_dict("records")
    [{'own form': 1.5, 'rest': -0.25}]

    Args:
        contributions: (n, k) stat units.
        names: The k features.
        families: Feature to family.

    Returns:
        (n, families), in the order in which they first appear among the features.
    """
    labels = [families.get(name, name) for name in names]
    order = list(dict.fromkeys(labels))
    member = np.array([[label == family for family in order] for label in labels], dtype="float64")
    return pd.DataFrame(contributions @ member, columns=order)


def reasons(contributions: Floats, features: pd.DataFrame, explain: Explain) -> pd.DataFrame:
    """The three families that move each forecast most, each with the feature that contributes most.

    >>> features = pd.DataFrame({"pts_mean_5": [27.4], "days_rest": [1.0]})
    >>> explain = Explain(pd.Series([True]), {"pts_mean_5": "own form", "days_rest": "rest"},
    ...                   {"pts_mean_5": "mean of pts over the last 5 games", "days_rest": "days since his last game"})
    >>> reasons(np.array([[6.21, -0.38]]), features, explain).iloc[0].tolist()
    ['+6.2 own form: mean of pts over the last 5 games 27.4', '-0.4 rest: days since his last game 1', '']

    Args:
        contributions: (n, k) stat units, each feature's part in the forecast against that of an average player-game.
        features: (n, k) what the forecasts were made from.
        explain: The words.

    Returns:
        `REASONS`, text, on the index of `features`; empty where there are fewer families, or the others move nothing.
    """
    names = list(features)
    sums = by_family(contributions, names, explain.families)
    labels = np.array([explain.families.get(name, name) for name in names])
    strongest = {
        family: np.flatnonzero(labels == family)[np.abs(contributions[:, labels == family]).argmax(axis=1)]
        for family in sums
    }
    moved = sums.to_numpy()
    ranked = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, : len(REASONS)]
    every = np.arange(len(features))[:, None]
    feature = np.column_stack(list(strongest.values()))[every, ranked]
    value = np.round(features.to_numpy()[every, feature].astype("float64"), 1)
    families, said = list(sums), [explain.texts.get(name, name) for name in names]
    table = np.full((len(features), len(REASONS)), "", dtype=object)
    parts = (moved[every, ranked], ranked, feature, value)
    for row, told in enumerate(zip(*(part.tolist() for part in parts), strict=True)):
        for place, (move, family, number, seen) in enumerate(zip(*told, strict=True)):
            if abs(move) < _LEAST:
                break
            moves = f"{move:+.1f}" if abs(move) >= _SMALL else f"{move:+.2f}"
            table[row, place] = f"{moves} {families[family]}: {said[number]} {_shown(seen)}"
    return pd.DataFrame(table, index=features.index, columns=list(REASONS), dtype="str")


def _shown(value: float) -> str:
    return "not known" if np.isnan(value) else f"{value:g}"
