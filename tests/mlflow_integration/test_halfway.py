"""What people write who know plain MLflow, or who write nearly the right thing: understood, or told the right name."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression

from mlflow_integration import GateReport, get_profile, load_profiles, utils
from mlflow_integration.stages.degradation import DegradationReport, LiveMetric
from mlflow_integration.stages.rules import Stage
from mlflow_integration.stages.views import VersionInfo
from nba_props.errors import TrackingError


def test_autologging_can_be_asked_for_before_the_run_starts(tracker):
    tracker.enable_autologging("sklearn")
    with tracker.start_run("first") as run:
        LinearRegression().fit(np.arange(8.0).reshape(4, 2), [1.0, 2.0, 3.0, 4.0])
    with tracker.start_run("second") as other:
        LinearRegression().fit(np.arange(8.0).reshape(4, 2), [1.0, 2.0, 3.0, 4.0])
    params = {name: tracker.client.get_run(each.run_id).data.params for name, each in (("a", run), ("b", other))}
    assert "fit_intercept" in params["a"]
    assert params["b"] == {}, "off again when the run has ended"


def test_an_unknown_framework_is_refused_before_the_run_too(tracker):
    with pytest.raises(TrackingError, match="torch"):
        tracker.enable_autologging("torch")


def test_a_model_can_be_named_in_second_place_as_in_mlflow(tracker):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with tracker.start_run():
        logged = tracker.log_model(model, "points_model")
        stored = tracker.client.get_logged_model(logged.model_id)
        assert (stored.name, logged.model_type) == ("points_model", "sklearn")
        with pytest.raises(TrackingError, match="model_type must be one of"):
            tracker.log_model(model, "sklern")


def test_figures_without_names_are_called_after_their_titles(tracker):
    titled, plain = Figure(), Figure()
    titled.suptitle("Error by month")
    with tracker.start_run() as run:
        tracker.log_plots([titled, plain, titled])
    names = [artifact.path for artifact in tracker.client.list_artifacts(run.run_id)]
    assert names == ["Error_by_month.png", "Error_by_month_3.png", "plot_2.png"]


def test_capitals_in_the_name_of_a_metric_are_answered_with_the_right_one(tracker):
    with tracker.start_run(), pytest.raises(TrackingError, match="Did you mean 'val_mae'"):
        tracker.log_metrics({"Val MAE": 5.0})


def test_profiles_are_read_from_a_path_that_is_text(tmp_path):
    file = tmp_path / "gates.toml"
    file.write_text('[strict]\ngates = [{ metric = "roi", comparison = ">", threshold = 0.1 }]\n', encoding="utf-8")
    assert list(load_profiles(str(file))) == ["strict"]


def test_a_bare_metric_is_answered_with_its_out_of_sample_twin(tracker):
    with tracker.start_run():
        tracker.log_validation_metrics({"mae": 5.0})
    with pytest.raises(TrackingError, match="did you mean 'val_mae'"):
        utils.get_best_model(tracker.experiment_name, "mae", tracking_uri=tracker.tracking_uri)
    with pytest.raises(TrackingError, match="did you mean 'val_mae'"):
        utils.get_best_runs(tracker.experiment_name, "val_mea", tracking_uri=tracker.tracking_uri)


def test_runs_are_compared_by_the_first_characters_of_their_ids(tracker):
    ids = []
    for value in (5.0, 6.0):
        with tracker.start_run() as run:
            tracker.log_metrics({"val_mae": value})
        ids.append(run.run_id)
    table = utils.compare_runs([each[:8] for each in ids], tracking_uri=tracker.tracking_uri)
    assert table["best"].tolist() == [ids[0]]
    assert utils.clone_run_config(ids[0][:8], tracking_uri=tracker.tracking_uri).run_id == ids[0]
    with pytest.raises(TrackingError, match="There is no run"):
        utils.compare_runs(["zzzzzzzz"], tracking_uri=tracker.tracking_uri)


def test_a_metric_is_ranked_wherever_a_run_keeps_it(tracker):
    for name, key, value in (("old", "roi_ci_low", 0.01), ("new", "interval/roi_ci_low", 0.02)):
        with tracker.start_run(name):
            tracker.log_metrics({key: value, "val_mae": 5.0})
    best = utils.get_best_runs(tracker.experiment_name, "roi_ci_low", tracking_uri=tracker.tracking_uri)
    assert best["run_name"].tolist() == ["new", "old"]
    assert best["metrics.roi_ci_low"].tolist() == [0.02, 0.01]


def test_reports_are_tables_in_a_notebook():
    gates: GateReport = get_profile("plan").check({"val_mae": 3.0})
    live = LiveMetric("val_mae", 5.0, 4.0, 6.0, 5.5, 100, 30, "ok")
    version = VersionInfo(
        "m", 1, Stage.NONE, "r", "u", datetime(2026, 1, 1, tzinfo=UTC), {}, {"roi": 0.05, "n_home": 9.0}, {}, {}
    )
    degradation = DegradationReport("m", 1, "validation", 0.95, (live,))
    for shown in (gates, degradation, version):
        assert "<table" in shown._repr_html_()
    assert "m version 1, against validation" in degradation._repr_html_()
    first, _, folded = version._repr_html_().partition("1 more metrics")
    assert ("roi" in first, "n_home" in first, "n_home" in folded) == (True, False, True)
    assert "<td>500</td>" in gates._repr_html_(), "a whole number has no decimals"
