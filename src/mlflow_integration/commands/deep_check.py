"""What is wrong with the configured set-up, and how to fix it. Everything is only read."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlflow_integration.commands.self_check import CheckResult, expect, run_check
from mlflow_integration.store.location import resolve_store
from mlflow_integration.values.access_errors import access_refused
from mlflow_integration.values.deadline import deadline_seconds
from nba_props.errors import ModelFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


MAX_SKEW: Final = 60.0
MIN_FREE: Final = 1_000_000_000
UI_PORT: Final = 5000


def deep_checks(tracking_uri: str | Path | None = None) -> Iterator[CheckResult]:
    """Check the configured store and what it depends on, and yield each result as soon as it is known.

    A failure says what is wrong and how to fix it. Checks that need an open store are left out where it does not open.
    """
    found: list[Store] = []
    yield run_check("The tracking URI can be used", lambda: _check_address(tracking_uri, found))
    if not found:
        return
    store = found[0]
    if store.is_http:
        yield run_check("The server answers", lambda: _check_reachable(store))
        yield run_check("Server and client are the same MLflow", lambda: _same_version(store))
    else:
        yield run_check("The schema is that of the installed MLflow", lambda: _schema(store))
        yield run_check("Database and folders can be written", lambda: _writable(store))
    yield run_check("The clocks agree", lambda: _clock(store))
    yield run_check("The disk has room", lambda: _free_space(store))
    yield run_check(f"Port {UI_PORT} is free, or MLflow's", _port)
    opened: list[MlflowClient] = []
    result = run_check("The store opens and can be read", lambda: _check_opens(store, opened))
    yield result
    if not opened:
        return
    client = opened[0]
    checks: dict[str, Callable[[Store, MlflowClient], str]] = {
        "No run or model of a dead process is unfinished": _no_dead_processes,
        "No run belongs to a process that cannot be judged here": _no_foreign_runs,
        "Nothing waits for a server in a spool": _no_spool,
        "The files of all registered models are those that were logged": _models,
    }
    for name, check in checks.items():
        yield run_check(name, lambda check=check: check(store, client))  # type: ignore[misc]


def _check_address(tracking_uri: str | Path | None, found: list[Store]) -> str:
    found.append(resolve_store(tracking_uri))
    return found[0].label


def _check_reachable(store: Store) -> str:
    begun = time.monotonic()
    store.probe()
    return f"{1000 * (time.monotonic() - begun):.0f} ms"


def _same_version(store: Store) -> str:
    import requests

    from mlflow_integration.store.location import load_mlflow

    own = str(load_mlflow().__version__)
    try:
        answer = requests.get(f"{store.uri}/version", timeout=_patience(), auth=_login())
        served = answer.text.strip()
        refused = access_refused(f"error code {answer.status_code}")
        expect(not refused, refused)
    except requests.RequestException as error:
        expect(False, f"its version cannot be read: {type(error).__name__}")
    expect(served == own, f"the server is MLflow {served}, this environment {own}: install the same version on both")
    return own


def _patience() -> float:
    """Seconds that a server gets to answer a question of these checks."""
    return min(5.0, deadline_seconds())


def _login() -> tuple[str, str] | None:
    """Name and password for a server that asks for them; MLflow's own calls take them from there too."""
    name = os.environ.get("MLFLOW_TRACKING_USERNAME")
    return (name, os.environ.get("MLFLOW_TRACKING_PASSWORD", "")) if name else None


def _schema(store: Store) -> str:
    from mlflow_integration.store.schema import check_schema, schema_of

    check_schema(store)
    return schema_of(store) or "no store yet; the first run makes it"


def _writable(store: Store) -> str:
    database = store.database
    if database is None:
        return "a database server keeps its own files"
    folder = next(path for path in database.parents if path.exists())
    for path in (folder, *([database] if database.exists() else [])):
        expect(
            os.access(path, os.W_OK),
            f"{path} cannot be written by this user: `chmod u+w {path}`, or name another store in MLFLOW_TRACKING_URI",
        )
    with tempfile.TemporaryFile(dir=folder):  # what os.access does not see: a read-only disk
        return str(folder)


