"""Importing the file store (``mlruns/``) of an earlier MLflow, artifacts and registered models included.

MLflow's own ``mlflow migrate-filestore`` does the reading and writing. It stops at a repeated metric line,
keeps absolute paths of artifacts that may since have moved, and stores infinity as 1.8e308; so it is given a repaired
copy.
"""

from __future__ import annotations

import importlib
import io
import math
import shutil
import sqlite3
import tempfile
import warnings
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import ARTIFACT_FOLDER, load_mlflow, old_file_store, resolve_store
from mlflow_integration.values.file_names import safe_file_name
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_integration.values.types import AnyValue


@dataclass(frozen=True)
class Migration:
    """What was imported.

    Attributes:
        source: The old folder, untouched.
        duplicate_lines: Metric lines that occurred twice and now occur once.
        non_finite_lines: Metric lines with NaN or infinity, left out.
        artifact_files: Files copied.
    """

    source: Path
    database: Path
    experiments: int
    runs: int
    models: int
    duplicate_lines: int
    non_finite_lines: int
    artifact_files: int


def migrate_file_store(source: Path, tracking_uri: str | Path | None = None) -> Migration:
    """Import an old file store into a new SQLite store; the old folder is only read.

    Args:
        source: The folder ``mlruns``, or the one that holds it.
        tracking_uri: The new store, which must not exist yet; the project's embedded store by default.

    Raises:
        StoreError: There is no old store, the new one exists already or is not a SQLite file, or the old one is broken.
    """
    old = old_file_store(Path(source).resolve())
    if old is None:
        message = f"{source} holds no old file store (a folder mlruns with experiments in it)."
        raise StoreError(message)
    store = resolve_store(tracking_uri)
    database = store.database
    if database is None or database.exists():
        state = "is not a SQLite file" if database is None else "exists already"
        message = f"Old runs are imported into a new SQLite store, and {store.label} {state}: name another one."
        raise StoreError(message)
    artifacts = store.root / ARTIFACT_FOLDER
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
        repaired = Path(folder) / "mlruns"
        shutil.copytree(old, repaired, ignore=lambda _, names: [name for name in names if name == "artifacts"])
        moves = _place_artifacts(old, repaired, artifacts)
        counts = _repair_metrics(repaired)
        part = Path(folder) / "new.db"
        _migrate(repaired, part)
        counts |= _counts(part)
        files = 0
        for origin, target in moves.items():
            shutil.copytree(origin, target, dirs_exist_ok=True)
            files += sum(1 for path in target.rglob("*") if path.is_file())
        shutil.move(part, database)  # last: everything the new store points to must exist before it does
    return Migration(old, database, artifact_files=files, **counts)


def _place_artifacts(old: Path, repaired: Path, artifacts: Path) -> dict[Path, Path]:
    """Rewrite every artifact path in the copy to its new place; return old folder to new folder."""
    moves: dict[Path, Path] = {}
    sources: dict[str, str] = {}
    for meta, content in _metas(repaired, "*/meta.yaml"):
        target = artifacts / safe_file_name(str(content.get("name", meta.parent.name)))
        for child, inner in _metas(meta.parent, "*/meta.yaml", "models/*/meta.yaml"):
            place = old / child.parent.relative_to(repaired) / "artifacts"
            key = "artifact_uri" if "artifact_uri" in inner else "artifact_location"
            new = target / child.parent.relative_to(meta.parent) / "artifacts"
            if place.is_dir():
                moves[place] = new
            if inner.get(key):
                sources[str(inner[key])] = new.as_uri()
            _write(child, {**inner, key: new.as_uri()})
        _write(meta, {**content, "artifact_location": target.as_uri()})
    for meta, content in _metas(repaired, "models/*/version-*/meta.yaml"):
        changed = {key: _replaced(content[key], sources) for key in ("source", "storage_location") if content.get(key)}
        _write(meta, {**content, **changed})
    return moves


def _replaced(location: str, sources: dict[str, str]) -> str:
    for before, after in sources.items():
        for form in (before, before.removeprefix("file://")):
            if location == form or location.startswith(f"{form}/"):
                return after + location[len(form) :]
    return location


def _yaml() -> AnyValue:
    """The YAML library that MLflow brings; it has no types."""
    return importlib.import_module("yaml")


def _metas(folder: Path, *patterns: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    yaml = _yaml()

    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            try:
                content = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
                message = f"{path.relative_to(folder)} of the old store cannot be read: {error}"
                raise StoreError(message) from error
            if isinstance(content, dict):
                yield path, content


def _write(path: Path, content: dict[str, Any]) -> None:
    yaml = _yaml()

    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _repair_metrics(repaired: Path) -> dict[str, int]:
    """Remove repeated and non-finite lines from the metric files of the copy."""
    counted: Counter[str] = Counter()
    for path in repaired.glob("*/*/metrics/**/*"):
        if not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        unique = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        finite = [line for line in unique if math.isfinite(float(line.split(" ")[1]))]
        counted["duplicate_lines"] += len([line for line in lines if line.strip()]) - len(unique)
        counted["non_finite_lines"] += len(unique) - len(finite)
        if finite:
            path.write_text("\n".join(finite) + "\n", encoding="utf-8")
        else:
            path.unlink()
    return {name: counted[name] for name in ("duplicate_lines", "non_finite_lines")}


def _migrate(repaired: Path, database: Path) -> None:
    load_mlflow()
    from mlflow.store.fs2db import migrate

    imported = database.with_name("imported.db")
    quiet = redirect_stdout(io.StringIO())  # it prints a summary of its own
    with store_errors(f"Importing {repaired}"), quiet, warnings.catch_warnings():  # and adds a warning filter
        migrate(repaired, f"sqlite:///{imported}", progress=False)
    # It leaves its connection and a write-ahead log open; a backup is one whole file.
    source, target = sqlite3.connect(imported), sqlite3.connect(database)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        source.close()
        target.close()


def _counts(database: Path) -> dict[str, int]:
    tables = {"experiments": "experiments", "runs": "runs", "models": "registered_models"}
    connection = sqlite3.connect(database)
    try:
        return {
            name: int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608 - fixed names
            for name, table in tables.items()
        }
    finally:
        connection.close()
