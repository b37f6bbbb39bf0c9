"""Where a database that several machines open keeps its artifacts.

SQLite lies in a folder, and its artifacts beside it. PostgreSQL does not: a folder of whoever makes an experiment first
would be everybody's. So its clients name one place for all of them, or go through a server.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlparse

from mlflow_integration.values.secrets import mask_secrets
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from mlflow.entities import Experiment

    from mlflow_integration.store.schema import OfStore


VARIABLE: Final = "MLFLOW_DEFAULT_ARTIFACT_ROOT"  # the name that `mlflow server` reads it by
_LONGEST: Final = 200 - len("/artifacts") - 33  # PostgreSQL holds MLflow to 200 characters, with the run's id
_FIX: Final = (
    f"Say where everybody's artifacts go, {VARIABLE}=s3://bucket/folder, or serve the store to the team with\n"
    "    uv run serve.py --team --artifacts s3://bucket/folder"
)


def shared_root() -> str:
    """Return the address in ``MLFLOW_DEFAULT_ARTIFACT_ROOT``, a folder as a ``file:`` URI; empty if it is not set."""
    given = os.environ.get(VARIABLE, "").rstrip("/")
    return given if not given or "://" in given else Path(given).resolve().as_uri()


def location_below_shared_root(store: OfStore, folder: str) -> str:
    """Return the artifact URI of a new experiment in a database without a folder of its own.

    Raises:
        StoreError: No place is named, or one with too long an address.
    """
    root = shared_root()
    if not root:
        message = f"{store.label} has no folder that its artifacts could lie in. {_FIX}"
        raise StoreError(message)
    place = f"{root}/{_as_in(root, folder)}"
    if len(place) > _LONGEST:
        place = f"{root}/{hashlib.sha256(folder.encode()).hexdigest()[:16]}"
    if len(place) > _LONGEST:
        message = f"{VARIABLE}={mask_secrets(root)} is too long: a run's address must fit into 200 characters."
        raise StoreError(message)
    return place


def _as_in(root: str, folder: str) -> str:
    return quote(folder) if root.startswith("file:") else folder


def local_folder(address: str) -> Path | None:
    """Return the folder of this machine that an address names; None where it names another place.

    >>> str(local_folder("file:///a%20b")), str(local_folder("/a")), local_folder("s3://bucket/a")
    ('/a b', '/a', None)
    """
    parsed = urlparse(address)
    if parsed.scheme not in {"", "file"}:
        return None
    return Path(unquote(parsed.path) if parsed.scheme else address)


def check_artifacts_are_shared(store: OfStore, experiment: Experiment) -> None:
    """Refuse to write into an experiment whose artifacts lie in a folder that is not this client's.

    Raises:
        StoreError: They do, and the store is neither a file nor a server.
    """
    place = str(experiment.artifact_location or "")
    folder = local_folder(place)
    if store.is_http or store.database is not None or folder is None:
        return
    root = shared_root()
    own = local_folder(root) if root.startswith("file:") else None
    if own is None or not folder.is_relative_to(own):
        message = (
            f"Experiment {experiment.name!r} of {store.label} keeps its artifacts in {mask_secrets(place)}, "
            f"a folder of the machine and user it was made by. {_FIX}"
        )
        raise StoreError(message)
