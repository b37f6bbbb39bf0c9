"""MLflow's own search finds models by the metrics of their run, on the data set they were measured on."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from mlflow_integration import NBAPropsTracker
from mlflow_integration.store.location import fluent_store, load_mlflow

mlflow = load_mlflow()
GAMES = pd.DataFrame({"minutes": [30.0, 31.0]})


def model(constant=1.0):
    return DummyRegressor(strategy="constant", constant=constant).fit([[0.0]], [constant])


def found(tracker, where, datasets=None):
    with fluent_store(tracker.tracking_uri):
        models = mlflow.search_logged_models(
            experiment_ids=[tracker.experiment_id], filter_string=where, datasets=datasets, output_format="list"
        )
    return {each.source_run_id for each in models}


def test_a_model_is_found_by_the_val_mae_of_its_run_on_a_data_set(tracker):
    runs, digests = [], []
    for mae, frame in ((5.0, GAMES), (6.0, GAMES), (5.5, GAMES * 2)):
        with tracker.start_run("m") as run:
            digests.append(tracker.log_dataset(frame, name="games"))
            tracker.log_validation_metrics({"mae": mae})
            tracker.log_model(model())
        runs.append(run.run_id)
    assert found(tracker, "metrics.val_mae < 5.8") == {runs[0], runs[2]}
    first = [{"dataset_name": "games", "dataset_digest": digests[0][:36]}]
    assert found(tracker, "metrics.val_mae < 5.8", first) == {runs[0]}
    assert found(tracker, "metrics.val_mae > 7") == set()


def test_metrics_logged_after_the_model_count_too_and_the_runs_own_stay_as_they_are(tracker):
    with tracker.start_run("after") as run:
        tracker.log_fold(0, {"mae": 6.0})
        tracker.log_fold(1, {"mae": 5.0})
        tracker.log_model(model())
        tracker.log_metrics({"roi": 0.02})
    assert found(tracker, "metrics.roi > 0.01") == {run.run_id}
    history = tracker.client.get_metric_history(run.run_id, "val_mae_fold")
    assert [(point.step, point.value) for point in history] == [(0, 6.0), (1, 5.0)]
    assert len(tracker.client.get_metric_history(run.run_id, "roi")) == 1


def test_of_several_data_sets_the_metrics_belong_to_the_one_for_evaluation(tracker):
    with tracker.start_run("two") as run:
        tracker.log_dataset(GAMES, name="seen")
        digest = tracker.log_dataset(GAMES * 3, name="test", context="evaluation")
        tracker.log_metrics({"val_mae": 5.0})
        tracker.log_model(model())
    assert found(tracker, "metrics.val_mae = 5.0", [{"dataset_name": "test", "dataset_digest": digest[:36]}]) == {
        run.run_id
    }
    assert found(tracker, "metrics.val_mae = 5.0", [{"dataset_name": "seen"}]) == set()


@pytest.mark.parametrize("models", [0, 2])
def test_metrics_of_a_run_with_several_models_or_none_are_nobodys(tracker, models):
    with tracker.start_run("several"):
        tracker.log_metrics({"val_mae": 5.0})
        for number in range(models):
            tracker.log_model(model(number + 1.0), name=f"m{number}")
    assert found(tracker, "metrics.val_mae = 5.0") == set()


def test_a_model_of_a_run_that_failed_is_not_found(uri):
    tracker = NBAPropsTracker("failed", tracking_uri=uri)
    with pytest.raises(RuntimeError), tracker.start_run("x"):
        tracker.log_metrics({"val_mae": 5.0})
        tracker.log_model(model())
        raise RuntimeError
    assert found(tracker, "metrics.val_mae = 5.0") == set()
