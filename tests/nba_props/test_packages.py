"""`dir()` of every package lists what it offers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

ROOTS = ("nba_props", "models", "mlflow_integration", "nba_league")
PACKAGES = [
    *ROOTS,
    *(
        found.name
        for root in ROOTS
        for found in pkgutil.walk_packages(importlib.import_module(root).__path__, f"{root}.")
        if found.ispkg and not found.name.rpartition(".")[2].startswith("_")
    ),
]


@pytest.mark.parametrize("name", PACKAGES)
def test_dir_of_a_package_lists_what_it_offers(name):
    """Nine packages listed nothing until something else had imported their modules."""
    package = importlib.import_module(name)
    assert package.__all__
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("name", PACKAGES)
def test_dir_of_a_package_lists_nothing_else(name):
    """`nba_league` listed `annotations`, the leftover of an import."""
    package = importlib.import_module(name)
    rest = {each for each in dir(package) if not each.startswith("_")} - {*package.__all__}
    assert sorted(each for each in rest if not inspect.ismodule(getattr(package, each))) == []
