"""How a store in PostgreSQL is served to a team: artifacts through the server, users, passwords, permissions."""

from __future__ import annotations

import configparser
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlparse

from mlflow_integration.serving.app import TEAM_APP
from mlflow_integration.serving.one import base_command, base_environment
from mlflow_integration.values.database_errors import without_sql
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from mlflow_integration.store.location import Store


PERMISSIONS: Final = ("NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE")
CONFIG_FILE: Final = ".mlflow_team.ini"
_REMOTE: Final = ("s3", "gs", "wasbs", "abfss")


@dataclass(frozen=True)
class Team:
    """What the server of a team needs beside its store.

    Attributes:
        artifacts: Where the server keeps artifacts: ``s3://bucket/folder``, or an absolute folder of its machine.
        host: Address to listen on.
        allowed_hosts: Names that clients call the server by, comma-separated; MLflow refuses others.
        permission: What everybody may do with everybody's experiments and models. Who makes one may do all with it.
    """

    artifacts: str
    host: str = "127.0.0.1"
    port: int = 5000
    allowed_hosts: str | None = None
    workers: int = 1
    permission: str = "READ"


def check_team(store: Store, team: Team) -> None:
    """Refuse what a team's server cannot be run with.

    Raises:
        StoreError: Not PostgreSQL, no place for artifacts, an unknown permission.
    """
    if not store.uri.startswith("postgresql"):
        message = f"{store.label}: a team needs PostgreSQL: --tracking-uri postgresql://user@host/database."
        raise StoreError(message)
    remote = urlparse(team.artifacts).scheme in _REMOTE
    if not remote and not Path(team.artifacts).is_absolute():
        message = f"{team.artifacts!r} is not a place for artifacts: give s3://bucket/folder, or an absolute folder."
        raise StoreError(message)
    if team.permission not in PERMISSIONS:
        message = f"{team.permission!r} is not a permission: choose one of {', '.join(PERMISSIONS)}."
        raise StoreError(message)


def team_command(store: Store, team: Team) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves a store to a team, and its environment.

    No password is written to a file or an argument: that of the database is handed over as ``PGPASSWORD``.

    Raises:
        StoreError: See `check_team`.
    """
    check_team(store, team)
    command = base_command(TEAM_APP, team.host, team.port, team.workers)
    command += ["--serve-artifacts", "--artifacts-destination", team.artifacts]
    if team.allowed_hosts:
        command += ["--allowed-hosts", team.allowed_hosts]
    from sqlalchemy.engine import make_url

    url = make_url(store.uri)
    config = store.root / CONFIG_FILE
    _write_config(config, url._replace(password=None).render_as_string(), team.permission)  # `set` ignores a None
    environment = base_environment(store)
    environment["MLFLOW_AUTH_CONFIG_PATH"] = str(config)
    environment.setdefault("MLFLOW_FLASK_SERVER_SECRET_KEY", secrets.token_urlsafe(32))  # of the sign-up form
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    return command, environment


def _write_config(path: Path, database: str, permission: str) -> None:
    config = configparser.ConfigParser(interpolation=None)
    config["mlflow"] = {
        "default_permission": permission,
        "database_uri": database.replace("%", "%%"),
        "admin_username": "admin",
        "auth_cache_ttl_seconds": "60",  # a password is hashed for every request otherwise: 0.1 s each
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


def make_administrator(environment: dict[str, str]) -> None:
    """Make the tables of the users, and the first user, where there are none yet.

    Raises:
        StoreError: ``MLFLOW_AUTH_ADMIN_PASSWORD`` is missing or too short, or the database refuses.
    """
    os.environ.update(environment)  # MLflow reads its settings when the module is imported
    try:
        from mlflow.server.auth import bootstrap_admin_user
    except ImportError as error:
        message = f"A part of the server is not installed ({error}): run `uv sync --extra team`."
        raise StoreError(message) from error
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        bootstrap_admin_user()
    except (MlflowException, SQLAlchemyError) as error:
        message = f"The users cannot be set up: {mask_secrets(without_sql(str(error)))}"
        raise StoreError(message) from error
