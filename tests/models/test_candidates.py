"""What is run again for Production: the best calibrator on identical props, with the betting rule that was found."""

from __future__ import annotations

import json

import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.phases import PHASES
from models.identity import PROPS_TAG, code
from models.plan import run as plan
from models.plan.recipe import Candidates, load_recipe
from models.studies import RULE_TAG
from nba_props.config import TrainerConfig

pytestmark = pytest.mark.usefixtures("no_pictures")

CONFIG = TrainerConfig(market="pts")


@pytest.fixture
def finished(data, store):
    """Makes a finished run of a recipe of the calibration phase, as the plan would have left it."""
    tracker = NBAPropsTracker("Phase3_Calibration", tracking_uri=store)

    def make(name, brier, props, mae=5.0, **tags):
        origin = {"market": "pts", "recipe_done": "true", "data_fingerprint": data.fingerprint, "code_version": code()}
        with tracker.start_run(name, tags={**origin, PROPS_TAG: props, **tags}) as run:
            tracker.log_params({"walk_forward": {"first_test_season": None}})
            tracker.log_metrics({"val_mae": mae, "brier_score": brier})
        return run.run_id

    return make


def test_the_best_calibrator_is_the_one_with_the_least_brier_score(finished, data):
    finished("isotonic", 0.26, "a", mae=4.9)
    platt = finished("platt", 0.25, "a", mae=5.0)
    assert plan._best_of_phase(3, CONFIG, Candidates(), data).info.run_id == platt


def test_scores_on_other_props_are_not_compared(finished, data):
    finished("isotonic", 0.26, "a")
    platt = finished("platt", 0.25, "a")
    finished("fewer props", 0.20, "b")
    assert plan._best_of_phase(3, CONFIG, Candidates(), data).info.run_id == platt


def test_the_betting_rule_that_was_found_goes_with_the_candidate(finished, data):
    assert plan._betting_rule(CONFIG, data) == {}
    finished("an earlier study", 0.25, "a", **{RULE_TAG: json.dumps({"min_edge": 0.08})})
    found = finished("betting_optimization", 0.25, "a", **{RULE_TAG: json.dumps({"min_edge": 0.04})})
    finished("platt", 0.25, "a")
    rule = plan._betting_rule(CONFIG, data)
    assert (json.loads(rule[RULE_TAG]), rule["betting_rule_of"]) == ({"min_edge": 0.04}, found)


def test_the_phases_are_those_of_the_plan():
    assert [phase.weeks for phase in PHASES.values()] == ["1-3", "4-7", "8-9", "10-12"]


def test_a_parameter_of_the_model_can_be_set_by_its_own_name():
    recipe = load_recipe("lightgbm_baseline", ["num_leaves=31", "min_edge=0.05"])
    assert recipe.config.model_params == {"num_leaves": 31}
    assert recipe.config.min_edge == 0.05
    with pytest.raises(Exception, match="did you mean 'min_edge'"):
        load_recipe("lightgbm_baseline", ["min_edg=0.05"])
