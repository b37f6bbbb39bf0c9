"""Point forecasters: XGBoost and LightGBM behind one small protocol."""

from nba_props.estimators._boosting import LightGBMEstimator, XGBoostEstimator
from nba_props.estimators._protocol import Estimator, ModelName, make_estimator

__all__ = ["Estimator", "LightGBMEstimator", "ModelName", "XGBoostEstimator", "make_estimator"]
