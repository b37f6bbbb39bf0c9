"""The scripts: what they print, where, and with which exit code."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands.self_check import run_checks
from mlflow_integration.store.location import load_mlflow

from .conftest import candidate_maker

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "mlflow"
GOOD = {"val_mae": 3.0, "roi": 0.06, "win_rate": 0.56, "calibration_error": 0.04, "sharpe_ratio": 1.2, "n_bets": 600}


def app(name):
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.app


COMPARE = app("compare_experiments")


@pytest.fixture(scope="module")
def store(shared_uri):
    make = candidate_maker(shared_uri)
    make("props", tags={"market": "pra"}, **GOOD)
    make("props", tags={"market": "pra"}, **{**GOOD, "roi": -0.1})
    make("props", tags={"market": "pra"}, **{**GOOD, "val_mae": 2.5})
    return shared_uri


def run(application, *arguments, uri=None):
    environment = {"MLFLOW_TRACKING_URI": uri} if uri else {}
    return CliRunner().invoke(application, [str(argument) for argument in arguments], env=environment)


def seconds_of_children() -> float:
    """What the processes that were started and have ended took of the processor."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.parametrize("name", ["setup_experiments", "compare_experiments", "test_tracking"])
def test_help_is_quick_and_teaches(name):
    start = seconds_of_children()
    done = subprocess.run(
        [sys.executable, SCRIPTS / f"{name}.py", "--help"], capture_output=True, text=True, check=True
    )
    assert seconds_of_children() - start < 2, "of the processor: how busy the machine is does not count"
    assert "Usage" in done.stdout


def test_no_script_imports_anything_heavy_for_its_help():
    code = (
        "import sys, runpy\nsys.argv=['x','--help']\n"
        "try:\n    runpy.run_path(sys.argv[0] and {path!r}, run_name='__main__')\nexcept SystemExit: pass\n"
        "print([n for n in ('mlflow','pandas','numpy','matplotlib') if n in sys.modules])"
    )
    for name in ("setup_experiments", "compare_experiments", "test_tracking"):
        path = str(SCRIPTS / f"{name}.py")
        done = subprocess.run(
            [sys.executable, "-c", code.format(path=path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["setup_experiments", "compare_experiments", "test_tracking"])
def test_a_command_is_a_program_of_the_environment_too(name, tmp_path):
    program = Path(sys.executable).with_name(f"{name}.py")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert f"Usage: {name}.py" in done.stdout


def test_every_command_takes_the_shared_options():
    for name in ("setup_experiments", "compare_experiments", "test_tracking"):
        command = get_command(app(name))
        for verb in getattr(command, "commands", {name: command}).values():
            options = {option for parameter in verb.params for option in parameter.opts}
            assert options >= {"--json", "--tracking-uri", "--plugin"}, verb.name


def test_a_plug_in_that_can_not_be_loaded_stops_a_command(store):
    done = run(COMPARE, "models", "--plugin", "none.py", uri=store)
    assert done.exit_code == 2
    assert "none.py" in done.stderr


def test_set_up_is_idempotent_and_speaks_json(uri):
    setup = app("setup_experiments")
    assert run(setup, uri=uri).exit_code == 0
    again = json.loads(run(setup, "--json", uri=uri).stdout)
    assert [row["outcome"] for row in again] == ["exists"] * 4
    one = json.loads(run(setup, "--name", "Mine", "--json", uri=uri).stdout)
    assert [(row["experiment"], row["outcome"]) for row in one] == [("Mine", "created")]


def test_best_compare_and_phases_give_what_the_functions_give(store):
    best = json.loads(run(COMPARE, "best", "--metric", "roi", "--json", uri=store).stdout)
    assert [row["roi"] for row in best] == [0.06, 0.06, -0.1]
    assert {row["runs_tried"] for row in best} == {3}
    ids = [row["run_id"] for row in best]
    compared = json.loads(run(COMPARE, "compare", ids[0], ids[2], "--json", uri=store).stdout)
    assert next(row for row in compared if row["metric"] == "roi")["best"] == ids[0]
    listed = json.loads(run(COMPARE, "compare", "--limit", 2, "--json", uri=store).stdout)
    assert len(listed) == 2
    phases = json.loads(run(COMPARE, "phases", "-e", "candidates", "--json", uri=store).stdout)
    assert phases[0]["best_val_mae"] == 2.5
    shown = run(COMPARE, "phases", "-e", "candidates", uri=store).stdout
    assert "best of each metric" in shown
    assert " 2.5 " in shown


def test_tables_are_whole_in_a_pipe(store):
    shown = run(COMPARE, "compare", uri=store).stdout
    rows = json.loads(run(COMPARE, "compare", "--json", uri=store).stdout)
    for row in rows:
        (line,) = [line for line in shown.splitlines() if f" {row['run_id'][:8]} " in line]
        assert row["run_name"] in line
        assert row["start_time"][:10] in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["best", "-e", "Nope"], "There is no experiment 'Nope'"),
        (["best", "-m", "n_bets"], "mode='min'"),
        (["best", "--mode", "up"], "'min' or 'max'"),
        (["compare", "zzz"], "no run 'zzz'"),
        (["best", "--where", "this is no filter"], "Searching runs"),
        (["history", "nothing"], "no registered model 'nothing'"),
        (["rollback", "nothing", "--reason", "x"], "no registered model"),
        (["promote", "props", "99"], "no version 99"),
        (["promote", "props", "1", "--gates", "nope"], "known profiles: plan, market"),
        (["promote", "props", "1", "--gates", "none.toml"], "cannot be read"),
        (["export", "x.xlsx"], ".csv, .parquet, .json"),
        (["migrate", "--source", "."], "no old file store"),
    ],
)
def test_a_mistake_is_one_message_on_stderr_and_exit_code_2(store, arguments, message):
    done = run(COMPARE, *arguments, uri=store)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_dead_server_and_a_store_that_is_not_there_are_exit_code_2(tmp_path):
    dead = run(COMPARE, "compare", uri="http://127.0.0.1:1")
    assert dead.exit_code == 2
    assert "serve.py" in dead.stderr
    absent = run(COMPARE, "compare", uri=f"sqlite:///{tmp_path}/none.db")
    assert absent.exit_code == 2
    assert "setup_experiments" in absent.stderr


