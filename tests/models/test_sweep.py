"""A sweep chooses on calibration folds alone, goes on after a kill as if nothing had been, and leaves no run open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlflow_integration.store.processes import process_mark
from mlflow_integration.utils import setup_experiments
from models.plan.recipe import load_recipe
from models.sweep import run as sweeps
from models.sweep.run import run_sweep
from models.sweep.search_space import Sweep, configured, distributions, read_sweep, starting_point
from nba_props.config import make_config
from nba_props.errors import ConfigError
from nba_props.forecast import default_params

pytestmark = pytest.mark.usefixtures("no_pictures")

QUICK = ["model_params.n_estimators=8", "model_params.min_data_in_leaf=20", "markets=['pts']"]
SETTINGS = ["model_params.num_leaves", "model_params.learning_rate"]
SPACE = """
batch = 2
startup_trials = 2

[space.num_leaves]
type = "int"
low = 3
high = 31
log = true

[space.learning_rate]
type = "float"
low = 0.02
high = 0.5
log = true
"""


def quick(*overrides: str):
    return load_recipe("lightgbm_baseline", [*QUICK, *overrides])


@pytest.fixture
def space(tmp_path) -> Path:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


@pytest.fixture(scope="module")
def done(data, tmp_path_factory, new_store):
    """One sweep of five trials that nothing interrupted, and its store."""
    folder = tmp_path_factory.mktemp("sweep")
    path, uri = folder / "space.toml", new_store(folder)
    path.write_text(SPACE)
    return run_sweep(quick(), path, data, trials=5, tracking_uri=uri), uri, path


def runs(uri: str, role: str = "%") -> list:
    client = mlflow.MlflowClient(uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, f"tags.sweep_role LIKE '{role}'"))


def what_was_found(table: pd.DataFrame) -> pd.DataFrame:
    """A table of trials without what is different each time."""
    return table.drop(columns=["fit_seconds", "run_id"])


# -- the search space ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("objectve = 'val_mae'\n" + SPACE, "unknown key 'objectve'.*did you mean 'objective'"),
        ("[space.num_leafs]\ntype='int'\nlow=3\nhigh=9", "'num_leafs'.*did you mean 'num_leaves'"),
        ("[space.num_leaves]\ntype='int'\nlow=3\nhihg=9", "did you mean 'high'"),
        ("[space.num_leaves]\ntype='int'\nlow=9\nhigh=3", "low 9 is above high 3"),
        ("[space.learning_rate]\ntype='float'\nlow=0.0\nhigh=1.0\nlog=true", "log needs low above 0"),
        ("[space.min_edge]\ntype='float'\nlow=0.0\nhigh=2.0", "min_edge"),
        ("[space.market]\ntype='categorical'\nchoices=['pts','reb']", "cannot be swept"),
        ("[space.'walk_forward.gap_days']\ntype='int'\nlow=1\nhigh=3", "cannot be swept"),
        ("[space.'model_params.a.b']\ntype='int'\nlow=1\nhigh=3", "is not a parameter of the model"),
        ("[space.num_leaves]\ntype='categorical'\nchoices=[]", "at least 1"),
        ("objective='baseline_mae'\n" + SPACE, "baseline_mae"),
        ("space = 3", "one table per setting"),
        ("[space", "cannot be read"),
        ("", "space"),
    ],
)
def test_a_search_space_that_can_not_be_used_is_refused_with_the_reason(tmp_path, text, said):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_sweep(path, quick().config)


def test_the_example_of_the_documentation_is_a_search_space_of_the_baseline():
    example = Path(__file__).parents[2] / "docs" / "examples" / "sweep.toml"
    sweep = read_sweep(example, load_recipe("lightgbm_baseline").config)
    assert len(sweep.space) == 4
    assert starting_point(sweep, load_recipe("lightgbm_baseline").config) is not None, "the recipe is the first trial"


def test_bare_names_paths_and_nested_tables_name_the_same_setting(tmp_path):
    path = tmp_path / "space.toml"
    table = "type='int'\nlow=3\nhigh=9\n"
    for key in ("num_leaves", "model_params.num_leaves", "'model_params.num_leaves'", "config.model_params.num_leaves"):
        path.write_text(f"[space.{key}]\n{table}")
        assert list(read_sweep(path, quick().config).space) == ["model_params.num_leaves"]
    path.write_text(f"[space.model_params.num_leaves]\n{table}[space.model_params.max_depth]\n{table}")
    assert list(read_sweep(path, quick().config).space) == ["model_params.num_leaves", "model_params.max_depth"]


def test_settings_of_an_ensemble_name_its_member(tmp_path):
    path = tmp_path / "space.toml"
    config = make_config(model="ensemble", ensemble={"members": ["lightgbm", "linear"]})
    path.write_text("[space.lightgbm.num_leaves]\ntype='int'\nlow=3\nhigh=16\n")
    sweep = read_sweep(path, config)
    assert configured(config, {"model_params.lightgbm.num_leaves": 5}).model_params == {"lightgbm": {"num_leaves": 5}}
    assert starting_point(sweep, config) == {"model_params.lightgbm.num_leaves": 16}
    path.write_text("[space.xgboost.max_depth]\ntype='int'\nlow=3\nhigh=16\n")
    with pytest.raises(ConfigError, match="unknown setting"):
        read_sweep(path, config)


def test_lists_are_single_choices(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text("[space.feature_groups]\ntype='categorical'\nchoices=[['core'], ['core', 'minutes']]\n")
    sweep = read_sweep(path, quick().config)
    (found,) = distributions(sweep).values()
    assert found.choices == ('["core"]', '["core", "minutes"]')
    assert configured(quick().config, {"feature_groups": found.choices[1]}).feature_groups == ("core", "minutes")


def test_the_recipe_itself_is_the_first_trial_where_it_lies_in_the_space(space):
    sweep = read_sweep(space, quick().config)
    assert starting_point(sweep, quick().config) == {
        "model_params.num_leaves": 16,
        "model_params.learning_rate": 0.07,
    }
    assert starting_point(sweep, quick("model_params.num_leaves=63").config) is None


@pytest.mark.parametrize(
    ("name", "own", "low", "high", "start"),
    [
        ("max_depth", "num_leaves=63", -1, 8, -1),
        ("max_depth", "num_leaves=7", 3, 8, 4),
        ("num_leaves", "seed=1", 4, 63, 16),
    ],
)
def test_the_first_trial_has_the_value_that_the_model_gives_a_setting_beside_the_others(
    tmp_path, name, own, low, high, start
):
    path = tmp_path / "space.toml"
    path.write_text(f"[space.{name}]\ntype='int'\nlow={low}\nhigh={high}\n")
    config = quick(own).config
    values = starting_point(read_sweep(path, config), config)
    assert values == {f"model_params.{name}": start}
    first = configured(config, values)
    assert default_params("lightgbm", first.model_params) == default_params("lightgbm", config.model_params)


def test_a_sweep_over_objectives_starts_at_the_recipe(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text("[space.objective]\ntype='categorical'\nchoices=['regression','regression_l1']\n")
    config = quick().config
    first = configured(config, starting_point(read_sweep(path, config), config))
    assert default_params("lightgbm", first.model_params)["reg_sqrt"] is True


# -- sweeps -------------------------------------------------------------------------------------------------------


def test_a_sweep_is_a_parent_with_a_child_for_each_trial_and_one_full_run(done):
    table, uri, _ = done
    (parent,), trials, (chosen,) = runs(uri, "parent"), runs(uri, "trial"), runs(uri, "chosen")
    assert sorted(int(run.data.tags["trial"]) for run in trials) == [0, 1, 2, 3, 4]
    assert {run.data.tags["mlflow.parentRunId"] for run in [*trials, chosen]} == {parent.info.run_id}
    assert {run.info.status for run in runs(uri)} == {"FINISHED"}
    states = {int(run.data.tags["trial"]): run.data.tags["trial_state"] for run in trials}
    assert states == table.set_index("trial")["state"].to_dict()
    for run in trials:
        row = table.set_index("trial").loc[int(run.data.tags["trial"])]
        assert int(run.data.params["model_params.num_leaves"]) == row["model_params.num_leaves"]
        assert "val_mae" not in run.data.metrics, "a calibration metric must not pass for one of the test folds"
        if row["state"] == "COMPLETE":
            assert run.data.metrics["calibration/val_mae"] == row["val_mae"]
    artifacts = {item.path for item in mlflow.MlflowClient(uri).list_artifacts(parent.info.run_id)}
    assert {"sweep.json", "sweep_history.png", "trials.csv"} <= artifacts


def test_the_chosen_configuration_is_the_best_complete_trial_and_its_sharpe_ratio_counts_all_trials(done):
    table, uri, _ = done
    best = table.iloc[0]
    assert best["chosen"]
    assert best["val_mae"] == table["val_mae"].min()
    assert table["chosen"].sum() == table["test_val_mae"].notna().sum() == 1
    (chosen,) = runs(uri, "chosen")
    assert chosen.data.metrics["val_mae"] == best["test_val_mae"]
    assert float(chosen.data.params["model_params.learning_rate"]) == best["model_params.learning_rate"]
    assert chosen.data.metrics["evidence/n_trials"] == 6, "five trials and the run itself"


def test_a_finished_sweep_is_not_run_again(done, data, monkeypatch):
    table, uri, path = done
    before = len(runs(uri))
    monkeypatch.setattr(sweeps, "advance", None)
    again = run_sweep(quick(), path, data, trials=5, tracking_uri=uri)
    pd.testing.assert_frame_equal(again, table)
    assert len(runs(uri)) == before


def test_a_longer_sweep_goes_on_where_the_shorter_one_ended_and_ends_like_one_in_one_go(data, space, store, done):
    """Three trials are one and a half batches; the two goes differ in their workers as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps._MarketSweep, "_chosen_run", lambda *_: runs(store, "parent")[0])
        shorter = run_sweep(quick("workers=1"), space, data, trials=3)
    assert sorted(shorter["trial"]) == [0, 1, 2]
    longer = run_sweep(quick("workers=2"), space, data, trials=5)
    pd.testing.assert_frame_equal(what_was_found(longer), what_was_found(done[0]), check_exact=True)
    assert len(runs(store, "parent")) == 1
    assert sorted(int(run.data.tags["trial"]) for run in runs(store, "trial")) == [0, 1, 2, 3, 4]
    assert {run.info.status for run in runs(store)} == {"FINISHED"}


