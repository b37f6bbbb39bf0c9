"""Serve the store of this project: to this machine alone (one worker, no job runner), or to a team."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import note
from mlflow_integration.commands.options import Uri, command, new_app
from mlflow_integration.store.location import resolve_store

app = new_app(__doc__)


@command(app)
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    artifacts: Annotated[
        str | None,
        typer.Option(help="Folder the server keeps artifacts in (mlflow_artifacts beside it); a team's: also s3://..."),
    ] = None,
    tracking_uri: Uri = None,
    team: Annotated[
        bool, typer.Option("--team", help="Serve PostgreSQL to a team: users, passwords, permissions.")
    ] = False,
    permission: Annotated[
        str, typer.Option(help="With --team: everybody's permission on what others made (READ, EDIT, ...).")
    ] = "READ",
    host: Annotated[str, typer.Option(help="With --team: address to listen on.")] = "127.0.0.1",
    allowed_hosts: Annotated[
        str | None, typer.Option(help="With --team: host names that clients use for this server, comma-separated.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="With --team: processes.")] = 1,
) -> None:
    """Run an MLflow server until Ctrl-C; clients set MLFLOW_TRACKING_URI=http://127.0.0.1:PORT.

    Without --team it serves this machine alone. With it, MLFLOW_AUTH_ADMIN_PASSWORD is the first password of the user
    "admin", who makes the others.

    Example: serve.py --port 5001
    """
    from mlflow_integration.serving.one import check_free, served_store, server_command
    from mlflow_integration.serving.team import Team, check_team, make_administrator, team_command

    if not team:
        store = served_store(tracking_uri)
        check_free(port)
        command, environment = server_command(store, port, Path(artifacts) if artifacts else None)
    else:
        wanted = Team(artifacts or "", host, port, allowed_hosts, workers, permission.upper())
        check_team(resolve_store(tracking_uri), wanted)
        store = served_store(tracking_uri)
        check_free(port, host)
        command, environment = team_command(store, wanted)
        make_administrator(environment)
    note(f"Serving {store.label} at http://{host}:{port}; Ctrl-C ends it.")
    sys.stderr.flush()
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter, fixed arguments


def main() -> None:
    """Run the command."""
    app()
