"""Reading never changes a store, and an old one is upgraded only when asked, after a backup."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands import compare_experiments, setup_experiments
from mlflow_integration.store import upgrade
from mlflow_integration.store.old_stores import migrate_file_store
from mlflow_integration.store.upgrade import upgrade_store
from mlflow_integration.utils import search_runs
from nba_props.errors import StoreError

OLD = Path(__file__).with_name("old_stores")
VERSIONS = ["2_9_2", "2_22_0"]
READING = [
    ["compare"],
    ["best"],
    ["phases"],
    ["report"],
    ["weekly"],
    ["export", "x.csv"],
    ["models"],
    ["storage"],
    ["cleanup"],
]
OTHERS = [["history", "NBAProps_pra"], ["promote", "NBAProps_pra", "1"], ["rollback", "NBAProps_pra", "--reason", "x"]]


def content(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(params=VERSIONS)
def old(request, tmp_path) -> Path:
    """A SQLite store as a real old MLflow made it: two runs and a registered model."""
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        database.executescript((OLD / f"mlflow_{request.param}.sql").read_text())
    return folder / "mlflow.db"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        compare_experiments.app([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_commands_refuse_an_old_store_name_the_upgrade_and_change_nothing(old, capsys):
    before = content(old.parent)
    for command in [*READING, *OTHERS]:
        assert run(*command, "--tracking-uri", old) == 2
        said = capsys.readouterr().err
        assert "older MLflow" in said
        assert f"compare_experiments.py upgrade --tracking-uri sqlite:///{old}" in said
    with pytest.raises(StoreError, match="older MLflow"):
        NBAPropsTracker("x", tracking_uri=old).start_run("x")
    with pytest.raises(SystemExit):
        setup_experiments.app(["--tracking-uri", str(old)])
    assert content(old.parent) == before


def test_an_upgrade_makes_a_backup_says_where_and_keeps_every_number(old, capsys):
    with closing(sqlite3.connect(old)) as database:
        rows = list(database.iterdump())
    assert run("upgrade", "--tracking-uri", old) == 0
    said = capsys.readouterr().out
    (backup,) = old.parent.glob("*.bak")
    assert str(backup) in said
    with closing(sqlite3.connect(backup)) as kept:
        assert list(kept.iterdump()) == rows
    found = search_runs(tracking_uri=old).sort_values("run_name")
    assert found["run_name"].tolist() == ["old_0", "old_1"]
    assert found["metrics.val_mae"].tolist() == pytest.approx([5.8, 5.75])
    assert ModelRegistry(old).list_models()["version"].tolist() == [1]
    assert upgrade_store(old).backup is None
    assert len(list(old.parent.glob("*.bak"))) == 1
    assert not list(old.parent.glob(".mlflow.db-*"))


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(old, monkeypatch):
    before = content(old.parent)["mlflow.db"]

    def broken(database: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upgrade, "_upgrade", broken)
    with pytest.raises(StoreError, match="No space left on device"):
        upgrade_store(old)
    assert content(old.parent)["mlflow.db"] == before


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_store_of_an_old_mlflow_is_refused_unchanged_and_imported_when_asked(version, tmp_path):
    root = tmp_path / "project" / "mlruns"
    for name, text in json.loads((OLD / f"mlflow_{version}_files.json").read_text()).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with pytest.raises(StoreError, match="migrate --source"):
        search_runs(tracking_uri=root)
    assert migrate_file_store(root, tmp_path / "new" / "mlflow.db").runs == 2
    found = search_runs(tracking_uri=tmp_path / "new" / "mlflow.db").sort_values("run_name")
    assert found["metrics.val_mae"].tolist() == pytest.approx([5.8, 5.75])


def test_commands_that_read_leave_a_store_of_today_as_it_is_to_the_byte(uri, tmp_path, capsys):
    with NBAPropsTracker("Phase1_Foundation", tracking_uri=uri).start_run("x", tags={"market": "pra"}):
        pass
    before = content(tmp_path / "store")
    for command in READING:
        assert run(*command, "--tracking-uri", uri) == 0, command
    assert content(tmp_path / "store") == before


def test_a_store_of_a_newer_mlflow_and_what_is_no_store_are_refused_by_name(uri, tmp_path):
    path = tmp_path / "store" / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        database.commit()
    with pytest.raises(StoreError, match="newer MLflow"):
        search_runs(tracking_uri=uri)
    with pytest.raises(StoreError, match="newer MLflow"):
        upgrade_store(uri)
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    with pytest.raises(StoreError, match="cannot be opened as a SQLite database"):
        search_runs(tracking_uri=uri)
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (a)")
    with pytest.raises(StoreError, match="not an MLflow database"):
        search_runs(tracking_uri=uri)
