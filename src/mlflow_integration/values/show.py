"""Values as a table shows them, on a terminal and in a report alike."""

from __future__ import annotations

import math
from typing import SupportsFloat, SupportsIndex


def number(value: object) -> str:
    """Return a value as a table shows it: four significant places, thousands separated, a dash for what is missing."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (SupportsFloat, SupportsIndex)) or isinstance(value, str):
        return str(value)
    real = float(value)
    if not math.isfinite(real):
        return "–" if math.isnan(real) else str(real)
    if real.is_integer():
        return f"{int(real):,}"
    return f"{real:.4g}" if abs(real) < 1000 else f"{real:,.1f}"
