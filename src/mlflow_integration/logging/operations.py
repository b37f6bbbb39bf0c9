"""What is done to a store for a run, as values: performed at once, or kept in a spool and performed later.

Each operation can be repeated without doing anything twice: a server that was given up may have done it after all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from mlflow_integration.store.abandoned import REASON
from mlflow_integration.store.deadline import within_deadline
from mlflow_integration.store.errors import is_lost, store_errors
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.model_files import ALLOWED_TAG, DIGEST_TAG, Digest
from mlflow_integration.store.search import pages
from mlflow_integration.values.access_errors import access_refused
from mlflow_integration.values.secrets import mask_secrets
from nba_props.atomic import copy_files_atomically
from nba_props.errors import StoreError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import LoggedModel, Run
    from mlflow.tracking import MlflowClient


START_KEY: Final = "start_key"
MODEL_KEY: Final = "log_key"
Kind = Literal["batch", "inputs", "files", "model", "end"]


@dataclass(frozen=True)
class Operation:
    """One thing to do for a run.

    Attributes:
        content: With what; plain values, fit for JSON.
        files: Folder with the files of ``files`` and ``model``.
    """

    kind: Kind
    content: dict[str, Any] = field(default_factory=dict)
    files: Path | None = None


def start_run(client: MlflowClient, uri: str, experiment_id: str, content: dict[str, Any], *, again: bool) -> Run:
    """Create a run from ``run_name``, ``tags`` and ``start_time`` in `content`.

    With `again`, an earlier try may have created it after all; it is found by its own tag `START_KEY`.
    """
    doing = f"Starting run {content['run_name']!r}"

    def create() -> Run:
        if again:
            where = f"tags.{START_KEY} = '{content['tags'][START_KEY]}'"
            found = client.search_runs([experiment_id], where, max_results=1)
            if found:
                return found[0]
        return client.create_run(experiment_id, **content)

    with store_errors(doing, uri):
        return within_deadline(uri, doing, create)


def perform(client: MlflowClient, uri: str, run_id: str, operation: Operation, *, again: bool = False) -> str | None:
    """Do `operation` for a run; return the id of the model that was logged, for ``model``.

    With `again`, an earlier try may have done it, or a part of it.

    Raises:
        StoreError: The server does not answer.
        TrackingError: The store refuses.
    """
    doing, work = _WORK[operation.kind]
    doing = doing.format(run_id)
    act = partial(work, client, run_id, operation, again)
    try:
        with store_errors(doing, uri):
            # Files take as long as they take; each of their requests has its own time-out.
            return act() if operation.files is not None else within_deadline(uri, doing, act)
    except OSError as error:  # the folder of the artifacts, or a server's answer to an upload
        said = error.strerror or str(error)
        message = f"{doing}: {access_refused(said) or mask_secrets(said)}"
        raise (StoreError if is_lost(error) else TrackingError)(message) from error


def _batch(client: MlflowClient, run_id: str, operation: Operation, again: bool) -> None:  # noqa: ARG001
    from mlflow.entities import Metric, Param, RunTag

    content = operation.content
    client.log_batch(
        run_id,
        metrics=[Metric(*values) for values in content["metrics"]],
        params=[Param(name, value) for name, value in content["params"].items()],
        tags=[RunTag(name, value) for name, value in content["tags"].items()],
    )


def _inputs(client: MlflowClient, run_id: str, operation: Operation, again: bool) -> None:  # noqa: ARG001
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tags = [InputTag(name, value) for name, value in operation.content["tags"].items()]
    client.log_inputs(run_id, datasets=[DatasetInput(Dataset(**operation.content["dataset"]), tags)])


def _files(client: MlflowClient, run_id: str, operation: Operation, again: bool) -> None:  # noqa: ARG001
    assert operation.files is not None  # noqa: S101 - it is made with some
    tracking = getattr(client, "_tracking_client", None)  # MLflow offers the folder nowhere else
    folder = getattr(tracking._get_artifact_repo(run_id), "artifact_dir", None) if tracking is not None else None
    if folder is None:
        client.log_artifacts(run_id, str(operation.files))
        return
    copy_files_atomically(operation.files, Path(folder))


def _end(client: MlflowClient, run_id: str, operation: Operation, again: bool) -> None:
    content = operation.content
    if content["reason"] is not None:
        client.set_tag(run_id, "failure_reason", content["reason"])
    elif again and client.get_run(run_id).data.tags.get("failure_reason") == REASON:
        client.delete_tag(run_id, "failure_reason")  # it was taken for dead while its end was on the way
    client.set_terminated(run_id, content["status"], end_time=content["end_time"])


def _model(client: MlflowClient, run_id: str, operation: Operation, again: bool) -> str:
    from mlflow.entities import LoggedModelOutput

    content, folder = operation.content, operation.files
    assert folder is not None  # noqa: S101 - `perform` has looked
    experiment_id = client.get_run(run_id).info.experiment_id
    logged = _logged_before(client, experiment_id, run_id, content["tags"][MODEL_KEY]) if again else None
    if logged is not None and str(logged.status) == "READY":
        return str(logged.model_id)
    if logged is None:
        about = {name: content[name] for name in ("name", "model_type", "params", "tags")}
        logged = client.create_logged_model(experiment_id, source_run_id=run_id, **about)
    try:
        digest = _named(folder, logged, run_id)
        allowed = {ALLOWED_TAG: "true"} if content["code"] else {}
        client.set_logged_model_tags(logged.model_id, {**digest.tags(), **allowed})
        client.set_tag(run_id, f"{DIGEST_TAG}.{logged.model_id}", digest.value)
        client.log_model_artifacts(logged.model_id, str(folder))
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    except BaseException as error:
        if not is_lost(error):  # a server that is gone is not asked once more
            client.finalize_logged_model(logged.model_id, "FAILED")
        raise
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)


def _logged_before(client: MlflowClient, experiment_id: str, run_id: str, key: str) -> LoggedModel | None:
    where = f"source_run_id = '{run_id}'"
    found = pages(client.search_logged_models, experiment_ids=[experiment_id], filter_string=where, max_results=100)
    return next((model for model in found if model.tags.get(MODEL_KEY) == key), None)


def _named(folder: Path, logged: LoggedModel, run_id: str) -> Digest:
    """Write the ids of model and run into ``MLmodel``; return the digest of the files as they are now."""
    load_mlflow()
    from mlflow.models import Model

    record = Model.load(str(folder))
    record.artifact_path, record.model_uuid = logged.artifact_location, logged.model_id
    record.run_id, record.model_id = run_id, logged.model_id
    record.save(str(folder / "MLmodel"))
    return Digest.of(folder)


_WORK: Final[dict[str, tuple[str, Callable[[MlflowClient, str, Operation, bool], str | None]]]] = {
    "batch": ("Logging to run {}", _batch),
    "inputs": ("Logging a data set to run {}", _inputs),
    "files": ("Uploading artifacts to run {}", _files),
    "model": ("Logging a model to run {}", _model),
    "end": ("Ending run {}", _end),
}
