"""Forecasters that are no single library model, in a form MLflow can log, load and serve."""

# MLflow looks at the type hints of `predict` when the class is made: they must be there, not text.
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from nba_props.forecast import Estimator


class ForecastModel(PythonModel):  # type: ignore[misc] # mlflow is untyped here
    """A fitted forecaster; loading it needs this project to be installed, and unpickles it.

    Args:
        estimator: The fitted forecaster.
    """

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
    ) -> np.ndarray:
        """Forecasts (n, stat units) of a raw feature frame (n rows, the columns of the fit)."""
        return self.estimator.predict(model_input)
