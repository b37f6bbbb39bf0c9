"""Where the store is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

import pytest
import requests

from mlflow_integration import NBAPropsTracker
from mlflow_integration.store.location import fluent_store, load_mlflow, old_file_store, project_root, resolve_store
from mlflow_integration.store.schema import newest_schema, schema_of
from nba_props.errors import StoreError

PROJECT = '[project]\nname = "nba-props-mlflow"\n'


def test_the_root_is_the_nearest_parent_with_this_projects_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert project_root(inner) == tmp_path


def test_away_from_any_project_the_root_is_that_of_the_source(tmp_path):
    root = project_root(tmp_path)
    assert (root / "src" / "mlflow_integration" / "store" / "location.py").exists()


def test_a_broken_project_file_is_passed_over(tmp_path):
    (tmp_path / "pyproject.toml").write_text("not [ toml")
    assert project_root(tmp_path) != tmp_path


def test_the_embedded_store_is_absolute_and_its_artifacts_beside_it(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    inner = tmp_path / "src"
    inner.mkdir()
    monkeypatch.chdir(inner)
    store = resolve_store()
    assert store.uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.database == tmp_path / "mlflow.db"
    assert store.artifact_location("Phase 1/x") == f"file://{tmp_path}/mlflow_artifacts/Phase_1_x-4367304a"


def test_the_environment_variable_wins_over_the_embedded_store_and_an_argument_over_both(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000/")
    assert resolve_store().uri == "http://127.0.0.1:5000"
    assert resolve_store().artifact_location("x") is None
    assert resolve_store("sqlite:////tmp/x.db").uri == "sqlite:////tmp/x.db"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")


def test_relative_paths_become_absolute(tmp_path):
    assert resolve_store("sqlite:///x.db").uri == f"sqlite:///{tmp_path}/x.db"
    assert resolve_store("x.db").uri == f"sqlite:///{tmp_path}/x.db"


def test_folders_with_unusual_names_hold_a_store_all_the_same(tmp_path, empty_store):
    folder = tmp_path / "a b#c, ü"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    for given in (folder / "mlflow.db", resolve_store(folder / "mlflow.db").uri):
        store = resolve_store(given)
        assert store.database == folder / "mlflow.db"
        assert store.root == folder
        tracker = NBAPropsTracker("x", tracking_uri=given)
        with tracker.start_run("x") as run:
            tracker.log_training_config({"a": 1})
        assert [entry.path for entry in tracker.client.list_artifacts(run.run_id)] == ["training_config.json"]
    assert sorted(path.name for path in folder.iterdir()) == ["mlflow.db", "mlflow_artifacts"]
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_postgresql_names_its_driver_and_hides_its_password(scheme):
    store = resolve_store(f"{scheme}://u:pw@h/d")
    assert store.uri == "postgresql+psycopg2://u:pw@h/d"
    assert store.label == "postgresql+psycopg2://u:***@h/d"


def test_a_driver_with_which_no_version_could_be_promoted_is_refused():
    with pytest.raises(StoreError, match=r"u:\*\*\*@h/d: .*say postgresql://"):
        resolve_store("postgresql+psycopg://u:pw@h/d")


def test_a_missing_driver_is_reported_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(StoreError, match=r"postgresql\+psycopg2://u:\*\*\*@h/d is not installed.*uv sync --extra team"):
        resolve_store("postgresql://u:pw@h/d").client()


def test_the_old_file_store_is_recognised_and_the_way_over_is_named(tmp_path):
    old = tmp_path / "mlruns"
    (old / "0").mkdir(parents=True)
    assert old_file_store(tmp_path) is None
    (old / "0" / "meta.yaml").write_text("name: Default\n")
    assert old_file_store(tmp_path) == old
    assert old_file_store(old) == old
    for given in (str(old), f"file:{old}", f"file://{old}"):
        with pytest.raises(StoreError, match="compare_experiments.py migrate --source"):
            resolve_store(given)


@pytest.mark.parametrize("given", ["./runs", "file:///tmp/nothing_here"])
def test_what_is_no_tracking_uri_is_refused_with_the_forms_that_are(given):
    with pytest.raises(StoreError, match="sqlite:////"):
        resolve_store(given)


def test_a_folder_is_refused_with_the_database_it_could_hold(tmp_path):
    with pytest.raises(StoreError, match=r"mlflow\.db"):
        resolve_store(tmp_path)


@pytest.fixture
def waits(monkeypatch):
    """Seconds that requests would have waited for an answer; in truth they give up sooner."""
    asked, get = [], requests.get

    def impatient(url, *, timeout):
        asked.append(timeout)
        return get(url, timeout=0.2)

    monkeypatch.setattr(requests, "get", impatient)
    return asked


def test_a_dead_server_is_reported_within_fifteen_seconds_with_the_command_that_starts_one(waits):
    with pytest.raises(StoreError, match=r"(?s)127\.0\.0\.1:1 .*serve\.py"):
        resolve_store("http://127.0.0.1:1").client()
    assert 0 < sum(waits) < 15


def test_a_server_that_accepts_and_says_nothing_is_reported_within_fifteen_seconds(waits):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(StoreError, match="No tracking server answers"):
            resolve_store(f"http://127.0.0.1:{silent.getsockname()[1]}").client()
    assert 0 < sum(waits) < 15


def test_a_password_in_the_uri_never_reaches_the_message():
    with pytest.raises(StoreError) as caught:
        resolve_store("http://bob:hunter2@127.0.0.1:1").client()
    assert "hunter2" not in str(caught.value)


def test_reading_a_store_that_does_not_exist_makes_none(tmp_path):
    with pytest.raises(StoreError, match="setup_experiments"):
        resolve_store("none.db").client(create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_process_that_dies_while_it_makes_a_store_leaves_none_and_the_next_makes_it(tmp_path, monkeypatch):
    load_mlflow()
    from mlflow.store.db import utils

    class DeadError(BaseException):
        pass

    def die(_engine):
        raise DeadError

    with monkeypatch.context() as patch:
        patch.setattr(utils, "_upgrade_db", die)  # between the first tables and the rest of the schema
        with pytest.raises(DeadError):
            resolve_store(tmp_path / "mlflow.db").client()
        assert not (tmp_path / "mlflow.db").exists()
    names = [each.name for each in resolve_store(tmp_path / "mlflow.db").client().search_experiments()]
    assert names == ["Default"]
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_store_that_another_process_made_in_the_meantime_is_not_replaced(tmp_path, empty_store, monkeypatch):
    load_mlflow()
    from mlflow.db import upgrade

    path = tmp_path / "mlflow.db"

    def slower(uri):
        database = resolve_store(uri).database
        shutil.copy(empty_store, database)
        shutil.copy(empty_store, path)
        resolve_store(path).client().create_experiment("of the other process")

    monkeypatch.setattr(upgrade, "callback", slower)
    names = {each.name for each in resolve_store(path).client().search_experiments()}
    assert names == {"Default", "of the other process"}


HALF_WRITTEN = """
import os, signal, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA cache_size = 5")  # so that pages are written before the transaction ends
store.execute("BEGIN IMMEDIATE")
store.execute("CREATE TABLE much (text)")
store.executemany("INSERT INTO much VALUES (?)", [("x" * 1000,)] * 2000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_store_whose_writer_was_killed_in_the_midst_of_a_transaction_is_read(tmp_path, new_store):
    uri = new_store(tmp_path)
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(tmp_path / "mlflow.db")], check=False, timeout=60)
    assert (tmp_path / "mlflow.db-journal").stat().st_size > 0, "something is to be rolled back"
    assert schema_of(resolve_store(uri)) == newest_schema()


