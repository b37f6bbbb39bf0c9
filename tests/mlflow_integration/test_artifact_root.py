"""Artifacts of a database that several clients open: one place for all, never the first user's folder."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.store.artifact_root import VARIABLE, check_artifacts_are_shared
from mlflow_integration.store.location import resolve_store
from nba_props.errors import StoreError

URI = "postgresql://u:hunter2@h/d"


def experiment(location: str) -> SimpleNamespace:
    return SimpleNamespace(name="x", artifact_location=location)


def test_without_a_place_for_all_no_experiment_is_made(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(StoreError, match=rf"{VARIABLE}=s3://(?s:.*)serve\.py --team") as caught:
        resolve_store(URI).artifact_location("x")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("root", "expected"), [("s3://bucket/a/", "s3://bucket/a/x"), ("/mnt/all of us", "file:///mnt/all%20of%20us/x")]
)
def test_the_place_that_is_named_holds_a_folder_per_experiment(root, expected, monkeypatch):
    monkeypatch.setenv(VARIABLE, root)
    assert resolve_store(URI).artifact_location("x") == expected


def test_a_server_and_a_file_keep_deciding_by_themselves(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, "s3://bucket")
    assert resolve_store("http://127.0.0.1:5000").artifact_location("x") is None
    assert resolve_store(tmp_path / "a.db").artifact_location("x") == (tmp_path / "mlflow_artifacts" / "x").as_uri()


@pytest.mark.parametrize("place", ["file:///home/ann/mlflow_artifacts/x", "/home/ann/x", "./mlruns/0"])
@pytest.mark.parametrize("root", ["", "s3://bucket", "/home/bob"])
def test_another_users_folder_is_refused(place, root, monkeypatch):
    monkeypatch.setenv(VARIABLE, root)
    with pytest.raises(StoreError, match="a folder of the machine and user it was made by"):
        check_artifacts_are_shared(resolve_store(URI), experiment(place))


def test_a_folder_that_all_share_is_taken_and_a_bucket_too(monkeypatch):
    monkeypatch.setenv(VARIABLE, "/mnt/all of us")
    for place in ("file:///mnt/all%20of%20us/x", "s3://other/x", "mlflow-artifacts:/1"):
        check_artifacts_are_shared(resolve_store(URI), experiment(place))


@pytest.mark.stores
def test_two_users_in_two_folders_of_one_database(postgres, tmp_path, monkeypatch):
    uri = postgres.new_database()
    for user in ("ann", "bob"):
        (tmp_path / user).mkdir()
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path / "ann")
    with pytest.raises(StoreError, match=VARIABLE):
        NBAPropsTracker("shared", tracking_uri=uri).start_run("x")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "ann" / "own"))
    with NBAPropsTracker("ann's", tracking_uri=uri).start_run("x"):
        pass
    monkeypatch.chdir(tmp_path / "bob")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "bob" / "own"))
    with pytest.raises(StoreError, match="keeps its artifacts in file://.*ann/own"):
        NBAPropsTracker("ann's", tracking_uri=uri).start_run("x")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "everybody's"))
    for user in ("ann", "bob"):
        monkeypatch.chdir(tmp_path / user)
        tracker = NBAPropsTracker("shared", tracking_uri=uri)
        with tracker.start_run(user):
            tracker.log_training_config({"user": user})
    assert len(list((tmp_path / "everybody's" / "shared").glob("*/artifacts/training_config.json"))) == 2
    assert [path.name for path in (tmp_path / "bob").iterdir()] == []
