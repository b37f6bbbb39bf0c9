"""The one place where items become requests: few, checked before the first is sent, within MLflow's limits."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.logging.items import Artifact, Document, Figure, History, Item, Metrics, Params, Table, Tags
from mlflow_integration.logging.operations import Operation, perform
from mlflow_integration.store.errors import store_errors
from mlflow_integration.values.arguments import as_mapping, as_path, as_whole, require_frame
from mlflow_integration.values.convert import as_text, finite_metrics, flatten, to_json
from mlflow_integration.values.escape import CSV_OPTIONS, csv_frame, masked_frame
from mlflow_integration.values.file_names import unique_file_name
from mlflow_integration.values.secrets import is_secret, mask_known, mask_secrets, one_line
from nba_props.errors import TrackingError
from nba_props.metrics import check_metric_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.logging.items import FileItem
    from mlflow_integration.logging.spool import Outbox
    from mlflow_integration.values.types import AnyValue


STATUSES: Final = ("FINISHED", "FAILED", "KILLED")
MAX_PARAM: Final = 6000
MAX_TAG: Final = 8000
MAX_METRICS: Final = 1000
MAX_PARAMS: Final = 100
MAX_TAGS: Final = 100
MAX_ENTITIES: Final = 1000
MAX_BYTES: Final = 900_000  # MLflow refuses requests of 1,000,000; the rest is for the envelope
_MAX_MASKED: Final = 20_000_000
# A line of an environment dump: NAME_TOKEN=value.
_DUMPED: Final = re.compile(
    r"(?m)^(?P<name>(?:export )?[A-Z0-9_]*(?:PASSWORD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)=)\S.*$"
)
_KEY: Final = re.compile(r"[\w.\- :/]{1,250}")


@dataclass
class Batch:
    """Checked items, sent in as few requests as the limits permit.

    Attributes:
        metrics: (key, value, step) triples.
        files: Items that are written to files.
        missing: Names of metrics left out because they are not finite.
    """

    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, float, int]] = field(default_factory=list)
    files: list[FileItem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, items: Iterable[Item], *, allow_missing: bool = False) -> Batch:
        """Check `items` and sort them into one batch; nothing is sent.

        Raises:
            TrackingError: A key or value cannot be stored (NonFiniteMetricError for numbers).
        """
        batch = cls()
        single: set[str] = set()
        histories: set[str] = set()
        for item in items:
            if isinstance(item, Params):
                batch._add_texts(batch.params, flatten(as_mapping("Parameters", item.values)), MAX_PARAM, "params")
            elif isinstance(item, Tags):
                batch._add_texts(batch.tags, as_mapping("Tags", item.values), MAX_TAG, "tags")
            elif isinstance(item, Metrics):
                single |= batch._add_metrics(item, allow_missing=allow_missing)
            elif isinstance(item, History):
                batch._add_history(item, allow_missing=allow_missing)
                histories.add(item.name)
            else:
                batch.files.append(item)
        if single & histories:
            message = f"Metric {min(single & histories)!r} is given both as one number and as a history."
            raise TrackingError(message)
        if batch.missing:
            batch.tags["missing_metrics"] = ", ".join(sorted(set(batch.missing)))[:MAX_TAG]
        return batch

    def _add_texts(self, target: dict[str, str], values: AnyValue, limit: int, kind: str) -> None:
        for key, value in values.items():
            name = str(key)
            if not _KEY.fullmatch(name):
                allowed = "letters, digits, '_', '-', '.', ' ', ':' and '/', at most 250"
                message = f"{name!r} cannot be a key in {kind}: {allowed}."
                raise TrackingError(message)
            text = "***" if is_secret(name) and value is not None else as_text(value)
            if len(text) > limit:
                digest = hashlib.sha256(text.encode()).hexdigest()
                path = f"{kind}/{unique_file_name(name)}.txt"
                self.files.append(Document(path, text))
                text = f"sha256:{digest} (whole text, {len(text):,} characters: {path})"
            if target.get(name, text) != text:
                message = f"{name!r} is given twice in {kind}, with different values."
                raise TrackingError(message)
            target[name] = text

    def _add_metrics(self, item: Metrics, *, allow_missing: bool) -> set[str]:
        values, step = as_mapping("Metrics", item.values), as_whole("The step", item.step)
        numbers, missing = finite_metrics(values, allow_missing=allow_missing)
        self.metrics += [(name, number, step) for name, number in numbers.items()]
        self.missing += missing
        return {*values}

    def _add_history(self, item: History, *, allow_missing: bool) -> None:
        check_metric_name(item.name)
        steps = {f"{item.name}.{step}": step for step in range(len(item.values))}  # a value's name in messages
        numbers, missing = finite_metrics(dict(zip(steps, item.values, strict=True)), allow_missing=allow_missing)
        self.metrics += [(item.name, number, steps[label]) for label, number in numbers.items()]
        self.missing += missing

    def requests(self) -> Iterator[tuple[list[tuple[str, float, int]], dict[str, str], dict[str, str]]]:
        """Yield (metrics, params, tags) of each request; normally there is one."""
        entries: list[tuple[str, Any, int]] = [("tag", pair, 40 + _size(pair)) for pair in self.tags.items()]
        entries += [("param", pair, 40 + _size(pair)) for pair in self.params.items()]
        entries += [("metric", metric, 110 + len(metric[0])) for metric in self.metrics]
        limits = {"tag": MAX_TAGS, "param": MAX_PARAMS, "metric": MAX_METRICS}
        held: dict[str, list[Any]] = {kind: [] for kind in limits}
        size, waiting = 0, entries
        while waiting:
            left = []
            for kind, value, weight in waiting:
                full = len(held[kind]) >= limits[kind] or sum(map(len, held.values())) >= MAX_ENTITIES
                if full or size + weight > MAX_BYTES:
                    left.append((kind, value, weight))
                    continue
                held[kind].append(value)
                size += weight
            yield held["metric"], dict(held["param"]), dict(held["tag"])
            held, size, waiting = {kind: [] for kind in limits}, 0, left


def _size(pair: tuple[str, str]) -> int:
    return sum(len(part.encode()) + part.count('"') + part.count("\n") + part.count("\\") for part in pair)


class Sink:
    """Writes items to one run; what is sent to a run under way goes through `outbox`, which survives a lost server."""

    def __init__(self, client: MlflowClient | None, uri: str, outbox: Outbox | None = None) -> None:
        self._client = client
        self._uri = uri
        self.outbox = outbox

    def write(self, run_id: str, items: Iterable[Item], *, allow_missing: bool = False) -> tuple[str, ...]:
        """Write `items` to the run: all numbers and texts in as few requests as possible, then the files.

        Returns:
            Names of the metrics left out because they are not finite (only with `allow_missing`).

        Raises:
            TrackingError: Something cannot be stored; nothing has been sent if the values themselves are at fault.
        """
        batch = Batch.of(items, allow_missing=allow_missing)
        if batch.missing:
            self._keep_earlier(run_id, batch)
        with self._staged(batch.files) as folder:
            self._send(run_id, batch)
            self._upload(run_id, folder)
        return tuple(batch.missing)

    def _keep_earlier(self, run_id: str, batch: Batch) -> None:
        """Add to the names of missing metrics those that earlier calls left out."""
        if self.outbox is not None:
            self.outbox.missing |= {*batch.missing}
            names = self.outbox.missing
        else:
            assert self._client is not None  # noqa: S101 - only an outbox does without
            with store_errors(f"Reading run {run_id}", self._uri):
                earlier = self._client.get_run(run_id).data.tags.get("missing_metrics", "")
            names = {*batch.missing, *filter(None, earlier.split(", "))}
        batch.tags["missing_metrics"] = ", ".join(sorted(names))[:MAX_TAG]

    def start(
        self, experiment: tuple[str, str], run_name: str | None, tags: Mapping[str, Any]
    ) -> tuple[Run, list[FileItem]]:
        """Create a run in an experiment (name and id); return it with the files of tags too long to be stored."""
        assert self.outbox is not None  # noqa: S101 - a run under way has one
        batch = Batch.of([Tags(tags)])
        content = {
            "run_name": None if run_name is None else mask_secrets(str(run_name)),
            "tags": batch.tags,
            "start_time": int(time.time() * 1000),
        }
        return self.outbox.start(*experiment, content), batch.files

    def send(self, run_id: str, operation: Operation) -> str | None:
        """Do one operation for the run, or keep it until the server is back (`perform`)."""
        if self.outbox is not None:
            return self.outbox.send(operation)
        assert self._client is not None  # noqa: S101 - only an outbox does without
        return perform(self._client, self._uri, run_id, operation)

    def link_metrics(self, run_id: str, model_id: str) -> None:
        """Log the metrics of a run, unless it waits in a spool, once more as its model's, on its data set."""
        from mlflow.entities import Metric

        if self._client is None or (self.outbox and self.outbox.waiting):
            return
        with store_errors(f"Linking the metrics of run {run_id} to model {model_id}", self._uri):
            run = self._client.get_run(run_id)
            inputs = list(run.inputs.dataset_inputs) if run.inputs else []
            inputs.sort(key=lambda each: all(tag.value != "evaluation" for tag in each.tags))
            about = {"model_id": model_id}
            if inputs:
                about |= {"dataset_name": inputs[0].dataset.name, "dataset_digest": inputs[0].dataset.digest}
            # The same key, value, time and step: MLflow's public dictionary of metrics leaves the time out.
            known = [Metric(m.key, m.value, m.timestamp, m.step, **about) for m in run.data._metric_objs]
            for start in range(0, len(known), MAX_ENTITIES):
                self._client.log_batch(run_id, metrics=known[start : start + MAX_ENTITIES])

    def end(self, run_id: str, status: str = "FINISHED", reason: str | None = None) -> None:
        """End a run with one of `STATUSES`.

        Why it did not finish is kept as the tag ``failure_reason``, on one line and with secrets masked.
        """
        why = None if reason is None else one_line(reason)
        content = {"status": status, "reason": why, "end_time": int(time.time() * 1000)}
        self.send(run_id, Operation("end", content))

    def _send(self, run_id: str, batch: Batch) -> None:
        now = int(time.time() * 1000)
        for metrics, params, tags in batch.requests():
            timed = [[name, value, now, step] for name, value, step in metrics]
            self.send(run_id, Operation("batch", {"metrics": timed, "params": params, "tags": tags}))

    def upload(self, run_id: str, files: list[FileItem]) -> None:
        """Write `files` under one temporary folder, upload it whole, remove it."""
        with self._staged(files) as folder:
            self._upload(run_id, folder)

    @contextmanager
    def _staged(self, files: list[FileItem]) -> Iterator[Path | None]:
        """Write `files` under one temporary folder; None where there are none."""
        if not files:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
            written: set[Path] = set()
            for item in files:
                written.add(stage(item, Path(folder), written))
            yield Path(folder)

    def _upload(self, run_id: str, folder: Path | None) -> None:
        if folder is not None:
            self.send(run_id, Operation("files", files=folder))


