"""Run a forecaster through the folds and pool its out-of-sample predictions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nba_props.errors import ModelError, NotEnoughDataError
from nba_props.evaluation.regression import regression_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nba_props.estimators import Estimator
    from nba_props.evaluation.splits import Fold

__all__ = ["WalkForwardResult", "walk_forward"]

_MIN_TRAIN_ROWS = 200


@dataclass(frozen=True)
class WalkForwardResult:
    """Out-of-sample predictions of every fold and what the last fit looked like.

    Attributes:
        predictions: The rows of `games_info` that were predicted, in time order, plus ``fold``, ``role`` and
            ``predicted``; a row appears once.
        folds: One row per fold: role, index, dates, rows trained on and predicted, seconds of the fit.
        train_metrics: ``train_mae``, ``train_rmse``, ``train_r2`` of the last fitted fold (in sample).
    """

    predictions: pd.DataFrame
    folds: pd.DataFrame
    train_metrics: dict[str, float]


def walk_forward(
    features: pd.DataFrame,
    target: pd.Series,
    info: pd.DataFrame,
    folds: Sequence[Fold],
    make: Callable[[], Estimator],
    *,
    evaluated: pd.Series,
    on_fold: Callable[[Fold], None] | None = None,
) -> WalkForwardResult:
    """Fit before each fold, predict the fold, pool.

    Args:
        features: n rows, k columns; as-of, NaN where history is missing.
        target: Actual stat, n.
        info: What identifies a row (n), with ``game_date``; copied into the predictions.
        folds: From `walk_forward_folds`.
        make: Returns a fresh forecaster.
        evaluated: Boolean, n: rows that are predicted and reported (all rows are trained on).
        on_fold: Called after each fold (progress).

    Raises:
        NotEnoughDataError: A fold has fewer than 200 rows to train on, or no fold has a row to predict.
    """
    dates = info["game_date"]
    parts: list[pd.DataFrame] = []
    rows: list[dict[str, object]] = []
    train_metrics: dict[str, float] = {}
    for fold in folds:
        train = fold.train_mask(dates)
        test = fold.test_mask(dates) & evaluated.to_numpy()
        if train.sum() < _MIN_TRAIN_ROWS:
            message = (
                f"Fold {fold.role} {fold.index} ({fold.test_start:%Y-%m-%d}) has {train.sum()} rows before it to train "
                f"on; at least {_MIN_TRAIN_ROWS} are needed. Add an earlier season or test a later one."
            )
            raise NotEnoughDataError(message)
        if not test.any():
            continue
        estimator = make()
        started = time.perf_counter()
        estimator.fit(features[train], target[train])
        seconds = time.perf_counter() - started
        part = info[test].assign(role=fold.role, fold=fold.index, predicted=estimator.predict(features[test]))
        parts.append(part)
        rows.append(_fold_row(fold, int(train.sum()), int(test.sum()), seconds))
        if fold is folds[-1]:
            fitted = regression_metrics(target[train].to_numpy(), estimator.predict(features[train]))
            train_metrics = {f"train_{name}": value for name, value in fitted.items()}
        if on_fold is not None:
            on_fold(fold)
    if not parts:
        message = "No fold has a row to predict: no player has an earlier game of the same season in the test dates."
        raise NotEnoughDataError(message)
    predictions = pd.concat(parts, ignore_index=True)
    _check_finite(predictions)
    return WalkForwardResult(predictions, pd.DataFrame(rows), train_metrics)


def _fold_row(fold: Fold, n_train: int, n_test: int, seconds: float) -> dict[str, object]:
    return {
        "role": fold.role,
        "fold": fold.index,
        "train_end": fold.train_end,
        "test_start": fold.test_start,
        "test_end": fold.test_end,
        "n_train": n_train,
        "n_test": n_test,
        "fit_seconds": seconds,
    }


def _check_finite(predictions: pd.DataFrame) -> None:
    bad = ~np.isfinite(predictions["predicted"])
    if bad.any():
        message = (
            f"The model gave {int(bad.sum())} predictions that are not finite numbers; the run can not be trusted."
        )
        raise ModelError(message)
