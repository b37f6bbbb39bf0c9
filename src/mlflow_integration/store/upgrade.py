"""Upgrading a store that an older MLflow made: after a backup, and never half."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlflow_integration.store.location import load_mlflow, resolve_store, sqlite_uri
from mlflow_integration.store.schema import check_schema, known_schemas, newest_schema, schema_of
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did.

    Attributes:
        backup: Copy of it as it was; None where it was up to date.
    """

    database: Path
    backup: Path | None
    before: str
    after: str


def upgrade_store(tracking_uri: str | Path | None = None) -> Upgrade:
    """Bring a SQLite store to the schema of the installed MLflow; a backup is made beside it first.

    A copy is upgraded and put in place when it is whole. Nobody may write to the store meanwhile.

    Raises:
        StoreError: It is not a SQLite file, does not exist, is newer, or cannot be upgraded.
    """
    store = resolve_store(tracking_uri)
    database = store.database
    if database is None:
        message = (
            f"{store.label} is not a SQLite file: make a backup with the tools of its database (pg_dump), and then run "
            "`mlflow db upgrade` with its URI."
        )
        raise StoreError(message)
    load_mlflow()
    before = schema_of(store)
    if before is None:
        message = f"There is no store {database} to upgrade."
        raise StoreError(message)
    if before == newest_schema():
        return Upgrade(database, None, before, before)
    if before and before not in known_schemas():
        check_schema(store)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    backup = database.with_name(f"{database.name}.schema-{before or 'unknown'}-{stamp}.bak")
    with tempfile.TemporaryDirectory(prefix=f".{database.name}-", dir=database.parent) as folder:
        try:
            copied = _copy(database, Path(folder) / "backup.db")
            worked_on = Path(folder) / database.name
            shutil.copy2(copied, worked_on)
            os.link(copied, backup)
            _upgrade(worked_on)
            shutil.copymode(database, worked_on)
            worked_on.replace(database)
        except OSError as error:
            message = f"{database} cannot be upgraded: {error.strerror or error}. It is as it was."
            raise StoreError(message) from error
    return Upgrade(database, backup, before, newest_schema())


def _copy(database: Path, target: Path) -> Path:
    """Copy a database as it is at one moment, check the copy, and force it to the disk."""
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copied:
            source.backup(copied)
            found = copied.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        message = f"{database} cannot be copied: {error}."
        raise StoreError(message) from error
    if found != "ok":
        message = f"{database} is damaged ({found}): it is not upgraded."
        raise StoreError(message)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return target


def _upgrade(database: Path) -> None:
    mlflow = load_mlflow()
    from mlflow.db import upgrade
    from sqlalchemy.exc import SQLAlchemyError

    try:
        upgrade.callback(sqlite_uri(database))
    except (SQLAlchemyError, mlflow.exceptions.MlflowException) as error:
        first = str(error).splitlines()[0]
        message = f"The schema of {database.name} cannot be upgraded: {mask_secrets(first)}. It is as it was."
        raise StoreError(message) from error
