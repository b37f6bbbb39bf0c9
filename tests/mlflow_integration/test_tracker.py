"""The tracker against SQLite, read back through plain MLflow."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression

import mlflow_integration
from mlflow_integration import NBAPropsTracker
from mlflow_integration.store.location import load_mlflow
from nba_props.errors import NonFiniteMetricError, StoreError, TrackingError, UnknownModelError

mlflow = load_mlflow()


def read(tracker, run):
    return mlflow.MlflowClient(tracker.tracking_uri).get_run(run.run_id)


def artifacts(tracker, run):
    return {entry.path for entry in mlflow.MlflowClient(tracker.tracking_uri).list_artifacts(run.run_id)}


def document(tracker, run, name):
    client = mlflow.MlflowClient(tracker.tracking_uri)
    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run.run_id, name, folder)).read_text(encoding="utf-8")


def test_a_run_holds_what_was_logged_and_says_what_code_made_it(tracker):
    with tracker.start_run("baseline", tags={"market": "pra"}, description="first try") as run:
        tracker.log_params({"model": {"depth": 6, "rate": np.float64(0.1)}, "columns": ["a", "b"]})
        tracker.log_training_metrics({"mae": 4.0, "n_features": 120})
        tracker.log_validation_metrics({"mae": np.float32(5.5), "val_rmse": 7})
        tracker.log_betting_metrics({"roi": pd.Series([0.01]).iloc[0], "n_bets": 812})
        tracker.log_segmented_metrics({"tier1_stars": {"mae": 6.1, "n": 400}})
        tracker.log_segmented_metrics({"home": 5.4}, metric="mae")
        tracker.set_tags({"stage_of_work": "draft"})
    stored = read(tracker, run)
    assert stored.info.status == "FINISHED"
    assert stored.info.run_name == run.info.run_name == "baseline"
    assert stored.data.params == {"model.depth": "6", "model.rate": "0.1", "columns": '["a", "b"]'}
    assert stored.data.metrics == {
        "train_mae": 4.0, "n_features": 120.0, "val_mae": 5.5, "val_rmse": 7.0, "roi": 0.01, "n_bets": 812.0,
        "mae_tier1_stars": 6.1, "n_tier1_stars": 400.0, "mae_home": 5.4,
    }  # fmt: skip
    tags = stored.data.tags
    assert tags["market"] == "pra"
    assert tags["stage_of_work"] == "draft"
    assert tags["mlflow.note.content"] == "first try"
    assert len(tags["git_commit"]) == 40 or tags["git_commit"] == "unknown"
    assert f"mlflow {mlflow.__version__}" in tags["environment"].split(", ")
    assert tags["environment"].startswith(f"python {'.'.join(map(str, sys.version_info[:3]))}, ")


def test_a_run_says_nothing_of_the_person_or_the_machine(tracker):
    with tracker.start_run("x") as run:
        pass
    stored = read(tracker, run)
    text = " ".join(stored.data.tags.values())
    assert stored.info.user_id in ("unknown", "", None)
    assert os.sep not in text.replace("https://", "")
    assert os.uname().nodename not in stored.data.tags.values()


def test_an_exception_marks_the_run_failed_keeps_the_masked_reason_and_goes_on(tracker):
    message = "no database postgresql://bob:hunter2@db/x"
    with pytest.raises(ValueError, match="no database"), tracker.start_run("x") as run:
        tracker.log_metrics({"val_mae": 1.0})
        raise ValueError(message)
    stored = read(tracker, run)
    assert stored.info.status == "FAILED"
    assert stored.info.end_time is not None
    assert stored.data.tags["failure_reason"] == "ValueError: no database postgresql://bob:***@db/x"
    assert stored.data.metrics == {"val_mae": 1.0}
    assert tracker.active_run is None


def test_an_interruption_marks_the_run_killed(tracker):
    with pytest.raises(KeyboardInterrupt), tracker.start_run("x") as run:
        raise KeyboardInterrupt
    assert read(tracker, run).info.status == "KILLED"
    assert read(tracker, run).data.tags["failure_reason"].startswith("KeyboardInterrupt")


def test_start_and_end_without_a_with_block(tracker):
    run = tracker.start_run(run_name="x")
    tracker.log_metrics({"val_mae": 1.0})
    tracker.end_run("FAILED", reason="bad data")
    assert read(tracker, run).info.status == "FAILED"
    assert read(tracker, run).data.tags["failure_reason"] == "bad data"
    with pytest.raises(TrackingError, match="No run is active"):
        tracker.end_run()
    with tracker.start_run("y"), pytest.raises(TrackingError, match="FINISHED, FAILED, KILLED"):
        tracker.end_run("DONE")


def test_logging_without_a_run_says_how_to_start_one(tracker):
    for log in (lambda: tracker.log_metrics({"val_mae": 1.0}), lambda: tracker.log_params({"a": 1})):
        with pytest.raises(TrackingError, match="start_run"):
            log()


def test_children_name_their_parent_and_end_before_it(tracker):
    with tracker.start_run("parent") as parent:
        with tracker.start_run("fold", nested=True) as child:
            tracker.log_metrics({"val_mae": 2.0})
        tracker.log_metrics({"val_mae": 3.0})
    with tracker.start_run("later", parent_run_id=parent.run_id) as later:
        pass
    assert read(tracker, child).data.tags["mlflow.parentRunId"] == parent.run_id
    assert read(tracker, later).data.tags["mlflow.parentRunId"] == parent.run_id
    assert read(tracker, child).data.metrics == {"val_mae": 2.0}
    assert read(tracker, parent).data.metrics == {"val_mae": 3.0}


def test_a_second_run_beside_the_first_is_refused(tracker):
    with tracker.start_run("first") as first:
        with pytest.raises(TrackingError, match=first.run_id):
            tracker.start_run("second")
        assert tracker.run_id == first.run_id


def test_somebody_elses_active_run_is_not_taken_over(tracker):
    tracker.client  # noqa: B018 - opens the store
    mlflow.set_tracking_uri(tracker.tracking_uri)
    try:
        with mlflow.start_run(experiment_id=tracker.experiment_id) as other:
            with pytest.raises(TrackingError, match=other.info.run_id):
                tracker.start_run("mine")
            with tracker.start_run("mine", nested=True) as child:
                pass
            assert mlflow.active_run().info.run_id == other.info.run_id
    finally:
        mlflow.set_tracking_uri(None)
    assert read(tracker, child).data.tags["mlflow.parentRunId"] == other.info.run_id


def test_mlflows_own_functions_write_to_the_run_inside_the_block_and_not_after(tracker):
    mlflow.set_experiment  # noqa: B018 - a user may have chosen another one; it must not matter
    with tracker.start_run("x") as run:
        mlflow.log_metric("own", 1.5)
        assert mlflow.active_run().info.run_id == run.run_id
    assert mlflow.active_run() is None
    assert not mlflow.is_tracking_uri_set()
    assert read(tracker, run).data.metrics == {"own": 1.5}


def test_runs_in_several_threads_do_not_mix(shared_uri):
    tracker = NBAPropsTracker("threads", tracking_uri=shared_uri)
    assert tracker.experiment_id
    runs, errors = {}, []

    def work(number):
        try:
            with tracker.start_run(f"t{number}") as run:
                runs[number] = run
                for step in range(3):
                    tracker.log_metrics({"val_mae": number}, step=step)
        except TrackingError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {number: read(tracker, run).data.metrics["val_mae"] for number, run in runs.items()} == {
        0: 0,
        1: 1,
        2: 2,
        3: 3,
    }
    assert not mlflow.is_tracking_uri_set()


def test_non_finite_metrics_are_refused_by_name_or_left_out_and_named(tracker):
    with tracker.start_run("x") as run:
        with pytest.raises(NonFiniteMetricError, match="roi"):
            tracker.log_betting_metrics({"roi": np.inf, "n_bets": 3})
        assert tracker.log_betting_metrics({"roi": np.nan, "n_bets": 3}, allow_missing=True) == ("roi",)
        assert tracker.log_betting_metrics({"clv": None}, allow_missing=True) == ("clv",)
    stored = read(tracker, run)
    assert stored.data.metrics == {"n_bets": 3.0}
    assert stored.data.tags["missing_metrics"] == "clv, roi"


def test_folds_are_one_history_that_the_ui_draws(tracker):
    with tracker.start_run("x") as run:
        for fold, value in enumerate([6.0, 5.5, 5.8]):
            tracker.log_fold(fold, {"mae": value})
    client = mlflow.MlflowClient(tracker.tracking_uri)
    history = [(point.step, point.value) for point in client.get_metric_history(run.run_id, "val_mae_fold")]
    assert history == [(0, 6.0), (1, 5.5), (2, 5.8)]


def test_a_parameter_can_not_be_changed_and_the_error_says_so(tracker):
    with tracker.start_run("x"):
        tracker.log_params({"depth": 6})
        tracker.log_params({"depth": 6})
        with pytest.raises(TrackingError, match="depth"):
            tracker.log_params({"depth": 7})


def test_a_long_parameter_is_kept_whole(tracker):
    text = "feature, " * 2000
    with tracker.start_run("x") as run:
        tracker.log_params({"features": text})
    assert read(tracker, run).data.params["features"].startswith("sha256:")
    assert document(tracker, run, "params/features.txt") == text


def test_plots_tables_and_configurations_arrive_under_their_names(tracker):
    rng = np.random.default_rng(0)
    actual = rng.normal(20, 5, size=400)
    frame = pd.DataFrame({"actual": actual, "predicted": actual + rng.normal(size=400), "home": actual > 20})
    with tracker.start_run("x") as run:
        tracker.log_feature_importance({"minutes": 0.7, "usage": 0.3})
        tracker.log_calibration_curve((actual > 20).astype(int), rng.uniform(size=400))
        tracker.log_residuals_plot(frame["actual"], frame["predicted"])
        tracker.log_confusion_matrix((actual > 20).astype(int), (frame["predicted"] > 20).astype(int))
        tracker.log_predictions(frame)
        summary = tracker.log_error_analysis(frame, by=["home"])
        tracker.log_training_config({"market": "pra", "rate": np.float64(0.1)})
        tracker.log_feature_config({"groups": ["core"]})
        tracker.log_plots({"extra/own.png": Figure})
    assert artifacts(tracker, run) == {
        "feature_importance.png", "feature_importance.csv", "calibration_curve.png", "residuals_analysis.png",
        "confusion_matrix.png", "predictions.csv", "error_analysis.csv", "training_config.json", "feature_config.json",
        "extra",
    }  # fmt: skip
    assert json.loads(document(tracker, run, "training_config.json")) == {"market": "pra", "rate": 0.1}
    assert len(document(tracker, run, "predictions.csv").splitlines()) == 401
    assert list(summary["value"]) == ["all", "False", "True"]
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.MlflowClient(tracker.tracking_uri).download_artifacts(
            run.run_id, "residuals_analysis.png", folder
        )
        assert Path(path).read_bytes().startswith(b"\x89PNG")


def test_logging_leaves_no_files_no_figures_and_no_settings_behind(tracker, tmp_path, tmp_path_factory, monkeypatch):
    import matplotlib as mpl

    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    settings, numbers = dict(mpl.rcParams), plt.get_fignums()
    with tracker.start_run("x"):
        tracker.log_residuals_plot([1.0, 2.0], [1.5, 2.5])
        tracker.log_predictions(pd.DataFrame({"a": [1]}))
        with pytest.raises(ZeroDivisionError):
            tracker.log_plots({"bad.png": lambda: 1 / 0})
    assert dict(mpl.rcParams) == settings
    assert plt.get_fignums() == numbers
    assert list(temporary.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_existing_files_and_folders_are_logged(tracker, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    with tracker.start_run("x") as run:
        tracker.log_artifacts([tmp_path / "logs", tmp_path / "b.txt"], folder="kept")
        with pytest.raises(TrackingError, match=r"none\.txt"):
            tracker.log_artifacts(tmp_path / "none.txt")
    assert document(tracker, run, "kept/logs/a.txt") == "a"
    assert document(tracker, run, "kept/b.txt") == "b"


def test_a_data_set_of_a_path_keeps_the_name_of_the_file_only(tracker, tmp_path):
    with tracker.start_run("x") as run:
        tracker.log_dataset(pd.DataFrame({"a": [1]}), name="games", source=tmp_path / "games.csv")
    (used,) = read(tracker, run).inputs.dataset_inputs
    assert json.loads(used.dataset.source) == {"uri": "games.csv"}


def test_a_data_set_is_an_input_with_its_true_fingerprint(tracker):
    frame = pd.DataFrame({"minutes": [10.0, 20.0], "team": ["BOS", "LAL"]})
    with tracker.start_run("x") as run:
        digest = tracker.log_dataset(frame, name="train", source="games.csv")
        given = tracker.log_dataset(frame, name="test", fingerprint="f" * 64, context="evaluation")
    inputs = {entry.dataset.name: entry for entry in read(tracker, run).inputs.dataset_inputs}
    tags = {tag.key: tag.value for tag in inputs["train"].tags}
    assert tags == {"mlflow.data.context": "training", "fingerprint": digest}
    assert {tag.key: tag.value for tag in inputs["test"].tags}["fingerprint"] == given == "f" * 64
    assert json.loads(inputs["train"].dataset.profile) == {"num_rows": 2, "num_elements": 4}
    assert [column["name"] for column in json.loads(inputs["train"].dataset.schema)["mlflow_colspec"]] == [
        "minutes",
        "team",
    ]
    assert digest == tracker_fingerprint(frame.copy())
    changed = frame.assign(minutes=[10.0, 20.000001])
    assert digest != tracker_fingerprint(changed)
    assert digest != tracker_fingerprint(frame.rename(columns={"team": "club"}))


def tracker_fingerprint(frame):
    from nba_props.content import fingerprint

    return fingerprint(frame, ordered=True)


def test_autologging_logs_fits_without_models_and_is_off_after_the_run(tracker):
    from sklearn.linear_model import LinearRegression

    features, target = np.arange(10.0).reshape(-1, 1), np.arange(10.0)
    with tracker.start_run("x") as run:
        tracker.enable_autologging("sklearn")
        LinearRegression().fit(features, target)
        with mlflow_integration.autologging_off():
            LinearRegression(positive=True).fit(features, target)
    stored = read(tracker, run)
    assert stored.data.params["fit_intercept"] == "True"
    assert stored.data.params["positive"] == "False"
    assert not (stored.outputs and stored.outputs.model_outputs)
    LinearRegression().fit(features, target)
    assert mlflow.active_run() is None
    assert mlflow.MlflowClient(tracker.tracking_uri).search_runs([run.experiment_id])[0].info.run_id == run.run_id
    with pytest.raises(TrackingError, match="xgboost, lightgbm, sklearn"):
        mlflow_integration.enable_autologging("torch")


def test_a_deleted_experiment_is_restored_and_said_so(uri, caplog):
    first = NBAPropsTracker("gone", tracking_uri=uri)
    identity = first.experiment_id
    first.client.delete_experiment(identity)
    with caplog.at_level(logging.WARNING):
        assert NBAPropsTracker("gone", tracking_uri=uri).experiment_id == identity
    assert "restored" in caplog.text


@pytest.mark.sqlite_only
def test_the_phases_carry_their_description_and_artifacts_stay_with_the_store(uri, tmp_path):
    tracker = NBAPropsTracker(experiment_name="Phase1_Foundation", tracking_uri=uri, artifact_location=None)
    experiment = tracker.client.get_experiment(tracker.experiment_id)
    assert experiment.tags["phase"] == "1"
    assert experiment.tags["project"] == "nba-props"
    assert experiment.artifact_location == f"file://{tmp_path}/store/mlflow_artifacts/Phase1_Foundation"


def test_two_processes_that_make_the_same_experiment_at_once_share_it(uri):
    trackers = [NBAPropsTracker("race", tracking_uri=uri) for _ in range(4)]
    found = []
    threads = [threading.Thread(target=lambda t=t: found.append(t.experiment_id)) for t in trackers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_process_that_ends_without_ending_its_run_leaves_it_killed_not_finished(uri):
    code = (
        "from mlflow_integration import NBAPropsTracker\n"
        f"tracker = NBAPropsTracker('exit', tracking_uri={uri!r})\n"
        "run = tracker.start_run('x')\nprint(run.run_id)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    stored = mlflow.MlflowClient(uri).get_run(done.stdout.strip())
    assert stored.info.status == "KILLED"
    assert "end_run" in stored.data.tags["failure_reason"]


def test_a_store_that_can_not_be_opened_stops_before_anything_is_started(tmp_path):
    tracker = NBAPropsTracker("x", tracking_uri="http://127.0.0.1:1")
    with pytest.raises(StoreError, match=r"serve\.py"):
        tracker.start_run("x")
    assert tracker.active_run is None


def test_making_a_tracker_opens_and_makes_nothing(tmp_path):
    NBAPropsTracker("x", tracking_uri=tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []


def test_a_run_ended_by_another_thread_is_no_longer_the_active_one(tracker):
    run = tracker.start_run("first")
    thread = threading.Thread(target=run.end)
    thread.start()
    thread.join()
    assert tracker.active_run is None
    assert mlflow.active_run() is None
    with pytest.raises(TrackingError, match="No run is active"):
        tracker.log_metrics({"mae": 1.0})
    with tracker.start_run("second"):
        tracker.log_metrics({"mae": 1.0})


def test_a_run_that_can_not_be_started_whole_is_failed_and_not_left_under_way(uri, tmp_path):
    (tmp_path / "file").write_text("no folder")
    location = (tmp_path / "file" / "artifacts").as_uri()
    tracker = NBAPropsTracker("unwritable", tracking_uri=uri, artifact_location=location)
    with pytest.raises(TrackingError, match="Uploading artifacts"):
        tracker.start_run("first", tags={"long": "x" * 9000})
    assert tracker.active_run is None
    (run,) = tracker.client.search_runs([tracker.experiment_id])
    assert run.info.status == "FAILED"
    assert "Uploading artifacts" in run.data.tags["failure_reason"]


def test_experiments_have_artifact_folders_of_their_own_however_long_or_alike_their_names(uri):
    names = ("a b", "a_b", "a/b", "é" * 200, "é" * 201)
    trackers = [NBAPropsTracker(name, tracking_uri=uri) for name in names]
    for one in trackers:
        with one.start_run("r"):
            one.log_training_config({"a": 1})
    assert len({one.client.get_experiment(one.experiment_id).artifact_location for one in trackers}) == len(names)


def test_a_model_name_that_can_not_be_registered_is_refused_before_the_model_is_logged(tracker):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with tracker.start_run("r") as run:
        for name in ("a/b", " ", "."):
            with pytest.raises(UnknownModelError, match="cannot be a model name"):
                tracker.log_model(model, registered_model_name=name)
    assert tracker.client.search_logged_models([tracker.experiment_id]) == []
    assert tracker.client.get_run(run.run_id).outputs.model_outputs == []
