"""Reasons are the model's own contributions: they add up to the forecast, and the words name what moved it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.features import catalogue, feature_families, feature_texts
from nba_props.forecast import SelectedFeaturesEstimator, make_estimator
from nba_props.forecast.folds import Fold
from nba_props.forecast.reasons import REASONS, Explain, by_family, reasons
from nba_props.forecast.walk_forward import Forecaster, walk_forward_all

FAST = {"lightgbm": {"n_estimators": 30, "min_data_in_leaf": 20}, "xgboost": {"n_estimators": 30}}


def table(seed=0, n=1200):
    """Points that hang on form and on who is out; the rest says nothing."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(rng.normal(size=(n, 4)), columns=["pts_mean_5", "out_min", "days_rest", "opp_pace"])
    target = 15.0 + 5.0 * features["pts_mean_5"] + 2.0 * features["out_min"] + rng.normal(size=n)
    dates = pd.Series(pd.Timestamp("2023-10-24") + pd.to_timedelta(np.arange(n) // 12, unit="D"))
    info = pd.DataFrame({"game_id": [f"{row // 12:010d}" for row in range(n)], "player_id": np.arange(n) % 12,
                         "game_date": dates, "season": "2023-24"})  # fmt: skip
    return features, target, info


def folds_of(info, *starts):
    """Test folds that begin on these nights and end before the next."""
    nights = pd.DatetimeIndex(info["game_date"].unique())
    ends = [*starts[1:], len(nights)]
    return [
        Fold(number, "test", nights[start - 2], nights[start], nights[end - 1])
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


@pytest.mark.parametrize("model", ["lightgbm", "lightgbm_l1", "xgboost", "two_stage"])
def test_contributions_and_the_models_mean_add_up_to_the_forecast(model):
    features, target, _ = table()
    more = {"minutes": 20.0 + 2.0 * features["out_min"]} if model == "two_stage" else {}
    objective = {"objective": "regression_l1"} if model == "lightgbm_l1" else {}
    estimator = make_estimator(model.removesuffix("_l1"), FAST.get(model, FAST["lightgbm"]) | objective, **more)
    estimator.fit(features, (target + 10.0).clip(lower=1.0))
    rest = estimator.predict(features) - estimator.contributions(features).sum(axis=1)
    assert rest == pytest.approx(np.full(len(features), rest[0]), abs=1e-4)
    assert estimator.contributions(features).shape == features.shape


def test_contributions_add_up_where_a_root_is_below_zero():
    features, target, _ = table()
    estimator = make_estimator("lightgbm", {"n_estimators": 200, "feature_fraction": 1.0})
    estimator.fit(features, (target - 18.0).clip(lower=0.0).round())
    predicted = estimator.predict(features)
    assert predicted.min() < -1e-4
    rest = predicted - estimator.contributions(features).sum(axis=1)
    assert rest == pytest.approx(np.full(len(features), rest[0]), abs=1e-6)


def test_features_that_were_not_chosen_contribute_nothing():
    features, target, _ = table()
    estimator = SelectedFeaturesEstimator(lambda: make_estimator("lightgbm", FAST["lightgbm"]), rounds=1)
    estimator.fit(features, target.clip(lower=0.0))
    left_out = [place for place, name in enumerate(features) if name not in estimator.selected]
    contributions = estimator.contributions(features)
    assert left_out
    assert not contributions[:, left_out].any()
    assert (np.abs(contributions).sum(axis=0) > 0).sum() == len(estimator.selected)


def test_the_walk_forward_explains_the_rows_it_is_asked_for_with_the_model_of_their_fold():
    features, target, info = table()
    target = target.clip(lower=0.0)
    asked = pd.Series(np.arange(len(features)) % 3 == 0)
    explain = Explain(asked, feature_families(), {"out_min": "expected minutes of the regulars who are out"})
    folds = folds_of(info, 50, 75)
    made = []

    def make():
        made.append(make_estimator("lightgbm", FAST["lightgbm"]))
        return made[-1]

    info = info.assign(actual=target)

    everybody = pd.Series(True, features.index)
    forecaster = Forecaster(features, target, info, folds, make, everybody, explain=explain)
    (result,) = walk_forward_all([forecaster])

    told = result.predictions["reason_1"].notna()
    keys = pd.MultiIndex.from_frame(info.loc[asked, ["game_id", "player_id"]])
    assert told.equals(pd.Series(pd.MultiIndex.from_frame(result.predictions[["game_id", "player_id"]]).isin(keys)))
    parts = result.contributions.drop(columns=["game_id", "player_id"])
    assert list(parts) == ["own form", "line-up", "schedule", "pace"]
    first = result.predictions["fold"] == result.predictions["fold"].min()
    rest = (result.predictions["predicted"] - parts.sum(axis=1))[told & first]
    assert rest.to_numpy() == pytest.approx(np.full(len(rest), rest.iloc[0]), abs=1e-4)
    said = result.predictions.loc[told, "reason_2"]
    of_line_up = said[said.str.contains(" line-up: ")]
    assert len(of_line_up) > 20
    assert of_line_up.str.contains("line-up: expected minutes of the regulars who are out").all()


def test_a_model_without_contributions_gives_no_reasons():
    features, target, info = table(n=600)
    explain = Explain(pd.Series(True, features.index), {}, {})

    folds = folds_of(info, 40)
    make = lambda: make_estimator("linear", {"epochs": 1})  # noqa: E731
    forecaster = Forecaster(features, target, info.assign(actual=target), folds, make,
                            pd.Series(True, features.index), explain=explain)  # fmt: skip
    (result,) = walk_forward_all([forecaster])
    assert result.contributions is None
    assert "reason_1" not in result.predictions


def test_the_strongest_families_come_first_and_what_is_not_known_says_so():
    features = pd.DataFrame({"a": [np.nan], "b": [2.26], "c": [1.0], "d": [5.0]})
    families = {"a": "form", "b": "form", "c": "rest", "d": "opponent"}
    explain = Explain(pd.Series([True]), families, {"a": "points last year"})
    said = reasons(np.array([[-2.0, 0.5, 1.0, -1.2]]), features, explain)
    assert said.iloc[0].tolist() == ["-1.5 form: points last year not known", "-1.2 opponent: d 5", "+1.0 rest: c 1"]
    assert list(said) == list(REASONS)


def test_small_parts_have_two_decimals_and_what_moves_nothing_is_no_reason():
    features = pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]})
    explain = Explain(pd.Series([True]), {}, {})
    said = reasons(np.array([[-0.04, 0.06, -0.004]]), features, explain)
    assert said.iloc[0].tolist() == ["+0.1 b: b 2", "-0.04 a: a 1", ""]


def test_sums_by_family_keep_the_whole():
    rng = np.random.default_rng(1)
    contributions = rng.normal(size=(20, 3))
    sums = by_family(contributions, ["a", "b", "c"], {"a": "x", "c": "x"})
    assert list(sums) == ["x", "b"]
    np.testing.assert_allclose(sums.sum(axis=1), contributions.sum(axis=1))


def test_every_feature_has_a_family_and_words_of_its_own():
    families, texts = feature_families(), feature_texts()
    assert set(families) == set(texts) == {feature.name for feature in catalogue()}
    assert len(set(families.values())) <= 8
    assert not [text for text in texts.values() if text.startswith("the same")]
