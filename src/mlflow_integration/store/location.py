"""Where the tracking store is, and how it is opened.

The embedded store is one SQLite file, ``mlflow.db``, at the project root with the artifacts beside it under
``mlflow_artifacts/<experiment>/``: what ``uv run mlflow ui`` opens from the root without any option. Scripts run from
any folder see the same store, because every path is absolute. ``MLFLOW_TRACKING_URI`` (a server, another database)
wins.
"""

from __future__ import annotations

import importlib
import logging
import math
import os
import sys
import tempfile
import threading
import tomllib
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mlflow_integration.store.artifact_root import local_folder, location_below_shared_root
from mlflow_integration.store.schema import check_schema
from mlflow_integration.values.access_errors import refuse_workspaces
from mlflow_integration.values.database_errors import without_sql
from mlflow_integration.values.deadline import deadline_seconds
from mlflow_integration.values.file_names import unique_file_name
from mlflow_integration.values.secrets import mask_secrets, remember_uri
from nba_props.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.tracking import MlflowClient

    from mlflow_integration.values.types import AnyValue


PROJECT_NAME: Final = "nba-props-mlflow"
DATABASE_FILE: Final = "mlflow.db"
ARTIFACT_FOLDER: Final = "mlflow_artifacts"
OLD_STORE_FOLDER: Final = "mlruns"
SERVER_COMMAND: Final = "uv run serve.py"
_log = logging.getLogger(__name__)
PROBE_SECONDS: Final = 8.0

_ENVIRONMENT: Final = {
    # MLflow's own defaults silently retry a dead server for minutes; a run continues into its spool instead.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    # Nothing about a user's experiments leaves the machine unless the user asks for it.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A library prints nothing: MLflow would draw a bar for every file it reads, and print a link to each run.
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # scripts print JSON
}
_CHATTY: Final = (
    "alembic",
    "mlflow.models.signature",
    "mlflow.pyfunc",
    "mlflow.store.artifact.artifact_repo",
    "mlflow.store.db.utils",
    "mlflow.store.model_registry",
    "mlflow.utils.environment",
    "mlflow.utils.uv_utils",
)


