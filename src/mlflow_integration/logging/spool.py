"""What a server did not take, kept on this machine in order, and sent once it is back.

A run goes on while its server hangs or restarts: from the first operation that fails, all of them go into a folder of
``mlflow_spool``, forced to the disk. They are sent in order as soon as the server answers again, by the run itself or
by ``compare_experiments.py replay``; each counts once, whatever is interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.logging.operations import START_KEY, Operation, perform, start_run
from mlflow_integration.store.experiments import ensure_experiment
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.values.deadline import deadline_seconds
from nba_props.atomic import write_atomically
from nba_props.errors import StoreError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


FOLDER: Final = "mlflow_spool"
REPLAY_COMMAND: Final = "uv run compare_experiments.py replay"
FIRST_RETRY: Final = 5.0
LAST_RETRY: Final = 60.0
LOOK: Final = 2.0
"""Seconds that a server gets to say whether it is back; less where the deadline is short."""
MAX_METRICS: Final = 800  # of one request that was put together; MLflow takes 1,000 entries
MAX_TEXTS: Final = 90
MAX_CHARACTERS: Final = 100_000
_log = logging.getLogger(__name__)


class Spool:
    """The operations of one run that wait on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries = folder / "operations.jsonl"
        self._state = folder / "state.json"

    @classmethod
    def create(cls, root: Path, state: dict[str, Any]) -> Spool:
        """Make a new one below a store's folder.

        `state` holds the ``run_id`` of the run, or None and ``start``: what it is created with.
        """
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        spool = cls(root / FOLDER / name)
        spool.folder.mkdir(parents=True)
        spool._entries.touch()
        spool.save({"done": 0, **state})
        return spool

    def state(self) -> dict[str, Any]:
        """What is known of the run, and how many operations are done."""
        content: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
        return content

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: whole or not at all."""
        write_atomically(self._state, json.dumps(state).encode())

    def append(self, operation: Operation) -> None:
        """Add an operation; its files are copied."""
        kept = None
        if operation.files is not None:
            kept = f"files/{uuid.uuid4().hex}"
            shutil.copytree(operation.files, self.folder / kept)
        line = json.dumps({"kind": operation.kind, "content": operation.content, "files": kept})
        with self._entries.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def operations(self) -> list[Operation]:
        """All operations, in order; a last line that a power loss cut short was never confirmed and does not count."""
        found = []
        for line in self._entries.read_text(encoding="utf-8").split("\n")[:-1]:
            entry = json.loads(line)
            files = None if entry["files"] is None else self.folder / entry["files"]
            found.append(Operation(entry["kind"], entry["content"], files))
        return found

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the spool for this process; yields False where another one holds it."""
        import fcntl  # Windows has none

        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def replay(self, client: MlflowClient, store: Store) -> str:
        """Send what waits, in order, and remove the spool; what is interrupted resumes where it stopped.

        Returns:
            Id of the run.

        Raises:
            StoreError: The server does not answer (any more).
            TrackingError: It refuses an operation; names it.
        """
        state = self.state()
        if state["run_id"] is None:
            start = state["start"]
            experiment, _ = ensure_experiment(client, store, start["experiment"])
            made = start_run(client, store.uri, experiment.experiment_id, start["content"], again=True)
            state["run_id"] = made.info.run_id
            self.save(state)
        for many, operation in merged(self.operations()[state["done"] :]):
            perform(client, store.uri, state["run_id"], operation, again=True)
            state["done"] += many
            self.save(state)
        shutil.rmtree(self.folder)
        return str(state["run_id"])


def merged(operations: Sequence[Operation]) -> Iterator[tuple[int, Operation]]:
    """Put batches that follow each other together: a thousand metrics logged one by one are a few requests.

    Yields:
        How many operations are in it, and the operation.

    >>> one, two = ({"metrics": [["m", 1.0, 0, step]], "params": {}, "tags": {}} for step in (0, 1))
    >>> ((many, both),) = merged([Operation("batch", one), Operation("batch", two)])
    >>> many, both.content["metrics"]
    (2, [['m', 1.0, 0, 0], ['m', 1.0, 0, 1]])
    """
    held: Operation | None = None
    many = 0
    for operation in operations:
        joined = None if held is None else _joined(held, operation)
        if held is not None and joined is None:
            yield many, held
            many = 0
        held, many = joined or operation, many + 1
    if held is not None:
        yield many, held


def _joined(first: Operation, second: Operation) -> Operation | None:
    """Two batches as one; None where that would be too large, or the order of two values of one key counts."""
    if first.kind != "batch" or second.kind != "batch":
        return None
    one, two = first.content, second.content
    for name in ("params", "tags"):
        if one[name].keys() & two[name].keys() or len(one[name]) + len(two[name]) > MAX_TEXTS:
            return None
        if sum(len(text) for content in (one, two) for text in content[name].values()) > MAX_CHARACTERS:
            return None
    metrics = one["metrics"] + two["metrics"]
    if len(metrics) > MAX_METRICS:
        return None
    texts = {name: one[name] | two[name] for name in ("params", "tags")}
    return Operation("batch", {"metrics": metrics, **texts})


