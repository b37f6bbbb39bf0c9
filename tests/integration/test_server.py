"""Tracker, registry and utilities over HTTP, against a real server, read back through plain MLflow."""

from __future__ import annotations

import json
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor

from mlflow_integration import ModelRegistry, NBAPropsTracker, Stage, utils
from mlflow_integration.logging.items import Metrics, Params, Tags
from mlflow_integration.store.location import fluent_store, load_mlflow
from nba_props.errors import NonFiniteMetricError, TrackingError, UnknownExperimentError

pytestmark = pytest.mark.server
mlflow = load_mlflow()
FEATURES = pd.DataFrame({"minutes": [10.0, 20.0, 30.0, np.nan], "usage": [0.1, 0.3, 0.2, 0.3]})
GOOD = {"val_mae": 3.0, "roi": 0.06, "win_rate": 0.56, "calibration_error": 0.04, "sharpe_ratio": 1.2, "n_bets": 600}


with warnings.catch_warnings():  # MLflow warns about a model without type hints when its class is made
    warnings.simplefilter("ignore")

    class Minutes(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None) -> np.ndarray:
            return model_input["minutes"].to_numpy()


class Evaluation:
    params = {"model": {"depth": 6}}
    metrics = {"val_mae": 5.9, "roi": 0.01}
    tags = {"market": "pra"}
    fold_metrics = {"val_mae_fold": [6.0, 5.8]}
    tables = {"predictions.csv": pd.DataFrame({"actual": [1.0]})}
    figures = {"plot.png": Figure}
    documents = {"training_config.json": {"market": "pra"}}


@pytest.fixture
def client(server):
    return mlflow.MlflowClient(server, registry_uri=server)


@pytest.fixture
def tracker(server, request):
    return NBAPropsTracker(request.node.name, tracking_uri=server)


@pytest.fixture
def registry(server):
    return ModelRegistry(server)


def text_of(client, run, name):
    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run.run_id, name, folder)).read_text(encoding="utf-8")


