"""A plan that is killed, and killed again, ends with the same finished runs as one that was left in peace."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import mlflow
import pytest

PROCESS = Path(__file__).with_name("plan_process.py")


def start(folder: Path) -> subprocess.Popen:
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    return subprocess.Popen([sys.executable, str(PROCESS)], cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def runs(folder: Path) -> list:
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    return [run for experiment in client.search_experiments() for run in client.search_runs([experiment.experiment_id])]


def kill_during(folder: Path, number: int) -> None:
    """Let it go until run `number` (from 1) of the store is under way, then send SIGKILL in the midst of it."""
    process = start(folder)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (folder / "mlflow.db").exists() and started(folder) >= number:
            break
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.2)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()


def started(folder: Path) -> int:
    """Runs in the store, read past MLflow: its client would take part in making a store that is half made."""
    with closing(sqlite3.connect(f"file:{folder / 'mlflow.db'}?mode=rw", uri=True)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


@pytest.mark.faults
def test_a_plan_killed_twice_ends_with_the_same_finished_runs_and_none_running(tmp_path, survived):
    peace, trouble = tmp_path / "peace", tmp_path / "trouble"
    peace.mkdir()
    trouble.mkdir()
    assert start(peace).wait() == 0
    kill_during(trouble, 1)
    kill_during(trouble, 2)
    assert any(run.info.status == "RUNNING" for run in runs(trouble)), "it was killed in the midst of a run"
    assert start(trouble).wait() == 0

    def finished(folder: Path) -> list[tuple[str, float]]:
        done = [run for run in runs(folder) if run.info.status == "FINISHED"]
        return sorted((run.data.tags["recipe"], run.data.metrics["val_mae"]) for run in done)

    assert finished(trouble) == finished(peace)
    assert len(finished(peace)) == 2
    assert {run.info.status for run in runs(trouble)} == {"FINISHED", "KILLED"}
    client = mlflow.MlflowClient(f"sqlite:///{trouble / 'mlflow.db'}")
    registered = client.search_model_versions("name = 'NBAProps_reb_SIMULATED'")
    assert len({version.run_id for version in registered}) == len(registered) == 2
    survived("a plan killed in its first and in its second run: the same finished runs as in peace, none RUNNING")
