"""The rows of a store: read, relocated, written in one transaction, and counted and hashed on both sides.

Rows are copied as they are: ids, times, histories, links, aliases and notes stay what they were. Only the addresses of
artifacts change.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mlflow_integration.store.location import load_mlflow
from mlflow_integration.values.database_errors import without_sql
from mlflow_integration.values.file_names import unique_file_name
from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Table

    from mlflow_integration.store.location import Store

ADDRESSES: Final = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
    "trace_tags": ("value",),
}
"""Columns that may hold the address of artifacts."""
_HELD: Final = ("runs", "registered_models", "logged_models", "trace_info")
"""Tables that are empty in a store that nobody has used yet."""
_CHUNK: Final = 500


@dataclass(frozen=True)
class Content:
    """What a table holds: its rows, and a SHA-256 over all of them."""

    rows: int
    digest: str


def tables() -> list[Table]:
    """The tables of MLflow's schema, each after those it refers to."""
    load_mlflow()
    for name in ("mlflow.store.tracking.dbmodels.models", "mlflow.store.model_registry.dbmodels.models"):
        importlib.import_module(name)
    from mlflow.store.db.base_sql_model import Base

    return list(Base.metadata.sorted_tables)


@contextmanager
def transaction(store: Store) -> Iterator[Connection]:
    """One transaction on the database of a store: done whole at the end of the block, or not at all.

    Raises:
        StoreError: The database refuses; says why, without SQL.
    """
    import sqlalchemy
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(store.uri)
    try:
        with engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sqlalchemy.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield connection
    except sqlalchemy.exc.SQLAlchemyError as error:
        message = f"The store {store.label} cannot be moved: {mask_secrets(without_sql(str(error)))}"
        raise StoreError(message) from error
    finally:
        engine.dispose()


class Addresses:
    """Where the artifacts of the old store are in the new one: below `root`, or where they were if it is None."""

    def __init__(self, source: Connection, root: str | None) -> None:
        self.places: dict[str, str] = {}
        self._prefixes: list[tuple[str, str]] = []
        if root is None:
            return
        known = {table.name: table for table in tables()}
        homes: dict[Any, str] = {}
        for row in _rows(source, known["experiments"]):
            folder = unique_file_name(row["name"])
            folder = quote(folder) if root.startswith("file:") else folder
            homes[row["experiment_id"]] = f"{root.rstrip('/')}/{folder}"
            self._prefixes.append((row["artifact_location"], homes[row["experiment_id"]]))
        self._sort()
        for row in _rows(source, known["runs"]):
            self._place(row["artifact_uri"], f"{homes[row['experiment_id']]}/{row['run_uuid']}/artifacts")
        for row in _rows(source, known["logged_models"]):
            self._place(row["artifact_location"], f"{homes[row['experiment_id']]}/models/{row['model_id']}/artifacts")
        for row in _rows(source, known["trace_tags"]):
            if row["key"] == "mlflow.artifactLocation":
                self._place(row["value"], f"{root.rstrip('/')}/traces/{row['request_id']}/artifacts")
        self._sort()

    def new(self, address: str | None) -> str | None:
        """The new address; the same for what lies nowhere in the old store (``models:/...``)."""
        for before, after in self._prefixes:
            for form in (before, before.removeprefix("file://")):
                if address == form or (address or "").startswith(f"{form}/"):
                    return after + str(address)[len(form) :]
        return address

    def _place(self, old: str | None, otherwise: str) -> None:
        """A folder of artifacts; one outside its experiment's folder gets a place inside."""
        if not old:
            return
        new = self.new(old)
        if new == old:
            new = otherwise
            self._prefixes.append((old, new))
        self.places[old] = str(new)

    def _sort(self) -> None:
        self._prefixes.sort(key=lambda pair: len(pair[0]), reverse=True)


def holds_something(connection: Connection) -> bool:
    """Whether anybody has used a store yet: it has runs, models, or experiments besides the one MLflow makes."""
    import sqlalchemy

    known = {table.name: table for table in tables()}
    for name in _HELD:
        if connection.execute(sqlalchemy.select(known[name]).limit(1)).first() is not None:
            return True
    found = connection.execute(sqlalchemy.select(known["experiments"].c.name)).scalars().all()
    return bool(set(found) - {"Default"})


def copy_rows(source: Connection, target: Connection, addresses: Addresses) -> None:
    """Replace what the target holds by the rows of the source, with the new addresses."""
    known = tables()
    for table in reversed(known):
        target.execute(table.delete())
    for table in known:
        chunk: list[dict[str, Any]] = []
        for row in _relocated(source, table, addresses):
            chunk.append(row)
            if len(chunk) == _CHUNK:
                target.execute(table.insert(), chunk)
                chunk = []
        if chunk:
            target.execute(table.insert(), chunk)
        _count_on(target, table)


def _count_on(target: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows by a counter of its own, which has not seen the copied ones."""
    import sqlalchemy

    if target.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        if table.autoincrement_column is not column:
            continue
        place = {"table": table.name, "column": column.name}
        counter = target.execute(sqlalchemy.text("SELECT pg_get_serial_sequence(:table, :column)"), place).scalar()
        highest = target.execute(sqlalchemy.select(sqlalchemy.func.max(column))).scalar()
        if counter and highest:
            target.execute(
                sqlalchemy.text("SELECT setval(:counter, :highest)"), {"counter": counter, "highest": highest}
            )


def contents(connection: Connection, addresses: Addresses | None = None) -> dict[str, Content]:
    """Rows and digest of every table that holds something.

    The rows of the old store are hashed with `addresses`: as the new one must hold them.
    """
    found = {}
    for table in tables():
        rows = _rows(connection, table) if addresses is None else _relocated(connection, table, addresses)
        lines = sorted(json.dumps(row, sort_keys=True, default=_plain) for row in rows)
        if lines:
            digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass"))
            found[table.name] = Content(len(lines), f"sha256:{digest.hexdigest()}")
    return found


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    import sqlalchemy

    stored = [column for column in table.columns if column.computed is None]
    for row in connection.execute(sqlalchemy.select(*stored)).mappings():
        yield dict(row)


def _relocated(connection: Connection, table: Table, addresses: Addresses) -> Iterator[dict[str, Any]]:
    columns = ADDRESSES.get(table.name, ())
    new: Callable[[str | None], str | None] = addresses.new
    for row in _rows(connection, table):
        yield row | {name: new(row[name]) for name in columns}
