"""Values as a table shows them, on a terminal and in a report alike."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final, SupportsFloat, SupportsIndex

if TYPE_CHECKING:
    import pandas as pd

_LEAST_IN_FULL: Final = 1e-6
"""Smaller numbers are written with an exponent."""


def number(value: object) -> str:
    """Return a value as a table shows it: four significant places, thousands separated, a dash for what is missing.

    >>> number(0.241), number(-9.447e-05), number(12345.67), number(None)
    ('0.241', '-0.00009447', '12,345.7', '–')
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (SupportsFloat, SupportsIndex)) or isinstance(value, str):
        return str(value)
    real = float(value)
    if not math.isfinite(real):
        return "–" if math.isnan(real) else str(real)
    if real.is_integer():
        return f"{int(real):,}"
    if abs(real) >= 1000:
        return f"{real:,.1f}"
    places = f"{real:.4g}"
    return f"{Decimal(places):f}" if abs(real) >= _LEAST_IN_FULL else places


def html_table(frame: pd.DataFrame) -> str:
    """Return a table for a notebook, its values as in a report."""
    return str(frame.map(number).to_html(index=False, border=0, justify="left"))