def version(tracker, registry, name, **metrics):
    from mlflow.entities import LoggedModelOutput

    with tracker.start_run(name, tags={"market": "pra"}) as run:
        if metrics:
            tracker.log_metrics(metrics)
        logged = tracker.client.create_logged_model(run.experiment_id, name="model", source_run_id=run.run_id)
        tracker.client.finalize_logged_model(logged.model_id, "READY")
        tracker.client.log_outputs(run.run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return registry.register_model(run.run_id, name)


def test_every_logging_method_arrives(client, tracker):
    frame = pd.DataFrame({"actual": [1.0, 2.0, 4.0], "predicted": [1.5, 2.0, 3.0], "home": [True, False, True]})
    with tracker.start_run("all", tags={"market": "pra"}) as run:
        tracker.log_params({"a": {"b": 1}, "long": "x" * 7000})
        tracker.log_metrics({"own": 1.0}, step=3)
        tracker.log_training_metrics({"mae": 4.0})
        tracker.log_validation_metrics({"mae": 5.0})
        tracker.log_betting_metrics({"roi": 0.01})
        tracker.log_segmented_metrics({"home": {"mae": 4.5, "n": 2}})
        tracker.log_fold(0, {"mae": 5.1})
        tracker.log_fold(1, {"mae": 4.9})
        tracker.set_tags({"note": "x"})
        tracker.log_plots({"own.png": Figure})
        tracker.log_feature_importance({"a": 1.0})
        tracker.log_calibration_curve([0, 1], [0.3, 0.6])
        tracker.log_residuals_plot(frame["actual"], frame["predicted"])
        tracker.log_confusion_matrix([0, 1], [0, 1])
        tracker.log_predictions(frame)
        tracker.log_error_analysis(frame, by="home")
        tracker.log_training_config({"x": 1})
        tracker.log_feature_config({"y": 2})
        tracker.log_dataset(frame, name="train", source="games.csv")
        Path("note.txt").write_text("n", encoding="utf-8")
        tracker.log_artifacts("note.txt", folder="kept")
        tracker.enable_autologging("sklearn")
        with tracker.start_run("child", nested=True) as child:
            tracker.log_metrics({"val_mae": 1.0})
    stored = client.get_run(run.run_id)
    assert stored.info.status == "FINISHED"
    assert stored.data.metrics == {
        "own": 1.0, "train_mae": 4.0, "val_mae": 5.0, "roi": 0.01, "mae_home": 4.5, "n_home": 2.0, "val_mae_fold": 4.9,
    }  # fmt: skip
    assert stored.data.params["a.b"] == "1"
    assert text_of(client, run, "params/long.txt") == "x" * 7000
    assert stored.data.tags["note"] == "x"
    assert [point.value for point in client.get_metric_history(run.run_id, "val_mae_fold")] == [5.1, 4.9]
    assert {entry.path for entry in client.list_artifacts(run.run_id)} == {
        "own.png", "feature_importance.png", "feature_importance.csv", "calibration_curve.png",
        "residuals_analysis.png",
        "confusion_matrix.png", "predictions.csv", "error_analysis.csv", "training_config.json", "feature_config.json",
        "kept", "params",
    }  # fmt: skip
    assert text_of(client, run, "kept/note.txt") == "n"
    assert stored.inputs.dataset_inputs[0].dataset.name == "train"
    assert client.get_run(child.run_id).data.tags["mlflow.parentRunId"] == run.run_id


def test_one_evaluation_is_one_batch_and_arrives_whole(client, tracker, monkeypatch):
    with tracker.start_run("evaluation") as run:
        sent = []
        original = tracker.client.log_batch
        monkeypatch.setattr(tracker.client, "log_batch", lambda *a, **k: (sent.append(k), original(*a, **k))[1])
        tracker.log_evaluation(Evaluation())
    stored = client.get_run(run.run_id)
    assert len(sent) == 1
    assert (stored.data.metrics["val_mae"], stored.data.params, stored.data.tags["market"]) == (
        5.9,
        {"model.depth": "6"},
        "pra",
    )
    assert json.loads(text_of(client, run, "training_config.json")) == {"market": "pra"}


def test_failures_are_marked_and_bad_numbers_refused_before_they_are_sent(client, tracker):
    message = "boom"
    with pytest.raises(RuntimeError), tracker.start_run("x") as run:
        with pytest.raises(NonFiniteMetricError, match="roi"):
            tracker.log_betting_metrics({"roi": np.nan, "n_bets": 1})
        raise RuntimeError(message)
    stored = client.get_run(run.run_id)
    assert (stored.info.status, stored.data.metrics) == ("FAILED", {})
    assert stored.data.tags["failure_reason"] == "RuntimeError: boom"


def test_a_run_without_a_block_takes_items_and_ends_as_it_is_told(client, tracker):
    run = tracker.start_run("by hand")
    tracker.log_items([Metrics({"val_mae": 5.5}), Params({"depth": 6}), Tags({"market": "pra"})])
    tracker.end_run("FAILED")
    stored = client.get_run(run.run_id)
    assert (stored.info.status, stored.data.metrics, stored.data.params) == ("FAILED", {"val_mae": 5.5}, {"depth": "6"})
    assert stored.data.tags["market"] == "pra"
    tracker.start_run("by hand, well")
    tracker.end_run()
    assert [each.info.status for each in client.search_runs([run.experiment_id])] == ["FINISHED", "FAILED"]


def test_a_model_is_logged_registered_gated_promoted_loaded_by_stage_and_rolled_back(client, tracker, registry):
    fitted = LinearRegression().fit(FEATURES.dropna(), [1.0, 2.0, 3.0])
    for criteria in ({"val_mae": 3.5}, {"val_mae": 3.5}, {"val_mae": 0.1}):
        with tracker.start_run("model", tags={"market": "pra"}):
            tracker.log_metrics({"val_mae": 3.0})
            logged = tracker.log_model(fitted, input_example=FEATURES, registered_model_name="http_props")
        decision = registry.promote_if_passing("http_props", logged.version, criteria, staging_nights=0)
    assert (decision.stage, decision.reason) == (Stage.NONE, "fail: val_mae = 3, wanted < 0.1")
    assert int(client.get_model_version_by_alias("http_props", "Production").version) == 2
    run_id = client.get_model_version("http_props", "3").run_id
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run_id, "gate_report.json", folder)
        assert json.loads(Path(path).read_text())["verdict"] == "fail"
    whole = FEATURES.dropna()
    np.testing.assert_allclose(registry.load_model("http_props").predict(whole), fitted.predict(whole))
    with fluent_store(registry.store.uri):
        by_alias = mlflow.pyfunc.load_model("models:/http_props@Production")
    np.testing.assert_allclose(by_alias.predict(whole), fitted.predict(whole))
    assert registry.rollback_model("http_props", reason="test") == 1
    assert int(client.get_model_version_by_alias("http_props", "Production").version) == 1
    assert registry.transition_history("http_props")["kind"].tolist()[-1] == "rollback"


