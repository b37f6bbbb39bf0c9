"""A local tracking server for the duration of a block: tests, benchmarks, screenshots."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.location import DATABASE_FILE, resolve_store
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


START_SECONDS: Final = 180.0  # about 16 s on an idle machine
_STORE_VARIABLES: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI", "MLFLOW_REGISTRY_STORE_URI")


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def local_server(folder: Path, *, database: Path | None = None, port: int | None = None) -> Iterator[str]:
    """Run ``mlflow server`` with one worker and without a job runner, on this machine only, and yield its URL.

    Log, artifacts and, unless one is named, the database are in `folder`. The port is a free one by default.

    Raises:
        StoreError: It does not start; holds the end of its log.
    """
    options = ["--host", "127.0.0.1", "--workers", "1"]
    options += ["--backend-store-uri", resolve_store(database or folder / DATABASE_FILE).uri]
    options += ["--artifacts-destination", str(folder / "artifacts")]
    with _served(["server", *options], folder, folder / "server.log", port=port, light=True) as url:
        yield url


@contextmanager
def local_ui(database: Path, log: Path, *, port: int | None = None, light: bool = True) -> Iterator[str]:
    """Run ``mlflow ui`` in the folder of a SQLite store, as a user does, and yield its URL.

    The command opens ``mlflow.db`` by default; any other file is named to it. What it prints goes to `log`. If `light`,
    it has one worker and no job runner: the same pages from 2 processes instead of 15, in a quarter of the time.

    Raises:
        StoreError: There is no such store, or the command does not start; then with the end of its log.
    """
    if not database.is_file():
        message = f"There is no store {database}."
        raise StoreError(message)
    named = [] if database.name == DATABASE_FILE else ["--backend-store-uri", resolve_store(database).uri]
    command = ["ui", *named, *(["--workers", "1"] if light else [])]
    with _served(command, database.resolve().parent, log, port=port, light=light) as url:
        yield url


@contextmanager
def _served(command: list[str], folder: Path, log: Path, *, port: int | None, light: bool) -> Iterator[str]:
    number = port or free_port()
    url = f"http://127.0.0.1:{number}"
    environment = {name: value for name, value in os.environ.items() if name not in _STORE_VARIABLES}
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    if light:
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
            [sys.executable, "-m", "mlflow", *command, "--port", str(number)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        _wait(url, process, log)
        yield url
    finally:
        _stop(process)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import requests

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    message = f"The tracking server at {url} did not start. The end of {log}:\n{tail}"
    raise StoreError(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for stop in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, stop)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue
        return
