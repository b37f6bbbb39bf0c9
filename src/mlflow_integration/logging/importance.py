"""How important each feature of a fitted model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_integration.values.arguments import require_fitted
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_integration.values.types import AnyModel


def importance_of(model: AnyModel, feature_names: Sequence[str] | None = None) -> dict[str, float]:
    """Return the importance of each feature of a fitted model or pipeline, as shares that sum to 1.

    Gain for boosters, impurity decrease for forests, absolute coefficients (not scaled) for linear models. The names
    are the model's own where it knows them, else `feature_names`, in column order.

    Raises:
        TrackingError: The model has not been fitted, tells no importance, or names and importances differ in number.
    """
    require_fitted(model)
    final = model.steps[-1][1] if hasattr(model, "steps") else model
    booster = final.get_booster() if hasattr(final, "get_booster") else getattr(final, "booster_", final)
    if hasattr(booster, "get_score"):  # XGBoost: features never used are left out of the scores
        names = list(booster.feature_names or feature_names or [])
        scores = booster.get_score(importance_type="total_gain")
        values = (
            np.array([float(scores.get(name, 0.0)) for name in names]) if names else np.array(list(scores.values()))
        )
        names = names or list(scores)
    elif hasattr(booster, "feature_importance"):  # LightGBM
        values, names = np.asarray(booster.feature_importance(importance_type="gain"), float), booster.feature_name()
    elif hasattr(final, "feature_importances_"):
        values, names = np.asarray(final.feature_importances_, float), list(getattr(final, "feature_names_in_", []))
    elif hasattr(final, "coef_"):
        values = np.abs(np.atleast_2d(np.asarray(final.coef_, float))).mean(axis=0)
        names = list(getattr(final, "feature_names_in_", []))
    else:
        message = f"A {type(final).__name__} has no feature importances; pass a mapping of name to importance."
        raise TrackingError(message)
    named = list(feature_names) if feature_names is not None else names or [f"feature_{i}" for i in range(values.size)]
    if len(named) != values.size:
        message = f"{len(named)} feature names for {values.size} importances."
        raise TrackingError(message)
    total = float(values.sum())
    return {str(name): float(value / total) if total > 0 else 0.0 for name, value in zip(named, values, strict=True)}
