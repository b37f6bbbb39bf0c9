"""A whole store in another database: SQLite to PostgreSQL, and back.

`mlflow-export-import`, the library for this, was written for MLflow 2 and knows no logged models. Both databases have
the same schema, so the rows themselves are copied here, and every id stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_integration.moving.files import copy_folder
from mlflow_integration.moving.rows import Addresses, Content, contents, copy_rows, holds_something, transaction
from mlflow_integration.store.artifact_root import shared_root
from mlflow_integration.store.location import ARTIFACT_FOLDER, resolve_store
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_integration.store.location import Store


@dataclass(frozen=True)
class Move:
    """What was moved; the same on both sides.

    Attributes:
        source: The old store, fit to be shown; it is only read.
        tables: Table to its rows and their digest, addresses of artifacts as in the new store.
        folders: Folders of artifacts that hold files.
        files: Files in them.
        already: Whether the new store held it all before.
    """

    source: str
    target: str
    tables: dict[str, Content]
    folders: int
    files: int
    already: bool


def move_store(
    target: str | Path,
    tracking_uri: str | Path | None = None,
    *,
    artifacts: str | None = None,
    keep_artifacts: bool = False,
    server: str | None = None,
    on_folder: Callable[[int, int], None] | None = None,
) -> Move:
    """Copy a store with everything in it into an empty database, and compare both.

    Artifacts are copied first, then all rows in one transaction: until its end the new store is empty. A move that was
    interrupted is repeated, and copies what is not there yet. Ids stay, so links and notes hold.

    Args:
        target: URI of the new database, or path of a SQLite file.
        tracking_uri: The old store; ``MLFLOW_TRACKING_URI`` or the project's embedded store by default.
        artifacts: Address that the artifacts go under: a folder, ``s3://...``, ``mlflow-artifacts:/``. Default for a
            SQLite target: beside it; else ``MLFLOW_DEFAULT_ARTIFACT_ROOT``.
        keep_artifacts: Leave them where they are, for a place that both stores reach.
        server: URL of the tracking server that ``mlflow-artifacts:`` addresses go through.
        on_folder: Called with (folders done, folders in all).

    Raises:
        StoreError: One of the two is no database, the new one holds something else, a file cannot be copied, or the old
            store was changed meanwhile.
    """
    old, new = resolve_store(tracking_uri), resolve_store(target)
    _check_kinds(old, new)
    root = None if keep_artifacts else _root(new, artifacts)
    old.client(create=False)
    new.client().search_experiments(max_results=1)  # makes the tables where there are none
    with transaction(old) as source:
        addresses = Addresses(source, root)
        wanted = contents(source, addresses)
        with transaction(new) as connection:
            used = holds_something(connection)
            already = used and contents(connection) == wanted
        if used and not already:
            message = f"{new.label} holds runs or models of its own: a store is moved into an empty database."
            raise StoreError(message)
        files = _copy_files(addresses, server, on_folder)
        if not already:
            with transaction(new) as connection:
                copy_rows(source, connection, addresses)
                _check_same(wanted, contents(connection), new)
    with transaction(old) as source:
        _check_same(wanted, contents(source, addresses), old)
    return Move(old.label, new.label, wanted, sum(map(bool, files)), sum(files), already)


def _check_kinds(old: Store, new: Store) -> None:
    for store in (old, new):
        if store.is_http:
            message = (
                f"{store.label} is a server: a move reads and writes databases. Name the one that the server uses, "
                "sqlite:///... or postgresql://..., and the server with --through where it keeps the artifacts."
            )
            raise StoreError(message)
    if old.uri == new.uri:
        message = f"{old.label} is moved to itself: name another database."
        raise StoreError(message)


def _root(new: Store, artifacts: str | None) -> str:
    """The address that the experiments of the new store lie under."""
    if artifacts is None and new.database is None:
        artifacts = shared_root() or None
    if artifacts is None:
        if new.database is None:
            message = (
                f"Say where the artifacts of {new.label} go (--artifacts: a folder, s3://bucket/path, "
                "mlflow-artifacts:/), or leave them where they are (--keep-artifacts)."
            )
            raise StoreError(message)
        return (new.root / ARTIFACT_FOLDER).as_uri()
    scheme, colon, _ = artifacts.partition(":")
    return artifacts if colon and len(scheme) > 1 else Path(artifacts).resolve().as_uri()


def _copy_files(addresses: Addresses, server: str | None, on_folder: Callable[[int, int], None] | None) -> list[int]:
    """Copy every folder; return how many files each holds."""
    found = []
    for number, (old, new) in enumerate(addresses.places.items(), start=1):
        found.append(len(copy_folder(old, new, server).files))
        if on_folder is not None:
            on_folder(number, len(addresses.places))
    return found


def _check_same(wanted: dict[str, Content], found: dict[str, Content], store: Store) -> None:
    """Refuse (StoreError) a difference between what was read first and what a store holds now; name the tables."""
    names = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    if names:
        message = (
            f"{store.label} does not hold what was read at the beginning ({', '.join(sorted(names))}): let nobody "
            "write to the old store, and move again."
        )
        raise StoreError(message)
