"""`dir()` of every package lists what it offers."""

from __future__ import annotations

import importlib
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
    assert [each for each in dir(importlib.import_module(name)) if not each.startswith("_")]
