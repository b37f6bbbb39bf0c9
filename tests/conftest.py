"""What every test shares: no display, no network but this machine, and the way to the real data beside the checkout."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import matplotlib
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

matplotlib.use("Agg")
# A busy machine is no failure: examples have no time limit of their own.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata_dir() -> Path:
    """Folder of the real box scores and lines; skips the test, with the reason, where there is none."""
    if not REALDATA.is_dir():
        pytest.skip(f"no real data at {REALDATA}")
    return REALDATA


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store without anything in it: MLflow needs more than a second to make one, so tests copy it."""
    from mlflow_integration.store.location import load_mlflow

    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    load_mlflow().MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="session")
def new_store(empty_store: Path) -> Callable[[Path], str]:
    """Puts an empty store into a folder and returns its URI."""

    def make(folder: Path) -> str:
        return f"sqlite:///{shutil.copy(empty_store, folder / 'mlflow.db')}"

    return make


@pytest.fixture(scope="module")
def no_pictures():
    """Draw none: for modules that train many models and look at none of their pictures, which take most of the time."""
    import models.figures  # noqa: F401 - the plots register themselves before they are taken away
    from nba_props.plots import PLOTS

    assert PLOTS.items()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PLOTS, "_items", {})
        yield


_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return host is None or text in ("", "localhost") or ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_others(host: object) -> None:
    if not _is_here(host):
        message = f"a test asked for {host}: tests use no network but this machine"
        raise RuntimeError(message)


@pytest.fixture(autouse=True, scope="module")
def no_store_left_over():
    """Forget the store that tests of the module told MLflow of: those of the next module would find it."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    yield
    if "mlflow" in sys.modules:
        sys.modules["mlflow"].set_tracking_uri(None)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuse connections and look-ups of other machines; loopback and Unix sockets stay as they are."""

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_others(address[0])
        return _connect(self, address)

    def connect_ex(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_others(address[0])
        return _connect_ex(self, address)

    def getaddrinfo(host, *arguments, **options):
        if host != socket.gethostname():  # servers look their own machine up
            _refuse_others(host)
        return _getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the modules that have the most slow tests: a worker that is left alone with one at the end takes long.

    Within a module, and among those without a slow test, the order stays random.
    """
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


# -- Faults ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def survived(record_property):
    """Say what was broken and what survived; shown when all tests are done, by several workers too."""
    return lambda text: record_property("survived", text)


def pytest_terminal_summary(terminalreporter):
    """Show what the tests marked `faults` broke, and what survived."""
    said = [
        text
        for report in terminalreporter.stats.get("passed", ())
        for name, text in report.user_properties
        if name == "survived"
    ]
    if said:
        terminalreporter.section("what was broken, and what survived")
        for text in said:
            terminalreporter.write_line(f"- {text}")


# -- PostgreSQL -------------------------------------------------------------------------------------------------------

PASSWORD = "pg secret@1%/x"  # noqa: S105 - with every character that has a meaning in a URI or a settings file


class Cluster:
    """A PostgreSQL cluster of the tests' own, on a free port of this machine, fast and not safe."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        # Its user must be able to reach it; pytest's folders are root's alone.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = _free_port()
        self._count = 0
        self.user = {}
        self.password = PASSWORD
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self.user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self.folder, "postgres", "postgres")

    def start(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data, options = self.folder / "data", ["-U", "nba", "-A", "scram-sha-256", "--pwfile", secret, "--no-sync"]
        self._run("initdb", "-D", data, "-E", "UTF8", "--locale", "C", *options)
        settings = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._run("pg_ctl", "-D", data, "-o", settings, "-l", self.folder / "log", "-w", "start")
        template = self.new_database(template="template0")
        code = "import sys; from mlflow.db import upgrade; upgrade.callback(sys.argv[1])"
        subprocess.run([sys.executable, "-c", code, template], check=True, capture_output=True, cwd=self.folder)
        self.empty = template.rpartition("/")[2]

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def uri(self, database: str) -> str:
        return f"postgresql+psycopg2://nba:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str | None = None) -> str:
        """Return the URI of a new store without anything in it."""
        import psycopg2

        self._count += 1
        name = f"store_{self._count}"
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="nba", password=PASSWORD, dbname="postgres"
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template or self.empty}")
        connection.close()
        return self.uri(name)

    def _run(self, program: str, *arguments: object) -> None:
        command = [self.programs / program, *map(str, arguments)]
        with (self.folder / "commands.log").open("ab") as log:  # the server it starts must not keep our pipes
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd=self.folder, **self.user)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def postgres():
    """A cluster for the session; skips the test, with the reason, where PostgreSQL is not installed."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), Path(shutil.which("initdb") or "")]
    if not found[0].is_file():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    cluster = Cluster(found[0].parent)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
