"""Conversion between American and decimal prices; impossible prices are refused, never repaired."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nba_props.arrays import Floats
from nba_props.errors import DataError

_SHOWN = 5


def american_to_decimal(price: ArrayLike, *, source: str = "prices") -> Floats:
    """Decimal odds (stake included) of American prices: ``1 + a/100`` above 0, ``1 + 100/|a|`` below.

    >>> american_to_decimal([150, -110]).round(3).tolist()
    [2.5, 1.909]

    Args:
        price: American prices, any shape; NaN (a side that is not offered) stays NaN.
        source: Name of the table or file, for the error.

    Returns:
        float64 of the same shape, all > 1.

    Raises:
        DataError: A price lies strictly between -100 and +100, or is infinite: no bookmaker can offer it.
    """
    american = np.asarray(price, dtype="float64")
    magnitude = np.abs(american)
    _refuse(american, (magnitude < 100) | np.isinf(american), source, "American price inside (-100, 100) or infinite")
    # +100 and -100 are the same bet; errstate: the branch not taken may divide by the NaN of a missing side.
    return np.where(american > 0, 1.0 + american / 100.0, 1.0 + 100.0 / magnitude)


def american_to_probability(price: ArrayLike, *, source: str = "prices") -> Floats:
    """Implied probability of American prices, margin included: 1 / decimal odds. NaN stays NaN.

    >>> american_to_probability([150, -110]).round(4).tolist()
    [0.4, 0.5238]

    Raises:
        DataError: As `american_to_decimal`.
    """
    return 1.0 / american_to_decimal(price, source=source)


def decimal_to_american(odds: ArrayLike) -> Floats:
    """American price of decimal odds: ``100(o - 1)`` from 2.0 up, ``-100/(o - 1)`` below. Not rounded; NaN stays NaN.

    >>> decimal_to_american([2.5, 1.5]).tolist()
    [150.0, -200.0]

    Raises:
        DataError: Odds of 1 or less, or infinite.
    """
    decimal = np.asarray(odds, dtype="float64")
    _refuse(decimal, (decimal <= 1) | np.isinf(decimal), "prices", "decimal odds of 1 or less, or infinite")
    net = decimal - 1.0
    return np.where(net >= 1.0, 100.0 * net, -100.0 / net)


def _refuse(values: np.ndarray, bad: np.ndarray, source: str, problem: str) -> None:
    if bad.any():
        shown = np.atleast_1d(values)[np.atleast_1d(bad)][:_SHOWN]
        raise DataError(
            source,
            f"impossible price: {problem}",
            fix="Correct the price, or leave it empty where the side is not offered.",
            count=int(bad.sum()),
            rows=", ".join(str(value) for value in shown),
        )
