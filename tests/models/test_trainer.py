"""One run, read back through plain MLflow: every number, artifact, tag and version a user is promised."""

from __future__ import annotations

import json
from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlflow_integration import get_profile
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.errors import ConfigError, NotEnoughDataError
from nba_props.metrics import headline_metrics, plain_metrics
from nba_props.plots import PLOTS

QUICK = {"n_estimators": 20}


def trainer(data, **settings) -> NBAPropsMLflowTrainer:
    return NBAPropsMLflowTrainer("pts", training_data=data, model_params=QUICK, workers=2, **settings)


@pytest.fixture(scope="module")
def tracked(data, tmp_path_factory, new_store):
    """A finished, registered run in a store of its own."""
    folder = tmp_path_factory.mktemp("tracked")
    uri = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = trainer(data, tracking_uri=uri).run("first")
    client = mlflow.MlflowClient(uri)
    return result, client, client.get_run(result.run_id), folder


@pytest.fixture(autouse=True)
def drawn_once(tracked, monkeypatch):
    """The pictures are those of `tracked`; other runs are quicker without."""
    monkeypatch.setattr(PLOTS, "_items", {})


def test_the_run_has_every_metric_that_can_be_computed(tracked):
    result, _, run, _ = tracked
    wanted = {
        "train_mae", "train_rmse", "train_r2", "val_mae", "val_rmse", "val_r2", "val_mae_fold", "baseline_mae",
        "mae_skill",
        "market_mae", "model_mae_on_lines", "mae_skill_vs_market", "n_features", "n_estimators", "training_time",
        "oracle_mae", "mae_over_oracle",
        "n_bets", "n_pushes", "turnover", "profit", "roi", "win_rate", "breakeven_rate", "clv", "clv_line",
        "clv_coverage",
        "sharpe_ratio", "max_drawdown", "brier_score", "log_loss", "market_brier_score", "brier_skill_vs_market",
        "calibration_error", "calibration_error_null", "brier_mcb", "brier_dsc", "kelly_criterion", "expected_roi",
        "roi_ci_low", "roi_ci_high", "roi_p_value", "bankroll_growth",
        "mae_tier1_stars", "mae_tier2_rotation", "mae_tier3_bench", "mae_2023_24", "mae_home", "mae_away", "mae_b2b",
        "n_tier1_stars", "n_2023_24", "n_home", "n_b2b", "roi_edge_large",
    }  # fmt: skip
    found = plain_metrics(run.data.metrics)
    assert wanted <= set(found), wanted - set(found)
    assert run.data.metrics["val_mae"] == result.metrics["val_mae"]
    assert all(np.isfinite(list(run.data.metrics.values())))


def test_headline_metrics_stand_at_the_top_of_the_charts_and_all_others_in_folders(tracked):
    _, client, run, _ = tracked
    top = {key for key in run.data.metrics if "/" not in key}
    assert set(headline_metrics()) <= top
    assert len(top) <= 16, "the first screen of the charts holds no more"
    folders = {key.partition("/")[0] for key in run.data.metrics if "/" in key}
    assert {"segment", "kelly", "evidence", "interval", "data", "1_headline", "2_learning"} <= folders
    profit = client.get_metric_history(run.info.run_id, "1_headline/cumulative_profit")
    assert len(profit) > 20, "one point for each betting night"
    last = max(profit, key=lambda point: point.step)
    assert last.value == pytest.approx(plain_metrics(run.data.metrics)["profit"])


def test_the_page_of_the_run_begins_with_what_came_of_it(tracked):
    result, _, run, _ = tracked
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith(f"**lightgbm errs by {result.metrics['val_mae']:.4g} in pts")
    assert "SIMULATED" in note.splitlines()[0]
    assert f"(#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/equity_curve.png)" in note
    assert "`model_params.n_estimators=20`" in note, "what differs from the defaults"
    assert "| val_mae |" in note.partition("### Gates")[2]
    assert not [key for key in run.data.params if key.startswith(("ensemble", "selection", "workers"))]


def test_the_pages_of_the_version_and_of_the_model_hold_the_gates(tracked):
    _, client, run, _ = tracked
    version = client.get_model_version("NBAProps_pts_SIMULATED", "1")
    assert version.description.startswith("lightgbm errs by")
    assert "### Gates: plan" in version.description
    assert "No version is in Staging or Production." in client.get_registered_model(version.name).description
    assert "| val_mae |" in version.description
    folder = f"gates/{version.name}_v1"
    files = [artifact.path for artifact in client.list_artifacts(run.info.run_id, folder)]
    assert f"{folder}/gate_report_plan.md" in files


