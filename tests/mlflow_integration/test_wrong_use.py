"""Wrong uses of the public methods: each is refused with one message that says what is wanted, before it does harm."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlflow_integration import NBAPropsTracker, utils
from mlflow_integration.store.location import fluent_store, load_mlflow
from nba_props.errors import ConfigError, PromotionError, TrackingError, UnknownModelError

mlflow = load_mlflow()
FEATURES = pd.DataFrame({"minutes": [10.0, 20.0, 30.0, 36.0], "usage": [0.1, 0.3, 0.2, 0.3]})
LINEAR = LinearRegression().fit(FEATURES, FEATURES["minutes"])
CLASSIFIER = LogisticRegression().fit(FEATURES.to_numpy(), [0, 0, 1, 1])
TEXTS = pd.DataFrame({"actual": ["a"], "predicted": ["b"]})
HOLDS_ITSELF = {"depth": 6}
HOLDS_ITSELF["again"] = HOLDS_ITSELF
LIST_OF_ITSELF = [1]
LIST_OF_ITSELF.append(LIST_OF_ITSELF)

LOGGING = {
    "a configuration that holds itself and a secret": (
        lambda t: t.log_training_config(HOLDS_ITSELF | {"password": "x"}),
        "holds itself",
    ),
    "parameters as a list": (lambda t: t.log_params(["a"]), "dictionary, not a list"),
    "no parameters": (lambda t: t.log_params(None), "dictionary, not a NoneType"),
    "a dictionary that holds itself": (lambda t: t.log_params(HOLDS_ITSELF), "holds itself"),
    "a list that holds itself": (lambda t: t.log_params({"x": LIST_OF_ITSELF}), "holds itself"),
    "a configuration that holds itself": (lambda t: t.log_training_config(HOLDS_ITSELF), "holds itself"),
    "no configuration": (lambda t: t.log_feature_config(None), "dictionary"),
    "tags as a list": (lambda t: t.set_tags(["a"]), "dictionary"),
    "metrics as a list": (lambda t: t.log_metrics([1.0]), "dictionary"),
    "half a step": (lambda t: t.log_metrics({"a": 1.0}, step=1.5), "whole number, not 1.5"),
    "a fold by name": (lambda t: t.log_fold("first", {"mae": 1.0}), "whole number"),
    "a number too large": (lambda t: t.log_metrics({"a": 10**400}), "too large"),
    "one metric twice": (lambda t: t.log_validation_metrics({"mae": 1, "val_mae": 2}), "both be stored as 'val_mae'"),
    "one segment twice": (lambda t: t.log_segmented_metrics({"b_c": {"a": 1}, "c": {"a_b": 2}}), "stored as 'a_b_c'"),
    "no file": (lambda t: t.log_artifacts(None), "file or folder"),
    "a number for a plot": (lambda t: t.log_plots({"a.png": 5}), "matplotlib Figure"),
    "a plot of no known kind": (lambda t: t.log_plots({"a.xyz": Figure()}), ".png"),
    "importance of nothing fitted": (lambda t: t.log_feature_importance(xgb.XGBRegressor()), "not been fitted"),
    "importance that is NaN": (lambda t: t.log_feature_importance({"a": np.nan}), "finite"),
    "no bins": (lambda t: t.log_calibration_curve([0, 1], [0.2, 0.4], bins=0), "bins"),
    "outcomes as text": (lambda t: t.log_calibration_curve(["over", "under"], [0.2, 0.4]), "numbers are needed"),
    "errors of text": (lambda t: t.log_error_analysis(TEXTS), "must hold numbers"),
    "predictions as a list": (lambda t: t.log_predictions([1.0]), "DataFrame, not a list"),
    "a data set as a list": (lambda t: t.log_dataset([1.0], name="x"), "DataFrame"),
    "a data set without a name": (lambda t: t.log_dataset(FEATURES, name=""), "name"),
    "an evaluation without its parts": (lambda t: t.log_evaluation({"metrics": {}}), "an evaluation: it has no params"),
    "an unfitted model": (lambda t: t.log_model(LinearRegression()), "LinearRegression has not been fitted"),
    "an unfitted LightGBM": (lambda t: t.log_model(lgb.LGBMRegressor()), "not been fitted"),
    "an unfitted XGBoost": (lambda t: t.log_model(xgb.XGBRegressor()), "not been fitted"),
    "a class for a model": (lambda t: t.log_model(LinearRegression), "is a class"),
    "a model of another kind": (lambda t: t.log_model(LINEAR, "lightgbm"), "not a lightgbm model"),
    "text for an example": (lambda t: t.log_model(LINEAR, input_example="x"), "DataFrame or an array"),
    "an empty example": (lambda t: t.log_model(LINEAR, input_example=FEATURES.head(0)), "at least one row"),
    "a column twice": (lambda t: t.log_model(LINEAR, input_example=FEATURES[["usage", "usage"]]), "name of its own"),
    "other columns": (lambda t: t.log_model(LINEAR, input_example=FEATURES[["usage"]]), "minutes, usage"),
    "an example too wide": (lambda t: t.log_model(CLASSIFIER, input_example=np.zeros((2, 5))), "cannot predict"),
    "a package that is no file": (lambda t: t.log_model(LINEAR, pip_requirements="scipy"), r"\['scipy'\]"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGGING)
def test_what_cannot_be_logged_is_refused_with_what_is_wanted_and_nothing_is_stored(shared_uri, name):
    tracker = NBAPropsTracker("wrong uses", tracking_uri=shared_uri)
    wrong, message = LOGGING[name]
    with tracker.start_run(name) as run, pytest.raises(TrackingError, match=message):
        wrong(tracker)
    stored = tracker.client.get_run(run.run_id)
    assert (stored.data.metrics, stored.data.params) == ({}, {})
    assert not stored.inputs.dataset_inputs
    assert not (stored.outputs and stored.outputs.model_outputs)
    assert [entry.path for entry in tracker.client.list_artifacts(run.run_id)] == []


def test_a_series_and_lists_in_cells_are_taken_as_they_are_meant(tracker, shared_uri):
    lists = pd.DataFrame({"lineup": [["a", "b"], ["c"]]})
    with tracker.start_run("x") as run:
        tracker.log_metrics(pd.Series({"val_mae": 5.0}))
        first = tracker.log_dataset(lists, name="line-ups")
        assert tracker.log_dataset(lists.iloc[::-1], name="the other way") != first
        logged = tracker.log_model(LINEAR, input_example=FEATURES.to_numpy())
    assert tracker.client.get_run(run.run_id).data.metrics == {"val_mae": 5.0}
    with fluent_store(shared_uri):
        signature = mlflow.models.get_model_info(logged.model_uri).signature
    assert signature.inputs.inputs[0].shape == (-1, 2)


@pytest.mark.parametrize("name", ["", "  ", None, 5, "two\nlines"])
def test_what_cannot_name_an_experiment_is_refused_before_a_store_is_made(name, tmp_path):
    with pytest.raises(TrackingError, match="name of an experiment"):
        NBAPropsTracker(name, tracking_uri=tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_run_needs_a_parent_that_exists_tags_by_name_and_is_entered_once(tracker):
    with pytest.raises(TrackingError, match="nowhere"):
        tracker.start_run("x", parent_run_id="nowhere")
    with pytest.raises(TrackingError, match="dictionary"):
        tracker.start_run("x", tags=["a"])
    with tracker.start_run("x") as run:
        pass
    with pytest.raises(TrackingError, match="has ended"), run:
        pass


def test_a_version_is_registered_only_from_the_run_whose_metrics_judge_it(registry, candidate):
    one, two = candidate("swapped", val_mae=2.0), candidate("swapped", val_mae=9.0)
    runs = {number: registry.get_model_info("swapped", number).run_id for number in (one, two)}
    foreign = registry.get_model_info("swapped", two).model_uri.removeprefix("models:/")
    with pytest.raises(UnknownModelError, match="another run"):
        registry.register_model(runs[one], "swapped", model_id=foreign)
    with pytest.raises(UnknownModelError, match="id of a run"):
        registry.register_model(object(), "swapped")
    with pytest.raises(UnknownModelError, match="None cannot be a model name"):
        registry.register_model(runs[one], None)
    with pytest.raises(TrackingError, match="dictionary"):
        registry.register_model(runs[one], "swapped", tags=["a"])
    assert registry.list_models().query("model == 'swapped'")["version"].tolist() == [1, 2]


@pytest.mark.parametrize("version", ["latest", "v1", None, 1.7, "", "-1"])
def test_a_version_is_a_number(registry, candidate, version):
    if "numbered" not in registry._records.names():
        candidate("numbered")
    for wrong in (registry.promote_model, registry.archive_model, registry.evaluate_for_production):
        with pytest.raises(UnknownModelError, match="version"):
            wrong("numbered", version)


def test_moves_back_need_a_reason_and_a_version_or_a_stage_is_named_not_both(registry, candidate):
    candidate("reasoned")
    registry.promote_model("reasoned", 1, "Staging")
    for reason in ("", "  ", None):
        with pytest.raises(PromotionError, match="needs a reason"):
            registry.demote_model("reasoned", 1, reason=reason)
        with pytest.raises(PromotionError, match="needs a reason"):
            registry.rollback_model("reasoned", reason=reason)
    with pytest.raises(UnknownModelError, match="not both"):
        registry.get_model_info("reasoned", 1, stage="Production")
    with pytest.raises(ConfigError, match="got int"):
        registry.evaluate_for_production("reasoned", 1, 5)


def test_live_results_need_dates_numbers_and_a_tolerance_that_is_none_below_nothing(registry, candidate):
    candidate("live", val_mae=5.0)
    live = pd.DataFrame({"game_date": ["2025-01-01"] * 3, "actual": 9.0, "predicted": 3.0})
    for wrong, message in (
        ([1.0], "DataFrame"),
        (live.assign(game_date="yesterday"), "3 hold none, the first is 'yesterday'"),
        (live.assign(game_date=[None, "2025-01-01", "2025-01-02"]), "1 hold none"),
        (live.assign(actual="nine"), "must hold numbers"),
    ):
        with pytest.raises(TrackingError, match=message):
            registry.check_degradation("live", wrong, 1)
    with pytest.raises(TrackingError, match="tolerance"):
        registry.check_degradation("live", live, 1, tolerance=-1)


def test_games_of_one_night_are_one_day_whenever_they_start(registry, candidate):
    candidate("nights", val_mae=5.0)
    starts = pd.date_range("2025-01-01 18:00", periods=24, freq="10min")
    live = pd.DataFrame({"game_date": starts, "actual": 90.0, "predicted": 3.0})
    (metric,) = registry.check_degradation("nights", live, 1).metrics
    assert (metric.days, metric.rows, metric.verdict) == (1, 24, "insufficient evidence")


def test_one_name_is_one_name_and_not_its_letters(tracker, shared_uri):
    with tracker.start_run("x") as run:
        tracker.log_metrics({"val_mae": 5.0})
    name = tracker.experiment_name
    assert utils.setup_experiments(name, tracking_uri=shared_uri)["experiment"].tolist() == [name]
    phases = utils.compare_phases(name, "val_mae", tracking_uri=shared_uri)
    assert phases[["experiment", "best_val_mae"]].to_numpy().tolist() == [[name, 5.0]]
    assert utils.compare_runs(run.run_id, "val_mae", tracking_uri=shared_uri)[run.run_id].tolist() == [5.0]
    found = utils.search_runs(name, order_by="metrics.val_mae ASC", tracking_uri=shared_uri)
    assert found["run_id"].tolist() == [run.run_id]


def test_numbers_that_make_no_sense_are_refused_when_reading(tracker, shared_uri):
    with tracker.start_run("x") as run:
        tracker.log_metrics({"val_mae": 5.0})
    name, where = tracker.experiment_name, {"tracking_uri": shared_uri}
    wrong = {
        "limit": lambda: utils.search_runs(name, limit=-1, **where),
        "top_n": lambda: utils.get_best_runs(name, top_n="3", **where),
        "top_n must": lambda: utils.best_with_trials(name, top_n=0, **where),
        "days": lambda: utils.get_weekly_summary(name, days=-1, **where),
        "older_than_days": lambda: utils.cleanup_failed_runs(name, older_than_days=-1, **where),
        "Expected a name or a list of names, not None": lambda: utils.compare_runs(None, **where),
        "Expected a name or a list of names, not 5": lambda: utils.setup_experiments([5], **where),
        "Name the runs": lambda: utils.compare_runs([], **where),
        f"None of {run.run_id} has zork; they have: val_mae": lambda: utils.compare_runs(
            [run.run_id], ["val_mae", "zork"], **where
        ),
    }
    for message, call in wrong.items():
        with pytest.raises(TrackingError, match=message):
            call()


def test_the_best_model_is_where_its_run_logged_it_under_any_name_or_missing(tracker, shared_uri):
    with tracker.start_run("with"):
        tracker.log_metrics({"val_mae": 5.0})
        logged = tracker.log_model(LINEAR, name="final")
    with tracker.start_run("without"):
        tracker.log_metrics({"val_mae": 4.0})
    best = utils.get_best_model(tracker.experiment_name, top_n=2, tracking_uri=shared_uri)
    assert best["run_name"].tolist() == ["without", "with"]
    assert best["model_uri"].tolist() == [None, logged.model_uri]
