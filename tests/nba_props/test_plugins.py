"""Registries, and plug-in files that add to them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nba_props import plugins
from nba_props.errors import ConfigError
from nba_props.plugins import PLUGINS_VARIABLE, Registry, load_plugins, plugins_digest

SHELF: Registry[int] = Registry("book")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Plug-ins of one test are unknown to the next."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setenv(PLUGINS_VARIABLE, "")
    monkeypatch.setattr(SHELF, "_items", {})
    monkeypatch.setattr(sys.modules[__name__], "SHELF", SHELF)
    monkeypatch.setitem(sys.modules, "shelf_of_the_test", sys.modules[__name__])


def plugin(tmp_path, text, name="mine.py"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_file_adds_once_and_is_kept_for_worker_processes(tmp_path):
    path = plugin(tmp_path, "from shelf_of_the_test import SHELF\nSHELF.add('atlas', 3)\n")
    load_plugins([path])
    load_plugins([path])
    assert SHELF["atlas"] == 3
    assert os.environ[PLUGINS_VARIABLE] == str(path)


def test_a_worker_finds_the_plug_ins_of_its_environment(tmp_path, monkeypatch):
    path = plugin(tmp_path, "from shelf_of_the_test import SHELF\nSHELF.add('atlas', 3)\n")
    monkeypatch.setenv(PLUGINS_VARIABLE, str(path))
    assert list(SHELF) == ["atlas"]


def test_a_taken_name_is_refused():
    SHELF.add("atlas", 1)
    with pytest.raises(ConfigError, match="There is a book 'atlas' already"):
        SHELF.add("atlas", 2)
    assert SHELF["atlas"] == 1


def test_an_unknown_name_names_the_nearest():
    SHELF.add("atlas", 1)
    with pytest.raises(ConfigError, match=r"Unknown book 'atlass' \(did you mean 'atlas'\?\); known books: atlas\."):
        SHELF["atlass"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("broken.py", "1 / 0", "broken.py raised ZeroDivisionError: division by zero"),
        ("wrong.txt", "", "is not a Python file"),
        ("broken.py", "def", "raised SyntaxError"),
    ],
)
def test_a_plug_in_that_can_not_be_imported_is_named(tmp_path, name, text, message):
    with pytest.raises(ConfigError, match=message):
        load_plugins([plugin(tmp_path, text, name)])
    assert not os.environ[PLUGINS_VARIABLE]


def test_a_missing_plug_in_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.py cannot be read: No such file"):
        load_plugins([tmp_path / "absent.py"])


def test_the_digest_follows_the_content(tmp_path, monkeypatch):
    assert plugins_digest() == ""
    load_plugins([plugin(tmp_path, "A = 1\n")])
    first = plugins_digest()
    monkeypatch.setattr(plugins, "_loaded", {})
    plugin(tmp_path, "A = 2\n")
    assert first
    assert plugins_digest() not in ("", first)


@pytest.mark.parametrize("first", ["pickem", "cleaning_the_glass", "quote_rows"])
def test_the_order_does_not_depend_on_which_module_is_imported_first(first):
    """A file of quotes was once read as a pick'em export, without its prices, when that module was imported first."""
    code = (
        f"import nba_props.data.readers.{first}, nba_props.features.groups.temporal\n"
        "from nba_props.data.tables.formats import READERS\nfrom nba_props.features import GROUPS\n"
        "print([*READERS], [*GROUPS])"
    )
    usual = code.partition("\n")[2]
    ours, theirs = (
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
        for text in (code, usual)
    )
    assert ours == theirs
