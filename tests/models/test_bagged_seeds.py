"""The same model with several seeds as members of one ensemble."""

from __future__ import annotations

import numpy as np
import pytest

from models.forecasting import Forecasts, forecaster
from models.studies import forecast_findings
from nba_props.config import make_config
from nba_props.errors import ConfigError

QUICK = {"n_estimators": 8, "min_data_in_leaf": 20}


def bagged(*members, **settings):
    return make_config(market="reb", model="ensemble", ensemble={"members": members}, **settings)


def test_members_of_one_model_differ_by_their_seed_alone(data):
    config = bagged("lightgbm", "lightgbm:1", seed=3, model_params={"lightgbm": QUICK, "lightgbm:1": QUICK})
    forecasts = Forecasts(data, [config]).of(config)
    first, second = (forecasts.members[name].predictions["predicted"] for name in ("lightgbm", "lightgbm:1"))
    assert 0.0 < np.abs(first - second).mean() < 0.5
    alone = make_config(market="reb", seed=1003, model_params=QUICK)
    np.testing.assert_array_equal(Forecasts(data, [alone]).of(alone).result.predictions["predicted"], second)
    assert {"val_mae_lightgbm", "val_mae_lightgbm_1"} <= set(forecast_findings(forecasts, 1).metrics)


def test_a_second_seed_of_a_model_that_needs_minutes_gets_them(data):
    estimator = forecaster(data, bagged("two_stage", "two_stage:2"), "two_stage:2").make()
    assert estimator.params["seed"] == 2000


@pytest.mark.parametrize("member", ["lightgbm:0", "lightgbm:", "lightgbm:x", "lightgbn:1"])
def test_a_member_that_is_none_is_refused(member):
    with pytest.raises(ConfigError, match="lightgb"):
        bagged("lightgbm", member)
