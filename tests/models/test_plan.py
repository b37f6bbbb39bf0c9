"""The plan runs each recipe once for the same data, code and settings, and takes up what was interrupted."""

from __future__ import annotations

import subprocess
import sys

import mlflow
import pytest

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.store.processes import process_mark
from mlflow_integration.utils import setup_experiments
from models import identity
from models.plan.recipe import load_recipe
from models.plan.run import run_plan
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.errors import NotEnoughDataError

pytestmark = pytest.mark.usefixtures("no_pictures")

QUICK = ["model_params.n_estimators=15", "markets=['pts']"]


def recipe(name: str, *overrides: str):
    return load_recipe(name, [*QUICK, *overrides])


def runs(store: str, where: str = "") -> list:
    client = mlflow.MlflowClient(store)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, where))


def test_a_finished_run_is_skipped_until_its_settings_change_or_it_is_forced(store, data):
    first = next(run_plan([recipe("lightgbm_baseline")], data))
    assert not first.skipped
    again = next(run_plan([recipe("lightgbm_baseline")], data))
    assert again.skipped
    assert again.run_id == first.run_id
    assert not next(run_plan([recipe("lightgbm_baseline", "seed=1")], data)).skipped
    assert not next(run_plan([recipe("lightgbm_baseline")], data, force=True)).skipped
    assert len(runs(store)) == 3


def test_the_number_of_workers_does_not_make_it_another_run(store, data):
    first = next(run_plan([recipe("lightgbm_baseline", "workers=1")], data))
    assert next(run_plan([recipe("lightgbm_baseline", "workers=2")], data)).run_id == first.run_id


def test_changed_code_is_another_run(store, data, monkeypatch):
    next(run_plan([recipe("lightgbm_baseline")], data))
    monkeypatch.setattr(identity, "code_version", lambda *packages: "other")
    assert not next(run_plan([recipe("lightgbm_baseline")], data)).skipped


def test_what_a_dead_process_left_running_is_killed_and_what_a_live_one_does_is_left_alone(store, data):
    setup_experiments()
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("Phase1_Foundation").experiment_id
    dead = subprocess.Popen([sys.executable, "-c", ""])
    mark = process_mark(dead.pid)
    dead.wait()
    left = client.create_run(experiment, tags={"process": mark}).info.run_id
    alive = client.create_run(experiment, tags={"process": process_mark()}).info.run_id
    elsewhere = client.create_run(experiment, tags={"process": f"0123456789ab:{dead.pid}:77"}).info.run_id
    list(run_plan([], data))
    assert client.get_run(left).info.status == "KILLED"
    assert "process ended" in client.get_run(left).data.tags["failure_reason"]
    assert client.get_run(alive).info.status == client.get_run(elsewhere).info.status == "RUNNING"


def test_a_run_that_was_killed_before_its_registration_is_registered_once(store, data, monkeypatch):
    asked = recipe("lightgbm_baseline", "register_models=true")
    with monkeypatch.context() as patch:
        patch.setattr(NBAPropsMLflowTrainer, "register", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(run_plan([asked], data))
    (step,) = run_plan([asked], data)
    assert step.skipped
    assert ModelRegistry(store).get_model_info("NBAProps_pts_SIMULATED", 1)
    (step,) = run_plan([asked], data)
    versions = mlflow.MlflowClient(store).search_model_versions("name = 'NBAProps_pts_SIMULATED'")
    assert [version.run_id for version in versions] == [step.run_id]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_candidates_are_the_best_finished_run_of_each_phase_gated(store, data):
    first = [recipe("lightgbm_baseline"), recipe("xgboost_baseline"), recipe("platt")]
    steps = list(run_plan([*first, load_recipe("production_candidates", ["markets=['pts']"])], data))
    errors = {step.recipe: step.result.metrics["val_mae"] for step in steps[:2]}
    candidates = steps[3:]
    best = min(errors, key=errors.get)
    tags = [mlflow.MlflowClient(store).get_run(step.run_id).data.tags for step in candidates]
    assert any(f"phase 1: {best}" in tag["candidate_of"] for tag in tags)
    assert any("phase 3: phase3/platt" in tag["candidate_of"] for tag in tags)
    # The plain LightGBM and the calibrated one are the same configuration: run once, candidate of both.
    assert len(candidates) == (1 if best.endswith("lightgbm_baseline") else 2)
    assert all(step.result.registration is not None for step in candidates)
    assert errors[best] == min(step.result.metrics["val_mae"] for step in candidates)
    # Each was chosen among the three runs of the phases, and those of its own phase come on top.
    assert [step.result.metrics["n_trials"] for step in candidates] == [4, 5][: len(candidates)]


def test_candidates_are_chosen_among_runs_on_the_same_test_season_only(store, data):
    list(run_plan([recipe("lightgbm_baseline", "walk_forward.first_test_season=first")], data))
    candidates = load_recipe("production_candidates", ["markets=['pts']"])
    with pytest.raises(NotEnoughDataError, match="first test season the default; run them first"):
        list(run_plan([candidates], data))


def test_runs_on_other_data_are_no_trials_of_a_run(store, data):
    for kind in ("real", "real", data.kind):
        tracker = NBAPropsTracker("Phase1_Foundation")
        with tracker.start_run("other", tags={"market": "pts", "data_kind": kind}):
            pass
    (step,) = run_plan([recipe("lightgbm_baseline")], data)
    assert step.result.metrics["n_trials"] == 2


def test_candidates_without_anything_to_choose_from_are_refused(store, data):
    with pytest.raises(NotEnoughDataError, match="no finished run"):
        list(run_plan([load_recipe("production_candidates")], data))


def test_an_ablation_of_noise_columns_reports_an_interval_with_zero_in_it(store, data):
    study = ["study={kind='ablation', against={noise_features=0}}", "noise_features=3", "model_params.n_estimators=40"]
    metrics = next(run_plan([recipe("lightgbm_baseline", *study)], data)).result.metrics
    assert metrics["mae_difference_ci_low"] <= 0 <= metrics["mae_difference_ci_high"]
    assert metrics["mae_difference"] == pytest.approx(metrics["baseline_arm_val_mae"] - metrics["val_mae"])
    assert metrics["mae_difference"] != 0.0
    assert metrics["n_features"] > 200


def test_an_ablation_against_other_settings_runs_both_arms_with_every_seed(store, data):
    study = "study={kind='ablation', against={availability='stand_in'}, seeds=2}"
    metrics = next(run_plan([recipe("lightgbm_baseline", study, "model_params.n_estimators=20")], data)).result.metrics
    assert metrics["mae_difference_seed_sd"] > 0.0
    assert metrics["n_paired_rows"] == metrics["n_predictions"]
    assert metrics["val_mae"] != metrics["baseline_arm_val_mae"]


def test_an_ablation_of_what_matters_shows_that_it_does(store, data):
    groups = ["core_rates", "minutes", "schedule"]
    asked = recipe("opponent_features", f"feature_groups={groups}", "study.without=['core_rates', 'minutes']")
    metrics = next(run_plan([asked], data)).result.metrics
    assert metrics["mae_difference_ci_low"] > 0
    assert metrics["n_paired_rows"] > 500
