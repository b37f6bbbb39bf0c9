"""The artifacts of a store: copied folder by folder, and hashed on both sides."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_integration.store.artifact_root import local_folder
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.model_files import Digest
from nba_props.atomic import copy_files_atomically
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_integration.values.types import AnyValue


def copy_folder(old: str, new: str, server: str | None) -> Digest:
    """Copy one folder of artifacts, unless the new one has it already; compare both and return their digest.

    An interrupted copy is resumed: files that are already there and complete are not sent again. ``mlflow-artifacts:``
    addresses go through the tracking server at `server`.

    Raises:
        StoreError: It cannot be read or written, or the copy is not what was copied.
    """
    try:
        with _local_folder(old, server) as folder:
            wanted = Digest.of(folder)
            if not wanted.files or _digest(new, server) == wanted:
                return wanted
            _write(folder, new, server)
            changes = wanted.changes(_digest(new, server))
    except OSError as error:
        message = f"{old} cannot be copied to {new}: {error.strerror or error}. Fix that, and move again."
        raise StoreError(message) from error
    if changes:
        message = f"{new} does not hold what {old} holds ({changes}): empty it, and move again."
        raise StoreError(message)
    return wanted


def _write(folder: Path, address: str, server: str | None) -> None:
    place = local_folder(address)
    if place is None:
        with store_errors(f"Copying artifacts to {address}", server or ""):
            _repository(address, server).log_artifacts(str(folder))
        return
    copy_files_atomically(folder, place)


def _digest(address: str, server: str | None) -> Digest:
    with _local_folder(address, server) as folder:
        return Digest.of(folder)


@contextmanager
def _local_folder(address: str, server: str | None) -> Iterator[Path]:
    """The files of an address as a folder of this machine: itself where it is one, else a copy for the block."""
    place = local_folder(address)
    if place is not None:
        yield place
        return
    folder = Path(tempfile.mkdtemp(prefix="nba_props_move_"))
    try:
        with store_errors(f"Reading artifacts of {address}", server or ""):
            repository = _repository(address, server)
            if repository.list_artifacts():
                repository.download_artifacts("", str(folder))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _repository(address: str, server: str | None) -> AnyValue:
    """MLflow's own way to the files of an address; StoreError where it goes through a server and none was named."""
    if address.startswith("mlflow-artifacts:") and server is None:
        message = f"{address} is reached through a tracking server: name it with --through http://host:port."
        raise StoreError(message)
    load_mlflow()
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(address, tracking_uri=server)
