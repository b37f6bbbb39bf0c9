"""Calls come back in order on every joblib backend, also on one that hands results back all at once, as Ray's does."""

from __future__ import annotations

import sys
import threading
import warnings
from types import ModuleType

import joblib
import pytest
from joblib._parallel_backends import ThreadingBackend
from joblib.externals.loky.process_executor import TerminatedWorkerError

from nba_props.forecast.parallel import in_order

N_CALLS = 23
N_CORES = 2


class AtOnce(ThreadingBackend):
    """A cluster of two cores, which it uses where it is asked for all, and no results before the end of a call."""

    supports_return_generator = False
    configured: list[int] = []

    def effective_n_jobs(self, n_jobs):
        return N_CORES if n_jobs == -1 else n_jobs

    def configure(self, n_jobs=1, parallel=None, **settings):
        self.configured.append(n_jobs)
        return super().configure(N_CORES if n_jobs == -1 else n_jobs, parallel, **settings)


class Counted:
    """Calls that count how often each was made; those of `failing` raise once."""

    def __init__(self, **failing: BaseException) -> None:
        self.made: list[int] = []
        self._failing = {int(name.removeprefix("at_")): error for name, error in failing.items()}
        self._lock = threading.Lock()

    def __call__(self, number: int) -> int:
        with self._lock:
            self.made.append(number)
            error = self._failing.pop(number, None)
        if error is not None:
            raise error
        return number * number

    def calls(self) -> list:
        return [joblib.delayed(self)(number) for number in range(N_CALLS)]


@pytest.fixture(params=["threading", "at_once"])
def backend(request):
    """A backend that yields results as they come, and one that does not."""
    joblib.register_parallel_backend("at_once", AtOnce)
    AtOnce.configured.clear()
    with joblib.parallel_config(backend=request.param, n_jobs=-1 if request.param == "at_once" else None):
        yield request.param


SQUARES = [number * number for number in range(N_CALLS)]


def test_results_are_in_order_and_every_call_is_made_once(backend):
    counted = Counted()
    assert list(in_order(counted.calls(), workers=3)) == SQUARES
    assert sorted(counted.made) == list(range(N_CALLS))


def test_a_worker_that_dies_costs_a_second_call_and_no_result(backend):
    counted = Counted(at_0=TerminatedWorkerError(), at_9=TerminatedWorkerError())
    assert list(in_order(counted.calls(), workers=1)) == SQUARES
    assert counted.made.count(9) == 2
    assert counted.made.count(22) == 1


def test_a_call_that_raises_ends_the_work_after_the_results_before_it_and_the_next_work_goes_well(backend):
    counted, found = Counted(at_20=ZeroDivisionError()), []
    with pytest.raises(ZeroDivisionError):
        found.extend(in_order(counted.calls(), workers=1))
    assert SQUARES[:8] == found[:8]
    assert found == SQUARES[: len(found)]
    assert len(found) <= 20
    assert list(in_order(Counted().calls(), workers=1)) == SQUARES


@pytest.mark.parametrize("backend", ["at_once"], indirect=True)
def test_a_cluster_is_used_whole_and_hands_back_results_share_by_share(backend):
    counted = Counted()
    results = in_order(counted.calls(), workers=7)
    assert next(results) == 0
    assert sorted(counted.made) == list(range(8)), "four calls for each of the two cores"
    assert AtOnce.configured == [-1], "one pool, of all the cluster has, whatever the cores of this machine"
    results.close()
    assert len(counted.made) == 8


def test_an_actor_of_ray_that_dies_is_a_lost_worker(backend, monkeypatch):
    class RayActorError(Exception):
        pass

    ray = ModuleType("ray")
    ray.exceptions = ModuleType("ray.exceptions")
    ray.exceptions.RayActorError = RayActorError
    monkeypatch.setitem(sys.modules, "ray", ray)
    counted = Counted(at_3=RayActorError())
    assert list(in_order(counted.calls(), workers=1)) == SQUARES


def test_a_false_alarm_of_scikit_learn_is_not_shown_and_other_warnings_are():
    def fit(text):
        warnings.warn(text, UserWarning, stacklevel=1)

    alarm = "`sklearn.utils.parallel.delayed` should be used with `sklearn.utils.parallel.Parallel` to make it possible"
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        list(in_order([joblib.delayed(fit)(text) for text in (alarm, "a column is constant")], workers=2))
    assert [str(warning.message) for warning in shown] == ["a column is constant"]


def test_the_calls_begin_before_a_result_is_asked_for_and_threads_take_short_turns_until_the_end():
    begun, usual = threading.Event(), sys.getswitchinterval()
    results = in_order([joblib.delayed(begun.set)()] + [joblib.delayed(int)() for _ in range(4)], workers=2)
    assert begun.wait(10), "nobody asked, and nothing began"
    assert sys.getswitchinterval() < usual
    assert list(results) == [None, 0, 0, 0, 0]
    assert sys.getswitchinterval() == usual


def test_work_that_is_closed_before_a_result_was_taken_ends():
    usual = sys.getswitchinterval()
    in_order([joblib.delayed(int)() for _ in range(4)], workers=2).close()
    assert sys.getswitchinterval() == usual


def test_no_calls_give_no_results(backend):
    assert list(in_order([], workers=2)) == []
