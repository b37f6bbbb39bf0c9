"""Models written in a format that is fast, safe and loadable anywhere.

XGBoost and LightGBM regressors are written in their native format, scikit-learn models as skops (pickle runs code when
it is loaded) with every trusted type named. Requirements are always given: MLflow's own inference of them starts a
Python process for every model.
"""

from __future__ import annotations

import difflib
import importlib
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.logging.environment import requirements
from mlflow_integration.logging.operations import MODEL_KEY, Operation
from mlflow_integration.logging.signals import held_signals
from mlflow_integration.logging.skops import save_skops
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.model_files import check_code
from mlflow_integration.store.processes import PROCESS_TAG, process_mark
from nba_props.errors import ModelFilesError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from mlflow_integration.logging.sink import Sink
    from mlflow_integration.values.types import AnyModel, AnyValue


MODEL_TYPES: Final = ("xgboost", "lightgbm", "sklearn", "pyfunc")
_OTHER_LIBRARIES: Final = (
    "catboost",
    "keras",
    "prophet",
    "pytorch",
    "spacy",
    "spark",
    "statsmodels",
    "tensorflow",
    "torch",
)
EXAMPLE_ROWS: Final = 3
_REQUIREMENTS: Final = {
    "xgboost": ("xgboost", "scikit-learn", "numpy", "pandas"),
    "lightgbm": ("lightgbm", "scikit-learn", "numpy", "pandas"),
    "sklearn": ("scikit-learn", "skops", "numpy", "pandas"),
    "pyfunc": ("cloudpickle", "numpy", "pandas"),
}


@dataclass
class LoggedModel:
    """A model as it was logged.

    Attributes:
        model_id: Id of the logged model; empty while it waits in a spool.
        model_type: One of `MODEL_TYPES`.
        version: Version in the registry, where it was registered.
        registered_model_name: Name in the registry, where it was registered.
    """

    model_id: str
    run_id: str
    model_type: str
    version: int | None = None
    registered_model_name: str | None = None

    @property
    def model_uri(self) -> str:
        """``models:/<id>``, for ``mlflow.pyfunc.load_model``."""
        return f"models:/{self.model_id}"


def is_model_name(text: object) -> bool:
    """Whether a text is the name of a model: neither a kind of model, nor nearly one, nor another library.

    >>> is_model_name("points_model"), is_model_name("sklearn"), is_model_name("sklern"), is_model_name("torch")
    (True, False, False, False)
    """
    if not isinstance(text, str) or text in MODEL_TYPES or text in _OTHER_LIBRARIES:
        return False
    return not difflib.get_close_matches(text, MODEL_TYPES, n=1, cutoff=0.8)


def model_type_of(model: AnyModel, model_type: str | None = None) -> str:
    """Return the kind of a model, from its class, or check the kind that was named.

    Raises:
        TrackingError: The kind is unknown, or does not match the model.
    """
    packages = [base.__module__.split(".", 1)[0] for base in type(model).__mro__]
    if model_type is not None:
        if model_type not in MODEL_TYPES:
            message = f"model_type must be one of {', '.join(MODEL_TYPES)}, not {model_type!r}."
            raise TrackingError(message)
        if model_type not in {*packages, "pyfunc"}:
            message = f"A {type(model).__name__} of {packages[0]} is not a {model_type} model."
            raise TrackingError(message)
        return model_type
    for package in packages:
        if package in {"xgboost", "lightgbm", "sklearn"}:
            return package
    if "mlflow" in packages or (callable(model) and not isinstance(model, type)):
        return "pyfunc"
    message = (
        f"A {type(model).__module__}.{type(model).__name__} cannot be logged as it is: log an XGBoost, LightGBM or "
        "scikit-learn model, or wrap it in an mlflow.pyfunc.PythonModel."
    )
    raise TrackingError(message)


def frame_signature(frame: pd.DataFrame, predictions: AnyValue = None) -> AnyValue:
    """Return a signature that raw feature frames satisfy, with or without missing values; a few rows of one suffice.

    Every column is optional. A column of whole numbers takes any number: MLflow would refuse NaN in an integer column,
    and integers in one of doubles. Without `predictions` the outputs stay open.
    """
    load_mlflow()
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    kinds = {"b": "boolean", "M": "datetime", "f": "double"}
    columns = []
    for name, dtype in frame.dtypes.items():
        kind = getattr(dtype, "kind", "O")
        column = AnyType() if kind in "iu" else kinds.get(kind, "string")
        columns.append(ColSpec(column, str(name), required=False))
    outputs = None if predictions is None else infer_signature(None, predictions).outputs
    return ModelSignature(inputs=Schema(columns), outputs=outputs)


def _example(frame: AnyValue) -> AnyValue:
    """First rows of a frame or array; anything else as it is.

    Raises:
        TrackingError: There is no row, or a column's name occurs twice: MLflow would drop one of the two.
    """
    if not hasattr(frame, "select_dtypes"):
        return frame[:EXAMPLE_ROWS] if hasattr(frame, "ndim") else frame
    if frame.empty or frame.columns.has_duplicates:
        message = "input_example needs at least one row and one column, and every column a name of its own."
        raise TrackingError(message)
    head = frame.head(EXAMPLE_ROWS)
    # MLflow compares column names with a range, which pandas 3.1 announces to stop for its own text type.
    return head.set_axis(head.columns.astype(object), axis=1)


