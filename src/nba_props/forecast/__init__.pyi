from .boosting import LightGBMEstimator, XGBoostEstimator
from .estimator import (
    ENSEMBLE,
    ESTIMATORS,
    Estimator,
    EstimatorKind,
    add_sklearn_estimator,
    check_params,
    default_params,
    make_estimator,
    model_names,
)
from .feature_selection import SelectedFeaturesEstimator, selection_stability
from .linear import LinearEstimator
from .sklearn_regressor import SklearnEstimator
from .two_stage import TwoStageMinutesEstimator, minutes_times_rate

__all__ = [
    "ENSEMBLE",
    "ESTIMATORS",
    "Estimator",
    "EstimatorKind",
    "LightGBMEstimator",
    "LinearEstimator",
    "SelectedFeaturesEstimator",
    "SklearnEstimator",
    "TwoStageMinutesEstimator",
    "XGBoostEstimator",
    "add_sklearn_estimator",
    "check_params",
    "default_params",
    "make_estimator",
    "minutes_times_rate",
    "model_names",
    "selection_stability",
]
