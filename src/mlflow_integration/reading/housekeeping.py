"""Housekeeping: what failed, what takes space, and what is needed to repeat a run."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.reading.artifacts import read_artifact
from mlflow_integration.reading.reader import Reader
from mlflow_integration.store.abandoned import find_abandoned, mark
from mlflow_integration.store.artifact_root import local_folder
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import fluent_store, load_mlflow
from mlflow_integration.store.processes import PROCESS_TAG
from mlflow_integration.store.search import with_plain_metrics
from mlflow_integration.values.arguments import at_least
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from mlflow.entities import LoggedModel, Run

    from mlflow_integration.values.types import AnyValue


_KINDS: Final = {
    "plots": (".png", ".svg", ".pdf", ".jpg"),
    "tables": (".csv", ".gz", ".parquet"),
    "documents": (".json", ".txt", ".md", ".html", ".toml", ".yaml"),
}
_OWN_TAGS: Final = (
    "mlflow.",
    "version.",
    "git_",
    "python_version",
    "environment",
    "failure_reason",
    "missing_metrics",
    "start_key",
    "model_digest.",
    PROCESS_TAG,
)


def cleanup_failed_runs(
    experiments: Sequence[str] | str | None = None,
    *,
    dry_run: bool = True,
    mark_dead: bool = False,
    older_than_days: float = 0.0,
    stale_hours: float | None = None,
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Find runs that failed, were killed, or are RUNNING though their process is gone; mark or delete them.

    Marking and deleting are separate steps. What is deleted can be restored until ``mlflow gc``.

    Args:
        experiments: Names of experiments; all by default.
        dry_run: Delete nothing. Otherwise what is still RUNNING is marked before it is deleted.
        mark_dead: Mark KILLED the runs, and FAILED the pending models, that a dead process of this machine left.
        older_than_days: Keep runs that started within this many days.
        stale_hours: Take runs for dead that are RUNNING and started longer ago than this, whoever they belong to.
        tracking_uri: The store.

    Returns:
        One row per run or model concerned: ``run_id``, ``run_name``, ``experiment``, ``status``, ``started``,
        ``reason``, ``marked``, ``deleted``.
    """
    import pandas as pd

    at_least("older_than_days", older_than_days, 0)
    at_least("stale_hours", 1 if stale_hours is None else stale_hours, 0)
    reader = Reader(tracking_uri)
    names, now = reader.experiments(experiments), time.time() * 1000
    before = int(now - older_than_days * 86_400_000)
    stale = None if stale_hours is None else int(min(now - stale_hours * 3_600_000, before))
    ended = [
        run
        for status in ("FAILED", "KILLED")
        for run in reader.runs(names, where=f"attributes.status = '{status}' AND attributes.start_time <= {before}")
    ]
    dead = find_abandoned(reader.client, reader.store.uri, list(names), started_before=stale)
    dead = replace(dead, runs=tuple(run for run in dead.runs if run.info.start_time <= before))
    marking = mark_dead or not dry_run
    if marking:
        mark(reader.client, reader.store.uri, dead)
    if not dry_run:
        for run in (*ended, *dead.runs):
            with store_errors(f"Deleting run {run.info.run_id}", reader.store.uri):
                reader.client.delete_run(run.info.run_id)
    rows = [_cleanup_row(run, names, marked=None, deleted=not dry_run) for run in ended]
    rows += [_cleanup_row(run, names, marked=marking, deleted=not dry_run) for run in dead.runs]
    rows += [_model_row(model, names, marked=marking) for model in dead.models]
    columns = ["run_id", "run_name", "experiment", "status", "started", "reason", "marked", "deleted"]
    return pd.DataFrame(rows, columns=columns)


def _cleanup_row(run: Run, names: Mapping[str, str], *, marked: bool | None, deleted: bool) -> tuple[Any, ...]:
    """One row; `marked` is None where the run had ended."""
    reason, status = run.data.tags.get("failure_reason"), run.info.status
    if marked is not None:
        status = "KILLED" if marked else status
        reason = "its process is gone, or it is stale" if reason is None else reason
    started = _day(run.info.start_time)
    experiment = names[str(run.info.experiment_id)]
    return run.info.run_id, run.info.run_name, experiment, status, started, reason, bool(marked), deleted


def _model_row(model: LoggedModel, names: Mapping[str, str], *, marked: bool) -> tuple[Any, ...]:
    status, started = "FAILED" if marked else "PENDING", _day(model.creation_timestamp)
    name, reason = f"model {model.name}", "its process is gone"
    return model.source_run_id, name, names[str(model.experiment_id)], status, started, reason, marked, False


def _day(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(milliseconds / 1000))