def test_gates_decide_on_production_and_the_exit_code_tells(store):
    passed = run(COMPARE, "promote", "props", 1, "--staging-nights", 0, uri=store)
    assert passed.exit_code == 0
    assert "props version 1 is in Production" in passed.stdout
    refused = run(COMPARE, "promote", "props", 2, "--json", uri=store)
    assert refused.exit_code == 1
    content = json.loads(refused.stdout)
    assert (content["done"], content["stage"], content["gate_report"]["verdict"]) == (False, "None", "fail")
    forced = run(COMPARE, "promote", "props", 3, "--force", "--reason", "try it", uri=store)
    assert forced.exit_code == 0
    assert ModelRegistry(store).get_production_version("props") == 3
    back = run(COMPARE, "rollback", "props", "--reason", "it was bad", "--json", uri=store)
    assert json.loads(back.stdout)["production"] == 1
    history = json.loads(run(COMPARE, "history", "props", "--json", uri=store).stdout)
    assert [row["to_stage"] for row in history] == ["Staging", "Production", "Production", "Production"]
    assert history[2]["reason"] == "forced: try it"
    assert history[3]["kind"] == "rollback"
    assert "it was bad" in run(COMPARE, "history", "props", uri=store).stdout
    models = json.loads(run(COMPARE, "models", "--json", uri=store).stdout)
    assert {row["version"]: row["stage"] for row in models} == {1: "Production", 2: "None", 3: "Archived"}


def test_reports_and_tables_go_to_files(store, tmp_path):
    for arguments, name, start in (
        (["report"], "r.html", "<!DOCTYPE html>"),
        (["report"], "r.md", "# Experiment report"),
        (["weekly"], "w.html", "<!DOCTYPE html>"),
        (["weekly"], "w.json", "["),
        (["storage"], "s.csv", "\ufeffexperiment,kind"),
        (["models"], "m.json", "["),
    ):
        done = run(COMPARE, *arguments, "--output", tmp_path / name, uri=store)
        assert done.exit_code == 0, done.stderr
        assert done.stdout == ""
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert run(COMPARE, "export", tmp_path / "runs.csv", uri=store).exit_code == 0
    assert len((tmp_path / "runs.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert "Weekly report" in run(COMPARE, "weekly", "--report", uri=store).stdout
    assert json.loads(run(COMPARE, "report", "--json", uri=store).stdout)["title"] == "Experiment report"
    counted = json.loads(run(COMPARE, "export", tmp_path / "runs.json", "--json", uri=store).stdout)
    assert counted["runs"] == 3
    assert "No failed or dead run." in run(COMPARE, "cleanup", uri=store).stderr


def test_the_self_check_passes_here_and_leaves_nothing_in_the_store(uri):
    tracker = NBAPropsTracker("mine", tracking_uri=uri)
    with tracker.start_run("kept"):
        pass
    client = load_mlflow().MlflowClient(uri, registry_uri=uri)

    def everything():
        from mlflow.entities import ViewType

        found = client.search_experiments(view_type=ViewType.ALL)
        ids = [experiment.experiment_id for experiment in found]
        runs = client.search_runs(ids, run_view_type=ViewType.ALL)
        return len(found), len(runs), len(client.search_registered_models())

    before = everything()
    results = list(run_checks(uri))
    assert [str(result) for result in results if not result.passed] == []
    assert len(results) == 9
    assert everything() == before == (2, 1, 0)


def test_the_self_check_fails_aloud_when_the_store_does_not_work(monkeypatch):
    monkeypatch.setattr("mlflow_integration.commands.self_check._temporary_checks", lambda folder: iter(()))
    done = run(app("test_tracking"), uri="http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "FAIL  The configured store can be read" in done.stdout
    content = json.loads(run(app("test_tracking"), "--json", uri="http://127.0.0.1:1").stdout)
    assert [row["passed"] for row in content] == [True, True, False]