def test_the_name_of_a_run_tells_it_from_others(data, store):
    run_id = trainer(data).run(register=False).run_id
    run = mlflow.MlflowClient(store).get_run(run_id)
    assert run.info.run_name == "pts · lightgbm · leaves 16 · trees 20 · 2023-24 · SIMULATED"


def test_a_fit_and_an_evaluation_called_by_themselves_are_runs(data, store):
    own = NBAPropsMLflowTrainer("pts", training_data=data, model="linear", walk_forward={"step": "once"})
    own.train_model()
    evaluation = own.train_and_evaluate_walk_forward()
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("Phase1_Foundation").experiment_id
    evaluated, fitted = client.search_runs([experiment], order_by=["attributes.start_time DESC"])
    assert (fitted.data.tags["run_kind"], evaluated.data.tags.get("run_kind")) == ("fit", None)
    assert fitted.outputs.model_outputs
    assert not evaluated.outputs.model_outputs
    assert "val_mae" not in fitted.data.metrics
    assert evaluated.data.metrics["val_mae"] == evaluation.metrics["val_mae"]
    assert evaluated.data.metrics["evidence/n_trials"] == 1, "a fit without a score is not a trial"
    assert own.earlier_run() == evaluated.info.run_id


def test_the_log_of_a_fit_or_an_evaluation_can_be_left_out(data, store):
    own = NBAPropsMLflowTrainer("pts", training_data=data, model="linear", walk_forward={"step": "once"})
    own.train_model(log=False)
    own.train_and_evaluate_walk_forward(log=False)
    client = mlflow.MlflowClient(store)
    assert [experiment.name for experiment in client.search_experiments()] == ["Default"]


def test_the_pooled_error_is_that_of_the_logged_predictions(tracked):
    _, client, run, folder = tracked
    path = client.download_artifacts(run.info.run_id, "predictions.csv", str(folder))
    predictions = pd.read_csv(path, dtype={"game_id": "str"})
    error = (predictions["predicted"] - predictions["actual"]).abs()
    assert run.data.metrics["val_mae"] == pytest.approx(error.mean())
    history = client.get_metric_history(run.info.run_id, "val_mae_fold")
    by_fold = error.groupby(predictions["fold"]).mean()
    assert [point.value for point in sorted(history, key=lambda point: point.step)] == pytest.approx(list(by_fold))
    assert (predictions["season"] == "2023-24").all()


def test_the_return_is_that_of_the_logged_bets(tracked):
    _, client, run, folder = tracked
    bets = pd.read_csv(client.download_artifacts(run.info.run_id, "bets.csv", str(folder)))
    decided = bets[bets["result"].isin(["won", "lost"])]
    assert run.data.metrics["n_bets"] == len(decided)
    assert run.data.metrics["roi"] == pytest.approx(decided["profit"].sum() / decided["stake"].sum())


def test_the_run_holds_the_artifacts_of_the_plan(tracked):
    _, client, run, _ = tracked
    paths = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert {
        "feature_importance.png", "calibration_curve.png", "residuals_analysis.png", "confusion_matrix.png",
        "predictions.csv", "error_analysis.csv", "training_config.json", "feature_config.json", "equity_curve.png",
    } <= paths  # fmt: skip


def test_the_configuration_is_enough_to_run_it_again(tracked, data):
    result, client, run, folder = tracked
    path = client.download_artifacts(run.info.run_id, "training_config.json", str(folder))
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a path from MLflow
        config = json.load(file)["config"]
    again = NBAPropsMLflowTrainer(config.pop("market"), training_data=data, **config)
    assert again.train_and_evaluate_walk_forward(log=False).metrics["val_mae"] == result.metrics["val_mae"]


def test_the_logged_model_forecasts_from_a_raw_feature_frame(tracked, data):
    _, client, run, _ = tracked
    mlflow.set_tracking_uri(client.tracking_uri)
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    frame = data.features.tail(50)
    assert frame.isna().any(axis=None), "missing history is part of a raw frame"
    expected = trainer(data).train_model(log=False).predict(frame)
    np.testing.assert_allclose(model.predict(frame), expected)
    assert model.metadata.signature is not None
    assert len(model.input_example) == 3


def test_the_run_says_what_it_was_trained_on(tracked, data):
    _, _, run, _ = tracked
    assert run.info.status == "FINISHED"
    assert run.data.tags["data_kind"] == "SIMULATED"
    assert run.data.tags["market"] == "pts"
    assert run.data.tags["data_fingerprint"] == data.fingerprint
    assert len(run.data.tags["git_commit"]) == 40
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.dataset.digest == data.fingerprint


