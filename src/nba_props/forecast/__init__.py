"""Point forecasters behind one small protocol: boosted trees, a linear model, minutes times rate, feature selection."""

from nba_props.forecast.boosting import LightGBMEstimator, XGBoostEstimator
from nba_props.forecast.estimator import Estimator, ModelName, check_params, make_estimator
from nba_props.forecast.feature_selection import SelectedFeaturesEstimator, selection_stability
from nba_props.forecast.linear import LinearEstimator
from nba_props.forecast.two_stage import TwoStageMinutesEstimator, minutes_times_rate

__all__ = [
    "Estimator",
    "LightGBMEstimator",
    "LinearEstimator",
    "ModelName",
    "SelectedFeaturesEstimator",
    "TwoStageMinutesEstimator",
    "XGBoostEstimator",
    "check_params",
    "make_estimator",
    "minutes_times_rate",
    "selection_stability",
]