def test_the_rest_of_the_life_cycle(client, tracker, registry):
    for mae in (3.0, 2.5, 2.0):
        version(tracker, registry, "http_life", val_mae=mae)
    registry.promote_model("http_life", 1, "Staging")
    registry.promote_model("http_life", 1, "Production", override=True, reason="test")
    registry.demote_model("http_life", 1, reason="look again")
    registry.promote_model("http_life", 1, "Production", override=True, reason="test")
    registry.archive_model("http_life", 2)
    registry.delete_model_version("http_life", 2)
    table = registry.compare_models("http_life", [1, 3]).set_index("metric")
    assert table.loc["val_mae", "change"] == "better"
    assert registry.get_production_model("http_life").metrics == {"val_mae": 3.0}
    listed = registry.list_models().query("model == 'http_life'")
    assert listed.set_index("version")["stage"].to_dict() == {1: "Production", 3: "None"}
    live = pd.DataFrame(
        {"game_date": np.repeat(pd.date_range("2025-01-01", periods=30), 5), "actual": 9.0, "predicted": 0.0}
    )
    registry.promote_model("http_life", 3, "Production", override=True, reason="test")
    report, back = registry.rollback_if_degraded("http_life", live)
    assert (report.degraded, back) == (True, 1)
    tags = {int(v.version): v.tags["stage"] for v in client.search_model_versions("name='http_life'")}
    assert tags == {1: "Production", 3: "Archived"}


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm", "sklearn", "pyfunc"])
def test_each_kind_of_model_is_loaded_by_plain_mlflow_from_the_server(server, client, tracker, kind):
    whole, target = FEATURES.dropna(), [1.0, 2.0, 3.0]
    made = {
        "xgboost": lambda: XGBRegressor(n_estimators=3, n_jobs=1).fit(whole, target),
        "lightgbm": lambda: LGBMRegressor(n_estimators=3, min_child_samples=1, n_jobs=1, verbosity=-1).fit(
            whole, target
        ),
        "sklearn": lambda: RandomForestRegressor(3, n_jobs=1, random_state=0).fit(whole, target),
        "pyfunc": Minutes,
    }
    model = made[kind]()
    with tracker.start_run(kind) as run:
        logged = tracker.log_model(model, input_example=FEATURES, allow_code=kind == "pyfunc")
    assert client.get_logged_model(logged.model_id).source_run_id == run.run_id
    with fluent_store(server):
        loaded = mlflow.pyfunc.load_model(logged.model_uri)
    expected = whole["minutes"] if kind == "pyfunc" else model.predict(whole)
    np.testing.assert_allclose(loaded.predict(whole), expected, rtol=1e-6)


def test_reading_and_judging_a_version_over_http(server, client, tracker, registry):
    version(tracker, registry, "http_judged", **GOOD)
    report = registry.evaluate_for_production("http_judged", 1)
    assert report.passed
    tags = client.get_model_version("http_judged", "1").tags
    assert (tags["gate_verdict"], tags["stage"]) == ("pass", "None")
    info = registry.get_model_info("http_judged", 1)
    assert (info.stage, info.metrics["roi"], info.tags["market"]) == (Stage.NONE, 0.06, "pra")
    (named,) = json.loads(client.get_logged_model(info.model_uri.removeprefix("models:/")).tags["mlflow.modelVersions"])
    assert (named["name"], str(named["version"])) == ("http_judged", "1")
    live = pd.DataFrame(
        {"game_date": np.repeat(pd.date_range("2025-01-01", periods=30), 5), "actual": 3.0, "predicted": 0.5}
    )
    assert registry.check_degradation("http_judged", live, 1).summary == "ok"
    best = utils.get_best_model(tracker.experiment_name, metric="val_mae", tracking_uri=server)
    assert best["model_uri"].tolist() == [info.model_uri]
    listed = utils.list_runs(tracker.experiment_name, metrics=["roi"], tracking_uri=server)
    assert listed["roi"].tolist() == [0.06]