def load_mlflow() -> AnyValue:
    """Import MLflow (seconds, once) with this project's defaults for whatever the user has not set."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(math.ceil(deadline_seconds())))
    if "mlflow" not in sys.modules:
        with warnings.catch_warnings(), suppress(ImportError):
            # In a notebook without ipywidgets it warns about progress bars that are switched off anyway.
            warnings.simplefilter("ignore")
            importlib.import_module("tqdm.auto")
    import mlflow

    # The last one prints statement and traceback of an error that is raised with a message anyway.
    levels = {**dict.fromkeys(_CHATTY, logging.ERROR), "mlflow.store.db.utils": logging.CRITICAL}
    for name, level in levels.items():
        logger = logging.getLogger(name)
        if logger.level != level:  # setting it makes every logger of the process work out its level again
            logger.setLevel(level)
    return mlflow


def _is_project(folder: Path) -> bool:
    try:
        settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return bool(settings.get("project", {}).get("name") == PROJECT_NAME)


def project_root(start: Path | None = None) -> Path:
    """Return the project's root folder, absolute.

    Args:
        start: Where to look from; the working directory by default.

    Returns:
        The nearest parent of `start` that holds this project's ``pyproject.toml``, else the nearest such parent of this
        source file (an editable installation), else `start` itself.
    """
    here = (start or Path.cwd()).resolve()
    for origin in (here, Path(__file__).resolve().parent):
        for folder in (origin, *origin.parents):
            if _is_project(folder):
                return folder
    return here


def old_file_store(folder: Path) -> Path | None:
    """Return the ``mlruns/`` file store of an earlier installation under `folder`, if there is one with experiments."""
    candidate = folder if folder.name == OLD_STORE_FOLDER else folder / OLD_STORE_FOLDER
    if candidate.is_dir() and any(candidate.glob("*/meta.yaml")):
        return candidate
    return None


def old_store_message(folder: Path) -> str:
    """Say what an old file store is and how its runs are imported."""
    return (
        f"{folder} is a file store of an earlier MLflow, which MLflow 3.17 no longer reads. Bring its runs over with\n"
        f"    uv run compare_experiments.py migrate --source {folder}\n"
        f"and then move the folder away: while it stands in the working directory, `mlflow ui` opens it instead of "
        f"{DATABASE_FILE}. See docs/tracking.md, 'Old stores'."
    )


@dataclass(frozen=True)
class Store:
    """One tracking store: its URI and where its artifacts go.

    Attributes:
        uri: Absolute tracking URI (``sqlite:////...``, ``http://...``, ``postgresql+psycopg2://...``).
        root: Folder that the embedded store and its artifacts live in.
    """

    uri: str
    root: Path

    @property
    def is_http(self) -> bool:
        """Whether the store is a server; a server decides itself where artifacts go."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def label(self) -> str:
        """The URI without its password, fit to be shown."""
        return mask_secrets(self.uri)

    @property
    def database(self) -> Path | None:
        """The SQLite file, where the store is one."""
        return _sqlite_path(self.uri) if self.uri.startswith("sqlite:///") else None

    def artifact_location(self, experiment: str) -> str | None:
        """Return the artifact URI of a new experiment, or None where the server decides.

        Raises:
            StoreError: A database without a folder of its own, and ``MLFLOW_DEFAULT_ARTIFACT_ROOT`` is not set.
        """
        if self.is_http:
            return None
        folder = unique_file_name(experiment)
        if self.database is None:
            return location_below_shared_root(self, folder)
        return (self.root / ARTIFACT_FOLDER / folder).as_uri()

    def probe(self, *, seconds: float = PROBE_SECONDS) -> None:
        """Ask the server whether it is alive, which any HTTP status below 500 says; StoreError where it is not."""
        import requests

        wait = min(seconds, deadline_seconds())
        try:
            status = requests.get(f"{self.uri.rstrip('/')}/health", timeout=wait).status_code
        except requests.RequestException as error:
            message = (
                f"No tracking server answers at {self.label} ({type(error).__name__}). Start one with\n"
                f"    {SERVER_COMMAND}\nor unset MLFLOW_TRACKING_URI to use the embedded store."
            )
            raise StoreError(message) from error
        if status >= 500:
            message = f"The tracking server at {self.label} answers with status {status}: it is unhealthy. See its log."
            raise StoreError(message)

    def client(self, *, create: bool = True) -> MlflowClient:
        """Open the store.

        Args:
            create: Make a SQLite store that does not exist yet; without it that is an error.

        Returns:
            An ``MlflowClient`` for both tracking and registry of this store.

        Raises:
            StoreError: The server does not answer, or the database cannot be opened; names the URI and the fix. Or
                MLflow's workspaces are asked for.
        """
        refuse_workspaces()
        database = self.database
        if not create and database is not None and not database.exists():
            message = (
                f"There is no store {database} yet: nothing has been tracked. Make it with\n"
                "    uv run setup_experiments.py\nor by training a model."
            )
            raise StoreError(message)
        if self.is_http:
            self.probe()
        mlflow = load_mlflow()
        if database is not None:
            old = old_file_store(database.parent)
            if old is not None:
                _log.warning("%s", old_store_message(old))
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if database is not None and not database.exists():
                database.parent.mkdir(parents=True, exist_ok=True)
                _create_database(database)
            check_schema(self)
            client: MlflowClient = mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        except ImportError as error:
            fix = "run `uv sync --extra team`, outside a clone `pip install psycopg2-binary`"
            message = f"The driver of {self.label} is not installed ({error}): {fix}."
            raise StoreError(message) from error
        except (mlflow.exceptions.MlflowException, SQLAlchemyError, OSError) as error:
            message = f"The tracking store {self.label} cannot be opened: {mask_secrets(without_sql(str(error)))}"
            raise StoreError(message) from error
        return client


def _sqlite_path(uri: str) -> Path:
    return Path(unquote(uri.removeprefix("sqlite:///").split("?", 1)[0]))


def sqlite_uri(path: Path) -> str:
    """Return the URI of a database file; SQLAlchemy gives ``%`` and ``?`` a meaning of its own."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def _create_database(path: Path) -> None:
    """Create an empty SQLite store, complete or not at all, even if another process creates it too or this one dies.

    MLflow itself would build up its tables in place, in dozens of steps without a lock: a process that dies among them
    leaves a file that no MLflow opens again.
    """
    from mlflow.db import upgrade

    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        upgrade.callback(sqlite_uri(made))
        try:
            os.link(made, path)  # unlike a rename, a link never replaces an existing file
        except FileExistsError:
            return  # another process was faster


def resolve_store(tracking_uri: str | Path | None = None) -> Store:
    """Return the store that is meant, without opening it.

    Args:
        tracking_uri: A URI, or a path of a SQLite file. None: ``MLFLOW_TRACKING_URI``, else the embedded store.

    Raises:
        StoreError: The URI is of a kind that this MLflow no longer supports (a folder of the old file store).
    """
    home = project_root()
    given = str(tracking_uri) if tracking_uri else os.environ.get("MLFLOW_TRACKING_URI", "")
    if not given:
        return Store(sqlite_uri(home / DATABASE_FILE), home)
    remember_uri(given)
    if given.startswith(("http://", "https://")):
        return Store(given.rstrip("/"), home)
    if given.startswith("sqlite:///"):
        absolute = Path.cwd() / _sqlite_path(given)  # an absolute path stays as it is
        return Store(sqlite_uri(absolute), absolute.parent)
    if given.startswith("postgresql"):
        given = _with_driver(given)
    if "://" in given and not given.startswith("file:"):
        return Store(given, home)
    return _from_path(given)


def _with_driver(uri: str) -> str:
    """Name psycopg2: SQLAlchemy 2.1 would take psycopg 3, with which MLflow 3.17 cannot move a version to Production.

    It compares the version's number with text, which PostgreSQL refuses when the driver says that it is text.

    Raises:
        StoreError: Another driver is asked for.
    """
    scheme, rest = uri.split("://", 1) if "://" in uri else (uri, "")
    if scheme not in {"postgresql", "postgresql+psycopg2"}:
        message = (
            f"{mask_secrets(uri)}: MLflow 3.17 cannot use this driver for its model registry; say postgresql://... "
            "(psycopg2, `uv sync --extra team`)."
        )
        raise StoreError(message)
    return f"postgresql+psycopg2://{rest}"


def _from_path(given: str) -> Store:
    path = local_folder(given) or Path(given)
    old = old_file_store(path)
    if old is not None or path.is_dir():
        kind = (
            old_store_message(old or path)
            if old
            else f"{path} is a folder: name a database, sqlite:///{path}/{DATABASE_FILE}"
        )
        raise StoreError(kind)
    if path.suffix not in {".db", ".sqlite", ".sqlite3"}:
        message = (
            f"{mask_secrets(given)!r} is not a tracking URI: use http://host:port, sqlite:////path/{DATABASE_FILE}, "
            "postgresql://..., or the path of a .db file. "
            f"MLflow's file store ({OLD_STORE_FOLDER}/) is gone since 3.17."
        )
        raise StoreError(message)
    absolute = path.resolve()
    return Store(sqlite_uri(absolute), absolute.parent)


class _FluentUri:
    """MLflow's global tracking URI, shared by all blocks of this process that need it.

    Blocks of several threads may overlap in any order: the URI of the block entered last holds, and what was set before
    the first of them is restored when the last one leaves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[str] = []
        self._original: tuple[str | None, str | None] = (None, None)

    def enter(self, uri: str) -> None:
        mlflow = load_mlflow()
        # MLflow's own variable: it alone can tell "never set" from "set to the default".
        from mlflow.tracking._tracking_service import utils

        with self._lock:
            if not self._blocks:
                self._original = (utils._tracking_uri, os.environ.get("MLFLOW_TRACKING_URI"))
            self._blocks.append(uri)
            mlflow.set_tracking_uri(uri)

    def leave(self, uri: str) -> None:
        mlflow = load_mlflow()
        with self._lock:
            self._blocks.remove(uri)
            if self._blocks:
                mlflow.set_tracking_uri(self._blocks[-1])
                return
            tracking, environment = self._original
            mlflow.set_tracking_uri(tracking)
            if environment is None:
                os.environ.pop("MLFLOW_TRACKING_URI", None)
            else:
                os.environ["MLFLOW_TRACKING_URI"] = environment


_fluent_uri = _FluentUri()


@contextmanager
def fluent_store(uri: str) -> Iterator[None]:
    """Point MLflow's module-level functions at `uri` for the time of the block, and back afterwards.

    For the few things that MLflow offers for its global store alone (``mlflow.pyfunc.load_model``, autologging,
    registering a logged model).
    """
    _fluent_uri.enter(uri)
    try:
        yield
    finally:
        _fluent_uri.leave(uri)
