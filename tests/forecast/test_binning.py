"""Bins that fits share: found on early rows alone, and the same whoever shares them and wherever they are made."""

from __future__ import annotations

import pickle
from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest

from nba_props.forecast import binning, make_estimator
from nba_props.forecast.binning import SharedBins, bin_stages
from nba_props.forecast.boosting import lightgbm_settings
from nba_props.forecast.folds import walk_forward_folds
from nba_props.forecast.walk_forward import Forecaster, walk_forward_all

MODELS = ("lightgbm", "lightgbm_l1", "two_stage")


@pytest.fixture(scope="module")
def league():
    """Three seasons; `late` has no value in the first one, and `x` grows from season to season."""
    rng = np.random.default_rng(5)
    dates = np.concatenate([pd.date_range(f"{year}-10-20", periods=100) for year in (2021, 2022, 2023)])
    info = pd.DataFrame({"game_date": np.repeat(dates, 5), "season": np.repeat(["2021-22", "2022-23", "2023-24"], 500)})
    x = rng.normal(size=len(info)) + info["game_date"].dt.year - 2021
    late = np.where(info["season"] == "2021-22", np.nan, rng.normal(size=len(info)))
    features = pd.DataFrame({"x": x, "late": late}).astype("float32")
    target = pd.Series(rng.poisson(10 + 2 * features["x"].clip(0) + 3 * np.nan_to_num(late).clip(0))).astype("float64")
    return features, target, info


def forecaster(league, name="lightgbm", **changes):
    features, target, info = league
    params = {"n_estimators": 20, "min_data_in_leaf": 20}
    params |= {"objective": "regression_l1"} if name == "lightgbm_l1" else {}

    def make():
        minutes = {"minutes": pd.Series(30.0, features.index)} if name == "two_stage" else {}
        return make_estimator(name.removesuffix("_l1"), params, **minutes)

    folds = walk_forward_folds(info["game_date"], info["season"], step="monthly", first_test_season="2022-23")
    made = Forecaster(features, target, info, folds, make, pd.Series(True, info.index), final=True)
    return replace(made, **changes)


@pytest.mark.parametrize("name", MODELS)
def test_no_row_after_the_training_rows_moves_a_bin(league, name):
    """Changed beyond all bounds after a date, the features leave every forecast before it as it was, to the bit."""
    features, target, info = league
    cut = pd.Timestamp("2023-01-01")
    changed = features.where(info["game_date"] < cut, features * -1000.0 + 7.0)
    (before,), (after,) = (
        list(walk_forward_all([forecaster((table, target, info), name)])) for table in (features, changed)
    )
    early = (before.predictions["game_date"] < cut).to_numpy()
    assert early.sum() > 200
    np.testing.assert_array_equal(before.predictions["predicted"][early], after.predictions["predicted"][early])
    assert (before.predictions["predicted"][~early] != after.predictions["predicted"][~early]).any()


def test_the_bins_of_a_fold_are_found_on_the_rows_of_the_first_fold_of_its_stage(league, monkeypatch):
    made, original = [], binning.binned_rows

    def remembered(table, first, last, params):
        made.append((first, last))
        return original(table, first, last, params)

    monkeypatch.setattr(binning, "binned_rows", remembered)
    (result,) = walk_forward_all([forecaster(league)])
    every, stages = len(league[0]), bin_stages(result.folds["n_train"])
    expected = {first: max(rows for rows, start in stages.items() if start == first) for first in stages.values()}
    assert dict(made) == {**expected, every: every}
    assert len(made) == len(dict(made)) < len(stages), "each is made once"


def test_a_column_that_the_first_season_lacks_gets_bins_once_there_are_rows_with_it(league):
    (result,) = walk_forward_all([forecaster(league)])
    assert result.final.importances()["late"] > 0.1
    stages = bin_stages(result.folds["n_train"])
    assert max(stages.values()) > 500, "the last folds are binned on rows that have it"


def test_a_market_forecasts_the_same_alone_and_beside_others(league):
    features, target, info = league
    other = forecaster((features, target * 3.0 + 1.0, info), "lightgbm_l1", folds=forecaster(league).folds[2:])
    (alone,) = walk_forward_all([forecaster(league)])
    for workers in (1, 2):
        beside, _ = walk_forward_all([forecaster(league), other], workers=workers)
        pd.testing.assert_frame_equal(alone.predictions, beside.predictions, check_exact=True)


def test_shared_bins_give_the_model_that_the_library_fits_by_itself(league):
    features, target, _ = league
    shared = SharedBins([(600, 600), (600, 1000)])
    settings = {"n_estimators": 20, "min_data_in_leaf": 20, "objective": "regression_l1"}
    estimator = make_estimator("lightgbm", settings)
    estimator.fit_binned(features[:600], target[:600], lambda params: shared.rows(features, 600, params))
    params = lightgbm_settings({key: value for key, value in estimator.params.items() if key != "n_estimators"}, 0, 1)
    data = lightgbm.Dataset(features[:600].to_numpy(), target[:600].to_numpy(), params=params)
    plain = lightgbm.train(params, data, num_boost_round=20)
    np.testing.assert_array_equal(estimator.predict(features), plain.predict(features.to_numpy()))


def test_the_members_of_an_ensemble_share_their_bins(league):
    features, target, _ = league
    shared = SharedBins([(600, 600)])
    for params in ({}, {"objective": "regression_l1"}, {"objective": "regression_l1", "reg_sqrt": True}, None):
        more = {"minutes": pd.Series(30.0, features.index)} if params is None else {}
        estimator = make_estimator(
            "two_stage" if params is None else "lightgbm", {"n_estimators": 3, **(params or {})}, **more
        )
        estimator.fit_binned(features[:600], target[:600], lambda params: shared.rows(features, 600, params))
    assert len(shared._made) == 1


def test_bins_that_travel_are_made_again_and_are_the_same(league):
    features, target, _ = league
    shared = SharedBins([(600, 1000)])
    there = pickle.loads(pickle.dumps(shared))  # noqa: S301 - our own
    forecasts = []
    for bins in (shared, there):
        estimator = make_estimator("lightgbm", {"n_estimators": 20})
        estimator.fit_binned(features[:1000], target[:1000], lambda params, bins=bins: bins.rows(features, 600, params))
        assert bins.rows(features, 600, estimator.params) is not None
        forecasts.append(estimator.predict(features))
    np.testing.assert_array_equal(*forecasts)
