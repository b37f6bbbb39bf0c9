"""What every forecaster can do, and the one place that builds one by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd

from nba_props.errors import ConfigError

ModelName = Literal["lightgbm", "xgboost", "linear", "two_stage"]


class Estimator(Protocol):
    """A forecaster of one box-score total."""

    @property
    def params(self) -> Mapping[str, Any]:
        """Every parameter the fit used, defaults included."""

    @property
    def n_estimators(self) -> int:
        """Trees in the fitted model; 1 where it has none."""

    @property
    def native(self) -> Any:  # noqa: ANN401 - boosters and pipelines share no base
        """The fitted library model, ready to be logged in its native format; a dictionary of them if there are two."""

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n rows, k columns, NaN allowed) and `target` (n, stat units)."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units), exactly those of the native model where that is a single one."""

    def importances(self) -> pd.Series:
        """Share of the total gain (linear: of the absolute coefficients) per feature name, descending; sums to 1."""


def make_estimator(
    name: str,
    params: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    threads: int = 1,
    minutes: pd.Series | None = None,
) -> Estimator:
    """Build the forecaster called `name`.

    Args:
        name: "lightgbm", "xgboost", "linear" or "two_stage".
        params: Overrides of the defaults, by the library's own parameter names (plus ``n_estimators``).
        seed: Random seed; same data, parameters and seed give bit-identical forecasts.
        threads: Threads for a fit. One by default: folds side by side use the cores better than threads that wait for
            each other, above all on a busy machine.
        minutes: "two_stage" only, and needed there: minutes played, by the index of the training features.

    Raises:
        ConfigError: Unknown model name; minutes missing, or given to a model that does not take them.
    """
    if name not in get_args(ModelName):
        message = f"Unknown model {name!r}; known models: {', '.join(get_args(ModelName))}."
        raise ConfigError(message)
    if (minutes is not None) != (name == "two_stage"):
        message = "The model 'two_stage', and no other, takes the minutes played in the training rows."
        raise ConfigError(message)
    makers: dict[str, Callable[..., Estimator]] = {"lightgbm": _lightgbm, "xgboost": _xgboost, "linear": _linear}
    if minutes is not None:
        from nba_props.forecast.two_stage import TwoStageMinutesEstimator

        return TwoStageMinutesEstimator(dict(params or {}), minutes=minutes, seed=seed, threads=threads)
    return makers[name](dict(params or {}), seed=seed, threads=threads)


def check_params(name: ModelName, params: Mapping[str, Any]) -> None:
    """Refuse parameters that the model would not use as they were meant.

    Raises:
        ConfigError: A parameter is unknown, set elsewhere, or has a value that can not be used.
    """
    make_estimator("lightgbm" if name == "two_stage" else name, params)


def _lightgbm(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.boosting import LightGBMEstimator

    return LightGBMEstimator(params, seed=seed, threads=threads)


def _xgboost(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.boosting import XGBoostEstimator

    return XGBoostEstimator(params, seed=seed, threads=threads)


def _linear(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.linear import LinearEstimator

    return LinearEstimator(params, seed=seed, threads=threads)
