"""Two gates that are functions: whether a model adds to the market, and whether its numbers can be true at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from mlflow_integration.gates.gate import GATES, Answer, Verdict

_GAIN: Final = "brier_gain_vs_market"
BOUNDS: Final = {"mae_skill": 0.20, "mae_skill_vs_market": 0.10, "brier_skill_vs_market_ci_low": 0.05}
"""Metric -> the most that is believed. Honest models of real games gain 2 to 7 % on the best naive forecaster, the true
minutes of the game, leaked in, 29 %; on the line and its prices nobody gains more than a few tenths of a percent."""

ORACLE_BOUND: Final = 0.98
"""The least `mae_over_oracle` that is believed: below 1 by no more than the noise of a season."""


def adds_to_market(metrics: Mapping[str, float]) -> Answer:
    """Whether the probabilities beat the market's beyond chance: the lower bound of `brier_gain_vs_market` is above 0.

    >>> adds_to_market({"brier_gain_vs_market_ci_low": -0.0001}).verdict.value
    'insufficient evidence'
    """
    low = metrics.get(f"{_GAIN}_ci_low")
    if low is None or not math.isfinite(low):
        return Answer(Verdict.INSUFFICIENT, f"{_GAIN}_ci_low is missing: too few nights with prices to tell", low)
    if low > 0:
        return Answer(Verdict.PASS, value=low)
    return Answer(Verdict.INSUFFICIENT, f"{_GAIN}_ci_low = {low:.3g}: nothing shows that it adds to the market", low)


def plausible(metrics: Mapping[str, float]) -> Answer:
    """Whether the skill is one that a model without a leak can have; on simulated data the oracle is the bound.

    What was not recorded is not suspected: other gates ask for it.

    >>> plausible({"mae_skill": 0.9}).verdict.value, plausible({"mae_skill": 0.04}).verdict.value
    ('suspicious', 'pass')
    """
    over_oracle = metrics.get("mae_over_oracle")
    if over_oracle is not None:
        if over_oracle >= ORACLE_BOUND:
            return Answer(Verdict.PASS, value=over_oracle)
        reason = f"mae_over_oracle = {over_oracle:.4g}: no forecast of these results is better than the oracle"
        return Answer(Verdict.SUSPICIOUS, f"{reason}; look for a leak", over_oracle)
    for name, most in BOUNDS.items():
        value = metrics.get(name)
        if value is not None and value > most:
            reason = f"{name} = {value:.4g}, more than {most:g} is not plausible; look for a leak"
            return Answer(Verdict.SUSPICIOUS, reason, value)
    return Answer(Verdict.PASS, value=metrics.get("mae_skill"))


GATES.add("adds_to_market", adds_to_market)
GATES.add("plausible", plausible)