class Outbox:
    """What one run sends: to its store, or into a spool while the server is away; an offline run has no client."""

    def __init__(self, store: Store, client: MlflowClient | None) -> None:
        self.store = store
        self.run_id = ""
        self.missing: set[str] = set()
        self._client = client
        self._spool: Spool | None = None
        self._lock: Any = None
        self._next_try = 0.0
        self._pause = FIRST_RETRY
        self._file = self._file_id()

    @property
    def waiting(self) -> bool:
        """Whether the run is in the spool: its server is away, or it knows none."""
        return self._spool is not None or self._client is None

    def _file_id(self) -> tuple[int, int] | None:
        """Which file a SQLite store is; None for a server."""
        database = self.store.database
        if database is None:
            return None
        try:
            found = database.stat()
        except FileNotFoundError:
            return (0, 0)
        return found.st_dev, found.st_ino

    def _check_there(self) -> None:
        """An open connection would go on writing into a file that was deleted or replaced, and nobody would see it.

        Raises:
            StoreError: The database is not the one that was opened.
        """
        if self._file is not None and self._file_id() != self._file:
            what = "has been replaced by another file" if self._file_id() != (0, 0) else "is gone"
            message = f"{self.store.database} {what} while the run was under way: the run cannot continue."
            raise StoreError(message)

    def start(self, experiment: str, experiment_id: str, content: dict[str, Any]) -> Run:
        """Create the run; where the server has gone away meanwhile, it begins in the spool under an id of its own."""
        if self.store.is_http or self._client is None:  # a database of this machine has either made it or not
            content = {**content, "tags": {**content["tags"], START_KEY: uuid.uuid4().hex}}
        if self._client is not None:
            try:
                made = start_run(self._client, self.store.uri, experiment_id, content, again=False)
            except StoreError as error:
                self._open({"run_id": None, "start": {"experiment": experiment, "content": content}}, error)
            else:
                self.run_id = made.info.run_id
                return made
        else:
            self._open({"run_id": None, "start": {"experiment": experiment, "content": content}}, None)
        load_mlflow()
        from mlflow.entities import Run, RunData, RunInfo

        self.run_id = uuid.uuid4().hex
        info = RunInfo(self.run_id, experiment_id, "", "RUNNING", content["start_time"], None, "active")
        info._run_name = content["run_name"] or f"offline-{self.run_id[:8]}"
        return Run(info, RunData())

    def send(self, operation: Operation) -> str | None:
        """Do `operation` now, or keep it for later; returns what `perform` does, None where it is kept."""
        self._check_there()
        if self._spool is None or self._came_back(at_once=operation.kind == "end"):
            assert self._client is not None  # noqa: S101 - an offline run always has a spool
            try:
                return perform(self._client, self.store.uri, self.run_id, operation)
            except StoreError as error:
                self._open({"run_id": self.run_id}, error)
        assert self._spool is not None  # noqa: S101 - opened above
        try:
            self._spool.append(operation)
        except OSError as error:
            message = (
                f"The server at {self.store.label} does not answer, and {self._spool.folder} cannot be written: "
                f"{error.strerror or error}."
            )
            raise StoreError(message) from error
        if operation.kind == "end":
            self._close()
        return None

    def _open(self, state: dict[str, Any], error: StoreError | None) -> None:
        """Begin a spool; only where a server is to come back."""
        if error is not None and not self.store.is_http:
            raise error
        try:
            self._spool = Spool.create(self.store.root, state)
            self._lock = self._spool.locked()
            self._lock.__enter__()
        except OSError as problem:
            message = f"{error or 'Offline'}; and no spool can be made in {self.store.root}: {problem.strerror}."
            raise StoreError(message) from (error or problem)
        self._wait_longer()
        if error is not None:
            _log.warning("%s\nThe run continues; what it logs waits in %s.", error, self._spool.folder)

    def _wait_longer(self) -> None:
        self._next_try = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LAST_RETRY)

    def _came_back(self, *, at_once: bool) -> bool:
        """Send what waits if the server answers; asked now and then, and when the run ends."""
        if self._client is None or self._spool is None or (time.monotonic() < self._next_try and not at_once):
            return False
        try:
            self.store.probe(seconds=LOOK if at_once else min(LOOK, deadline_seconds() / 3))
            self.run_id = self._spool.replay(self._client, self.store)
        except StoreError:
            self._wait_longer()
            return False
        self._release()
        self._spool, self._pause = None, FIRST_RETRY
        _log.warning("The server at %s is back; what the run had logged meanwhile is there.", self.store.label)
        return True

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.__exit__(None, None, None)
            self._lock = None

    def _close(self) -> None:
        """Say where a run that has ended waits."""
        self._release()
        assert self._spool is not None  # noqa: S101 - the caller has looked
        _log.warning(
            "The run has ended, and %d entries of it wait in %s. When the server at %s is back, send them with\n    %s",
            len(self._spool.operations()),
            self._spool.folder,
            self.store.label,
            REPLAY_COMMAND,
        )


@dataclass(frozen=True)
class Replayed:
    """What became of one spool.

    Attributes:
        spool: Its folder.
        run_id: The run; None where it is not known yet.
        entries: How many operations it held.
        outcome: ``sent``, ``in use`` by a run under way, or why it could not be sent.
    """

    spool: Path
    run_id: str | None
    entries: int
    outcome: str

    @property
    def sent(self) -> bool:
        """Whether the server has it all."""
        return self.outcome == "sent"


def replay_spools(store: Store, client: MlflowClient) -> Iterator[Replayed]:
    """Send every spool of this store's folder, the oldest first; one that is refused stays and is reported.

    Raises:
        StoreError: The server does not answer.
    """
    for folder in sorted(path.parent for path in (store.root / FOLDER).glob("*/state.json")):
        spool = Spool(folder)
        entries, run_id = len(spool.operations()), spool.state()["run_id"]
        with spool.locked() as free:
            if not free:
                yield Replayed(folder, run_id, entries, "in use by a run under way")
                continue
            try:
                sent = spool.replay(client, store)
            except StoreError:
                raise
            except TrackingError as error:
                yield Replayed(folder, run_id, entries, str(error))
                continue
        yield Replayed(folder, sent, entries, "sent")
