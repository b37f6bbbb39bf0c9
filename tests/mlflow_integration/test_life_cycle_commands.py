"""The whole life of a version from the command line."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from mlflow_integration import ModelRegistry
from mlflow_integration.commands.compare_experiments import app

from .conftest import candidate_maker
from .test_registry import GOOD


@pytest.fixture
def store(uri):
    make = candidate_maker(uri)
    make("props", tags={"market": "pra"}, **GOOD)
    make("props", tags={"market": "pra"}, **{**GOOD, "roi": -0.1})
    return uri


@pytest.fixture
def run(store):
    def invoke(*arguments):
        return CliRunner().invoke(app, [str(each) for each in (*arguments, "--tracking-uri", store)])

    return invoke


@pytest.fixture
def settled(tmp_path):
    """A file of 25 settled nights that are as good as the validation."""
    path = tmp_path / "settled.csv"
    nights = pd.date_range("2025-01-01", periods=25)
    pd.DataFrame({"game_date": nights, "actual": 10.0, "predicted": 9.0}).to_csv(path, index=False)
    return path


def test_from_registering_to_rolling_back(run, store, settled):
    registry = ModelRegistry(store)
    run_id = registry.client.get_model_version("props", "1").run_id
    done = run("register", run_id, "props", "--gates", "plan", "--json")
    assert json.loads(done.stdout)["version"] == 3
    dry = run("evaluate", "props", 3)
    assert (dry.exit_code, "pass: all 7 gates of profile plan" in dry.stdout) == (0, True)
    assert "gate_verdict" not in registry.client.get_model_version("props", "3").tags
    waits = run("promote", "props", 3)
    assert waits.exit_code == 1
    assert "props version 3 stays in stage Staging" in waits.stdout
    assert "20 are required" in waits.stdout
    tested = run("check", "props", settled, "--staging")
    assert (tested.exit_code, "pass: 25 of 20 nights" in tested.stdout) == (0, True)
    assert run("promote", "props", 3).exit_code == 0
    assert run("check", "props", settled).exit_code == 0
    assert run("promote", "props", 1, "--staging-nights", 0).exit_code == 0
    assert run("rollback", "props", "--reason", "worse").exit_code == 0
    assert registry.get_production_version("props") == 3
    assert run("demote", "props", 3, "--reason", "look again").stdout == "props version 3 is in Staging.\n"
    assert run("archive", "props", 2, "--reason", "old").stdout == "props version 2 is in Archived.\n"
    kinds = [row["kind"] for row in json.loads(run("history", "props", "--json").stdout)]
    assert kinds == ["change", "change", "change", "change", "rollback", "change", "change"]


def test_a_version_that_fails_is_refused_with_exit_1_and_force_needs_a_reason(run, store):
    assert run("evaluate", "props", 2, "--record").exit_code == 1
    refused = run("promote", "props", 2)
    assert (refused.exit_code, "roi = -0.1" in refused.stdout) == (1, True)
    forced = run("promote", "props", 2, "--force")
    assert forced.exit_code == 2
    assert "needs a reason" in forced.stderr
    assert ModelRegistry(store).get_production_version("props") is None
    assert run("promote", "props", 2, "--force", "--reason", "urgent").exit_code == 0
    listed = json.loads(run("models", "--json").stdout)
    assert next(row["how"] for row in listed if row["version"] == 2) == "override: forced: urgent"


def test_an_alias_moved_by_hand_is_recorded_by_the_next_command_and_found_by_the_audit(run, store):
    run("promote", "props", 1, "--staging-nights", 0)
    assert run("audit").exit_code == 0
    registry = ModelRegistry(store)
    registry.client.set_registered_model_alias("props", "Production", "2")
    assert "moved outside" in run("models").stdout
    assert [row["status"] for row in json.loads(run("history", "props", "--json").stdout)] == ["done"] * 3
    found = run("audit", "props", "--json")
    assert found.exit_code == 1
    assert [row["finding"] for row in json.loads(found.stdout)] == ["moved outside"]
    weekly = run("weekly", "--report").stdout
    assert "moved outside: the alias Production was set to version 2" in weekly


def test_results_that_got_worse_are_exit_1_and_their_file_is_named_where_it_cannot_be_read(run, settled, tmp_path):
    run("promote", "props", 1, "--staging-nights", 0)
    worse = pd.read_csv(settled).assign(predicted=4.0)
    worse.to_csv(tmp_path / "worse.csv", index=False)
    done = run("check", "props", tmp_path / "worse.csv", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["metrics"][0]["verdict"] == "degraded"
    missing = run("check", "props", tmp_path / "none.csv")
    assert missing.exit_code == 2
    assert "none.csv" in missing.stderr


def test_a_bundle_is_written_of_any_version(run, tmp_path):
    done = run("bundle", "props", 2, "--output", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["path"] == str(tmp_path / "out")
    assert (tmp_path / "out" / "MODEL_CARD.md").is_file()
    nothing = run("bundle", "props")
    assert nothing.exit_code == 2
    assert "no version in Production" in nothing.stderr