def stage(item: FileItem, folder: Path, written: Collection[Path] = ()) -> Path:
    """Write one item below `folder` and return the path written, which must not be among those `written` already.

    Raises:
        TrackingError: The file does not exist or cannot be read, its name leaves the folder or is another item's, or
            its ending names no known format.
    """
    name = _name(item)
    try:
        target = _target(folder, name)
        if target in written:
            message = f"Two of the files would both be stored as {name!r}; log one of them into another folder."
            raise TrackingError(message)
        _write(item, target)
    except OSError as error:
        message = f"{name!r} cannot be logged: {error}"
        raise TrackingError(message) from error
    return target


def _name(item: FileItem) -> str:
    """The name of an item among the artifacts of its run, with its folder."""
    if isinstance(item, Artifact):
        name = as_path(item.path).name
        return f"{item.folder}/{name}" if item.folder else name
    if not isinstance(item.name, str):
        message = f"Expected the name of a file, not {item.name!r}."
        raise TrackingError(message)
    return item.name


def _write(item: FileItem, target: Path) -> None:
    if isinstance(item, Artifact):
        source = as_path(item.path)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
            for path in target.rglob("*"):
                _mask_copy(path)
        elif source.is_file():
            shutil.copy2(source, target)
            _mask_copy(target)
        else:
            message = f"{source} does not exist, so it cannot be logged."
            raise TrackingError(message)
    elif isinstance(item, Document):
        text = mask_secrets(item.content) if isinstance(item.content, str) else to_json(item.content)
        target.write_text(text, encoding="utf-8")
    elif isinstance(item, Table):
        _write_table(item, target)
    else:
        _write_figure(item, target)