def _clock(store: Store) -> str:
    import requests

    if store.is_http:
        begun = time.time()
        try:
            answer = requests.get(f"{store.uri}/health", timeout=_patience()).headers.get("Date")
        except requests.RequestException as error:
            expect(False, f"the server's clock cannot be read: {type(error).__name__}")
        theirs = parsedate_to_datetime(answer).timestamp() if answer else begun
        what = "the server's"
    else:
        begun = time.time()
        with tempfile.NamedTemporaryFile(dir=_nearest_existing(store.root)) as file:
            theirs = Path(file.name).stat().st_mtime
        what = "the disk's"
    skew = theirs - begun
    expect(
        abs(skew) <= MAX_SKEW,
        f"{what} clock is {skew:+,.0f} s away from this machine's: runs sort wrongly; synchronise both (NTP)",
    )
    return f"{skew:+.1f} s"


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _free_space(store: Store) -> str:
    usage = shutil.disk_usage(_nearest_existing(store.root))
    said = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} GB below {store.root}"
    expect(usage.free >= MIN_FREE, f"{said}: free some space (`compare_experiments.py storage` says what takes it)")
    return said


def _port() -> str:
    import requests

    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", UI_PORT)) != 0:
            return "free"
    try:
        answer = requests.get(f"http://127.0.0.1:{UI_PORT}/version", timeout=2)
        known = answer.ok and answer.text[:1].isdigit()
    except requests.RequestException:
        known = False
    expect(known, f"another program listens on port {UI_PORT}: start ours on another one, `serve.py --port 5001`")
    return "an MLflow server listens there"


def _check_opens(store: Store, opened: list[MlflowClient]) -> str:
    from mlflow_integration.store.experiments import active_experiments

    if store.database is not None and not store.database.exists():
        return f"{store.database} does not exist yet; the first run makes it"
    client = store.client(create=False)
    count = len(active_experiments(client, store.uri))
    opened.append(client)
    return f"{count} experiments"


def _no_dead_processes(store: Store, client: MlflowClient) -> str:
    from mlflow_integration.store.abandoned import find_abandoned

    dead = find_abandoned(client, store.uri)
    expect(
        not dead.runs and not dead.models,
        f"{len(dead.runs)} runs are RUNNING and {len(dead.models)} models PENDING though their process is gone: "
        "`compare_experiments.py cleanup --mark`",
    )
    return ""


def _no_foreign_runs(store: Store, client: MlflowClient) -> str:
    from mlflow_integration.store.experiments import active_experiments
    from mlflow_integration.store.processes import PROCESS_TAG, machine_mark
    from mlflow_integration.store.search import pages

    ids = [experiment.experiment_id for experiment in active_experiments(client, store.uri)]
    where = "attributes.status = 'RUNNING'"
    running = list(pages(client.search_runs, experiment_ids=ids, filter_string=where, max_results=1000)) if ids else []
    foreign = [run for run in running if not run.data.tags.get(PROCESS_TAG, "").startswith(f"{machine_mark()}:")]
    listed = ", ".join(run.info.run_id for run in foreign[:3])
    expect(
        not foreign,
        f"{len(foreign)} runs are RUNNING on other machines or without a mark ({listed}): if nobody works on them, "
        "`compare_experiments.py cleanup --mark --stale-hours 24`",
    )
    return f"{len(running)} running, all of this machine" if running else ""


def _no_spool(store: Store, client: MlflowClient) -> str:
    from mlflow_integration.logging.spool import FOLDER

    waiting = sorted((store.root / FOLDER).glob("*/state.json"))
    expect(not waiting, f"{len(waiting)} runs wait in {store.root / FOLDER}: `compare_experiments.py replay`")
    return ""


def _models(store: Store, client: MlflowClient) -> str:
    from mlflow_integration.stages.records import RegistryStore

    records, bad, count = RegistryStore(store, client), [], 0
    for name in records.names():
        for version in records.state(name).versions:
            count += 1
            try:
                records.check_files(name, version)
            except ModelFilesError as error:
                bad.append(str(error))
    expect(not bad, " ".join(bad))
    return f"{count} versions"
