"""A run under way: active for MLflow's own functions too, and always ended, with the reason of a failure."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.logging.autolog import disable_autologging
from mlflow_integration.logging.signals import end_on_signals, held_signals
from mlflow_integration.logging.sink import STATUSES
from mlflow_integration.store.location import fluent_store, load_mlflow
from nba_props.errors import NBAPropsError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from mlflow.entities import Run

    from mlflow_integration.logging.sink import Sink
    from mlflow_integration.values.types import AnyValue


_OPEN: Final[weakref.WeakSet[TrackedRun]] = weakref.WeakSet()


def fluent_stack() -> list[Any]:
    """Return this thread's stack of active runs of MLflow's module-level functions.

    ``mlflow.start_run(run_id=...)`` would put a run there as well, at the price of three more requests, and would fail
    where the user has called ``mlflow.set_experiment`` for another experiment.
    """
    load_mlflow()
    from mlflow.tracking import fluent

    stack: list[Any] = fluent._active_run_stack.get()
    return stack


def failure_of(error: BaseException) -> tuple[str, str]:
    """Return the status of a run that `error` ends (KILLED for an interruption, else FAILED), and the reason."""
    killed = isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit))
    text = str(error)
    return "KILLED" if killed else "FAILED", f"{type(error).__name__}: {text}" if text else type(error).__name__


class TrackedRun:
    """One run under way; a context manager that ends it, after calling `on_end` with it.

    Attributes:
        sink: Where it is logged to and ended.
        model_ids: Models logged to it so far.
    """

    def __init__(self, run: Run, sink: Sink, uri: str, on_end: Callable[[TrackedRun], None]) -> None:
        self.experiment_id: str = run.info.experiment_id
        self.run_name: str = run.info.run_name
        self.model_ids: list[str] = []
        self.sink = sink
        self._on_end = on_end
        self._run = run
        self._ended = False
        self._exit = contextlib.ExitStack()
        self._activate(uri)
        _OPEN.add(self)

    def __repr__(self) -> str:
        return f"<TrackedRun {self.run_name} {self.run_id}{' (ended)' if self._ended else ''}>"

    @property
    def run_id(self) -> str:
        """Its id; a run that began while its server was away gets its final one when the server is back."""
        outbox = self.sink.outbox
        return outbox.run_id if outbox is not None else str(self._run.info.run_id)

    @property
    def info(self) -> AnyValue:
        """MLflow's record of the run as it was started (``run.info.run_id`` works as with plain MLflow)."""
        return self._run.info

    @property
    def ended(self) -> bool:
        """Whether the run has been ended."""
        return self._ended

    def _activate(self, uri: str) -> None:
        mlflow = load_mlflow()
        if not fluent_stack():  # the outermost run decides which store the module-level functions see
            self._exit.enter_context(fluent_store(uri))
        active = mlflow.ActiveRun(self._run)
        fluent_stack().append(active)
        self._exit.callback(self._deactivate, active)

    def leave(self) -> None:
        """Remove the run, which another thread has ended, from this thread's stack of MLflow's active runs."""
        stack = fluent_stack()
        stack[:] = [active for active in stack if active.info.run_id != self._run.info.run_id]

    @staticmethod
    def _deactivate(active: AnyValue) -> None:
        stack = fluent_stack()
        if active in stack:
            stack.remove(active)

    def end(self, status: str = "FINISHED", *, reason: str | None = None) -> None:
        """End the run with one of `STATUSES`; a second call does nothing.

        Why it did not finish is kept as the tag ``failure_reason``, secrets masked. The metrics of a finished run with
        one model are also that model's, on the run's data set, so that ``mlflow.search_logged_models`` finds it by
        them. Of several models nobody knows whose they are.
        """
        if status not in STATUSES:
            message = f"A run ends as one of {', '.join(STATUSES)}, not {status!r}."
            raise TrackingError(message)
        if self._ended:
            return
        with held_signals():  # a run that counts as ended here must be ended in the store
            self._ended = True
            _OPEN.discard(self)
            self._on_end(self)
            try:
                self._finish(status, reason)
            finally:
                self._exit.close()

    def _finish(self, status: str, reason: str | None) -> None:
        try:
            if status == "FINISHED" and len(self.model_ids) == 1:
                self.sink.link_metrics(self.run_id, self.model_ids[0])
        finally:
            self.sink.end(self.run_id, status, reason)

    def __enter__(self) -> TrackedRun:
        if self._ended:
            message = f"Run {self.run_id} has ended; start another one."
            raise TrackingError(message)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.end()
            return
        status, reason = failure_of(error)
        with contextlib.suppress(NBAPropsError):  # the error under way matters more than one of the store
            self.end(status, reason=reason)


class RunStack:
    """The runs of one tracker that are under way in the present thread, the innermost last."""

    def __init__(self) -> None:
        self._local = threading.local()

    @property
    def _runs(self) -> list[TrackedRun]:
        runs: list[TrackedRun] = self._local.__dict__.setdefault("runs", [])
        while runs and runs[-1].ended:  # by another thread
            runs.pop().leave()
        return runs

    @property
    def active(self) -> TrackedRun | None:
        """The innermost run."""
        return self._runs[-1] if self._runs else None

    def current(self) -> TrackedRun:
        """Return the innermost run; TrackingError where none is active."""
        if self.active is None:
            message = "No run is active: start one with `with tracker.start_run(run_name): ...` before logging."
            raise TrackingError(message)
        return self.active

    def parent_of_next(self, *, nested: bool) -> str | None:
        """Return the run under way, of this tracker or of MLflow's own functions, whose child the next run is.

        Raises:
            TrackingError: A run is under way and `nested` is False.
        """
        foreign = fluent_stack()
        active = self.active.run_id if self.active else foreign[-1].info.run_id if foreign else None
        if active is not None and not nested:
            message = f"Run {active} is still under way: end it first, or pass nested=True to make this one its child."
            raise TrackingError(message)
        return active

    def enter(self, run: Run, sink: Sink, uri: str) -> TrackedRun:
        """Make `run` the innermost one until it ends."""
        tracked = TrackedRun(run, sink, uri, self._leave)
        self._runs.append(tracked)
        return tracked

    def _leave(self, run: TrackedRun) -> None:
        if run in self._runs:
            self._runs.remove(run)
        if not self._runs:
            disable_autologging()


def _end_open_runs() -> None:
    """End as KILLED what the process leaves open: MLflow's own handler would call it FINISHED."""
    for run in list(_OPEN):
        with contextlib.suppress(NBAPropsError):
            run.end("KILLED", reason="the process ended before end_run() was called")


def register_exit_handler() -> None:
    """Make sure that no run of this process stays RUNNING when the process exits or a signal ends it.

    Our handler is registered once MLflow has registered its own, so that ours runs first.
    """
    global _registered  # noqa: PLW0603 - once per process
    if not _registered:
        load_mlflow()
        atexit.register(_end_open_runs)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_OPEN.clear)  # a forked child ends none of its parent's runs
        _registered = True
    end_on_signals()


_registered = False
