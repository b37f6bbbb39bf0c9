"""Calls through joblib: in order, never more threads than workers, and again where a worker was lost."""

from __future__ import annotations

import warnings
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Final

from joblib import Parallel
from joblib.externals.loky.process_executor import TerminatedWorkerError

from nba_props.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = ["in_order"]

_LOST: Final = (TerminatedWorkerError, CancelledError)
"""What is raised for a worker that died: a process of this machine, or those of a Dask cluster that held the tables."""

_MOST_LOSSES: Final = 5


def in_order(calls: Sequence[Any], *, workers: int) -> Generator[Any, None, None]:
    """Results of ``joblib.delayed`` calls, in order, as they come in.

    Where a worker dies, everything that has no result yet is handed out again. BLAS keeps to one thread in the
    meantime, since as many calls as workers run side by side already; worker processes are limited by joblib and Dask.

    Args:
        calls: Must give the same result whenever they are made.
        workers: Calls side by side; a cluster uses all it has.

    Raises:
        ModelError: Workers died again and again, without a result in between.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - looks through the libraries loaded by then

    done = losses = 0
    with threadpool_limits(1, user_api="blas"):
        while done < len(calls):
            results = Parallel(n_jobs=workers, prefer="threads", return_as="generator")(calls[done:])
            try:
                for result in results:
                    done, losses = done + 1, 0
                    yield result
            except _LOST as error:
                losses += 1
                if losses == _MOST_LOSSES:
                    message = f"Workers died {losses} times without a result in between; have they memory enough?"
                    raise ModelError(message) from error
            finally:
                _close(results)


def _close(results: Generator[Any, None, None]) -> None:
    with warnings.catch_warnings():  # joblib remarks that calls were cancelled: that is what is wanted
        warnings.simplefilter("ignore", UserWarning)
        results.close()
