"""A run logs nothing that the table of metrics does not know, and takes metrics, gates and profiles of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlflow_integration import GATES, NBAPropsTracker
from models.commands.results import as_frame, result_rows
from models.plan.jobs import Job
from models.plan.recipe import load_recipe
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props import plugins
from nba_props.config import make_config
from nba_props.errors import ConfigError
from nba_props.metrics import METRICS, find_metric, plain_key

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins"
OWN_ONLY = {"train_<metric>", "val_<metric>", "mae_<segment>", "roi_<segment>", "n_<segment>", "<folder>/<metric>"}
"""Families for what people log themselves: a metric of a run has an entry of its own."""


@pytest.fixture(scope="module")
def tracked(data, tmp_path_factory, new_store):
    """A finished run with the metric, the gate and the profile of the documents' examples."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", new_store(folder))
        for registry in (METRICS, GATES):
            patch.setattr(registry, "_items", dict(registry.items()))
        patch.setattr(plugins, "_loaded", dict(plugins._loaded))
        patch.setenv(plugins.PLUGINS_VARIABLE, "")
        plugins.load_plugins([EXAMPLES / "metric.py", EXAMPLES / "gate.py"])
        trainer = NBAPropsMLflowTrainer(
            "pts",
            training_data=data,
            model_params={"n_estimators": 20},
            workers=2,
            gate_profile=str(EXAMPLES / "gates.toml"),
            staging_nights=0,  # its gates judge the whole test
        )
        result = trainer.run()
        client = NBAPropsTracker("Phase1_Foundation").client
        yield result, client, client.get_run(result.run_id), folder


def test_every_logged_key_is_in_the_table(tracked):
    _, _, run, _ = tracked
    entries = {key: find_metric(plain_key(key)) for key in run.data.metrics}
    assert [key for key, entry in entries.items() if entry is None or entry.key in OWN_ONLY] == []
    assert entries["segment/mae_2023_24"].key == "mae_<season>"


def test_a_metric_of_ones_own_is_computed_and_logged(tracked):
    result, _, run, _ = tracked
    assert 0 < run.data.metrics["big_miss_rate"] == result.metrics["big_miss_rate"] < 1


def test_the_version_is_judged_by_the_profile_of_the_file_and_remembers_it(tracked):
    result, client, run, folder = tracked
    report = result.registration.report
    assert (report.profile, len(report.results)) == ("cautious", 5)
    named = report.results[-1]
    assert (named.gate.key, named.value) == ("beats_breakeven", run.data.metrics["win_rate"])
    path = client.download_artifacts(run.info.run_id, "gate_report.json", str(folder))
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    assert content["profile_definition"]["gates"][-1] == {"name": "beats_breakeven"}
    assert content["profile_definition"]["markets"]["pra"][0]["threshold"] == 6.5
    assert client.get_model_version("NBAProps_pts_SIMULATED", "1").tags["gate_profile"] == "cautious"


def test_a_named_gate_has_its_line_in_the_table_of_the_main_job(tracked, data):
    result, _, _, _ = tracked
    row = result_rows([result])[0]["gates"][-1]
    assert (row["metric"], row["comparison"], row["threshold"]) == ("beats_breakeven", None, None)
    assert "beats_breakeven 0." in as_frame(result_rows([result]))["stage and gates"].iloc[0]


@pytest.mark.parametrize("gates", ["lax", "none.toml", "gates.toml:bold"])
def test_a_profile_that_does_not_exist_is_refused_before_the_data(gates, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gates.toml").write_text('[shy]\ngates = [{metric = "roi", comparison = ">", threshold = 0}]\n')
    with pytest.raises(ConfigError, match=r"lax|none\.toml|bold"):
        NBAPropsMLflowTrainer("pts", gate_profile=gates)
    with pytest.raises(ConfigError, match=r"lax|none\.toml|bold"):
        Job(make_config(market="pts", gate_profile=gates), "Phase1_Foundation")
    with pytest.raises(ConfigError, match=r"platt\.toml: "):
        load_recipe("phase3/platt", [f"gate_profile={gates}"])
