"""What every forecaster can do, and the registry that builds one by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from nba_props.errors import ConfigError
from nba_props.plugins import Registry

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


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
        """Share of the total gain (linear: of the absolute coefficients) per feature name, descending; sums to 1.

        Empty where the model has no notion of it.
        """


@dataclass(frozen=True)
class EstimatorKind:
    """A kind of forecaster that recipes can name.

    Attributes:
        description: One line for the docs.
        make: Called with the overrides of its parameters, and ``seed`` and ``threads`` by name; with ``minutes`` too
            where they are needed. It refuses parameters that it would not use as they were meant.
        flavour: How MLflow logs it: "native" (the library model in its own format) or "pyfunc".
        needs_minutes: Whether a fit needs the minutes played in its training rows.
    """

    description: str
    make: Callable[..., Estimator]
    flavour: Literal["native", "pyfunc"] = "native"
    needs_minutes: bool = False


ENSEMBLE: Final = "ensemble"
"""Name of the model that combines several."""

ESTIMATORS: Final[Registry[EstimatorKind]] = Registry("model")
"""The forecasters by name; `add_sklearn_estimator` adds a scikit-learn regressor."""


def split_member(member: str) -> tuple[str, int]:
    """The model of an ensemble's member, and the number of its seed.

    >>> split_member("lightgbm"), split_member("lightgbm:2")
    (('lightgbm', 0), ('lightgbm', 2))

    Raises:
        ConfigError: What follows the colon is no whole number of at least 1.
    """
    model, colon, number = member.partition(":")
    if colon and not (number.isdecimal() and int(number) > 0):
        message = f"{member!r} is not a member: the same model with another seed is {model}:1, {model}:2, ..."
        raise ConfigError(message)
    return model, int(number or 0)


def model_names() -> list[str]:
    """Return the names that a model can have in a recipe or on the command line.

    >>> model_names()[-1]
    'ensemble'
    """
    return [*ESTIMATORS, ENSEMBLE]


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
        name: One of `ESTIMATORS`.
        params: Overrides of the defaults, by the library's own parameter names (plus ``n_estimators``).
        seed: Random seed; same data, parameters and seed give bit-identical forecasts.
        threads: Threads for a fit. One by default: folds side by side use the cores better than threads that wait for
            each other, above all on a busy machine.
        minutes: Minutes played, by the index of the training features, for the models that need them and no other.

    Raises:
        ConfigError: Unknown model name; minutes missing, or given to a model that does not take them.
    """
    kind = ESTIMATORS[name]
    if (minutes is not None) != kind.needs_minutes:
        takers = ", ".join(repr(name) for name, kind in ESTIMATORS.items() if kind.needs_minutes)
        message = f"The minutes played in the training rows belong to the model {takers}, and to no other."
        raise ConfigError(message)
    more = {} if minutes is None else {"minutes": minutes}
    return kind.make(dict(params or {}), seed=seed, threads=threads, **more)


def check_params(name: str, params: Mapping[str, Any]) -> None:
    """Refuse parameters that the model would not use as they were meant.

    Raises:
        ConfigError: The model is unknown; a parameter is unknown, set elsewhere, or has a value that cannot be used.
    """
    _unfitted(name, params)


def default_params(name: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Parameters of a model with the values it gives them itself, beside those of `params`.

    >>> default_params("linear")["epochs"]
    10
    >>> default_params("lightgbm")["max_depth"], default_params("lightgbm", {"num_leaves": 63})["max_depth"]
    (4, -1)

    Raises:
        ConfigError: The model is unknown; a parameter cannot be used.
    """
    return {key: value for key, value in _unfitted(name, params or {}).params.items() if key != "seed"}


def _unfitted(name: str, params: Mapping[str, Any]) -> Estimator:
    if not ESTIMATORS[name].needs_minutes:
        return make_estimator(name, params)
    import pandas as pd

    return make_estimator(name, params, minutes=pd.Series(dtype="float64"))


def add_sklearn_estimator(name: str, factory: Callable[[], Any], description: str) -> None:
    """Register a scikit-learn-style regressor as a model that recipes can name.

    Its parameters are those of ``get_params``; unknown ones are refused before anything is fitted. It is logged as
    skops. A regressor that cannot handle missing values gets the column medians in their place.

    Args:
        name: Name of the model.
        factory: Makes a fresh, unfitted regressor: a class, or a function without arguments.
        description: One line for the docs.

    Raises:
        ConfigError: There is a model of this name already.
    """
    ESTIMATORS.add(name, EstimatorKind(description, partial(_sklearn, factory)))


def _sklearn(factory: Callable[[], Any], params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.sklearn_regressor import SklearnEstimator

    return SklearnEstimator(factory, params, seed=seed, threads=threads)


def _lightgbm(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.boosting import LightGBMEstimator

    return LightGBMEstimator(params, seed=seed, threads=threads)


def _xgboost(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.boosting import XGBoostEstimator

    return XGBoostEstimator(params, seed=seed, threads=threads)


def _linear(params: dict[str, Any], *, seed: int, threads: int) -> Estimator:
    from nba_props.forecast.linear import LinearEstimator

    return LinearEstimator(params, seed=seed, threads=threads)


def _neural_net() -> Any:  # noqa: ANN401 - scikit-learn has no types
    from nba_props.forecast.neural_net import neural_net

    return neural_net()


def _two_stage(params: dict[str, Any], *, seed: int, threads: int, minutes: pd.Series) -> Estimator:
    from nba_props.forecast.two_stage import TwoStageMinutesEstimator

    return TwoStageMinutesEstimator(params, minutes=minutes, seed=seed, threads=threads)


for _name, _kind in {
    "lightgbm": EstimatorKind("LightGBM trees, squared errors of the square root, moved to the median", _lightgbm),
    "xgboost": EstimatorKind("XGBoost trees, L1 objective", _xgboost),
    "linear": EstimatorKind("least absolute deviations on standardised features", _linear),
    "two_stage": EstimatorKind(
        "minutes, then production a minute: two LightGBM models multiplied", _two_stage, "pyfunc", needs_minutes=True
    ),
    "mlp": EstimatorKind(
        "the mean of four small neural nets, squared errors of the square root",
        partial(_sklearn, _neural_net),
        "pyfunc",
    ),
}.items():
    ESTIMATORS.add(_name, _kind)
