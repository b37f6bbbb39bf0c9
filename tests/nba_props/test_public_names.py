"""Whatever a package hands on says what it is."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
PACKAGES = sorted(
    ".".join(file.parent.relative_to(SRC).parts)
    for file in SRC.rglob("__init__.py")
    if "__all__" in file.read_text(encoding="utf-8")
)


def test_the_packages_with_public_names_are_found():
    assert {"mlflow_integration", "nba_props.betting", "nba_props.data", "nba_league"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_and_have_docstrings(package):
    module = import_module(package)
    public = {name: getattr(module, name) for name in module.__all__}
    assert public
    described = {name: thing for name, thing in public.items() if inspect.isroutine(thing) or inspect.isclass(thing)}
    assert [name for name, thing in described.items() if not thing.__doc__] == []
