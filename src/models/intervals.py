"""Numbers with their intervals, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def interval_text(metrics: Mapping[str, float], name: str, form: str) -> str:
    """A number with its 95 % interval; without one where there is none.

    >>> interval_text({"roi": 0.021, "roi_ci_low": -0.03, "roi_ci_high": 0.07}, "roi", "+.1%")
    '+2.1% [-3.0%, +7.0%]'
    """
    value = format(metrics[name], form)
    low, high = metrics.get(f"{name}_ci_low"), metrics.get(f"{name}_ci_high")
    return value if low is None or high is None else f"{value} [{low:{form}}, {high:{form}}]"
