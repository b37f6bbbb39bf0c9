"""No run stays RUNNING: signals end it KILLED at any moment, and what died without one is marked at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.logging.sink import Sink
from mlflow_integration.store import abandoned
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.processes import process_mark
from mlflow_integration.utils import cleanup_failed_runs, setup_experiments

mlflow = load_mlflow()


@pytest.fixture(autouse=True)
def signals_as_in_a_terminal():
    """A process started in the background ignores SIGINT or SIGHUP; and no run outlives its test."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    while mlflow.active_run() is not None:
        mlflow.end_run()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def dead() -> str:
    """The mark of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(process.pid)
    process.communicate(b"\n")
    return mark


@pytest.fixture
def left(uri, dead):
    """Client, and ids by what was left: runs of the dead process, of this one and of another machine, and a model."""
    setup_experiments(tracking_uri=uri)
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("Phase1_Foundation").experiment_id
    marks = {"dead": dead, "own": process_mark(), "elsewhere": "0123456789ab:7:7"}
    runs = {name: client.create_run(experiment, tags={"process": mark}).info.run_id for name, mark in marks.items()}
    runs["plain"] = client.create_run(experiment).info.run_id
    models = {
        name: client.create_logged_model(experiment, source_run_id=runs[name], tags={"process": marks[name]}).model_id
        for name in ("dead", "own")
    }
    abandoned._swept.clear()
    return client, runs, models


def states(client, runs):
    return {name: client.get_run(run).info.status for name, run in runs.items()}


def test_the_next_start_marks_what_a_dead_process_left_and_nothing_else(uri, left):
    client, runs, models = left
    assert NBAPropsTracker("next", tracking_uri=uri).client
    assert states(client, runs) == {"dead": "KILLED", "own": "RUNNING", "elsewhere": "RUNNING", "plain": "RUNNING"}
    assert "process ended" in client.get_run(runs["dead"]).data.tags["failure_reason"]
    assert client.get_logged_model(models["dead"]).status == "FAILED"
    assert client.get_logged_model(models["own"]).status == "PENDING"


def test_cleanup_lists_dead_runs_marks_them_when_told_and_deletes_only_when_told(uri, left):
    client, runs, _ = left
    listed = cleanup_failed_runs(tracking_uri=uri)
    assert listed["run_id"].tolist() == [runs["dead"], runs["dead"]], "the run and its model"
    assert not listed[["marked", "deleted"]].any(axis=None)
    assert states(client, runs)["dead"] == "RUNNING"
    marked = cleanup_failed_runs(mark_dead=True, tracking_uri=uri)
    assert marked["status"].tolist() == ["KILLED", "FAILED"]
    assert states(client, runs) == {"dead": "KILLED", "own": "RUNNING", "elsewhere": "RUNNING", "plain": "RUNNING"}
    assert client.get_run(runs["dead"]).info.lifecycle_stage == "active"
    cleanup_failed_runs(dry_run=False, tracking_uri=uri)
    assert client.get_run(runs["dead"]).info.lifecycle_stage == "deleted"
    assert client.get_run(runs["own"]).info.lifecycle_stage == "active"


def test_a_dead_run_is_marked_before_it_is_deleted(uri, left):
    client, runs, _ = left
    cleanup_failed_runs(dry_run=False, tracking_uri=uri)
    run = client.get_run(runs["dead"]).info
    assert (run.status, run.lifecycle_stage) == ("KILLED", "deleted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_killed_with_its_name(tracker, number):
    with pytest.raises(SystemExit) as caught, tracker.start_run("x") as run:
        os.kill(os.getpid(), number)
    stored = tracker.client.get_run(run.run_id)
    assert caught.value.code == 128 + number
    assert stored.info.status == "KILLED"
    assert signal.Signals(number).name in stored.data.tags["failure_reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_between_the_creation_of_a_run_and_its_bookkeeping_leaves_none_running(tracker, monkeypatch, number):
    made = []
    start = Sink.start

    def interrupted(self, *arguments):
        made.append(start(self, *arguments))
        os.kill(os.getpid(), number)
        return made[-1]

    monkeypatch.setattr(Sink, "start", interrupted)
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        tracker.start_run("x")
    assert tracker.client.get_run(made[0][0].info.run_id).info.status == "KILLED"
    assert tracker.active_run is None


def test_a_signal_while_a_run_is_ended_waits_until_it_is(tracker, monkeypatch):
    end = Sink.end

    def interrupted(self, *arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        end(self, *arguments)

    run = tracker.start_run("x")
    monkeypatch.setattr(Sink, "end", interrupted)
    with pytest.raises(SystemExit):
        run.end()
    assert tracker.client.get_run(run.run_id).info.status == "FINISHED"


def test_a_signal_that_the_program_handles_or_ignores_stays_the_programs_own(tracker, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with tracker.start_run("x") as run:
            os.kill(os.getpid(), signal.SIGHUP)
        assert tracker.client.get_run(run.run_id).info.status == "FINISHED"
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_forked_child_that_ends_does_not_end_the_run_of_its_parent(tracker):
    with tracker.start_run("x") as run:
        child = os.fork()
        if child == 0:
            from mlflow_integration.logging import run as runs

            runs._end_open_runs()
            os._exit(0)
        os.waitpid(child, 0)
        assert tracker.client.get_run(run.run_id).info.status == "RUNNING"
