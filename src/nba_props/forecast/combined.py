"""Several fitted forecasters as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nba_props.forecast.estimator import Estimator

_INTERCEPT = "intercept"


class WeightedEstimator:
    """Weighted sum of fitted forecasters, plus an intercept.

    Args:
        members: Name to fitted forecaster.
        weights: Name to weight, and ``intercept`` (stat units; 0 where absent), learnt on out-of-sample predictions.
    """

    def __init__(self, members: Mapping[str, Estimator], weights: Mapping[str, float]) -> None:
        self.members = dict(members)
        self.weights = {name: float(weights[name]) for name in members}
        self.intercept = float(weights.get(_INTERCEPT, 0.0))

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the members by name, and their weights."""
        own = {name: dict(member.params) for name, member in self.members.items()}
        return {**own, "weights": {**self.weights, _INTERCEPT: self.intercept}}

    @property
    def n_estimators(self) -> int:
        """Trees of all members together."""
        return sum(member.n_estimators for member in self.members.values())

    @property
    def native(self) -> dict[str, Any]:
        """The members' library models by name."""
        return {name: member.native for name, member in self.members.items()}

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit the members again; the weights stay, they were learnt out of sample."""
        for member in self.members.values():
            member.fit(features, target)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""
        total = np.full(len(features), self.intercept)
        for name, member in self.members.items():
            total += self.weights[name] * member.predict(features)
        return total

    def importances(self) -> pd.Series:
        """Shares per feature of members that have them, averaged by their weights; descending, sums to 1."""
        size = np.abs(list(self.weights.values()))
        shares = size / size.sum() if size.sum() > 0 else np.full(len(size), 1.0 / len(size))
        parts = [share * member.importances() for share, member in zip(shares, self.members.values(), strict=True)]
        total = pd.concat(parts, axis=1).fillna(0.0).sum(axis=1).rename("importance")
        total = total / total.sum() if total.sum() > 0 else total
        return total.sort_values(ascending=False, kind="stable")
