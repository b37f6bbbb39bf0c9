"""A parameter that a library would ignore, or cannot use, never gets into a run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.config import make_config
from nba_props.errors import ConfigError
from nba_props.forecast import LightGBMEstimator, LinearEstimator, XGBoostEstimator, check_params, make_estimator


@pytest.mark.parametrize(
    ("model", "params", "said"),
    [
        ("lightgbm", {"num_leafs": 7}, r"Unknown .* of lightgbm.* 'num_leafs' \(did you mean 'num_leaves'\?\)\.$"),
        ("lightgbm", {"subsample": 0.5}, "Unknown parameters of lightgbm, by its own names: 'subsample'"),
        ("lightgbm", {"learning_rate": -1}, r"lightgbm cannot use: Check failed: \(learning_rate\) > \(0\.0\)\.$"),
        ("lightgbm", {"objective": "guess"}, "Unknown objective type name: guess"),
        ("lightgbm", {"num_threads": 4}, "'num_threads' is set by the project: one thread a fit"),
        ("lightgbm", {"num_leaves": {3}}, "must be numbers, texts or lists of them"),
        ("two_stage", {"num_leafs": 7}, "did you mean 'num_leaves'"),
        ("xgboost", {"max_dept": 3}, r"Unknown .* of xgboost.* 'max_dept' \(did you mean 'max_depth'\?\)\.$"),
        ("xgboost", {"num_leaves": 7}, "Unknown parameters of xgboost, by its own names: 'num_leaves'"),
        ("xgboost", {"max_depth": "deep"}, "xgboost cannot use: Invalid Parameter format for max_depth expect int"),
        ("xgboost", {"subsample": 2}, "value 2 for Parameter subsample exceed bound"),
        ("xgboost", {"objective": "guess"}, "Unknown objective function: `guess`"),
        ("xgboost", {"eta": 0.3}, "The parameter 'eta' is called 'learning_rate' here"),
        ("xgboost", {"n_estimators": True}, "n_estimators must be a whole number"),
        ("linear", {"epochs": "ten"}, "not positive numbers: epochs"),
        ("linear", {"epoch": 10}, "Unknown parameters of the linear model: epoch"),
    ],
)
def test_a_parameter_that_would_be_ignored_or_can_not_be_used_is_refused(model, params, said, capfd):
    with pytest.raises(ConfigError, match=said):
        check_params(model, params)
    assert capfd.readouterr().out == "", "standard output is for results"
    with pytest.raises(ConfigError, match="^Settings that cannot be used: Value error, model_params: "):
        make_config(model=model, model_params=params)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("lightgbm", {"max_depth": 3, "path_smooth": 1.0, "extra_trees": True, "objective": "quantile", "alpha": 0.5}),
        ("lightgbm", {"monotone_constraints": [0, 1, -1], "n_estimators": np.int64(3)}),
        ("lightgbm", {"num_leaves": np.int64(7), "learning_rate": np.float32(0.5)}),
        ("xgboost", {"gamma": 0.5, "max_leaves": 8, "grow_policy": "lossguide", "num_parallel_tree": 2}),
        ("xgboost", {"objective": "reg:quantileerror", "quantile_alpha": 0.5, "reg_alpha": 1}),
    ],
)
def test_parameters_that_the_library_knows_are_taken(model, params):
    check_params(model, params)


@pytest.mark.parametrize("more", [{}, {"minutes": pd.Series(dtype="float64")}], ids=["lightgbm", "two_stage"])
def test_more_leaves_than_the_depth_has_room_for_lift_its_limit(more):
    model = "two_stage" if more else "lightgbm"
    depths = {leaves: make_estimator(model, {"num_leaves": leaves}, **more).params["max_depth"] for leaves in (16, 31)}
    assert depths == {16: 4, 31: -1}
    assert make_estimator(model, {"num_leaves": 31, "max_depth": 5}, **more).params["max_depth"] == 5


def test_defaults_pass_their_own_check():
    check_params("lightgbm", LightGBMEstimator.defaults)
    check_params("xgboost", XGBoostEstimator.defaults)
    check_params("linear", LinearEstimator.defaults)


def test_parameters_of_an_ensemble_are_tables_of_its_members():
    with pytest.raises(ConfigError, match="tables of its members, lightgbm, two_stage, linear: not 'num_leaves'"):
        make_config(model="ensemble", model_params={"num_leaves": 7})
    with pytest.raises(ConfigError, match="did you mean 'num_leaves'"):
        make_config(model="ensemble", model_params={"lightgbm": {"num_leafs": 7}})
    assert make_config(model="ensemble", model_params={"lightgbm": {"num_leaves": 7}}).model_params
