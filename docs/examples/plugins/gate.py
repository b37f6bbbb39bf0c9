"""Adds a gate that compares two metrics, which no threshold can: the win rate must beat the break-even rate."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_integration import GATES, Answer, Verdict


def beats_breakeven(metrics: Mapping[str, float]) -> Answer:
    """Pass where the bets won more often than their odds ask for."""
    win_rate, needed = metrics.get("win_rate"), metrics.get("breakeven_rate")
    if win_rate is None or needed is None:
        return Answer(Verdict.FAIL, "there are no bets to judge by")
    if win_rate > needed:
        return Answer(Verdict.PASS, value=win_rate)
    return Answer(Verdict.FAIL, f"won {win_rate:.1%} of the bets, the odds ask for {needed:.1%}", win_rate)


GATES.add("beats_breakeven", beats_breakeven)