def _predictions(model: AnyModel, model_type: str, example: AnyValue) -> AnyValue:
    """What the model predicts: numbers for regressors and native boosters, classes for classifiers."""
    import numpy as np
    from sklearn.base import is_regressor

    if model_type == "pyfunc" or not hasattr(model, "predict"):
        return None
    known = getattr(model, "feature_names_in_", None) if model_type == "sklearn" else None
    if known is not None and hasattr(example, "columns") and list(example.columns) != list(known):
        message = f"input_example has other columns than the model was fitted on: {', '.join(map(str, known))}."
        raise TrackingError(message)
    if type(model).__name__ == "Booster" or is_regressor(model):
        return np.zeros(1)
    try:
        return model.predict(example)
    except (TypeError, ValueError) as error:
        message = f"The model cannot predict its input_example: {error}"
        raise TrackingError(message) from error


@dataclass(frozen=True)
class ModelToLog:
    """A fitted model and how to log it.

    Attributes:
        model_type: One of `MODEL_TYPES`.
        name: Name of the model within the run.
        signature: MLflow signature; made from `input_example` where not given.
        input_example: A feature frame; its first rows are kept with the model.
        options: ``tags`` and ``params`` of the logged model, ``pip_requirements``, ``trusted_types`` (scikit-learn),
            ``allow_code``, ``finish`` (called with the model's folder once it is written, before it is stored).
    """

    model: AnyModel
    model_type: str
    name: str = "model"
    signature: AnyValue = None
    input_example: AnyValue = None
    options: Mapping[str, AnyValue] = field(default_factory=dict)

    @property
    def allows_code(self) -> bool:
        """Whether the caller vouches for what runs when the model is loaded."""
        return bool(self.options.get("allow_code") or self.options.get("trusted_types"))

    def save_arguments(self) -> dict[str, Any]:
        """Arguments that every flavour's ``save_model`` takes."""
        if self.model_type == "pyfunc" and not self.allows_code:
            message = (
                "A pyfunc model runs code when it is loaded (it is unpickled). If that is intended, call "
                "log_model(..., allow_code=True); it is recorded with the model."
            )
            raise ModelFilesError(message)
        example = _example(self.input_example)
        if self.model_type != "pyfunc" and not (example is None or hasattr(example, "shape")):
            message = f"input_example must be a DataFrame or an array of features, not a {type(example).__name__}."
            raise TrackingError(message)
        signature = self.signature
        if signature is None and hasattr(example, "dtypes"):
            signature = frame_signature(example, _predictions(self.model, self.model_type, example))
        elif signature is None and hasattr(example, "ndim") and self.model_type != "pyfunc":
            from mlflow.models import infer_signature

            signature = infer_signature(example, _predictions(self.model, self.model_type, example))
        given = self.options.get("pip_requirements")
        if isinstance(given, str) and not Path(given).is_file():
            message = f"pip_requirements: there is no file {given!r}; a list of requirements is one: [{given!r}]."
            raise TrackingError(message)
        return {
            "signature": signature,
            "input_example": example,
            "pip_requirements": given or requirements(*_REQUIREMENTS[self.model_type]),
        }


def save_and_log(sink: Sink, uri: str, run_id: str, spec: ModelToLog) -> LoggedModel:
    """Write a model and attach it to a run as a logged model.

    Only the client's methods are used, so that MLflow's global store plays no part; and MLflow's own ``log_model``
    would load the model again and predict with it, to see whether the input example can be served.

    Raises:
        TrackingError: The model cannot be written in that format.
        ModelFilesError: It runs code when it is loaded, and nobody has allowed that.
    """
    load_mlflow()
    from mlflow.models import Model

    arguments = spec.save_arguments()
    tags = {**(spec.options.get("tags") or {}), PROCESS_TAG: process_mark(), MODEL_KEY: uuid.uuid4().hex}
    about = {"name": spec.name, "model_type": spec.model_type, "params": spec.options.get("params"), "tags": tags}
    doing = store_errors(f"Logging the {spec.model_type} model to run {run_id}", uri)
    with doing, held_signals(), _folder() as folder:  # a model that was created is finalized, whatever comes
        _save(spec, {**arguments, "path": str(folder), "mlflow_model": Model()})
        if finish := spec.options.get("finish"):
            finish(folder)
        code = check_code(folder, {}, "The model", allow_code=spec.allows_code)
        model_id = sink.send(run_id, Operation("model", {**about, "code": list(code)}, folder))
    return LoggedModel(model_id or "", run_id, spec.model_type)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
        yield Path(folder) / "model"


def _save(spec: ModelToLog, arguments: dict[str, Any]) -> None:
    flavor = importlib.import_module(f"mlflow.{spec.model_type}")
    model = spec.model
    if spec.model_type == "pyfunc":
        flavor.save_model(python_model=model, **arguments)
    elif spec.model_type == "xgboost":
        flavor.save_model(model, **arguments)
    elif spec.model_type == "lightgbm" and type(model).__name__ in {"Booster", "LGBMRegressor"}:
        # The regressor predicts exactly what its booster does, and the native format survives changes of the library.
        flavor.save_model(getattr(model, "booster_", model), **arguments)
    else:
        save_skops(model, arguments, tuple(spec.options.get("trusted_types") or ()))
