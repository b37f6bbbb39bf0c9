"""The model of a run in MLflow: the whole forecast in its pyfunc flavour, the estimator in its own format."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import joblib

from mlflow_integration.logging.models import frame_signature
from models.logged.prop_forecast import LINE, MARKET, MINUTES
from nba_props.forecast import ENSEMBLE, ESTIMATORS

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_integration import NBAPropsTracker
    from models.logged.prop_forecast import PropForecast
    from nba_props.config import TrainerConfig
    from nba_props.forecast import Estimator


def used_columns(estimator: Estimator, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a feature table that a fitted estimator reads."""
    return frame[list(getattr(estimator, "selected", frame.columns))]


def log_forecast(
    tracker: NBAPropsTracker,
    estimator: Estimator,
    config: TrainerConfig,
    frame: pd.DataFrame,
    forecast: PropForecast | None,
) -> None:
    """Log a fitted model to the run under way, and its estimator as ``model.joblib``, which no code here loads.

    `frame` is the feature table it was fitted on; without a whole `forecast` the estimator alone is logged.
    """
    from models.logged.pyfunc import ForecastModel, attach

    native = config.model != ENSEMBLE and ESTIMATORS[config.forecaster].flavour == "native"
    with TemporaryDirectory(prefix="nba_props_") as folder:
        path = Path(folder) / "model.joblib"
        joblib.dump(estimator.native if native else estimator, path, compress=3)
        tracker.log_artifacts(path)
    example = frame.tail(5)
    # The whole forecast is loaded by code of this project, which is code like any other: it is allowed by name.
    options: dict[str, Any] = {"allow_code": forecast is not None or not native}
    if forecast is not None:
        # Line, minutes and the market's opinion are not features: a frame may bring them, and has probabilities then.
        options["signature"] = frame_signature(example.assign(**dict.fromkeys((LINE, MINUTES, MARKET), 0.5)))
        options["finish"] = partial(attach, forecast=forecast)
    if native:
        tracker.log_model(estimator.native, input_example=used_columns(estimator, example), **options)
    else:
        tracker.log_model(ForecastModel(estimator), model_type="pyfunc", input_example=example, **options)
