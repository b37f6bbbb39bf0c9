"""A model: scikit-learn's gradient boosting, with the absolute error as its loss."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingRegressor

from nba_props.forecast import add_sklearn_estimator


def boosting():
    """A fresh regressor; seed and threads are set by the project, everything else can be set by a recipe."""
    return HistGradientBoostingRegressor(loss="absolute_error", max_iter=60, max_leaf_nodes=15, learning_rate=0.1)


add_sklearn_estimator("hist_boosting", boosting, "scikit-learn's histogram gradient boosting, L1 objective")
