"""How the store of this project is served on this machine, and what every server has in common."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from mlflow_integration.serving.app import APP
from mlflow_integration.store.location import ARTIFACT_FOLDER, resolve_store
from mlflow_integration.store.schema import check_schema
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_integration.store.location import Store

_CLIENT_VARIABLES: Final = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_STORE_URI",
    "MLFLOW_DEFAULT_ARTIFACT_ROOT",  # here the server is its own
    "MLFLOW_WORKSPACE",
)


def served_store(tracking_uri: str | Path | None = None) -> Store:
    """Return the store to serve, made where it does not exist yet.

    Raises:
        StoreError: It is a server itself, or was made by another MLflow.
    """
    store = resolve_store(tracking_uri)
    if store.is_http:
        message = f"{store.label} is a server already: unset MLFLOW_TRACKING_URI, or name a database."
        raise StoreError(message)
    store.client()
    check_schema(store)
    return store


def check_free(port: int, host: str = "127.0.0.1") -> None:
    """Refuse a port that somebody listens on (StoreError)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Port {port} cannot be used ({error.strerror}): choose another one, --port {port + 1}."
            raise StoreError(message) from error


def server_command(store: Store, port: int, artifacts: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves a store, and its environment: one worker, this machine only, no job runner.

    Clients reach the folder of the artifacts (the project's own by default) through the server alone.
    """
    folder = artifacts or store.root / ARTIFACT_FOLDER
    command = base_command(APP, "127.0.0.1", port, 1)
    return [*command, "--artifacts-destination", str(folder)], base_environment(store)


def base_command(app: str, host: str, port: int, workers: int) -> list[str]:
    """Return the command of a server, without what it serves."""
    where = ["--host", host, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "mlflow", "server", "--app-name", app, *where]


def base_environment(store: Store) -> dict[str, str]:
    """Return this process's environment with what the server of a store needs."""
    own = {
        "MLFLOW_BACKEND_STORE_URI": store.uri,  # not an argument: everybody sees those of a process
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ENABLE_WORKSPACES": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return {**{name: value for name, value in os.environ.items() if name not in _CLIENT_VARIABLES}, **own}
