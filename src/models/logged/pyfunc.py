"""The whole forecast as an MLflow model: the estimator in its own format, with what turns it into probabilities.

A logged model keeps the flavour of its library (``mlflow.lightgbm.load_model`` gives the booster). Its pyfunc flavour
is read by `_load_pyfunc` of this module: projections of a feature frame, and with a column ``line`` probabilities.
"""

# MLflow reads the type hints of `predict` when the class is made: they must be types, not text.
import importlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from mlflow.models import Model
from mlflow.models.model import MLMODEL_FILE_NAME
from mlflow.pyfunc import FLAVOR_NAME, PythonModel, PythonModelContext

from models.logged.prop_forecast import LINE, BettingRule, Predicts, PropForecast
from nba_props.errors import ModelError
from nba_props.forecast import Estimator
from nba_props.forecast.boosting import lightgbm_contributions

FOLDER: Final = "forecast"
"""Folder of a logged model with what is not the estimator."""

_DOCUMENT: Final = "forecast.json"
_LOADERS: Final = frozenset({"mlflow.lightgbm", "mlflow.xgboost", "mlflow.sklearn", "mlflow.pyfunc.model"})
"""Of the estimators that are logged here: no other module is imported because a document says so."""
_TABLES: Final = ("past", "settled", "probes", "reference", "fitted_rows")


class ForecastModel(PythonModel):  # type: ignore[misc] # mlflow is untyped here
    """A fitted forecaster that is not a single library model; loading it needs this project, and unpickles it."""

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
    ) -> np.ndarray:
        """Forecasts (n, stat units) of a raw feature frame (n rows, the columns of the fit)."""
        return self.estimator.predict(model_input)


class WholeForecast:
    """What ``mlflow.pyfunc.load_model`` wraps."""

    def __init__(self, forecast: PropForecast) -> None:
        self._forecast = forecast

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> np.ndarray | pd.DataFrame:  # noqa: ARG002
        """Projections (n, stat units) of a raw feature frame; with a ``line``, the table of `PropForecast.forecast`."""
        if LINE in model_input:
            return self._forecast.forecast(model_input)
        return self._forecast.project(model_input)

    def get_raw_model(self) -> PropForecast:
        """The forecast itself."""
        return self._forecast


def attach(folder: Path, forecast: PropForecast) -> None:
    """Put the whole forecast into the folder of a model that MLflow has just written, as its pyfunc flavour."""
    model = Model.load(str(folder))
    inner = dict(model.flavors[FLAVOR_NAME])
    target = folder / FOLDER
    target.mkdir()
    about = {**forecast.about(), "estimator": {name: inner.get(name) for name in ("loader_module", "data")}}
    (target / _DOCUMENT).write_text(json.dumps(about, indent=2), encoding="utf-8")
    for name in _TABLES:
        table = getattr(forecast, name)
        if table is not None:
            table.to_parquet(target / f"{name}.parquet", index=False)
    model.flavors[FLAVOR_NAME] = {**{k: v for k, v in inner.items() if k != "data"}, "loader_module": __name__}
    model.save(str(folder / MLMODEL_FILE_NAME))


def load_forecast(folder: Path) -> PropForecast:
    """The forecast of a model's folder, verified: this code makes the same numbers from it.

    Raises:
        ModelError: The folder holds no forecast, or this code makes other numbers.
    """
    document = folder / FOLDER / _DOCUMENT
    if not document.is_file():
        message = f"{folder.name} is a model without a distribution, logged by an older version: train it again."
        raise ModelError(message)
    about = json.loads(document.read_text(encoding="utf-8"))
    tables = {name: _table(folder / FOLDER / f"{name}.parquet") for name in _TABLES}
    forecast = PropForecast(
        market=about["market"],
        estimator=_estimator(folder, about["estimator"]),
        features=tuple(about["features"]),
        distribution=about["distribution"],
        calibrator=about["calibrator"],
        rule=BettingRule(**about["rule"]),
        trained_until=pd.Timestamp(about["trained_until"]),
        data_kind=about["data_kind"],
        code=about["code"],
        availability=about.get("availability", ""),
        **tables,
    )
    forecast.verify()
    return forecast


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> WholeForecast:  # noqa: ARG001 - MLflow's
    return WholeForecast(load_forecast(Path(path)))


def _table(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.is_file() else None


def _estimator(folder: Path, inner: dict[str, str | None]) -> Predicts:
    """The estimator, read by MLflow's own loader of its flavour."""
    loader = str(inner["loader_module"])
    if loader not in _LOADERS:
        message = f"The estimator of {folder.name} is to be loaded by {loader}, which this project never writes."
        raise ModelError(message)
    data = folder / inner["data"] if inner["data"] else folder
    wrapper = importlib.import_module(loader)._load_pyfunc(str(data))
    if hasattr(wrapper, "python_model"):
        estimator: Predicts = wrapper.python_model.estimator
        return estimator
    model = wrapper.get_raw_model()
    return _BOOSTERS.get(type(model).__module__.split(".", 1)[0], _Native)(model)


class _Native:
    """A library model that is given the columns in the order it was fitted on."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - boosters and pipelines share no base
        self.model = model

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units), as the estimator that was fitted gives them."""
        return np.asarray(self.model.predict(features), dtype="float64").reshape(-1)


class _LightGBM(_Native):
    """A booster of LightGBM, which knows what each feature adds to a forecast."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units), as the estimator that was fitted gives them."""
        return np.asarray(self.model.predict(features.to_numpy(), num_threads=1), dtype="float64")

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Part of each feature in each forecast (n, k; stat units)."""
        return lightgbm_contributions(self.model, features.to_numpy())


class _XGBoost(_Native):
    """A booster of XGBoost, which knows it too."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units), as the estimator that was fitted gives them."""
        return self._raw(features, parts=False)

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Part of each feature in each forecast (n, k; stat units)."""
        return self._raw(features, parts=True)[:, :-1]

    def _raw(self, features: pd.DataFrame, *, parts: bool) -> np.ndarray:
        import xgboost

        table = xgboost.DMatrix(features.to_numpy(), feature_names=list(features), nthread=1)
        return np.asarray(self.model.predict(table, pred_contribs=parts), dtype="float64")


_BOOSTERS: Final = {"lightgbm": _LightGBM, "xgboost": _XGBoost}
"""What a booster is read as, by the library it comes from."""
