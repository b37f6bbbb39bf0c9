"""The page of the documentation lists the features there are."""

from __future__ import annotations

from pathlib import Path

from nba_props.features.__main__ import catalogue_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_the_documented_catalogue_is_what_the_package_prints():
    assert PAGE.read_text(encoding="utf-8").endswith(catalogue_tables())