def test_a_sweep_ends_what_dead_ones_left_running_and_leaves_the_runs_of_live_ones(data, space, store, monkeypatch):
    setup_experiments()
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("Phase1_Foundation").experiment_id
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(process.pid)
    marks = {"here": mark, "elsewhere": f"0123456789ab:{mark.partition(':')[2]}", "own": process_mark()}
    left = {
        name: client.create_run(experiment, tags={"process": mark, "sweep_key": "other"}).info.run_id
        for name, mark in marks.items()
    }
    monkeypatch.setattr(sweeps._MarketSweep, "run", lambda *_: pd.DataFrame())
    run_sweep(quick(), space, data, trials=1)
    assert {name: client.get_run(run).info.status for name, run in left.items()} == dict.fromkeys(left, "RUNNING")
    process.communicate(b"\n")
    run_sweep(quick(), space, data, trials=1)
    assert client.get_run(left.pop("here")).info.status == "KILLED"
    assert {name: client.get_run(run).info.status for name, run in left.items()} == dict.fromkeys(left, "RUNNING")


def test_the_progress_of_a_sweep_over_two_markets_counts_up_to_the_end():
    shown = []

    class Display:
        task_ids = [0]

        def update(self, task, **facts):
            shown.append(facts)

    sweep = Sweep.model_validate(tomllib.loads(SPACE))
    bar = sweeps._Bar(Display(), 3, 2, sweep)
    for market in ("pts", "reb"):
        for done in (0, 2, 4):
            bar.show(market, done, None)
        bar.leave()
    assert shown[0] == {"total": 6}
    assert [facts["completed"] for facts in shown[1:]] == [0, 2, 3, 3, 5, 6], "of four trials one more than asked for"
    assert shown[-1]["description"] == "trials of reb"


