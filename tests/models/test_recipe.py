"""Recipes are checked whole before anything is loaded, and say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

import models.plan.recipe
from mlflow_integration.phases import PHASES
from models.plan.recipe import PLAN, load_recipe, read_recipe, recipes_of_phase
from nba_props.errors import ConfigError

MINIMAL = 'title = "t"\ndescription = "d"\nmarkets = ["reb"]\n'


@pytest.fixture
def own(tmp_path):
    """Writes a recipe of one's own and returns its path."""

    def write(text: str, folder: str = "phase2") -> str:
        path = tmp_path / folder / "mine.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_plan_is_exactly_the_recipe_files():
    folder = Path(models.plan.recipe.__file__).with_name("recipes")
    assert {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml")} == set(PLAN)


@pytest.mark.parametrize("name", PLAN)
def test_every_recipe_of_the_plan_can_be_used(name):
    recipe = load_recipe(name)
    assert recipe.experiment in PHASES
    assert recipe.experiment.startswith(f"Phase{name[5]}_")
    assert [config.market for config in recipe.configs()] == list(recipe.markets)
    assert len(recipe.title) < 60
    assert len(recipe.description) > 40


def test_a_phase_is_its_recipes_in_the_order_of_the_plan():
    assert recipes_of_phase(1) == ["phase1/xgboost_baseline", "phase1/lightgbm_baseline", "phase1/feature_selection"]
    assert recipes_of_phase(None) == list(PLAN)
    with pytest.raises(ConfigError, match="no phase 5"):
        recipes_of_phase(5)


def test_the_last_part_of_a_name_is_enough():
    assert load_recipe("platt") == load_recipe("phase3/platt")


def test_a_misspelt_recipe_names_the_nearest_one():
    with pytest.raises(ConfigError, match="Did you mean 'phase2/opponent_features'"):
        load_recipe("phase2/oponent_features")


def test_overrides_are_read_as_toml_and_land_in_the_config_unless_they_name_a_key_of_the_recipe():
    recipe = load_recipe(
        "lightgbm_baseline",
        ["min_edge=0.05", "markets=['pts', 'ast']", "walk_forward.step=weekly", "model_params.num_leaves=7", "seed=3"],
    )
    assert recipe.markets == ("pts", "ast")
    assert recipe.config.min_edge == 0.05
    assert recipe.config.walk_forward.step == "weekly"
    assert recipe.config.model_params == {"num_leaves": 7}
    assert recipe.config.seed == 3


def test_a_market_named_twice_is_run_once():
    assert load_recipe("lightgbm_baseline", ["markets=['pts', 'ast', 'pts']"]).markets == ("pts", "ast")


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("min_egde=0.05", "unknown key 'config.min_egde'.*did you mean 'min_edge'"),
        ("num_leavs=31", "unknown key 'config.num_leavs'.*did you mean 'num_leaves'"),
        ("config.walk_forward.stepp=weekly", "unknown key 'config.walk_forward.stepp'.*did you mean 'step'"),
        ("study.withuot=[]", "unknown key 'study.*withuot'.*did you mean 'without'"),
        ("min_edge=a lot", "config.min_edge: Input should be a valid number"),
        ("min_edge", "is not NAME=VALUE"),
        ("=3", "is not NAME=VALUE"),
        ("title.part=3", "'title' is a value, not a table"),
        ("markets=['points']", "Unknown market 'points'"),
        ("markets=[]", "markets: Tuple should have at least 1 item"),
        ("study.without=['weather']", "study.*without"),
        ("study.kind=guess", "study"),
        ("model_params.num_leafs=7", "Unknown parameters of lightgbm.*'num_leafs'.*did you mean 'num_leaves'"),
        ("model_params.colsample_bytree=0.5", "Unknown parameters of lightgbm, by its own names: 'colsample_bytree'"),
        ("model_params.num_leaves=1", "lightgbm cannot use: Check failed: .num_leaves. > .1."),
        ("model_params.num_leaves=many", "lightgbm cannot use: Parameter num_leaves should be of type int"),
        ("model_params.n_estimators=many", "n_estimators must be a whole number of at least 1, got 'many'"),
        ("model_params.n_estimators=2.5", "n_estimators must be a whole number of at least 1, got 2.5"),
        ("model_params.num_iterations=9", "'num_iterations' is set by n_estimators"),
        ("model_params.seed=9", "'seed' is set by the seed of the configuration"),
        ("study.without=[]", "takes nothing away that the run has"),
        ("feature_groups=['lags']", "takes nothing away that the run has"),
        ("name=another", "unknown key 'name'"),
    ],
)
def test_a_bad_override_is_one_clear_error(override, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load_recipe("phase2/opponent_features", [override])


@pytest.mark.parametrize(
    ("name", "override", "complaint"),
    [
        ("lightgbm_baseline", "market=pts", "--set market has no effect: .* list: --set markets='..pts..'"),
        ("lightgbm_baseline", "ensemble.method=stacked", "has no effect: the model is lightgbm: --set model=ensemble"),
        ("lightgbm_baseline", "blend.model=xgboost", "has no effect: the model is lightgbm: --set model=market_blend"),
        ("market_blend", "calibrator=isotonic", "--set calibrator has no effect: a market blend is its own"),
        ("production_candidates", "min_edge=0.04", "min_edge has no effect: .* it has gate_profile, walk_f"),
    ],
)
def test_an_override_that_would_change_nothing_is_refused(name, override, complaint):
    """`--recipe ... --set market=pts` ran rebounds, and ended with 0."""
    with pytest.raises(ConfigError, match=complaint):
        load_recipe(name, [override])


@pytest.mark.parametrize("override", ["markets=pts", "min_edge", "min_edge=a lot"])
def test_a_value_that_cannot_be_used_is_answered_with_how_to_write_one(override):
    with pytest.raises(ConfigError, match="written as in TOML.*--set markets="):
        load_recipe("lightgbm_baseline", [override])


def test_what_phase_3_improves_is_not_in_the_baseline():
    """Platt's recipe repeated the baseline to the digit, for it was the default of both."""
    baseline = load_recipe("lightgbm_baseline").config
    assert baseline.calibrator == "none"
    for name in ("platt", "isotonic"):
        recipe = load_recipe(name)
        assert recipe.study.baseline(recipe.config) == baseline
    assert load_recipe("market_blend").config.gate_profile == "market"


def test_a_recipe_of_ones_own_belongs_to_the_phase_of_its_folder(own):
    recipe = load_recipe(own(MINIMAL + '[config]\nmodel = "xgboost"\n'))
    assert recipe.name == "phase2/mine"
    assert recipe.experiment == "Phase2_Advanced"
    with pytest.raises(ConfigError, match="folder of a recipe is phase1 to phase4, not 'misc'"):
        load_recipe(own(MINIMAL, "misc"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title = ", "cannot be read"),
        ('title = "t"\n', "description: Field required"),
        (MINIMAL + "colour = 3\n", "unknown key 'colour'"),
        (MINIMAL + '[study]\nkind = "betting"\n[candidates]\n', "a study or candidates, not both"),
        (MINIMAL + '[config]\nmodel = "ensemble"\n[config.ensemble]\nmembers = ["linear"]\n', "two or more different"),
    ],
)
def test_a_bad_file_is_one_clear_error(own, text, complaint):
    with pytest.raises(ConfigError, match=complaint) as error:
        load_recipe(own(text))
    assert "mine.toml" in str(error.value)


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="none.toml: the recipe cannot be read"):
        read_recipe(tmp_path / "none.toml", "phase1/none")
