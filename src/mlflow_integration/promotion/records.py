"""Where verdicts are kept: files beside the run's other artifacts, a folder per version, and tags of the version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.logging.items import Document
from mlflow_integration.logging.sink import Sink
from mlflow_integration.reading.artifacts import read_artifact
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.file_names import unique_file_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mlflow_integration.stages.records import RegistryStore, VersionState

GATE_METRICS: Final = "gate_metrics.json"
"""Artifact of a run whose last nights are kept out of the gates: the metrics of the nights before."""


def gates_folder(name: str, version: int) -> str:
    """Return the folder of a version's reports among the artifacts of its run.

    >>> gates_folder("NBAProps_pra", 3)
    'gates/NBAProps_pra_v3'
    """
    return f"gates/{unique_file_name(name)}_v{version}"


def stamp() -> str:
    """Return the present moment as part of a file name, to the millisecond."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"[:-3]


class Files:
    """Files of the runs that versions belong to."""

    def __init__(self, records: RegistryStore) -> None:
        self._records = records

    def names(self, run_id: str, folder: str | None = None) -> set[str]:
        """Return the paths of a run's files, in one folder of its artifacts or at the top."""
        if not run_id:
            return set()
        with store_errors(f"Listing the files of run {run_id}", self._records.uri):
            return {entry.path for entry in self._records.client.list_artifacts(run_id, folder) if not entry.is_dir}

    def download(self, run_id: str, path: str, folder: Path) -> Path:
        """Download one file or folder of a run."""
        with store_errors(f"Reading {path} of run {run_id}", self._records.uri):
            return Path(self._records.client.download_artifacts(run_id, path, str(folder)))

    def json(self, run_id: str, path: str) -> dict[str, Any]:
        """Return the content of a JSON file of a run."""
        content: dict[str, Any] = json.loads(self._read(run_id, path))
        return content

    def table(self, run_id: str, path: str) -> pd.DataFrame:
        """Return the rows of a CSV file of a run."""
        import pandas as pd

        return pd.read_csv(BytesIO(self._read(run_id, path)))

    def _read(self, run_id: str, path: str) -> bytes:
        return read_artifact(self._records.client, self._records.uri, run_id, path)

    def keep(self, record: VersionState, files: Mapping[str, Any]) -> None:
        """Write files (path to JSON content or text) to a version's run; a version without a run keeps tags only."""
        if record.run_id:
            documents = [Document(path, content) for path, content in files.items()]
            Sink(self._records.client, self._records.uri).write(record.run_id, documents)

    def judged_metrics(self, record: VersionState) -> dict[str, float]:
        """Return the metrics a version is judged by: those of its run, or of the nights before the ones kept out."""
        metrics = self._records.run_metrics(record)
        if not metrics or GATE_METRICS not in self.names(record.run_id):
            return metrics
        kept: dict[str, float] = self.json(record.run_id, GATE_METRICS)["metrics"]
        return kept
