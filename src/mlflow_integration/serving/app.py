"""The applications that ``mlflow server --app-name`` starts: MLflow's own, with all places of artifacts theirs.

MLflow lets a client say where an experiment keeps its artifacts and where a version's model lies. The server would read
and write there with its own rights: a folder of its machine, another bucket. These two refuse such a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlparse

from mlflow_integration.store.location import load_mlflow

if TYPE_CHECKING:
    from mlflow_integration.values.types import AnyValue


APP: Final = "nba-props"
TEAM_APP: Final = "nba-props-team"
_OWN_SOURCES: Final = (
    "",
    "file",
    "mlflow-artifacts",
    "models",
    "runs",
)  # MLflow holds a "file" to the run's own folder


def create_app() -> AnyValue:
    """Return the application for one machine."""
    load_mlflow()
    from mlflow.server import app
    from mlflow.server.fastapi_app import create_fastapi_app

    _guard(app)
    return create_fastapi_app(app)


def create_team_app() -> AnyValue:
    """Return the application for a team: MLflow's basic auth, and behind it the same guard."""
    load_mlflow()
    from mlflow.server import app
    from mlflow.server.auth import create_app as with_authentication

    served = with_authentication(app)
    _guard(app)
    return served


def _guard(app: AnyValue) -> None:
    from flask import request
    from mlflow.exceptions import MlflowException
    from mlflow.protos.model_registry_pb2 import CreateModelVersion
    from mlflow.protos.service_pb2 import CreateExperiment
    from mlflow.server import handlers

    def refuse_places() -> None:
        path = request.path.rstrip("/")
        if path.endswith("/mlflow/experiments/create"):
            place = handlers._get_request_message(CreateExperiment()).artifact_location
            message = place and refused_location(place)
        elif path.endswith("/mlflow/model-versions/create"):
            message = refused_source(handlers._get_request_message(CreateModelVersion()).source)
        else:
            return
        if message:
            raise MlflowException.invalid_parameter_value(message)

    app.before_request(handlers.catch_mlflow_exception(refuse_places))


def refused_location(place: str) -> str:
    """Say why a client's artifact location is not taken.

    >>> refused_location("file:///etc")
    "Artifact location 'file:///etc' refused: this server decides where artifacts go. Leave artifact_location out."
    """
    return f"Artifact location {place!r} refused: this server decides where artifacts go. Leave artifact_location out."


def refused_source(source: str) -> str:
    """Say why the source of a version is not taken; an empty text if it is.

    >>> refused_source("models:/m-1"), refused_source("s3://other/x")
    ('', "Source 's3://other/x' refused: register a model that was logged to this server (models:/, runs:/).")
    """
    if urlparse(source).scheme in _OWN_SOURCES:
        return ""
    return f"Source {source!r} refused: register a model that was logged to this server (models:/, runs:/)."
