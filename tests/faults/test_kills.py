"""Killed at any moment, a run of a job, a recipe or a registry loop never stays RUNNING, and the store stays whole."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import mlflow
import pytest

HELPER = Path(__file__).with_name("kill_helper.py")
POLITE = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
WORKS = ("job", "recipe", "registry")
KILLS = [(work, sign, number) for work in WORKS for number, sign in enumerate([*[signal.SIGKILL] * 4, *POLITE])]


class Workshop:
    """The process that forks the children that work."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "mlflow.db"
        self.uri = f"sqlite:///{self.database}"
        self.errors = (folder / "stderr.txt").open("w")
        self.process = subprocess.Popen(
            [sys.executable, HELPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=folder,
        )
        assert self.read() == "ready"

    def read(self) -> str:
        return self.process.stdout.readline().strip()

    def begin(self, work: str) -> int:
        self.process.stdin.write(json.dumps({"work": work, "uri": self.uri}) + "\n")
        self.process.stdin.flush()
        return int(self.read())

    def run(self, work: str) -> float:
        """Let a child work in peace; return the seconds it takes."""
        begun = time.monotonic()
        self.begin(work)
        assert self.read() == "0"
        return time.monotonic() - begun

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


@pytest.fixture
def workshop(tmp_path):
    made = Workshop(tmp_path)
    yield made
    made.close()


def unfinished(database: Path) -> tuple[int, int]:
    """RUNNING runs and PENDING models, read past MLflow."""
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as store:
        runs = store.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'").fetchone()[0]
        models = store.execute("SELECT count(*) FROM logged_models WHERE status = 1").fetchone()[0]
    return int(runs), int(models)


def wait_for_a_run(database: Path) -> None:
    """Wait until a run is under way, however busy the machine is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not unfinished(database)[0]:
        time.sleep(0.01)


@pytest.mark.faults
def test_of_twenty_one_kills_at_random_moments_none_leaves_a_run_running_or_the_store_broken(workshop, survived):
    lasts = {work: workshop.run(work) for work in WORKS}
    chance, found = random.Random(17), Counter()  # noqa: S311 - moments, not secrets
    for work, sign, number in KILLS:
        child = workshop.begin(work)
        if number == 0:  # one of each work surely dies in the midst of a run
            wait_for_a_run(workshop.database)
        else:
            time.sleep(chance.uniform(0.05, 0.95) * lasts[work])
        with suppress(ProcessLookupError):  # on a machine that has become less busy it is done
            os.kill(child, sign)
        code = int(workshop.read())
        found[f"{sign.name}, in time" if code else f"{sign.name}, too late"] += 1
        left = unfinished(workshop.database)
        if sign in POLITE:
            assert code in (0, POLITE[sign], -sign), (work, sign.name)
            assert left == (0, 0), f"{work} ended by {sign.name}"
        found["runs left RUNNING by SIGKILL"] += left[0]
        found["models left PENDING by SIGKILL"] += left[1]
        workshop.run("start")
        assert unfinished(workshop.database) == (0, 0), f"{work}: the next start marks what SIGKILL left"
    with closing(sqlite3.connect(workshop.database)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    client = mlflow.MlflowClient(workshop.uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(ids, max_results=1000)
    killed = [run for run in runs if run.info.status == "KILLED"]
    assert {run.info.status for run in runs} == {"FINISHED", "KILLED"}
    assert all(run.data.tags["failure_reason"] for run in killed)
    assert found["runs left RUNNING by SIGKILL"] >= len(WORKS), "each was killed in the midst of a run"
    assert len(dict(client.get_registered_model("loop").aliases)) >= 1
    survived(f"{len(KILLS)} kills: {dict(found)}; {len(runs)} runs, {len(killed)} of them KILLED, none RUNNING")