def _mask_copy(path: Path) -> None:
    """Take what is known to be a secret out of a copied text file; files of other kinds stay as they are."""
    if not path.is_file() or path.stat().st_size > _MAX_MASKED:
        return
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return
    masked = mask_known(_DUMPED.sub(r"\g<name>***", text))
    if masked != text:
        path.write_bytes(masked.encode("utf-8"))


def _target(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        message = f"{name!r} cannot be an artifact's name: it must stay inside the run's artifacts."
        raise TrackingError(message)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _write_table(item: Table, target: Path) -> None:
    require_frame(f"{item.name!r}", item.frame)
    named = any(name is not None for name in item.frame.index.names)
    if item.name.endswith(".parquet"):
        masked_frame(item.frame).to_parquet(target, index=named)
    elif item.name.endswith((".csv", ".csv.gz")):
        csv_frame(item.frame.reset_index(allow_duplicates=True) if named else item.frame).to_csv(
            target, index=False, **CSV_OPTIONS
        )
    else:
        message = f"{item.name!r}: a table's name ends in .csv, .csv.gz or .parquet."
        raise TrackingError(message)


def _write_figure(item: Figure, target: Path) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    try:
        figure = item.make() if callable(item.make) else item.make
        if not hasattr(figure, "savefig"):
            got = f"its function returned a {type(figure).__name__}" if callable(item.make) else f"got {figure!r}"
            message = f"{item.name!r}: expected a matplotlib Figure, or a function that returns one; {got}."
            raise TrackingError(message)
        known = figure.canvas.get_supported_filetypes()
        if target.suffix.lstrip(".").lower() not in known:
            message = f"{item.name!r}: a plot's name ends in one of {', '.join(f'.{kind}' for kind in sorted(known))}."
            raise TrackingError(message)
        figure.savefig(target, dpi=max(110, figure.get_dpi()))
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot and callable(item.make):  # only what the function itself opened; the caller's figures stay
            for number in set(pyplot.get_fignums()) - before:
                pyplot.close(number)
