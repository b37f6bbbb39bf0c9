"""Any scikit-learn-style regressor as a forecaster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from nba_props.errors import ConfigError, did_you_mean

_SEED: Final = "random_state"
_THREADS: Final = "n_jobs"


class SklearnEstimator:
    """A regressor with ``get_params``, ``set_params``, ``fit`` and ``predict``.

    Args:
        factory: Makes a fresh, unfitted regressor.
        params: Overrides by the names of its ``get_params``.
        seed: Random seed: every ``random_state`` of the regressor and of what it is made of.
        threads: Every ``n_jobs``.

    Raises:
        ConfigError: A parameter is unknown, set elsewhere, or has a value that the regressor cannot use.
    """

    def __init__(self, factory: Callable[[], Any], params: dict[str, Any], *, seed: int = 0, threads: int = 1) -> None:
        self._regressor = factory()
        known = self._regressor.get_params(deep=True)
        for name in params:
            if name.split("__")[-1] in (_SEED, _THREADS):
                message = f"The parameter {name!r} is set by the configuration: seed, and one thread a fit."
                raise ConfigError(message)
            if name not in known:
                message = f"Unknown parameter {name!r}{did_you_mean(name, known)} of {type(self._regressor).__name__}."
                raise ConfigError(message)
        fixed = {name: seed for name in known if name.split("__")[-1] == _SEED}
        fixed |= {name: threads for name in known if name.split("__")[-1] == _THREADS}
        self._regressor.set_params(**params, **fixed)
        self._seed = seed
        self._names: list[str] = []
        if params:
            self._try_out()

    def _try_out(self) -> None:
        """Fit a copy on a few invented rows: the regressor itself reports values that it cannot use."""
        from sklearn.base import clone

        rows = np.random.default_rng(0).normal(size=(60, 2))
        try:
            clone(self._regressor).fit(rows, np.arange(60.0) % 10)
        except (TypeError, ValueError) as error:
            message = f"Parameters that {type(self._regressor).__name__} cannot use: {error}"
            raise ConfigError(message) from error

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the regressor that are plain values, plus ``n_estimators`` and ``seed``."""
        values = self._regressor.get_params(deep=True)
        plain = {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}
        plain = {name: value for name, value in plain.items() if name.split("__")[-1] not in (_SEED, _THREADS)}
        return {**plain, "n_estimators": self.n_estimators, "seed": self._seed}

    @property
    def n_estimators(self) -> int:
        """Members of an ensemble, counted after the fit if the fit decides; 1 where it is not one."""
        fitted = getattr(self._regressor, "n_iter_", None) or getattr(self._regressor, "n_estimators_", None)
        asked = getattr(self._regressor, "n_estimators", None)
        return int(fitted if isinstance(fitted, int | np.integer) else asked or 1)

    @property
    def selected(self) -> tuple[str, ...]:
        """Columns that the model reads: those that had a value in the training rows."""
        return tuple(self._names)

    @property
    def native(self) -> Any:  # noqa: ANN401 - regressors share no base that scikit-learn asks for
        """The fitted regressor, behind an imputer where it needs one."""
        return self._fitted

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n, k) and `target` (n, stat units)."""
        self._names = list(features.columns[features.notna().any()])
        if _takes_missing(self._regressor):
            self._fitted = self._regressor
        else:
            self._fitted = Pipeline([("impute", SimpleImputer(strategy="median")), ("regress", self._regressor)])
        self._fitted.fit(features[self._names], target.to_numpy(dtype="float64"))

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""
        return np.asarray(self._fitted.predict(features[self._names]), dtype="float64").reshape(-1)

    def importances(self) -> pd.Series:
        """Share of the model's own importances or absolute coefficients, descending; empty where it has neither."""
        last = self._regressor[-1] if isinstance(self._regressor, Pipeline) else self._regressor
        weights = getattr(last, "feature_importances_", getattr(last, "coef_", None))
        if weights is None or np.size(weights) != len(self._names):
            return pd.Series(dtype="float64", name="importance")
        sizes = np.abs(np.asarray(weights, dtype="float64")).reshape(-1)
        shares = sizes / sizes.sum() if sizes.sum() > 0 else sizes
        return pd.Series(shares, index=self._names, name="importance").sort_values(ascending=False, kind="stable")


def _takes_missing(regressor: Any) -> bool:  # noqa: ANN401 - regressors share no base that scikit-learn asks for
    """Whether it can be fitted on missing values: by itself, or as a pipeline that begins with an imputer."""
    first = regressor[0] if isinstance(regressor, Pipeline) else regressor
    if first is not regressor:  # a pipeline does not say so itself, and a first step that passes them on does not help
        return type(first).__module__.startswith(SimpleImputer.__module__.rpartition(".")[0])
    return bool(get_tags(regressor).input_tags.allow_nan)
