"""A real tracking server for the tests: one process on a free port, stopped at the end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.server import local_server

with warnings.catch_warnings():  # MLflow's module for pyfunc models warns about its own type hints when it is imported
    warnings.simplefilter("ignore")
    load_mlflow().pyfunc.PythonModel  # noqa: B018 - the attribute imports the module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an ``mlflow server`` on SQLite that serves artifacts itself."""
    with local_server(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the user's store or works in the checkout."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass the warnings that MLflow's own code provokes; everything else is an error."""
    for item in items:
        if item.path.parent.name == "integration":
            item.add_marker(pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"))
