"""What every forecaster can do, and the one place that builds one by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import pandas as pd

__all__ = ["Estimator", "ModelName", "make_estimator"]

ModelName = Literal["lightgbm", "xgboost"]


class Estimator(Protocol):
    """A forecaster of one box-score total."""

    @property
    def params(self) -> Mapping[str, Any]:
        """Every parameter the fit used, defaults included."""

    @property
    def n_estimators(self) -> int:
        """Trees in the fitted model."""

    @property
    def native(self) -> Any:  # noqa: ANN401 - a LightGBM or XGBoost booster, which share no base
        """The fitted library model, ready to be logged in its native format."""

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n rows, k columns, NaN allowed) and `target` (n, stat units)."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units), exactly those of the native model."""

    def importances(self) -> pd.Series:
        """Share of the total gain per feature name, descending; sums to 1."""


def make_estimator(name: str, params: Mapping[str, Any] | None = None, *, seed: int = 0, threads: int = 1) -> Estimator:
    """Build the forecaster called `name`.

    Args:
        name: "lightgbm" or "xgboost".
        params: Overrides of the defaults, by the library's own parameter names (plus ``n_estimators``).
        seed: Random seed; same data, parameters and seed give bit-identical forecasts.
        threads: Threads for a fit. One by default: folds side by side use the cores better than threads that wait for
            each other, above all on a busy machine.

    Raises:
        ConfigError: Unknown model name.
    """
    from nba_props.estimators._boosting import LightGBMEstimator, XGBoostEstimator  # noqa: PLC0415 - heavy imports

    makers: dict[str, Callable[..., Estimator]] = {"lightgbm": LightGBMEstimator, "xgboost": XGBoostEstimator}
    if name not in makers:
        message = f"Unknown model {name!r}; known models: {', '.join(get_args(ModelName))}."
        raise ConfigError(message)
    return makers[name](dict(params or {}), seed=seed, threads=threads)
