"""Stores for the tests: copies of an empty SQLite store, and of other kinds where they are asked for."""

from __future__ import annotations

import os
import shutil
import sqlite3
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.registry import ModelRegistry
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.server import local_server

with warnings.catch_warnings():  # MLflow's module for pyfunc models warns about its own type hints when it is imported
    warnings.simplefilter("ignore")
    load_mlflow().pyfunc.PythonModel  # noqa: B018 - the attribute imports the module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test sees the user's store, works in the checkout, or leaves MLflow's global store changed."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    assert "MLFLOW_TRACKING_URI" not in os.environ


ON_OTHER_STORES = {"test_tracker", "test_registry", "test_utils"}
"""The suites that run on PostgreSQL and over a server too, when they are asked for with ``-m stores``."""


@pytest.fixture(scope="module")
def store_kind(request: pytest.FixtureRequest) -> str:
    """What kind of store the tests of the module see."""
    return getattr(request, "param", "sqlite")


class ServedStore:
    """One server for all tests, because it takes seconds to start: its rows are changed under it."""

    def __init__(self, url: str, database: Path, empty: Path) -> None:
        self.url = url
        self.database = database
        self.empty = empty
        self.kept = database.with_name("kept.db")

    def new(self) -> str:
        """Keep the rows it has, and go on with those of an empty store."""
        self._copy(self.database, self.kept)
        self._copy(self.empty, self.database)
        return self.url

    def put_back(self) -> None:
        """Go on with the rows that were kept."""
        self._copy(self.kept, self.database)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)


class PostgresStore:
    """A new database each time."""

    def __init__(self, cluster) -> None:
        self.new = cluster.new_database

    def put_back(self) -> None:
        """Nothing to be done: the other databases are still there."""


@pytest.fixture(scope="module")
def another_store(store_kind: str, request: pytest.FixtureRequest, tmp_path_factory, empty_store: Path):
    """PostgreSQL, or a server."""
    if store_kind == "server":
        folder = tmp_path_factory.mktemp("served")
        with local_server(folder) as url:
            yield ServedStore(url, folder / "mlflow.db", empty_store)
        return
    cluster = request.getfixturevalue("postgres")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", str(tmp_path_factory.mktemp("all")))
        yield PostgresStore(cluster)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run some suites on every kind of store."""
    if metafunc.module.__name__.rpartition(".")[2] not in ON_OTHER_STORES:
        return
    if {"uri", "shared_uri"} & set(metafunc.fixturenames):
        kinds = ["sqlite", *(pytest.param(kind, marks=pytest.mark.stores) for kind in ("postgresql", "server"))]
        if metafunc.definition.get_closest_marker("sqlite_only"):
            kinds = ["sqlite"]
        if metafunc.definition.get_closest_marker("not_over_http"):
            kinds = kinds[:2]
        metafunc.parametrize("store_kind", kinds, indirect=True, scope="module")


@pytest.fixture
def uri(store_kind: str, empty_store: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A store of the test's own."""
    if store_kind != "sqlite":
        store = request.getfixturevalue("another_store")
        request.addfinalizer(store.put_back)  # noqa: PT021 - this fixture returns in the middle
        return store.new()
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="module")
def shared_uri(
    store_kind: str, empty_store: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> str:
    """A store for a whole module, where tests use experiments or models of their own."""
    if store_kind != "sqlite":
        return request.getfixturevalue("another_store").new()
    path = tmp_path_factory.mktemp("shared") / "mlflow.db"
    shutil.copy(empty_store, path)
    return f"sqlite:///{path}"


@pytest.fixture
def tracker(shared_uri: str, request: pytest.FixtureRequest) -> NBAPropsTracker:
    """A tracker whose experiment is named after the test."""
    return NBAPropsTracker(request.node.name[:200], tracking_uri=shared_uri)


@pytest.fixture
def registry(shared_uri: str) -> ModelRegistry:
    """The registry of the module's store."""
    return ModelRegistry(shared_uri)


@pytest.fixture
def candidate(shared_uri: str) -> Callable[..., int]:
    """Registers a version whose run has the metrics given; its model has no files."""
    return candidate_maker(shared_uri)


def candidate_maker(uri: str) -> Callable[..., int]:
    """Return the function behind the fixture `candidate` for any store."""
    tracker, registry = NBAPropsTracker("candidates", tracking_uri=uri), ModelRegistry(uri)

    def make(name: str, tags: dict[str, str] | None = None, **metrics: float) -> int:
        from mlflow.entities import LoggedModelOutput

        with tracker.start_run(name, tags=tags) as run:
            if metrics:
                tracker.log_metrics(metrics)
            logged = tracker.client.create_logged_model(run.experiment_id, name="model", source_run_id=run.run_id)
            tracker.client.finalize_logged_model(logged.model_id, "READY")
            tracker.client.log_outputs(run.run_id, [LoggedModelOutput(logged.model_id, step=0)])
        return registry.register_model(run_id=run.run_id, model_name=name)

    return make


NOISE = (
    # MLflow 3.17 with SQLAlchemy 2.1: its own queries use a strategy that goes in a later release.
    "ignore:The ``noload`` loader strategy is deprecated",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass the warnings that MLflow's own code provokes; everything else is an error."""
    for item in items:
        if "mlflow_integration" in item.path.parts or "integration" in item.path.parts:
            for filter_ in NOISE:
                item.add_marker(pytest.mark.filterwarnings(filter_))
