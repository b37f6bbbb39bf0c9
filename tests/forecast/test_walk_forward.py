"""The walk-forward trains on the past, reports only what it was asked to, and refuses what it cannot trust."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import DataError, ModelError, NotEnoughDataError
from nba_props.forecast import make_estimator
from nba_props.forecast.folds import walk_forward_folds
from nba_props.forecast.walk_forward import walk_forward


class Recorder:
    """Forecasts the training mean and remembers what it was shown."""

    seen: list[pd.Index] = []
    params: dict[str, float] = {}
    n_estimators = 1
    native = None

    def fit(self, features, target):
        Recorder.seen.append(features.index)
        self.mean = target.mean()

    def predict(self, features):
        return np.full(len(features), self.mean)

    def importances(self):
        return pd.Series({"x": 1.0})


class Broken(Recorder):
    def predict(self, features):
        return np.full(len(features), np.nan)


@pytest.fixture
def league():
    Recorder.seen = []
    rng = np.random.default_rng(3)
    dates = np.concatenate([pd.date_range(f"{year}-10-20", periods=100) for year in (2021, 2022, 2023)])
    info = pd.DataFrame({"game_date": np.repeat(dates, 4)})
    info["season"] = np.repeat(["2021-22", "2022-23", "2023-24"], 400)
    target = pd.Series(rng.poisson(10, len(info)).astype(float))
    return pd.DataFrame({"x": rng.normal(size=len(info))}), target, info


def run(league, make=Recorder, evaluated=None, **settings):
    features, target, info = league
    folds = walk_forward_folds(info["game_date"], info["season"], **settings)
    mask = pd.Series(True, index=info.index) if evaluated is None else evaluated
    return folds, walk_forward(features, target, info, folds, make, evaluated=mask)


def test_every_forecast_is_the_mean_of_the_rows_dated_before_its_fold(league):
    _, target, info = league
    folds, result = run(league)
    last = folds[-1]
    expected = target[info["game_date"] <= last.train_end].mean()
    forecasts = result.predictions.query("role == 'test' and fold == @last.index")["predicted"]
    assert len(forecasts) > 0
    assert (forecasts == expected).all()
    for fold, index in zip(folds, Recorder.seen, strict=True):
        assert info.loc[index, "game_date"].max() < fold.test_start


def test_rows_outside_the_evaluated_ones_are_trained_on_but_not_reported(league):
    _, _, info = league
    evaluated = pd.Series(np.arange(len(info)) % 2 == 0)
    _, result = run(league, evaluated=evaluated)
    test_rows = result.predictions.query("role == 'test'")
    assert len(test_rows) == 200
    assert any((index % 2 == 1).any() for index in Recorder.seen)


def test_the_fold_table_counts_what_was_trained_on_and_predicted(league):
    folds, result = run(league)
    assert len(result.folds) == len(folds)
    assert result.folds.query("role == 'test'")["n_test"].sum() == 400
    assert (result.folds["n_train"].diff().dropna() > 0).all()
    assert set(result.train_metrics) == {"train_mae", "train_rmse", "train_r2"}


def test_too_few_rows_before_a_fold_are_refused(league):
    features, target, info = league
    late = info.index >= 500
    few = (features[late], target[late], info[late])
    with pytest.raises(NotEnoughDataError, match="rows before it to train on"):
        run(few, evaluated=pd.Series(True, index=info.index[late]))


def test_forecasts_that_are_not_numbers_stop_the_run(league):
    with pytest.raises(ModelError, match="not finite"):
        run(league, make=Broken)


def test_rows_out_of_time_order_are_refused(league):
    features, target, info = league
    with pytest.raises(DataError, match="not in time order"):
        run((features, target, info.iloc[::-1].reset_index(drop=True)))


def test_the_predictions_do_not_depend_on_how_many_folds_are_fitted_side_by_side(league):
    features, target, info = league
    folds = walk_forward_folds(info["game_date"], info["season"], step=10)
    everyone = pd.Series(True, index=info.index)
    one, two = (
        walk_forward(
            features, target, info, folds, lambda: make_estimator("lightgbm", {"n_estimators": 5}),
            evaluated=everyone, workers=workers,
        ).predictions
        for workers in (1, 2)
    )  # fmt: skip
    pd.testing.assert_frame_equal(one, two, check_exact=True)
