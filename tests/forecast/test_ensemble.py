"""Weights of an ensemble: the least absolute error on earlier folds, and nothing of the fold itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import QuantileRegressor

from nba_props.errors import ConfigError, DataError
from nba_props.forecast.ensemble import combine_forecasts, final_weights, least_absolute
from nba_props.forecast.walk_forward import WalkForwardResult

NOISE = {"sharp": 1.0, "middling": 1.5, "blunt": 4.0}


def members(seed=0, nights=20, per_night=15, noise=NOISE):
    """Two calibration and three test folds of `nights` nights; members are the truth plus noise of their own."""
    rng = np.random.default_rng(seed)
    roles = [("calibration", 0), ("calibration", 1), ("test", 0), ("test", 1), ("test", 2)]
    n = len(roles) * nights * per_night
    truth = rng.uniform(5.0, 30.0, n)
    dates = np.repeat(pd.date_range("2024-01-01", periods=len(roles) * nights), per_night)
    table = pd.DataFrame(
        {
            "game_date": dates,
            "game_id": [f"{value:010d}" for value in np.arange(n) // 5],
            "player_id": np.arange(n) % 5,
            "actual": truth + rng.normal(0.0, 3.0, n),
            "role": np.repeat([role for role, _ in roles], nights * per_night),
            "fold": np.repeat([fold for _, fold in roles], nights * per_night),
        }
    )
    folds = pd.DataFrame(roles, columns=["role", "fold"])
    start = dates[:: nights * per_night]
    folds = folds.assign(
        train_end=start - pd.Timedelta(days=2),
        test_start=start,
        test_end=start + pd.Timedelta(days=nights - 1),
        fit_seconds=2.0,
    )
    return {
        name: WalkForwardResult(table.assign(predicted=truth + rng.normal(0, scale, n)), folds, {"train_mae": 1.0})
        for name, scale in noise.items()
    }


def mae(result, role="test"):
    rows = result.predictions[result.predictions["role"] == role]
    return (rows["predicted"] - rows["actual"]).abs().mean()


def with_actual(results, actual):
    return {
        name: replace(result, predictions=result.predictions.assign(actual=actual)) for name, result in results.items()
    }


@pytest.mark.parametrize("method", ["weighted", "stacked"])
def test_the_combination_is_better_than_every_member_and_the_sharpest_weighs_most(method):
    results = members(per_night=60)
    combined, weights = combine_forecasts(results, method)
    assert mae(combined) < min(mae(result) for result in results.values())
    last = weights.iloc[-1]
    assert last["sharp"] > last["middling"] > last["blunt"]
    assert last[list(NOISE)].sum() == pytest.approx(1.0, abs=0.05)


def test_the_forecast_is_the_weighted_sum_of_its_fold():
    results = members()
    for method in ("weighted", "stacked"):
        combined, weights = combine_forecasts(results, method)
        table = combined.predictions.merge(weights, on=["role", "fold"])
        expected = table["intercept"] + sum(
            table[name] * result.predictions["predicted"].to_numpy() for name, result in results.items()
        )
        np.testing.assert_allclose(combined.predictions["predicted"], expected, rtol=1e-12)
        kept = combined.predictions.drop(columns="predicted")
        pd.testing.assert_frame_equal(kept, results["sharp"].predictions.drop(columns="predicted"))
        assert (combined.folds["fit_seconds"] == 6.0).all()
        assert combined.train_metrics == {}


def test_convex_weights_are_not_negative_and_sum_to_one_without_an_intercept():
    _, weights = combine_forecasts(members(), "weighted")
    assert (weights[list(NOISE)] >= 0).all(axis=None)
    assert weights[list(NOISE)].sum(axis=1).to_numpy() == pytest.approx(np.ones(5))
    assert (weights["intercept"] == 0).all()


def test_a_member_that_is_off_by_a_constant_is_put_right_by_stacking_only():
    results = members(noise={"high": 0.5, "higher": 0.5})
    results = {
        name: replace(result, predictions=result.predictions.assign(predicted=result.predictions["predicted"] + 4.0))
        for name, result in results.items()
    }
    weighted, stacked = (combine_forecasts(results, method)[0] for method in ("weighted", "stacked"))
    assert mae(weighted) > 4.0
    assert mae(stacked) < 2.6


def test_equal_weights_until_there_are_five_hundred_earlier_predictions():
    # 300 rows a fold; the gap leaves out the last night before each: 0, 285, 585, 885, 1185 earlier predictions.
    combined, weights = combine_forecasts(members(), "stacked")
    assert weights["n_learnt_from"].tolist() == [0, 0, 585, 885, 1185]
    assert (weights.loc[:1, list(NOISE)] == 1 / 3).all(axis=None)
    assert (weights.loc[:1, "intercept"] == 0).all()
    assert (weights.loc[2:, "sharp"] > 0.4).all()
    assert len(combined.predictions) == 1_500


@given(seed=st.integers(0, 1_000), fold=st.integers(0, 4), method=st.sampled_from(["weighted", "stacked"]))
@settings(max_examples=15, deadline=None)
def test_results_from_a_fold_on_change_neither_its_weights_nor_any_before(seed, fold, method):
    results = members(seed)
    table = results["sharp"].predictions
    start = results["sharp"].folds["test_start"].iloc[fold]
    later = (table["game_date"] >= start).to_numpy()
    changed = with_actual(results, np.where(later, results["blunt"].predictions["predicted"], table["actual"]))
    combined, weights = combine_forecasts(results, method)
    other, other_weights = combine_forecasts(changed, method)
    pd.testing.assert_frame_equal(weights[: fold + 1], other_weights[: fold + 1])
    known = (table["game_date"] <= results["sharp"].folds["test_end"].iloc[fold]).to_numpy()
    np.testing.assert_array_equal(combined.predictions["predicted"][known], other.predictions["predicted"][known])
    if fold in {3}:  # results of fold 3 are known before fold 4, and must count there
        assert other_weights["blunt"].iloc[4] > weights["blunt"].iloc[4]


def test_the_night_in_the_gap_before_a_fold_is_not_learnt_from():
    results = members()
    table = results["sharp"].predictions
    gap = (table["game_date"] == results["sharp"].folds["test_start"].iloc[3] - pd.Timedelta(days=1)).to_numpy()
    changed = with_actual(results, table["actual"] + 1_000.0 * gap)
    there, here = (combine_forecasts(arms, "stacked")[1] for arms in (results, changed))
    pd.testing.assert_frame_equal(there[:4], here[:4])
    assert not there[4:].equals(here[4:])


def test_the_final_weights_learn_from_every_prediction():
    results = members()
    for method in ("weighted", "stacked"):
        weights = final_weights(results, method)
        table = np.column_stack([result.predictions["predicted"] for result in results.values()])
        learnt, intercept = least_absolute(
            table, results["sharp"].predictions["actual"].to_numpy(), convex=method == "weighted"
        )
        assert list(weights) == [*NOISE, "intercept"]
        assert list(weights.values()) == [*learnt, intercept]
    few = {name: replace(r, predictions=r.predictions[:400]) for name, r in results.items()}
    assert final_weights(few, "stacked") == {"sharp": 1 / 3, "middling": 1 / 3, "blunt": 1 / 3, "intercept": 0.0}


@given(seed=st.integers(0, 1_000))
@settings(max_examples=10, deadline=None)
def test_free_weights_are_those_of_median_regression(seed):
    rng = np.random.default_rng(seed)
    truth = rng.gamma(4.0, 3.0, 300)
    forecasts = truth[:, None] + rng.normal(size=(300, 3)) * [1.0, 2.0, 3.0]
    actual = truth + rng.normal(size=300)
    weights, intercept = least_absolute(forecasts, actual, convex=False)
    reference = QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs").fit(forecasts, actual)
    assert [*weights, intercept] == pytest.approx([*reference.coef_, reference.intercept_], abs=1e-8)


@given(seed=st.integers(0, 1_000))
@settings(max_examples=10, deadline=None)
def test_no_convex_weights_of_a_fine_grid_are_better(seed):
    rng = np.random.default_rng(seed)
    truth = rng.gamma(4.0, 3.0, 300)
    forecasts = truth[:, None] + rng.normal(size=(300, 3)) * rng.uniform(0.5, 3.0, 3)
    actual = truth + rng.normal(size=300)
    weights, _ = least_absolute(forecasts, actual, convex=True)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()
    first, second = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41))
    grid = np.column_stack([first.ravel(), second.ravel(), 1 - first.ravel() - second.ravel()])
    grid = grid[grid[:, 2] >= 0]
    best = np.abs(actual[:, None] - forecasts @ grid.T).mean(axis=0).min()
    assert np.abs(actual - forecasts @ weights).mean() <= best + 1e-9


def test_two_equal_members_make_the_forecast_of_either():
    results = members(noise={"one": 1.0})
    results["other"] = results["one"]
    combined, weights = combine_forecasts(results, "weighted")
    np.testing.assert_allclose(combined.predictions["predicted"], results["one"].predictions["predicted"])
    assert weights[["one", "other"]].sum(axis=1).to_numpy() == pytest.approx(np.ones(5))


def test_members_that_do_not_fit_together_are_refused():
    results = members()
    with pytest.raises(ConfigError, match="two or more"):
        combine_forecasts({"sharp": results["sharp"]}, "weighted")
    with pytest.raises(ConfigError, match="allowed: weighted, stacked"):
        combine_forecasts(results, "mean")
    with pytest.raises(ConfigError, match="names of their own"):
        final_weights({"fold": results["sharp"], "sharp": results["sharp"]}, "weighted")
    short = replace(results["blunt"], predictions=results["blunt"].predictions[1:])
    with pytest.raises(DataError, match="sharp and blunt differ"):
        combine_forecasts(results | {"blunt": short}, "weighted")
    early = replace(results["blunt"], folds=results["blunt"].folds.assign(train_end=pd.Timestamp("2023-01-01")))
    with pytest.raises(DataError, match="sharp and blunt differ"):
        final_weights(results | {"blunt": early}, "weighted")
