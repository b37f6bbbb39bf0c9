"""A version as a folder to deploy: model, configuration, gate reports, card and digests, readable without a server.

Nothing in this project loads ``model.joblib``: loading it runs what is in it. It is there for those who want it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.promotion.card import model_card
from mlflow_integration.promotion.records import GATE_METRICS, gates_folder
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import fluent_store, load_mlflow
from mlflow_integration.store.model_files import file_sha256
from mlflow_integration.values.convert import to_json
from mlflow_integration.values.file_names import unique_file_name
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from mlflow_integration.promotion.records import Files
    from mlflow_integration.stages.records import RegistryStore, VersionState

FOLDER: Final = "models"
DIGESTS: Final = "SHA256SUMS"
_ATTEMPTS: Final = 5
_FROM_RUN: Final = ("model.joblib", "training_config.json", "feature_config.json", "gate_report.json", GATE_METRICS)


class Bundles:
    """Writes versions as folders."""

    def __init__(self, records: RegistryStore, files: Files) -> None:
        self._records = records
        self._files = files

    def path(self, name: str, version: int) -> Path:
        """Return the folder of a version under the project root (beside the database, for a store elsewhere)."""
        return self._records.store.root / FOLDER / unique_file_name(name) / f"version_{version}"

    def write(self, name: str, version: int, output: Path | None = None) -> Path:
        """Write a version, whole or not at all; a folder of the same version is replaced.

        Args:
            name: The model.
            version: The version.
            output: Where to; `path` by default.

        Raises:
            TrackingError: A file cannot be read from the store, or not written here.
        """
        record = self._records.state(name).version(version)
        target = (output or self.path(name, version)).absolute()
        doing = f"Writing the bundle of {name} version {version}"
        try:
            with store_errors(doing, self._records.uri):
                target.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
                    made = Path(folder) / "bundle"
                    self._fill(name, record, made)
                    _replace_folder(made, target, Path(folder))
        except OSError as error:
            message = f"{doing}: {error}"
            raise TrackingError(message) from error
        return target

    def _fill(self, name: str, record: VersionState, made: Path) -> None:
        made.mkdir()
        self._model(record, made)
        there = self._files.names(record.run_id)
        for file in _FROM_RUN:
            if file in there:
                self._files.download(record.run_id, file, made)
        reports = made / "gates"
        reports.mkdir()
        folder = gates_folder(name, record.version)
        for path in sorted(self._files.names(record.run_id, folder)):
            with tempfile.TemporaryDirectory(prefix="nba_props_") as scratch:
                shutil.move(self._files.download(record.run_id, path, Path(scratch)), reports / Path(path).name)
        self._own_report(name, record, made)
        run = self._records.runs([record.run_id]).get(record.run_id)
        history = self._records.head(name).history
        card = model_card(name, record, run, history, files=_listed(made))
        (made / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        about = {"model": name, "version": record.version, "stage": record.stage.value, "run_id": record.run_id}
        (made / "version.json").write_text(to_json({**about, "tags": dict(record.tags)}), encoding="utf-8")
        lines = [f"{file_sha256(made / path)}  {path}" for path in _listed(made)]
        (made / DIGESTS).write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _own_report(self, name: str, record: VersionState, made: Path) -> None:
        """Put this version's report where the run's one may be another version's."""
        kept = made / "gate_report.json"
        if kept.exists():
            content = json.loads(kept.read_text(encoding="utf-8"))
            if (content.get("model_name"), content.get("version")) != (name, record.version):
                kept.unlink()
        profile = record.tags.get("gate_profile")
        own = made / "gates" / f"gate_report_{unique_file_name(profile)}" if profile else None
        for ending in (".json", ".md"):
            if own is not None and Path(f"{own}{ending}").exists():
                shutil.copy2(f"{own}{ending}", made / f"gate_report{ending}")

    def _model(self, record: VersionState, made: Path) -> None:
        """Copy the model's own files; a version of an early MLflow has them among its run's artifacts."""
        client = self._records.client
        if record.source.startswith("models:/"):
            model_id = record.source.removeprefix("models:/")
            if any(True for _ in client.list_logged_model_artifacts(model_id)):
                self._copy_logged(model_id, made / "model")
        elif record.run_id:
            name = record.source.rstrip("/").rsplit("/", 1)[-1]
            if self._files.names(record.run_id, name):
                self._files.download(record.run_id, name, made)

    def _copy_logged(self, model_id: str, target: Path) -> None:
        mlflow = load_mlflow()
        with fluent_store(self._records.uri):
            mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model_id}", dst_path=str(target))


def _replace_folder(made: Path, target: Path, scratch: Path) -> None:
    """Put a finished folder in the place of another one, also while another process does the same."""
    for attempt in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):
            os.replace(target, scratch / f"former{attempt}")  # noqa: PTH105 - a folder
        try:
            os.replace(made, target)  # noqa: PTH105 - a folder
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _listed(folder: Path) -> list[str]:
    """Return the files below a folder by their paths in it, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
