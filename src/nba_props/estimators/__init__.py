"""Point forecasters behind one small protocol: boosted trees, a linear model, minutes times rate, feature selection."""

from nba_props.estimators._boosting import LightGBMEstimator, XGBoostEstimator
from nba_props.estimators._linear import LinearEstimator
from nba_props.estimators._protocol import Estimator, ModelName, check_params, make_estimator
from nba_props.estimators._selection import SelectedFeaturesEstimator, selection_stability
from nba_props.estimators._two_stage import TwoStageMinutesEstimator, minutes_times_rate

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
