"""Recorded values beside recomputed ones: how many differ, by how much, and which come first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS: Final = ("game_id", "player_id")
IDENTICAL, TOLERATED, DIFFERS = "identical", "within tolerance", "differs"
_FIRST: Final = 5
_SAME_KEY: Final = "number among equals"


@dataclass(frozen=True)
class Check:
    """One thing that was compared.

    Attributes:
        largest: Largest absolute difference, in the values' own unit; infinite where one of the two is missing.
        tolerance: Up to here two values count as the same.
        first: The first values that differ: where, ``recorded`` and ``now``.
        reason: Why nothing could be compared; empty where something was.
    """

    name: str
    compared: int
    differing: int = 0
    largest: float = 0.0
    tolerance: float = 0.0
    first: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""

    @property
    def verdict(self) -> str:
        """``identical``, ``within tolerance`` or ``differs``."""
        if self.reason or self.largest > self.tolerance:
            return DIFFERS
        return TOLERATED if self.differing else IDENTICAL

    def row(self) -> dict[str, Any]:
        """One row of a table."""
        return {
            "compared": self.name,
            "values": self.compared,
            "differ": self.differing,
            "largest difference": self.largest,
            "tolerance": self.tolerance,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class IntegrityReport:
    """What became of a run that was verified or reproduced.

    `changes` lists what is not as it was when the run was made (code, data, packages): ``what``, ``recorded``, ``now``.
    """

    run_id: str
    checks: tuple[Check, ...]
    changes: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["what", "recorded", "now"]))

    @property
    def holds(self) -> bool:
        """Whether nothing differs by more than its tolerance."""
        return all(check.verdict != DIFFERS for check in self.checks)

    @property
    def identical(self) -> bool:
        """Whether every value is the same to the last bit."""
        return all(check.verdict == IDENTICAL for check in self.checks)

    def frame(self) -> pd.DataFrame:
        """One row per check, as `Check.row` gives it."""
        return pd.DataFrame([check.row() for check in self.checks])

    def document(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "run_id": self.run_id,
            "holds": self.holds,
            "identical": self.identical,
            "checks": [
                {**check.row(), "reason": check.reason, "first": check.first.to_dict("records")}
                for check in self.checks
            ],
            "changes": self.changes.to_dict("records"),
        }


def compare_numbers(
    name: str, recorded: Mapping[str, float], now: Mapping[str, float], tolerance: float = 0.0
) -> Check:
    """Compare named numbers; a name that one of the two lacks counts as a difference.

    Absolute differences up to `tolerance` are let pass.

    >>> check = compare_numbers("metrics", {"val_mae": 4.5, "roi": 0.1}, {"val_mae": 4.5, "roi": 0.25})
    >>> check.verdict, check.differing, check.largest, check.first["metric"].tolist()
    ('differs', 1, 0.15, ['roi'])
    """
    names = sorted({*recorded, *now})
    tables = [
        pd.DataFrame({"metric": names, "value": [float(each.get(key, np.nan)) for key in names]})
        for each in (recorded, now)
    ]
    return compare_tables(name, tables[0], tables[1], ("metric",), tolerance=tolerance)


def compare_tables(
    name: str, recorded: pd.DataFrame, now: pd.DataFrame, keys: Sequence[str] = KEYS, *, tolerance: float = 0.0
) -> Check:
    """Compare two tables row by row, matched by the columns `keys`.

    Every column that is not a key is compared; a row or a column that one of the two lacks counts as a difference. Two
    missing values are equal, and so are numbers up to `tolerance` apart. Rows with equal keys are matched in their
    order.
    """
    names = list(dict.fromkeys([*recorded, *now]))
    values = [column for column in names if column not in keys]
    both = [_indexed(table.reindex(columns=names), keys) for table in (recorded, now)]
    index = both[0].index.union(both[1].index, sort=False)
    one, two = (table.reindex(index) for table in both)
    distances = {column: _distance(one[column], two[column]) for column in values}
    found = np.column_stack([distances[column] for column in values])
    lone = ~(index.isin(both[0].index) & index.isin(both[1].index))
    found[lone] = np.inf
    places = np.argwhere(found > 0)[:_FIRST]
    first = [
        {
            **dict(zip(keys, index[row] if isinstance(index[row], tuple) else (index[row],), strict=False)),
            "column": values[column],
            "recorded": one[values[column]].iloc[row],
            "now": two[values[column]].iloc[row],
        }
        for row, column in places
    ]
    return Check(
        name=name,
        compared=int(found.size),
        differing=int((found > 0).sum()),
        largest=float(found.max(initial=0.0)),
        tolerance=tolerance,
        first=pd.DataFrame(first),
    )


def _indexed(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    named = table.assign(**{_SAME_KEY: table.groupby(list(keys), dropna=False).cumcount()})
    return named.set_index([*keys, _SAME_KEY])


def _distance(one: pd.Series, two: pd.Series) -> np.ndarray:
    """Absolute difference (n) of two columns; 0 where both are missing, infinite where only one is, or texts differ."""
    if _numeric(one) or _numeric(two):
        first, second = (pd.to_numeric(each, errors="coerce").to_numpy("float64") for each in (one, two))
        equal = (first == second) | (np.isnan(first) & np.isnan(second))
        with np.errstate(invalid="ignore"):
            apart = np.abs(first - second)
        return np.where(equal, 0.0, np.where(np.isnan(apart), np.inf, apart))
    equal = (one.astype("str") == two.astype("str")).to_numpy() | (one.isna() & two.isna()).to_numpy()
    return np.where(equal, 0.0, np.inf)


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and len(column.dropna()))