def test_nothing_is_printed_on_the_way(tracker, registry, capfd):
    version(tracker, registry, "http_silent", val_mae=3.0)
    registry.promote_if_passing("http_silent", 1, {"val_mae": 3.5})
    utils.get_best_runs(tracker.experiment_name, tracking_uri=tracker.tracking_uri)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_two_promoters_over_http_leave_one_and_a_reader_never_finds_none(server, tracker, registry):
    for _ in range(3):
        version(tracker, registry, "http_race")
    registry.promote_model("http_race", 1, "Production", override=True, reason="test")
    seen, errors, done = set(), [], threading.Event()

    def read():
        reader = ModelRegistry(server)
        while not done.is_set():
            seen.add(reader.get_production_version("http_race"))

    def promote(number):
        try:
            ModelRegistry(server).promote_model("http_race", number, "Production", override=True, reason="test")
        except TrackingError as error:
            errors.append(error)

    watcher = threading.Thread(target=read)
    promoters = [threading.Thread(target=promote, args=(number,)) for number in (2, 3)]
    for thread in (watcher, *promoters):
        thread.start()
    for thread in promoters:
        thread.join()
    done.set()
    watcher.join()
    assert errors == []
    assert None not in seen
    winner = registry.get_production_version("http_race")
    registry.promote_model("http_race", winner, "Production")
    assert registry.list_models().query("model == 'http_race'")["stage"].tolist().count("Production") == 1


def test_utilities_read_the_server(server, tracker):
    for number in range(4):
        with tracker.start_run(f"u{number}", tags={"market": "pra"}) as run:
            tracker.log_metrics({"val_mae": 5.0 + number, "roi": 0.01 * number})
            tracker.log_training_config({"number": number})
    name = tracker.experiment_name
    assert utils.get_best_runs(name, "val_mae", 2, tracking_uri=server)["run_name"].tolist() == ["u0", "u1"]
    assert utils.best_with_trials(name, "roi", 1, tracking_uri=server)["runs_tried"].tolist() == [4]
    phases = utils.compare_phases([name], ["roi"], tracking_uri=server)
    assert phases["best_roi"].tolist() == [0.03]
    assert phases[["experiment", "market", "finished"]].to_numpy().tolist() == [[name, "pra", 4]]
    assert len(utils.search_runs(name, tracking_uri=server)) == 4
    pair = utils.search_runs(name, order_by=["attributes.start_time ASC"], tracking_uri=server)["run_id"].tolist()[:2]
    assert utils.compare_runs(pair, ["val_mae"], tracking_uri=server)["best"].tolist() == [pair[0]]
    assert utils.export_runs(Path("runs.csv"), name, tracking_uri=server) == 4
    assert utils.clone_run_config(run.run_id, tracking_uri=server).training_config == {"number": 3}
    assert utils.get_weekly_summary(name, tracking_uri=server).loc[0, "runs"] == 4
    assert "| pra | val_mae | 5 | – | 4 |" in utils.generate_report(name, tracking_uri=server)
    assert "u0" in utils.generate_weekly_report(name, tracking_uri=server)
    kinds = utils.storage_report(name, tracking_uri=server).set_index("kind")
    assert kinds.loc["documents", "files"] == 4
    assert utils.cleanup_failed_runs(name, tracking_uri=server).empty
    assert utils.setup_experiments(["http_made"], tracking_uri=server)["outcome"].tolist() == ["created"]
    with pytest.raises(UnknownExperimentError, match="http_made"):
        utils.search_runs("nope", tracking_uri=server)


def test_a_deleted_experiment_is_restored(server, client):
    first = NBAPropsTracker("http_gone", tracking_uri=server).experiment_id
    client.delete_experiment(first)
    assert utils.setup_experiments(["http_gone"], tracking_uri=server)["outcome"].tolist() == ["restored"]
    assert NBAPropsTracker("http_gone", tracking_uri=server).experiment_id == first
