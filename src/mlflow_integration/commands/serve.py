"""Serve the store of this project to this machine only, with one worker and without a job runner."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import note, reported
from mlflow_integration.commands.options import HELP, Uri, new_app

app = new_app(__doc__)


@app.command(context_settings=HELP)
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    artifacts: Annotated[
        Path | None, typer.Option(help="Folder the server keeps artifacts in. Default: mlflow_artifacts beside it.")
    ] = None,
    tracking_uri: Uri = None,
) -> None:
    """Run an MLflow server on 127.0.0.1 until Ctrl-C; clients set MLFLOW_TRACKING_URI=http://127.0.0.1:PORT.

    Example: uv run scripts/mlflow/serve.py --port 5001
    """
    from mlflow_integration.store.serving import check_free, served_store, server_command

    with reported():
        store = served_store(tracking_uri)
        check_free(port)
        command, environment = server_command(store, port, artifacts)
    note(f"Serving {store.label} at http://127.0.0.1:{port}; Ctrl-C ends it.")
    sys.stderr.flush()
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter, fixed arguments


def main() -> None:
    """Run the command."""
    app()
