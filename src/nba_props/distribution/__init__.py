"""Predictive distributions of a player's stat: P(over), P(push), P(under) from a forecast and its past errors."""

from nba_props.distribution.base import CountDistribution, PredictiveDistribution, minutes_tier
from nba_props.distribution.conformal import ConformalDistribution
from nba_props.distribution.normal import NormalDistribution

__all__ = [
    "ConformalDistribution",
    "CountDistribution",
    "NormalDistribution",
    "PredictiveDistribution",
    "minutes_tier",
]