def test_a_database_that_is_no_database_is_one_clear_error(tmp_path):
    (tmp_path / "bad.db").write_text("this is no database, " * 100)
    with pytest.raises(StoreError, match=r"bad\.db cannot be opened"):
        resolve_store("bad.db").client()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(StoreError, match=r"taken/new\.db cannot be opened"):
        resolve_store(f"sqlite:///{tmp_path}/taken/new.db").client()


def test_the_global_store_of_mlflow_comes_back_as_it_was():
    mlflow = load_mlflow()
    assert not mlflow.is_tracking_uri_set()
    with fluent_store("sqlite:////tmp/a.db"):
        assert mlflow.get_tracking_uri() == "sqlite:////tmp/a.db"
        with fluent_store("sqlite:////tmp/b.db"):
            assert mlflow.get_tracking_uri() == "sqlite:////tmp/b.db"
        assert mlflow.get_tracking_uri() == "sqlite:////tmp/a.db"
    assert not mlflow.is_tracking_uri_set()


@pytest.mark.parametrize("module", ["mlflow_integration", "mlflow_integration.cli"])
def test_importing_is_cheap(module):
    code = (
        f"import sys, {module} as m; getattr(m, 'NBAPropsTracker', None);"
        "print([n for n in ('mlflow', 'pandas', 'matplotlib', 'numpy', 'sklearn') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("variable", "value"), [("MLFLOW_WORKSPACE", "team-a"), ("MLFLOW_ENABLE_WORKSPACES", "true")])
def test_workspaces_are_refused_with_the_reason(variable, value, uri, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(StoreError, match=f"{variable}.*workspaces are not supported.*belong to a store"):
        resolve_store(uri).client()
