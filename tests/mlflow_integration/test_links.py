"""The link that training prints opens a list of runs that MLflow can make."""

from __future__ import annotations

import json

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.store.links import VIEW_TAG, run_list_view, share_run_list


@pytest.fixture
def tracker(uri):
    tracker = NBAPropsTracker("links", tracking_uri=uri)
    for market in ("pts", "reb"):
        with tracker.start_run(market, tags={"market": market}):
            tracker.log_metrics({"val_mae": 2.0})
    return tracker


@pytest.mark.parametrize(
    ("markets", "found"), [(["reb"], ["reb"]), (["pts", "reb"], ["pts", "reb"]), ([], ["pts", "reb"])]
)
def test_the_filter_of_the_link_is_one_that_mlflow_understands(tracker, markets, found):
    link = share_run_list(tracker.client, tracker.experiment_id, markets)
    key = link.partition("viewStateShareKey=")[2]
    tags = tracker.client.get_experiment(tracker.experiment_id).tags
    view = json.loads(tags[f"{VIEW_TAG}{key}"])
    runs = tracker.client.search_runs([tracker.experiment_id], view["searchFilter"])
    assert sorted(run.data.tags["market"] for run in runs) == found


def test_the_view_shows_headline_metrics_best_error_first():
    view = run_list_view("pra")
    assert (view["orderByKey"], view["orderByAsc"]) == ("metrics.`val_mae`", True)
    assert "metrics.`roi`" in view["selectedColumns"]
    assert "tags.`data_kind`" in view["selectedColumns"], "names are cut off before they say SIMULATED"


def test_the_charts_of_the_view_have_only_histories_and_headline_metrics_unfolded():
    view = run_list_view("pra")
    unfolded = {section["name"]: section["display"] for section in view["compareRunSections"]}
    assert [name for name, shown in unfolded.items() if shown] == ["Model metrics"]
    assert {"segment", "interval", "evidence", "kelly", "data"} <= set(unfolded)
    assert not {"1_headline", "2_learning"} & set(unfolded), "MLflow adds what is not named, unfolded"


def test_tags_that_say_what_a_run_is_about_come_before_those_of_its_code(tracker):
    run = tracker.client.search_runs([tracker.experiment_id], max_results=1)[0]
    names = list(run.data.tags)
    assert names.index("market") < names.index("environment")
