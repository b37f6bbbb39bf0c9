"""How the store of this project is served on this machine."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from mlflow_integration.store.location import ARTIFACT_FOLDER, resolve_store
from mlflow_integration.store.schema import check_schema
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_integration.store.location import Store


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


def check_free(port: int) -> None:
    """Refuse a port that somebody listens on.

    Raises:
        StoreError: It is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            message = f"Port {port} cannot be used ({error.strerror}): choose another one, --port {port + 1}."
            raise StoreError(message) from error


def server_command(store: Store, port: int, artifacts: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves a store, and its environment: one worker, this machine only, no job runner.

    Args:
        store: What is served.
        port: Port to listen on.
        artifacts: Folder of the artifacts; the project's own by default. Clients reach it through the server alone.
    """
    folder = artifacts or store.root / ARTIFACT_FOLDER
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--artifacts-destination", str(folder)]
    own = {
        "MLFLOW_BACKEND_STORE_URI": store.uri,  # not an argument: everybody sees those of a process
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    gone = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_STORE_URI")
    return command, {**{name: value for name, value in os.environ.items() if name not in gone}, **own}
