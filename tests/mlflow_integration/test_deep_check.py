"""`test_tracking.py --deep` names what is wrong with a set-up, and the fix."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import NBAPropsTracker
from mlflow_integration.commands import deep_check, test_tracking
from mlflow_integration.commands.deep_check import deep_checks
from mlflow_integration.store.location import load_mlflow

mlflow = load_mlflow()
OLD = Path(__file__).with_name("old_stores") / "mlflow_2_22_0.sql"


def failures(uri) -> dict[str, str]:
    return {result.name: result.detail for result in deep_checks(uri) if not result.passed}


@pytest.fixture(autouse=True)
def free_port(monkeypatch):
    """Look at a port that nobody uses, whatever runs on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(deep_check, "UI_PORT", probe.getsockname()[1])


def test_a_healthy_store_passes_and_is_not_changed(uri, tmp_path):
    with NBAPropsTracker("x", tracking_uri=uri).start_run("x"):
        pass
    before = (tmp_path / "store" / "mlflow.db").read_bytes()
    results = list(deep_checks(uri))
    assert [result.name for result in results if not result.passed] == []
    assert len(results) == 11
    assert (tmp_path / "store" / "mlflow.db").read_bytes() == before


def test_a_wrong_uri_a_dead_server_and_an_old_schema_are_named_with_the_fix(tmp_path):
    assert "not a tracking URI" in failures("nowhere")["The tracking URI can be used"]
    assert "Start one with" in failures("http://127.0.0.1:9")["The server answers"]
    with closing(sqlite3.connect(tmp_path / "old.db")) as database:
        database.executescript(OLD.read_text())
    found = failures(tmp_path / "old.db")
    assert "compare_experiments.py upgrade" in found["The schema is that of the installed MLflow"]


def test_dead_and_foreign_runs_tampered_models_and_waiting_spools_are_named_with_the_fix(uri, tmp_path):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    features = pd.DataFrame({"a": [1.0, 2.0]})
    with tracker.start_run("x"):
        model = LinearRegression().fit(features, features["a"])
        logged = tracker.log_model(model, input_example=features, registered_model_name="deep")
    location = tracker.client.get_logged_model(logged.model_id).artifact_location
    (Path(location.removeprefix("file://")) / "evil.py").write_text("x")
    mark = f"{deep_mark()}:{2**22 + 1}:7"
    tracker.client.create_run(tracker.experiment_id, tags={"process": mark})
    foreign = tracker.client.create_run(tracker.experiment_id, tags={"process": "0123456789ab:7:7"}).info.run_id
    with NBAPropsTracker("x", tracking_uri=uri, offline=True).start_run("offline"):
        pass
    found = failures(uri)
    assert "cleanup --mark" in found["No run or model of a dead process is unfinished"]
    assert foreign in found["No run belongs to a process that cannot be judged here"]
    assert "added: evil.py" in found["The files of all registered models are those that were logged"]
    assert "replay" in found["Nothing waits for a server in a spool"]


def deep_mark() -> str:
    from mlflow_integration.store.processes import machine_mark

    return machine_mark()


def test_a_server_that_hangs_is_named_within_the_deadline(monkeypatch):
    monkeypatch.setenv("NBA_PROPS_DEADLINE", "0.5")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        found = failures(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "ReadTimeout" in found["The server answers"]
    assert "Start one with" in found["The server answers"]


def test_files_that_this_user_cannot_write_are_named_with_the_fix(uri, tmp_path, monkeypatch):
    monkeypatch.setattr(deep_check.os, "access", lambda path, mode: not Path(path).is_relative_to(tmp_path))
    assert "chmod u+w" in failures(uri)["Database and folders can be written"]


def test_workspaces_are_named(uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team-a")
    assert "workspaces are not supported" in failures(uri)["The store opens and can be read"]


class Closed(BaseHTTPRequestHandler):
    """A server that lets nobody in, but says that it is healthy."""

    def do_GET(self):
        self.send_response_only(200 if self.path == "/health" else 401)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name that the server calls

    def log_message(self, *arguments):
        pass


def test_a_user_whom_the_server_does_not_let_in_is_named_without_the_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "Hunter2-Hunter2")
    server = HTTPServer(("127.0.0.1", 0), Closed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = failures(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    assert "does not let in user 'ann'" in found["Server and client are the same MLflow"]
    assert "does not let in user 'ann'" in found["The store opens and can be read"]
    assert "Hunter2" not in str(found)


def test_a_disk_that_is_nearly_full_is_named(uri, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5e6, total=1e9))
    assert "free some space" in failures(uri)["The disk has room"]


class Other(BaseHTTPRequestHandler):
    """A server of another version, with another clock."""

    def do_GET(self):
        self.send_response_only(200)
        self.send_header("Date", "Mon, 01 Jan 2001 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"1.0.0" if self.path == "/version" else b"OK")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def other():
    server = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_another_version_and_another_clock_are_named(other):
    found = failures(f"http://127.0.0.1:{other}")
    assert "install the same version" in found["Server and client are the same MLflow"]
    assert "NTP" in found["The clocks agree"]


def test_a_port_that_is_taken_is_named(uri, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        monkeypatch.setattr(deep_check, "UI_PORT", number)
        assert "another program listens" in failures(uri)[f"Port {number} is free, or MLflow's"]


def test_the_command_shows_the_deep_checks_only_when_asked(uri, capsys, monkeypatch):
    monkeypatch.setattr("mlflow_integration.commands.self_check.run_checks", lambda uri: iter(()))
    with pytest.raises(SystemExit) as caught:
        test_tracking.app(["--deep", "--tracking-uri", uri])
    assert caught.value.code == 0
    assert "The disk has room" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        test_tracking.app(["--tracking-uri", uri])
    assert "The disk has room" not in capsys.readouterr().out
