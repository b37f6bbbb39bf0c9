"""Recipes of one's own: from a plug-in or a file, with the plug-ins they need, and as a new user would try it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from models.plan.recipe import RECIPES, load_recipe, recipes_of_phase
from models.plan.run import code, run_key
from nba_league import simulate_league
from nba_props import plugins
from nba_props.config import make_config
from nba_props.errors import ConfigError
from nba_props.forecast import ESTIMATORS
from nba_props.plugins import PLUGINS_VARIABLE, load_plugins

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = DOCS / "examples" / "plugins"
OWN = 'title = "t"\ndescription = "d"\nmarkets = ["reb"]\n'


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Plug-ins of one test are unknown to the next."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setenv(PLUGINS_VARIABLE, "")
    monkeypatch.setattr(RECIPES, "_items", dict(RECIPES._items))


def test_the_example_adds_a_recipe_from_a_file_and_one_written_in_python():
    load_plugins([EXAMPLES / "recipe.py"])
    first, second = load_recipe("linear_three_groups"), load_recipe("phase2/is_the_schedule_worth_it")
    assert first.experiment == "Phase1_Foundation"
    assert second.study.without == ("schedule",)
    assert recipes_of_phase(1)[-1] == first.name
    assert recipes_of_phase(None)[-1] == "phase4/production_candidates", "one of phase 2 is run before phase 3"


def test_a_recipe_loads_the_plug_ins_it_names_before_it_is_checked(tmp_path, monkeypatch):
    (tmp_path / "phase1").mkdir()
    recipe = tmp_path / "phase1" / "mine.toml"
    recipe.write_text(f'{OWN}plugins = ["../mine.py"]\n[config]\nmodel_params = {{num_leaves = 7}}\n')
    (tmp_path / "mine.py").write_text(
        "from models.plan import RECIPES\n"
        "RECIPES.add('phase1/other', {'title': 't', 'description': 'd', 'markets': ['pts']})\n"
    )
    monkeypatch.chdir(tmp_path.parent)
    assert load_recipe(str(recipe)).plugins == ("../mine.py",)
    assert load_recipe("other").markets == ("pts",)
    recipe.write_text(f'{OWN}plugins = ["none.py"]\n')
    with pytest.raises(ConfigError, match="none.py"):
        load_recipe(str(recipe))
    recipe.write_text(f"{OWN}plugins = 3\n")
    with pytest.raises(ConfigError, match="mine.toml: plugins: Input should be a valid tuple"):
        load_recipe(str(recipe))


def test_a_bad_recipe_of_a_plug_in_is_one_clear_error_with_its_name():
    RECIPES.add("phase1/bad", {"title": "t", "description": "d", "markets": ["reb"], "colour": 3})
    with pytest.raises(ConfigError, match="phase1/bad: unknown key 'colour'"):
        load_recipe("bad")


def test_a_changed_plug_in_is_another_run(data, tmp_path, monkeypatch):
    recipe = load_recipe("lightgbm_baseline")
    keys = [run_key(recipe, recipe.config, data)]
    for content in ("A = 1\n", "A = 2\n"):
        (tmp_path / "mine.py").write_text(content)
        monkeypatch.setattr(plugins, "_loaded", {})
        load_plugins([tmp_path / "mine.py"])
        keys.append(run_key(recipe, recipe.config, data))
    assert len(set(keys)) == 3
    assert "+" in code()


def test_an_installed_package_brings_a_recipe_by_its_entry_point(tmp_path):
    (tmp_path / "my_props.py").write_text(f"import runpy\nrunpy.run_path({str(EXAMPLES / 'recipe.py')!r})\n")
    facts = tmp_path / "my_props-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my-props\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[nba_props.plugins]\nmy_props = my_props\n")
    code = "from models.plan import load_recipe\nprint(load_recipe('linear_three_groups').name)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "phase1/linear_three_groups", done.stderr


def test_the_page_shows_the_example_as_it_stands():
    example = (EXAMPLES / "recipe.py").read_text(encoding="utf-8").partition('"""\n\n')[2]
    assert example in (DOCS / "extending.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_new_user_runs_a_recipe_of_a_plug_in_from_an_empty_folder(tmp_path):
    league = simulate_league(("2022-23", "2023-24"), seed=9, odds_seasons=("2023-24",), n_teams=6, n_games=20)
    league.write(tmp_path / "files")
    for name in ("recipe.py", "recipe.toml"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    options = ["--plugin", "recipe.py", "--recipe", "linear_three_groups", "--json"]
    options += ["--data", "files", "--odds", "files", "--set", "walk_forward.step=season"]
    command = [sys.executable, "-c", "from models.commands.train_model import main; main()", *options]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("Phase1_Foundation")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == row["run_id"]
    assert run.info.status == "FINISHED"
    assert run.data.tags["recipe"] == "phase1/linear_three_groups"
    assert run.data.metrics["val_mae"] == row["val_mae"] > 0


@pytest.mark.slow
def test_a_user_brings_features_a_model_and_a_market_from_an_empty_folder(league, tmp_path):
    """The examples of docs/extending.md as files outside the package, through the command."""
    own = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=(), n_teams=6, n_games=24)
    data = [path for path in own.write(tmp_path / "box_scores") if "game_logs" in path.name]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}", PLUGINS_VARIABLE: ""}
    given = [
        part for name in ("feature_group", "estimator", "market") for part in ("--plugin", EXAMPLES / f"{name}.py")
    ]
    command = [Path(sys.executable).with_name("train_model.py"), *given, "--market", "stocks,double_double"]
    done = subprocess.run(
        [*command, "--model", "hist_boosting", "--step", "season", "--data", data[0].parent, "--json", "--no-register"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = {row["market"]: row for row in json.loads(done.stdout)["results"]}
    assert set(results) == {"stocks", "double_double"}
    assert results["stocks"]["val_mae"] < 2.5
    client = mlflow.MlflowClient(environment["MLFLOW_TRACKING_URI"])
    run = client.get_run(results["stocks"]["run_id"])
    assert run.data.params["model_params.max_leaf_nodes"] == "15"
    path = client.download_artifacts(run.info.run_id, "feature_config.json", str(tmp_path))
    assert "pra_last_minus_season" in Path(path).read_text(encoding="utf-8")


def test_the_page_shows_the_examples_as_they_are():
    page = (DOCS / "extending.md").read_text(encoding="utf-8")
    for name in ("feature_group", "estimator", "market"):
        code = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8").split('"""\n\n', 1)[1]
        assert code.removeprefix("from __future__ import annotations\n\n").strip() in page, name


def test_a_model_of_a_plug_in_refuses_parameters_it_does_not_know(monkeypatch):
    monkeypatch.setattr(ESTIMATORS, "_items", dict(ESTIMATORS._items))
    load_plugins([EXAMPLES / "estimator.py"])
    with pytest.raises(ConfigError, match=r"Unknown parameter 'max_leafs' .did you mean 'max_leaf_nodes'.*Hist"):
        make_config(model="hist_boosting", model_params={"max_leafs": 5})
    with pytest.raises(ConfigError, match="cannot use: .*max_iter"):
        make_config(model="hist_boosting", model_params={"max_iter": -1})
    with pytest.raises(ConfigError, match="'random_state' is set by the configuration"):
        make_config(model="hist_boosting", model_params={"random_state": 1})
    with pytest.raises(ConfigError, match="unknown model 'hist_bosting' .did you mean 'hist_boosting'"):
        make_config(model="hist_bosting")