def test_what_happens_in_the_test_seasons_does_not_change_a_single_trial(data, space, store, done):
    folds = sweeps.calibration_folds(data, quick().config)
    later = data.games["game_date"] > max(fold.test_end for fold in folds)
    shuffled = np.random.default_rng(0).permutation(data.games.loc[later, "pts"])
    games = data.games.assign(pts=data.games["pts"].mask(later, pd.Series(shuffled, index=data.games.index[later])))
    other = run_sweep(quick(), space, replace(data, games=games, fingerprint="other"), trials=3)
    told = ["trial", "state", "val_mae", "folds", "last_running_value", *SETTINGS]
    ours, theirs = (table.set_index("trial", drop=False)[told].sort_index() for table in (other, done[0]))
    pd.testing.assert_frame_equal(ours, theirs.loc[:2], check_exact=True)
    assert other["test_val_mae"].iloc[0] > done[0]["test_val_mae"].iloc[0] + 0.1, "the test folds did change"


def test_an_interrupted_sweep_ends_like_one_that_was_not_and_nothing_stays_open(data, space, store, done, monkeypatch):
    real, calls = sweeps.advance, []

    def interrupted(*arguments, **settings):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        real(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(quick(), space, data, trials=5)
    (parent,) = runs(store)[-1:]
    assert {run.info.status for run in runs(store, "parent")} == {"KILLED"}
    assert len(runs(store, "trial")) == 2
    table = run_sweep(quick("workers=1"), space, data, trials=5)
    pd.testing.assert_frame_equal(what_was_found(table), what_was_found(done[0]))
    assert {run.info.status for run in runs(store)} == {"FINISHED"}
    (parent,) = runs(store, "parent")
    assert "failure_reason" not in parent.data.tags


KILLED = """
import os, signal, sys
from models.sweep import run as sweeps
from models.data import training_data_of
from models.plan.recipe import load_recipe
from nba_league import simulate_league

real, calls = sweeps.advance, []

def killed(*arguments, **settings):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments, **settings)

sweeps.advance = killed
league = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=8, n_games=40)
sweeps.run_sweep(load_recipe("lightgbm_baseline", sys.argv[2:]), sys.argv[1], training_data_of(league), trials=5)
"""


@pytest.mark.slow
def test_a_sweep_killed_by_the_system_goes_on_and_leaves_no_run_running(data, space, store, done):
    child = subprocess.run([sys.executable, "-c", KILLED, str(space), *QUICK], check=False, env=dict(os.environ))
    assert child.returncode == -signal.SIGKILL
    assert {run.info.status for run in runs(store, "parent")} == {"RUNNING"}
    table = run_sweep(quick(), space, data, trials=5)
    pd.testing.assert_frame_equal(what_was_found(table), what_was_found(done[0]))
    assert {run.info.status for run in runs(store)} == {"FINISHED"}


def test_a_sweep_that_another_process_is_at_is_left_alone(data, space, store, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps, "advance", interrupted)
    other = process_mark(os.getppid())
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "process_mark", lambda: other)
        patch.setattr(sweeps.SweepStudy, "release", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(quick(), space, data, trials=2)
    with pytest.raises(ConfigError, match="another process"):
        run_sweep(quick(), space, data, trials=2)


def test_a_trial_that_is_ended_early_says_so(data, space, store, monkeypatch):
    """That the pruner alone does it, and by what it judges, is told by the tests of the study."""
    monkeypatch.setattr(sweeps._MarketSweep, "_chosen_run", lambda *_: runs(store, "parent")[0])
    space.write_text(SPACE.replace("high = 0.5", "high = 0.9").replace("0.02", "0.0001"))
    table = run_sweep(quick(), space, data, trials=6)
    pruned, complete = (table[table["state"] == state] for state in ("PRUNED", "COMPLETE"))
    assert len(pruned) > 0
    assert (pruned["folds"] < 3).all()
    assert pruned["val_mae"].isna().all()
    assert (complete["folds"] == 3).all()
    tagged = [run.data.tags["trial_state"] for run in runs(store, "trial")]
    assert tagged.count("PRUNED") == len(pruned)
    assert tagged.count("COMPLETE") == len(complete)


def test_an_objective_that_is_maximised_and_an_ensemble_are_swept(data, tmp_path, store, monkeypatch):
    monkeypatch.setattr(sweeps._MarketSweep, "_chosen_run", lambda *_: runs(store, "parent")[0])
    path = tmp_path / "space.toml"
    path.write_text(
        "objective='mae_skill'\nbatch=2\n[space.ensemble.method]\ntype='categorical'\nchoices=['weighted','stacked']\n"
        "[space.lightgbm.num_leaves]\ntype='int'\nlow=3\nhigh=15\n"
    )
    own = ["model='ensemble'", "ensemble.members=['lightgbm','linear']", "markets=['pts']"]
    recipe = load_recipe("ensemble_methods", [*own, "config.model_params={lightgbm={n_estimators=5}}"])
    table = run_sweep(recipe, path, data, trials=3)
    assert table["mae_skill"].iloc[0] == table["mae_skill"].max()
    assert set(table["ensemble.method"]) <= {"weighted", "stacked"}


def test_an_objective_that_needs_lines_is_refused_where_there_are_none_before_the_test(data, space, store):
    space.write_text(f"objective = 'roi'\n{SPACE}")
    with pytest.raises(ConfigError, match="no lines before the first test date|no such metric"):
        run_sweep(quick(), space, data, trials=1)
    assert {run.info.status for run in runs(store)} == {"FAILED"}


def test_a_sweep_without_optuna_a_trial_or_settings_of_its_own_says_so(data, space, store, monkeypatch):
    Path("mlflow.db").unlink()
    with pytest.raises(ConfigError, match="at least 1"):
        run_sweep(quick(), space, data, trials=0)
    with pytest.raises(ConfigError, match="sweep one of those"):
        run_sweep(load_recipe("production_candidates"), space, data, trials=1)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match="uv sync --extra sweep"):
        run_sweep(quick(), space, data, trials=1)
    assert not Path("mlflow.db").exists()


def test_a_market_blend_is_tuned_by_the_settings_of_what_it_blends(tmp_path):
    recipe = load_recipe("market_blend", ["markets=['pts']"])
    space = tmp_path / "space.toml"
    space.write_text("objective = 'val_mae'\n[space.num_leaves]\ntype = 'int'\nlow = 3\nhigh = 9\n")
    sweeps.check_sweep(recipe, space, 2)
