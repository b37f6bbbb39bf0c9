"""A store in another database: everything is there, under the same ids, or nothing is."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands import compare_experiments
from mlflow_integration.moving import files, move_store, rows
from mlflow_integration.moving.rows import contents, transaction
from mlflow_integration.store.location import resolve_store
from mlflow_integration.store.model_files import Digest
from mlflow_integration.utils import search_runs
from nba_props import atomic
from nba_props.errors import StoreError

FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})


@pytest.fixture(scope="module")
def old(tmp_path_factory, empty_store):
    """A store with all that a store can hold: its folder."""
    folder = tmp_path_factory.mktemp("old")
    database = folder / "mlflow.db"
    shutil.copy(empty_store, database)
    tracker, registry = NBAPropsTracker("Phase 1: ünï", tracking_uri=database), ModelRegistry(database)
    for number in range(2):
        with tracker.start_run(f"parent {number}", tags={"market": "pra"}) as parent:
            tracker.log_params({"depth": number})
            for step in range(5):
                tracker.log_metrics({"val_mae_fold": 5.0 - step / 7}, step=step)
            tracker.log_metrics({"val_mae": 3.0})
            tracker.log_dataset(FEATURES, name="games")
            tracker.log_predictions(FEATURES)
            tracker.log_model(LinearRegression().fit(FEATURES, FEATURES["a"]), input_example=FEATURES)
            with tracker.start_run("child", nested=True):
                tracker.log_metrics({"val_mae": 4.0})
        note = f"**see** [it](#/experiments/{parent.experiment_id}/runs/{parent.run_id})"
        tracker.client.set_tag(parent.run_id, "mlflow.note.content", note)
        registry.register_model(parent.run_id, "NBAProps_pra", description="first")
        registry.promote_if_passing("NBAProps_pra", number + 1, {"val_mae": 3.5})
    with NBAPropsTracker("gone", tracking_uri=database).start_run("gone") as gone:
        pass
    tracker.client.delete_run(gone.run_id)
    return folder


@pytest.fixture
def target(tmp_path, empty_store):
    """An empty store."""
    return Path(shutil.copy(empty_store, tmp_path / "mlflow.db"))


def tables_of(folder):
    with transaction(resolve_store(folder / "mlflow.db")) as connection:
        return contents(connection)


def test_ids_histories_links_notes_models_stages_and_files_are_those_of_the_old_store(old, tmp_path):
    done = move_store(tmp_path / "mlflow.db", old / "mlflow.db")
    assert not done.already
    assert done.tables["runs"].rows == 5
    before, after = (mlflow.MlflowClient(f"sqlite:///{place / 'mlflow.db'}") for place in (old, tmp_path))
    for run_id in search_runs(tracking_uri=old / "mlflow.db")["run_id"]:
        one, two = before.get_run(run_id), after.get_run(run_id)
        assert (one.data.to_dictionary(), one.info.status) == (two.data.to_dictionary(), two.info.status)
        assert one.inputs.to_dictionary() == two.inputs.to_dictionary()
        assert one.outputs.to_dictionary() == two.outputs.to_dictionary()
        for name in one.data.metrics:
            assert before.get_metric_history(run_id, name) == after.get_metric_history(run_id, name)
        places = [Path(unquote(each.info.artifact_uri.removeprefix("file://"))) for each in (one, two)]
        assert places[1].is_relative_to(tmp_path)
        assert Digest.of(places[0]) == Digest.of(places[1])
    registries = [ModelRegistry(place / "mlflow.db") for place in (old, tmp_path)]
    histories = [registry.transition_history("NBAProps_pra") for registry in registries]
    pd.testing.assert_frame_equal(*histories)
    pd.testing.assert_frame_equal(*[registry.list_models() for registry in registries])
    version = registries[1].get_model_info("NBAProps_pra", 2)
    assert registries[1].load_model("NBAProps_pra", version.version).predict(FEATURES).shape == (3,)
    with NBAPropsTracker("Phase 1: ünï", tracking_uri=tmp_path / "mlflow.db").start_run("next"):
        pass


def test_there_and_back_it_is_row_by_row_what_it_was_but_for_the_addresses(old, tmp_path, empty_store):
    there, back = tmp_path / "there", tmp_path / "back"
    for place in (there, back):
        place.mkdir()
        shutil.copy(empty_store, place / "mlflow.db")
    move_store(there / "mlflow.db", old / "mlflow.db", artifacts=str(tmp_path / "elsewhere"))
    move_store(back / "mlflow.db", there / "mlflow.db", artifacts=str(old / "mlflow_artifacts"))
    was, now = tables_of(old), tables_of(back)
    was.pop("experiments"), now.pop("experiments")
    assert was == now
    clients = [mlflow.MlflowClient(f"sqlite:///{place / 'mlflow.db'}") for place in (old, back)]
    places = [{each.name: each.artifact_location for each in client.search_experiments()} for client in clients]
    for place in places:
        place.pop("Default")  # MLflow made it elsewhere
    assert places[0] == places[1]


def test_a_move_that_is_interrupted_leaves_nothing_half_and_goes_on(old, target):
    copied = []
    with pytest.MonkeyPatch.context() as patch:
        copy = files.copy_folder

        def dies(*arguments):
            copied.append(arguments)
            if len(copied) == 3:
                raise KeyboardInterrupt
            return copy(*arguments)

        patch.setattr("mlflow_integration.moving.move.copy_folder", dies)
        with pytest.raises(KeyboardInterrupt):
            move_store(target, old / "mlflow.db")
    assert search_runs(tracking_uri=target).empty
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_count_on", lambda _, table: 1 / 0 if table.name == "tags" else None)
        with pytest.raises(ZeroDivisionError):
            move_store(target, old / "mlflow.db")
    assert search_runs(tracking_uri=target).empty, "all rows are written in one transaction"
    first = move_store(target, old / "mlflow.db")
    again = move_store(target, old / "mlflow.db")
    assert (first.already, again.already) == (False, True)
    assert (again.files, again.tables) == (first.files, first.tables)


def test_the_command_copies_a_file_again_that_was_cut_short_and_shows_the_rows_of_each_table(
    old, target, tmp_path, capsys
):
    move_store(target, old / "mlflow.db")
    file = next((tmp_path / "mlflow_artifacts").rglob("predictions.csv"))
    whole = file.read_bytes()
    file.write_bytes(whole[:5])
    with pytest.raises(SystemExit) as caught:
        compare_experiments.app(["move", "--to", str(target), "--tracking-uri", str(old / "mlflow.db")])
    assert file.read_bytes() == whole
    shown = capsys.readouterr()
    assert caught.value.code in (0, None)
    assert "latest_metrics" in shown.out
    assert "It was there already" in shown.err


def test_a_disk_that_is_full_is_said_in_words_and_leaves_no_half_file(old, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        with pytest.raises(StoreError, match=r"No space left on device. Fix that, and move again"):
            files.copy_folder(str(old / "mlflow_artifacts"), str(tmp_path / "new"), None)
    assert not [path for path in (tmp_path / "new").rglob("*") if path.is_file()]


def test_a_store_in_use_is_not_overwritten(old, target):
    with NBAPropsTracker("own", tracking_uri=target).start_run("own"):
        pass
    with pytest.raises(StoreError, match="runs or models of its own"):
        move_store(target, old / "mlflow.db")
    assert search_runs(tracking_uri=target)["experiment"].tolist() == ["own"]


def test_a_change_of_the_old_store_meanwhile_is_noticed(old, tmp_path, target):
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in old.iterdir():
        if file.is_file():
            (changed / file.name).write_bytes(file.read_bytes())

    def written(done, of):
        with closing(sqlite3.connect(changed / "mlflow.db")) as store, store:
            store.execute("UPDATE latest_metrics SET value = value + 1")

    with pytest.raises(StoreError, match=r"\(latest_metrics\): let nobody write"):
        move_store(target, changed / "mlflow.db", on_folder=written)


@pytest.mark.parametrize(
    ("to", "options", "says"),
    [
        ("http://127.0.0.1:9", {}, "is a server"),
        ("{old}", {}, "moved to itself"),
        ("postgresql://nobody@127.0.0.1:9/none", {}, "Say where the artifacts"),
        ("{new}", {"artifacts": "mlflow-artifacts:/"}, "name it with --through"),
    ],
)
def test_what_cannot_be_moved_is_said(old, target, to, options, says):
    with pytest.raises(StoreError, match=says):
        move_store(to.format(old=old / "mlflow.db", new=target), old / "mlflow.db", **options)
