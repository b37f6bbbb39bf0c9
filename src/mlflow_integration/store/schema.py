"""The schema of a database: one of an older MLflow is refused, and upgraded only when asked, after a backup.

MLflow itself upgrades a database silently whenever it finds a table missing, also for a command that only reads.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


UPGRADE_COMMAND: Final = "uv run compare_experiments.py upgrade"


class OfStore(Protocol):
    """What has to be known of a store (`mlflow_integration.store.location.Store`)."""

    @property
    def uri(self) -> str:
        """Its URI."""
        ...

    @property
    def is_http(self) -> bool:
        """Whether it is a server."""
        ...

    @property
    def label(self) -> str:
        """Its URI, fit to be shown."""
        ...

    @property
    def database(self) -> Path | None:
        """The SQLite file, where it is one."""
        ...


@cache
def newest_schema() -> str:
    """Return the revision of the schema that the installed MLflow works with."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


@cache
def known_schemas() -> frozenset[str]:
    """Return the revisions that the installed MLflow can upgrade from."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    return frozenset(
        script.revision for script in ScriptDirectory.from_config(_get_alembic_config("")).walk_revisions()
    )


def schema_of(store: OfStore) -> str | None:
    """Return the revision of a database's schema, changing nothing; None for a server, and where there is no table yet.

    Raises:
        StoreError: It cannot be read, or is not an MLflow store.
    """
    if store.is_http:
        return None
    database = store.database
    if database is not None:
        return _sqlite_schema(database) if database.exists() else None
    return _server_schema(store)


def _sqlite_schema(database: Path) -> str | None:
    try:
        # Not mode=ro: what a killed process left half written has to be rolled back before anybody can read. A file
        # that must not be written is still read.
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" in tables:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return str(found[0]) if found else ""
    except sqlite3.Error as error:
        message = f"{database} cannot be opened as a SQLite database: {error}."
        raise StoreError(message) from error
    if tables:
        message = f"{database} is not an MLflow database: name another file."
        raise StoreError(message)
    return None


def _server_schema(store: OfStore) -> str | None:
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


def check_schema(store: OfStore) -> None:
    """Refuse a database of an older or newer MLflow (StoreError, with the command that upgrades it); change nothing."""
    found = schema_of(store)
    if found is None or found == newest_schema():
        return
    if found in known_schemas() or not found:
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
