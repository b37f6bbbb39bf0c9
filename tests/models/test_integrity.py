"""A run is verified from its model and its data, and reproduced from its settings; what was changed is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from models import NBAPropsMLflowTrainer, reproduce_run, verify_run
from models.commands import verify_run as command
from models.data import training_data_of
from models.integrity.compare import compare_tables
from models.integrity.recorded import RecordedRun
from models.integrity.reproduce import changes
from nba_league import simulate_league
from nba_props.errors import DataError, ModelError, TrackingError

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module")
def made(data, tmp_path_factory, new_store):
    """A finished run in a store of its own, and its files."""
    folder = tmp_path_factory.mktemp("verified")
    uri = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        quick = {"model_params": {"n_estimators": 8}, "walk_forward": {"step": "once"}}
        result = NBAPropsMLflowTrainer("pts", training_data=data, tracking_uri=uri, **quick).run(register=False)
    return uri, result.run_id, folder


@pytest.fixture
def copy(made, tmp_path):
    """A copy of that store that may be changed: its URI, the run, the folder of its artifacts, and of its model."""
    uri, run_id, _ = made
    shutil.copy(uri.removeprefix("sqlite:///"), tmp_path / "mlflow.db")
    client = mlflow.MlflowClient(uri)
    artifacts = Path(client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
    (logged,) = client.search_logged_models([client.get_run(run_id).info.experiment_id])
    model = Path(logged.artifact_location.removeprefix("file://"))
    kept = tmp_path / "kept"
    for number, place in enumerate((artifacts, model)):
        shutil.copytree(place, kept / str(number))
    yield f"sqlite:///{tmp_path / 'mlflow.db'}", run_id, artifacts, model
    for number, place in enumerate((artifacts, model)):
        shutil.rmtree(place)
        shutil.copytree(kept / str(number), place)


def verdicts(report):
    return {check.name: check.verdict for check in report.checks}


def test_an_untouched_run_is_verified_to_the_last_bit(made, data):
    uri, run_id, _ = made
    report = verify_run(run_id[:8], data, tracking_uri=uri)
    assert report.identical, report.frame()
    assert report.checks[0].compared > 1000, "every row that the model remembers"
    assert {"val_mae", "roi"} <= set(RecordedRun.read(run_id, uri).metrics)


def test_it_is_reproduced_to_the_last_bit(made, data):
    uri, run_id, _ = made
    report = reproduce_run(run_id, data, tracking_uri=uri)
    assert report.identical, report.frame()
    assert set(verdicts(report)) == {"predictions.csv", "bets.csv", "metrics", "histories"}
    assert not set(report.changes["what"]) & {"data fingerprint", "code", "numpy", "lightgbm", "python"}


def test_a_changed_model_file_is_named_and_not_loaded(copy, data):
    uri, run_id, _, model = copy
    (model / "model.lgb").write_bytes((model / "model.lgb").read_bytes() + b" ")
    report = verify_run(run_id, data, tracking_uri=uri)
    assert not report.holds
    assert "changed: model.lgb" in report.checks[0].reason


def test_a_changed_prediction_is_found_with_its_row(copy, data):
    uri, run_id, artifacts, _ = copy
    table = pd.read_csv(artifacts / "predictions.csv", dtype={"game_id": "str"})
    table.loc[7, "predicted"] += 0.001
    table.to_csv(artifacts / "predictions.csv", index=False)
    report = verify_run(run_id, data, tracking_uri=uri)
    (found,) = (check for check in report.checks if check.name == "predictions.csv")
    assert (found.verdict, found.differing, found.largest) == ("differs", 1, pytest.approx(0.001))
    assert found.first.loc[0, ["game_id", "column"]].tolist() == [table.loc[7, "game_id"], "predicted"]
    assert verdicts(report)["metrics of the tables"] == "differs"


def test_a_changed_metric_is_found_by_both(copy, data):
    uri, run_id, *_ = copy
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as store, store:
        store.execute("UPDATE latest_metrics SET value = value + 0.01 WHERE key = 'roi'")
    for report in (verify_run(run_id, data, tracking_uri=uri), reproduce_run(run_id, data, tracking_uri=uri)):
        assert not report.holds
        (found,) = (check for check in report.checks if check.verdict == "differs")
        assert found.first["metric"].tolist() == ["roi"]


def test_a_missing_file_of_bets_and_a_changed_fingerprint_are_said(copy, data):
    uri, run_id, artifacts, _ = copy
    (artifacts / "bets.csv").unlink()
    found = verify_run(run_id, data, tracking_uri=uri).checks[-1]
    assert (found.name, found.verdict) == ("bets.csv", "differs")
    mlflow.MlflowClient(uri).set_tag(run_id, "data_fingerprint", "other")
    with pytest.raises(DataError, match=f"data {data.fingerprint}, and its tag says other"):
        verify_run(run_id, data, tracking_uri=uri)


def test_other_data_are_refused_with_both_fingerprints_and_named_when_trained_on(made, data):
    uri, run_id, _ = made
    other = training_data_of(simulate_league(("2022-23", "2023-24"), seed=6, odds_seasons=("2023-24",), n_teams=4))
    with pytest.raises(DataError, match=f"{other.fingerprint}.*{data.fingerprint}"):
        verify_run(run_id, other, tracking_uri=uri)
    found = changes(RecordedRun.read(run_id, uri), other)
    assert found.set_index("what").loc["data fingerprint"].tolist() == [data.fingerprint, other.fingerprint]


def test_other_packages_and_code_are_named(copy, data):
    uri, run_id, artifacts, _ = copy
    client = mlflow.MlflowClient(uri)
    tag = client.get_run(run_id).data.tags["environment"]
    client.set_tag(run_id, "environment", tag.replace(f"numpy {np.__version__}", "numpy 1.0"))
    document = json.loads((artifacts / "training_config.json").read_text())
    (artifacts / "training_config.json").write_text(json.dumps({**document, "code": "older"}))
    found = changes(RecordedRun.read(run_id, uri), data).set_index("what")
    assert found.loc["numpy"].tolist() == ["1.0", np.__version__]
    assert found.loc["code", "recorded"] == "older"


def test_what_cannot_be_verified_is_said(store, data):
    client = mlflow.MlflowClient(store)
    run_id = client.create_run("0").info.run_id
    with pytest.raises(ModelError, match="is not an evaluated run of train_model.py"):
        verify_run(run_id, data, tracking_uri=store)
    with pytest.raises(TrackingError, match="no run 'abcdef'"):
        verify_run("abcdef", data, tracking_uri=store)


def test_rows_that_one_table_lacks_and_texts_and_missing_values_are_compared():
    one = pd.DataFrame({"game_id": ["1", "2", "3"], "player_id": "9", "x": [1.0, np.nan, 3.0], "text": ["a", "b", "c"]})
    assert compare_tables("t", one, one).verdict == "identical"
    less = compare_tables("t", one, one.head(2))
    assert (less.verdict, less.differing, less.largest) == ("differs", 2, np.inf)
    renamed = compare_tables("t", one, one.assign(text=["a", "b", "d"]))
    assert (renamed.differing, renamed.first["column"].tolist()) == (1, ["text"])
    near = compare_tables("t", one, one.assign(x=one["x"] + 1e-9), tolerance=1e-6)
    assert (near.verdict, near.differing) == ("within tolerance", 2)


def test_the_command_says_it_in_a_table_and_by_its_exit_code(copy, data, monkeypatch):
    uri, run_id, *_ = copy
    monkeypatch.setattr("models.commands.integrity.load_given", lambda *_: data)
    invoke = CliRunner().invoke
    done = invoke(command.app, [run_id, "--tracking-uri", uri])
    assert done.exit_code == 0, done.output
    assert "identical" in done.stdout
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as store, store:
        store.execute("UPDATE latest_metrics SET value = value + 0.01 WHERE key = 'val_mae'")
    done = invoke(command.app, [run_id, "--tracking-uri", uri, "--json"])
    assert done.exit_code == 1
    (told,) = json.loads(done.stdout)
    assert (told["holds"], told["run_id"]) == (False, run_id)
