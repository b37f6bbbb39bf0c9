"""Artifacts of runs, read back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.errors import store_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.tracking import MlflowClient

    from mlflow_integration.reading.reader import Reader


MAX_IMAGE: Final = 3_000_000
MAX_IMAGES: Final = 12


def read_artifact(client: MlflowClient, uri: str, run_id: str, name: str) -> bytes:
    """Return the content of one artifact of a run."""
    doing = store_errors(f"Reading {name} of run {run_id}", uri)
    with doing, tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
        return Path(client.download_artifacts(run_id, name, folder)).read_bytes()


def run_images(reader: Reader, run_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the PNG plots among a run's top-level artifacts, in the order of their captions."""
    from nba_props.plots import CAPTIONS

    with store_errors(f"Reading the artifacts of run {run_id}", reader.store.uri):
        entries = reader.client.list_artifacts(run_id)
    names = [e.path for e in entries if e.path.endswith(".png") and (e.file_size or 0) <= MAX_IMAGE]
    order = {f"{name}.png": place for place, name in enumerate(CAPTIONS)}
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    for name in names[:MAX_IMAGES]:
        yield name, read_artifact(reader.client, reader.store.uri, run_id, name)
