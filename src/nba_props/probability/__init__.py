"""Predictive distributions of a player's stat: P(over), P(push), P(under) from a forecast and its past errors."""

from nba_props.probability.calibrators import (
    CALIBRATORS,
    BetaCalibrator,
    Calibrator,
    IsotonicCalibrator,
    PlattCalibrator,
    walk_forward_calibration,
)
from nba_props.probability.distribution_scores import crps, log_score, pit_bounds, pit_histogram
from nba_props.probability.distributions.base import PredictiveDistribution, minutes_tier
from nba_props.probability.distributions.conformal import ConformalDistribution
from nba_props.probability.distributions.negative_binomial import NegativeBinomialDistribution
from nba_props.probability.distributions.normal import NormalDistribution
from nba_props.probability.distributions.quantile import QuantileDistribution
from nba_props.probability.selection import DISTRIBUTIONS, compare_distributions

__all__ = [
    "CALIBRATORS",
    "DISTRIBUTIONS",
    "BetaCalibrator",
    "Calibrator",
    "ConformalDistribution",
    "IsotonicCalibrator",
    "NegativeBinomialDistribution",
    "NormalDistribution",
    "PlattCalibrator",
    "PredictiveDistribution",
    "QuantileDistribution",
    "compare_distributions",
    "crps",
    "log_score",
    "minutes_tier",
    "pit_bounds",
    "pit_histogram",
    "walk_forward_calibration",
]
