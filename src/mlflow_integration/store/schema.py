"""The schema of a database: one of an older MLflow is refused, and upgraded only when asked, after a backup.

MLflow itself upgrades a database in silence whenever it finds a table missing, also for a command that only reads.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.location import load_mlflow, resolve_store, sqlite_uri
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from mlflow_integration.store.location import Store


UPGRADE_COMMAND: Final = "uv run scripts/mlflow/compare_experiments.py upgrade"


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did.

    Attributes:
        database: The database.
        backup: Copy of it as it was; None where it was up to date.
        before: Its schema until then.
        after: Its schema now.
    """

    database: Path
    backup: Path | None
    before: str
    after: str


@cache
def newest_schema() -> str:
    """Return the revision of the schema that the installed MLflow works with."""
    load_mlflow()
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


@cache
def _known_schemas() -> frozenset[str]:
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    return frozenset(
        script.revision for script in ScriptDirectory.from_config(_get_alembic_config("")).walk_revisions()
    )


def schema_of(store: Store) -> str | None:
    """Return the revision of a database's schema, reading only; None for a server, and where there is no table yet.

    Raises:
        StoreError: It cannot be read, or is no MLflow store.
    """
    if store.is_http:
        return None
    database = store.database
    if database is not None:
        return _sqlite_schema(database) if database.exists() else None
    return _server_schema(store)


def _sqlite_schema(database: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" in tables:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return str(found[0]) if found else ""
    except sqlite3.Error as error:
        message = f"{database} cannot be opened as a SQLite database: {error}."
        raise StoreError(message) from error
    if tables:
        message = f"{database} is a database of something else than MLflow: name another file."
        raise StoreError(message)
    return None


def _server_schema(store: Store) -> str | None:
    load_mlflow()
    import sqlalchemy
    from alembic.runtime.migration import MigrationContext

    engine = sqlalchemy.create_engine(store.uri)
    try:
        with engine.connect() as connection:
            found: str | None = MigrationContext.configure(connection).get_current_revision()
            return found
    except sqlalchemy.exc.SQLAlchemyError as error:
        first = str(error).splitlines()[0]
        message = f"The tracking store {store.label} cannot be opened: {mask_secrets(first)}"
        raise StoreError(message) from error
    finally:
        engine.dispose()


def check_schema(store: Store) -> None:
    """Refuse a database of an older or newer MLflow; nothing is changed.

    Raises:
        StoreError: It is one; names the command that upgrades it.
    """
    found = schema_of(store)
    if found is None or found == newest_schema():
        return
    if found in _known_schemas() or not found:
        option = "" if store.database is None else f" --tracking-uri {store.uri}"
        message = (
            f"{store.database or store.label} was made by an older MLflow (schema {found or 'unknown'}, needed is "
            f"{newest_schema()}), and nothing has been changed. Upgrade it with\n    {UPGRADE_COMMAND}{option}\n"
            "which makes a backup first and says where."
        )
        raise StoreError(message)
    message = (
        f"{store.database or store.label} was made by a newer MLflow than the one installed (schema {found}): update "
        "this environment."
    )
    raise StoreError(message)


def upgrade_store(tracking_uri: str | Path | None = None) -> Upgrade:
    """Bring a SQLite store to the schema of the installed MLflow; a backup is made beside it first.

    A copy is upgraded and put in place when it is whole. Nobody may write to the store meanwhile.

    Raises:
        StoreError: It is no SQLite file, does not exist, is newer, or cannot be upgraded.
    """
    store = resolve_store(tracking_uri)
    database = store.database
    if database is None:
        message = (
            f"{store.label} is no SQLite file: make a backup with the means of its database (pg_dump), and then run "
            "`mlflow db upgrade` with its URI."
        )
        raise StoreError(message)
    before = schema_of(store)
    if before is None:
        message = f"There is no store {database} to upgrade."
        raise StoreError(message)
    if before == newest_schema():
        return Upgrade(database, None, before, before)
    if before and before not in _known_schemas():
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
    """Copy a database as it stands at one moment, check the copy, and force it to the disk."""
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
