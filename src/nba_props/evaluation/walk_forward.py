"""Run a forecaster through the folds and pool its out-of-sample predictions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from nba_props.errors import DataError, ModelError, NotEnoughDataError
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
    workers: int = 1,
    on_fold: Callable[[Fold], None] | None = None,
) -> WalkForwardResult:
    """Fit before each fold, predict the fold, pool.

    Args:
        features: n rows, k columns; as-of, NaN where history is missing.
        target: Actual stat, n.
        info: What identifies a row (n), with ``game_date``, in time order; copied into the predictions.
        folds: From `walk_forward_folds`.
        make: Returns a fresh forecaster.
        evaluated: Boolean, n: rows that are predicted and reported (all rows are trained on).
        workers: Folds fitted side by side; the boosters leave Python while they work, so threads share the table.
        on_fold: Called after each fold, in the order of the folds (progress).

    Raises:
        NotEnoughDataError: A fold has fewer than 200 rows to train on, or no fold has a row to predict.
        ModelError: A forecast is not a finite number.
        DataError: The rows are not in time order.
    """
    if not info["game_date"].is_monotonic_increasing:
        source = "games"
        raise DataError(source, "the rows are not in time order", mend="Sort them by game_date.", column="game_date")
    step = _Step(features, target, info, evaluated.to_numpy(), make)
    wanted = [fold for fold in folds if step.test_rows(fold).any()]
    if not wanted:
        message = "No fold has a row to predict: no player has an earlier game of the same season in the test dates."
        raise NotEnoughDataError(message)
    for fold in wanted:
        step.check(fold)
    done = []
    jobs = (delayed(step.run)(fold, in_sample=fold is wanted[-1]) for fold in wanted)
    for fold, result in zip(
        wanted, Parallel(n_jobs=workers, backend="threading", return_as="generator")(jobs), strict=True
    ):
        done.append(result)
        if on_fold is not None:
            on_fold(fold)
    predictions = pd.concat([part for part, _, _ in done], ignore_index=True)
    _check_finite(predictions)
    return WalkForwardResult(predictions, pd.DataFrame([row for _, row, _ in done]), done[-1][2])


@dataclass(frozen=True)
class _Step:
    """One fold's work on the shared tables."""

    features: pd.DataFrame
    target: pd.Series
    info: pd.DataFrame
    evaluated: np.ndarray
    make: Callable[[], Estimator]

    def train_rows(self, fold: Fold) -> slice:
        """Rows up to the fold's last training date. Rows are in time order, so this is a view, not a copy."""
        return slice(0, int(self.info["game_date"].searchsorted(fold.train_end, side="right")))

    def test_rows(self, fold: Fold) -> np.ndarray:
        return np.asarray(fold.test_mask(self.info["game_date"]) & self.evaluated)

    def check(self, fold: Fold) -> None:
        known = self.train_rows(fold).stop
        if known < _MIN_TRAIN_ROWS:
            message = (
                f"Fold {fold.role} {fold.index} ({fold.test_start:%Y-%m-%d}) has {known} rows before it to train on; "
                f"at least {_MIN_TRAIN_ROWS} are needed. Add an earlier season or test a later one."
            )
            raise NotEnoughDataError(message)

    def run(self, fold: Fold, *, in_sample: bool) -> tuple[pd.DataFrame, dict[str, object], dict[str, float]]:
        """Predictions of the fold, its row of the fold table, and, if asked for, the in-sample errors of its fit."""
        train, test = self.train_rows(fold), self.test_rows(fold)
        estimator = self.make()
        known, answers = self.features.iloc[train], self.target.iloc[train]
        started = time.perf_counter()
        estimator.fit(known, answers)
        seconds = time.perf_counter() - started
        part = self.info[test].assign(role=fold.role, fold=fold.index, predicted=estimator.predict(self.features[test]))
        fitted = regression_metrics(answers.to_numpy(), estimator.predict(known)) if in_sample else {}
        row = _fold_row(fold, train.stop, int(test.sum()), seconds)
        return part, row, {f"train_{name}": value for name, value in fitted.items()}


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