def storage_report(
    experiments: Sequence[str] | str | None = None, *, tracking_uri: str | Path | None = None
) -> pd.DataFrame:
    """Count what is stored, by experiment and kind.

    Returns:
        ``experiment``, ``kind`` (models, plots, tables, documents, other; database for the SQLite file), ``files``,
        ``bytes``, ``runs``, and ``bytes_per_100``: what 100 experiments like those that hold files would take of this
        kind. The sum of that column is the whole projection.
    """
    import pandas as pd

    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    counts: dict[tuple[str, str], list[int]] = {}
    for experiment_id, name in names.items():
        location = reader.client.get_experiment(experiment_id).artifact_location
        for path, size in _files(location, reader.store.uri):
            cell = counts.setdefault((name, _kind(path)), [0, 0])
            cell[0] += 1
            cell[1] += size
    runs = pd.Series([names[str(run.info.experiment_id)] for run in reader.runs(names)], dtype="object").value_counts()
    database = reader.store.database
    if database is not None and database.exists():
        counts["(all)", "database"] = [1, database.stat().st_size]
    holders = len({name for name, _ in counts} - {"(all)"}) or 1
    rows = [
        (name, kind, files, size, int(runs.get(name, 0 if name != "(all)" else runs.sum())), size * 100 // holders)
        for (name, kind), (files, size) in sorted(counts.items())
    ]
    return pd.DataFrame(rows, columns=["experiment", "kind", "files", "bytes", "runs", "bytes_per_100"])


def _kind(path: str) -> str:
    if path.startswith("models/") or "/model/" in f"/{path}":
        return "models"
    return next((kind for kind, endings in _KINDS.items() if path.endswith(endings)), "other")


def _files(location: str, uri: str) -> Iterator[tuple[str, int]]:
    """Yield path below `location` and size of every artifact."""
    root = local_folder(location)
    if root is not None:
        if root.is_dir():
            for path in root.rglob("*"):
                if path.is_file():
                    yield path.relative_to(root).as_posix(), path.stat().st_size
        return
    load_mlflow()
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with store_errors(f"Listing the artifacts in {location}", uri), fluent_store(uri):
        repository = get_artifact_repository(location, tracking_uri=uri)
        waiting = [None]
        while waiting:
            for entry in repository.list_artifacts(waiting.pop()):
                if entry.is_dir:
                    waiting.append(entry.path)
                else:
                    yield entry.path, int(entry.file_size or 0)


@dataclass(frozen=True)
class RunConfig:
    """What is needed to repeat a run.

    Attributes:
        run_id: The run it was read from; name it in the tag ``rerun_of`` of the new one.
        params: Its parameters, as text and with dots where they were nested.
        tags: Its own tags, without those that every run gets.
        git_dirty: Whether the code had changes that are in no commit; None where unknown.
        datasets: Name, fingerprint, context and source of each data set.
        training_config: Content of ``training_config.json``, where it has one.
        feature_config: Content of ``feature_config.json``, where it has one.
    """

    run_id: str
    run_name: str
    experiment: str
    params: dict[str, str]
    tags: dict[str, str]
    git_commit: str | None
    git_dirty: bool | None
    datasets: tuple[dict[str, str], ...]
    training_config: dict[str, Any] | None
    feature_config: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """The configuration as plain values, for JSON."""
        return asdict(self)


def clone_run_config(run_id: str, *, tracking_uri: str | Path | None = None) -> RunConfig:
    """Return what is needed to repeat run `run_id`; the first characters of its id are enough.

    Raises:
        TrackingError: There is no such run, or a configuration file of it is broken.
    """
    reader = Reader(tracking_uri)
    (run_id,) = reader.run_ids([run_id])
    with store_errors(f"Reading run {run_id}", reader.store.uri):
        run = with_plain_metrics(reader.client.get_run(run_id))
        experiment = reader.client.get_experiment(run.info.experiment_id).name
        present = {entry.path for entry in reader.client.list_artifacts(run_id)}
    tags = dict(run.data.tags)
    dirty = tags.get("git_dirty")
    return RunConfig(
        run_id=run_id,
        run_name=run.info.run_name,
        experiment=experiment,
        params=dict(run.data.params),
        tags={key: value for key, value in tags.items() if not key.startswith(_OWN_TAGS)},
        git_commit=tags.get("git_commit"),
        git_dirty=None if dirty not in ("true", "false") else dirty == "true",
        datasets=tuple(_dataset(entry) for entry in (run.inputs.dataset_inputs if run.inputs else [])),
        training_config=_document(reader, run_id, "training_config.json", present),
        feature_config=_document(reader, run_id, "feature_config.json", present),
    )


def _dataset(entry: AnyValue) -> dict[str, str]:
    tags = {tag.key: tag.value for tag in entry.tags}
    return {
        "name": entry.dataset.name,
        "fingerprint": tags.get("fingerprint", entry.dataset.digest),
        "context": tags.get("mlflow.data.context", ""),
        "source": entry.dataset.source,
    }


def _document(reader: Reader, run_id: str, name: str, present: set[str]) -> dict[str, Any] | None:
    if name not in present:
        return None
    try:
        content: dict[str, Any] = json.loads(read_artifact(reader.client, reader.store.uri, run_id, name))
    except json.JSONDecodeError as error:
        message = f"{name} of run {run_id} is not JSON: {error}"
        raise TrackingError(message) from error
    return content
