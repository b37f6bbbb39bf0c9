"""`serve.py` is one worker on this machine, without a job runner, and ends with its signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from mlflow_integration import NBAPropsTracker
from mlflow_integration.commands import serve
from mlflow_integration.store.server import free_port
from mlflow_integration.utils import search_runs

pytestmark = pytest.mark.faults
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mlflow" / "serve.py"


def test_the_store_is_served_on_this_machine_only_by_few_processes(tmp_path, survived):
    port = free_port()
    with (tmp_path / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, SCRIPT, "--port", str(port), "--tracking-uri", tmp_path / "mlflow.db"],
            stdout=log,
            stderr=log,
            cwd=tmp_path,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            assert process.poll() is None, (tmp_path / "log.txt").read_text()
            try:
                if requests.get(f"{url}/health", timeout=2).ok:
                    break
            except requests.RequestException:
                time.sleep(0.2)
        with NBAPropsTracker("served", tracking_uri=url).start_run("x"):
            pass
        assert len(search_runs("served", tracking_uri=tmp_path / "mlflow.db")) == 1
        listed = subprocess.run(
            ["ps", "-o", "pid=", "-g", str(process.pid)], capture_output=True, text=True, check=False
        )
        assert len(listed.stdout.split()) <= 3
        survived(f"serve.py: {len(listed.stdout.split())} processes, ended by SIGTERM")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=120)


@pytest.mark.parametrize("what", ["a port that is taken", "a server"])
def test_what_cannot_be_served_is_said(what, tmp_path, capsys, survived):
    with socket.socket() as taken, pytest.raises(SystemExit) as caught:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        uri = str(tmp_path / "mlflow.db") if "port" in what else "http://127.0.0.1:9"
        serve.app(["--port", str(taken.getsockname()[1]), "--tracking-uri", uri])
    assert caught.value.code == 2
    assert ("choose another one" if "port" in what else "is a server already") in capsys.readouterr().err
    survived(f"serve.py on {what}: said in words, exit code 2")
