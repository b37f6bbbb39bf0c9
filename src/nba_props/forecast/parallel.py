"""Calls through joblib: in order, never more threads than workers, and again where a worker was lost."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, Final

from joblib import Parallel
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend

from nba_props.errors import ModelError

_LOST: Final = (TerminatedWorkerError, CancelledError)
"""What is raised for a worker that died: a process of this machine, or those of a Dask cluster that held the tables."""

_MOST_LOSSES: Final = 5

_FALSE_ALARM: Final = "`sklearn.utils.parallel.delayed` should be used with"

_TURN: Final = 0.0005
"""Seconds after which a thread that holds Python lets another one have it, while fits run."""

_AT_ONCE: Final = 4
"""Calls per worker that are handed out together where results come all at the end."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: its sums are then the same on every machine, and no thread spins beside the fits."""
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().select(user_api="blas").limit(limits=1):
        yield


@contextmanager
def _no_false_alarm() -> Iterator[None]:
    """Leave out scikit-learn's warning that its `delayed` was used without its `Parallel`.

    It is raised by mistake where fits run in several threads: one empties the warning filters for a moment, which are
    the whole process's, and another takes that for a call from outside. No filter helps, since there is none then.
    """
    shown = warnings.showwarning

    def show(message: Warning | str, *arguments: object) -> None:
        if not str(message).startswith(_FALSE_ALARM):
            shown(message, *arguments)  # type: ignore[arg-type] # as they came

    warnings.showwarning = show  # type: ignore[assignment] # the two remaining arguments are optional there
    try:
        yield
    finally:
        warnings.showwarning = shown


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads take turns at Python more often than every 5 ms.

    A fit needs Python for a moment after each tree. Beside a thread that draws or writes to a store it would wait
    its turn as long as it had worked.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(_TURN, usual))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def in_order(calls: Sequence[Any], *, workers: int) -> Generator[Any, None, None]:
    """Results of ``joblib.delayed`` calls, in order, as they come in; several workers begin at once.

    Where a worker dies, everything that has no result yet is handed out again. BLAS keeps to one thread in the
    meantime, since as many calls as workers run side by side already; worker processes are limited by joblib and Dask.

    Args:
        calls: Must give the same result whenever they are made.
        workers: Calls side by side; where ``joblib.parallel_config`` says -1 (a cluster), all there are.

    Raises:
        ModelError: Workers died again and again, without a result in between.
    """
    return begun(_in_order(calls, workers))


def begun(results: Generator[Any, None, None]) -> Generator[Any, None, None]:
    """A generator whose first value, which says nothing, is taken: all that comes before it is done."""
    next(results)
    return results


def _in_order(calls: Sequence[Any], workers: int) -> Generator[Any, None, None]:
    """None once the first calls are handed out, then the results."""
    done = losses = 0
    under_way = False
    with one_blas_thread(), _no_false_alarm(), _quick_turns():
        while done < len(calls) or not under_way:
            results = _handed_out(calls[done:], workers)
            try:
                next(results)
                if not under_way:
                    under_way = True
                    yield None
                for result in results:
                    done, losses = done + 1, 0
                    yield result
            except _lost() as error:
                losses += 1
                if losses == _MOST_LOSSES:
                    message = f"Workers died {losses} times without a result in between; do they have enough memory?"
                    raise ModelError(message) from error
            finally:
                _close(results)


def _handed_out(calls: Sequence[Any], workers: int) -> Generator[Any, None, None]:
    """None, then results as they come in, or share by share where the backend (Ray's) gives them all at the end."""
    backend, wanted = get_active_backend(prefer="threads")
    n_jobs = -1 if wanted == -1 else workers
    if backend.supports_return_generator:
        results = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(calls)
        yield None
        yield from results
        return
    yield None
    share = _AT_ONCE * backend.effective_n_jobs(n_jobs)
    with Parallel(n_jobs=n_jobs, prefer="threads") as parallel:
        for start in range(0, len(calls), share):
            yield from parallel(calls[start : start + share])


def _lost() -> tuple[type[BaseException], ...]:
    """The errors that mean that a worker died. Ray has one of its own, known only where Ray is in use."""
    ray = sys.modules.get("ray")
    return _LOST if ray is None else (*_LOST, ray.exceptions.RayActorError)


def _close(results: Generator[Any, None, None]) -> None:
    with warnings.catch_warnings():  # joblib warns that calls were cancelled, which is intended
        warnings.simplefilter("ignore", UserWarning)
        results.close()