def test_the_version_stands_where_its_gates_put_it(tracked):
    result, client, _, _ = tracked
    version = client.get_model_version("NBAProps_pts_SIMULATED", "1")
    assert version.run_id == result.run_id
    verdicts = {gate.gate.key: gate.verdict.value for gate in result.registration.report.results}
    assert verdicts["val_mae"] == "fail", "no honest points model errs by less than 3.5"
    plan = {"val_mae", "roi", "win_rate", "calibration_error", "sharpe_ratio", "n_bets"}
    assert set(verdicts) == {*plan, "plausible"}
    assert verdicts["plausible"] == "pass"
    assert version.tags["stage"] == "None"
    assert client.get_registered_model("NBAProps_pts_SIMULATED").aliases == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "xgboost", "model_params": {"n_estimators": 10}},
        {
            "model": "ensemble",
            "ensemble": {"members": ["lightgbm", "linear"]},
            "model_params": {"lightgbm": {"n_estimators": 10}, "linear": {"min_updates": 2000, "epochs": 1}},
        },
    ],
    ids=["xgboost", "ensemble"],
)
def test_the_predictions_are_the_same_to_the_last_bit_on_any_number_of_workers(data, settings):
    one, two = (NBAPropsMLflowTrainer("pts", training_data=data, workers=workers, **settings) for workers in (1, 2))
    ours, theirs = (each.train_and_evaluate_walk_forward(log=False) for each in (one, two))
    found = one.forecast().result.predictions
    assert found is not two.forecast().result.predictions
    assert len(found) > 1000
    pd.testing.assert_frame_equal(found, two.forecast().result.predictions, check_exact=True)
    rows = data.features.tail(50)
    np.testing.assert_array_equal(one.forecast().estimator.predict(rows), two.forecast().estimator.predict(rows))
    assert ours.metrics.pop("training_time") != theirs.metrics.pop("training_time"), "both were fitted"
    assert ours.metrics == theirs.metrics


def test_replaced_features_give_new_forecasts(data):
    one = NBAPropsMLflowTrainer("pts", training_data=data, model="linear", walk_forward={"step": "once"})
    before = one.forecast().result.predictions["predicted"]
    one.training_data = replace(data, features=pd.DataFrame(0.0, data.features.index, data.features.columns, "float32"))
    after = one.forecast().result.predictions["predicted"]
    assert before.nunique() > 100
    assert np.ptp(after) < 0.1, "features that say nothing give everybody the same forecast, up to the folds"


@pytest.mark.parametrize("profile", ["plan", "market"])
def test_a_feature_equal_to_the_target_is_stopped_by_every_profile(data, profile):
    """It passed all six gates of the plan; on simulated data nothing can be better than the oracle."""
    leaked = replace(data, features=data.features.assign(leak=data.games["pts"].astype("float32")))
    one = NBAPropsMLflowTrainer("pts", training_data=leaked, model="linear", walk_forward={"step": "once"})
    metrics = one.train_and_evaluate_walk_forward(log=False).metrics
    assert metrics["mae_over_oracle"] < 0.5
    report = get_profile(profile).check(metrics)
    assert report.verdict.value == "suspicious"
    assert "look for a leak" in report.summary


def test_a_second_run_is_added_to_the_first(data, store):
    first, second = (trainer(data).run(register=False) for _ in range(2))
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("Phase1_Foundation")
    assert {run.info.run_id for run in client.search_runs([experiment.experiment_id])} == {first.run_id, second.run_id}
    assert first.metrics["val_mae"] == second.metrics["val_mae"]
    assert first.registration is None


def test_a_failure_in_the_middle_marks_the_run_failed_with_the_reason(data, store):
    few = trainer(data, walk_forward={"first_test_season": "2022-23"})
    with pytest.raises(NotEnoughDataError, match="Add an earlier season"):
        few.run()
    client = mlflow.MlflowClient(store)
    (run,) = client.search_runs([client.get_experiment_by_name("Phase1_Foundation").experiment_id])
    assert run.info.status == "FAILED"
    assert "Add an earlier season" in run.data.tags["failure_reason"]


def test_the_leagues_truth_is_not_among_the_features(data):
    assert not {"oracle", "true_mean"} & set(data.features.columns)


def test_settings_that_can_not_be_used_are_named():
    with pytest.raises(ConfigError, match="min_edge"):
        NBAPropsMLflowTrainer("pts", min_edge=-1)
    with pytest.raises(ConfigError, match="Unknown market"):
        NBAPropsMLflowTrainer("points")
