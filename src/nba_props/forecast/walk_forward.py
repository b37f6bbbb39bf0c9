"""Run forecasters through their folds and pool the out-of-sample predictions.

The fits of all folds, of all forecasters that are asked for together, go through one joblib call: threads by default
(the boosters leave Python while they work, and share the table), or whatever ``joblib.parallel_config`` says, whether
processes or a cluster. Every fit runs on one thread, so there are never more busy threads than workers, and the numbers
depend neither on the backend nor on the number of workers. Work that is lost with a worker is done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed

from nba_props.errors import DataError, ModelError, NotEnoughDataError
from nba_props.forecast import Estimator
from nba_props.forecast.binning import SharedBins, bin_stages
from nba_props.forecast.folds import Fold
from nba_props.forecast.learning import learning_curves
from nba_props.forecast.parallel import begun, in_order
from nba_props.forecast.reasons import REASONS, Explain, by_family, reasons
from nba_props.metrics import all_prefixed
from nba_props.metrics.definitions import regression_metrics

_MIN_TRAIN_ROWS = 200


@dataclass(frozen=True)
class WalkForwardResult:
    """Out-of-sample predictions of every fold and what the last fit looked like.

    Attributes:
        predictions: The rows of `games_info` that were predicted, in time order, plus ``fold``, ``role`` and
            ``predicted``; a row appears once.
        folds: One row per fold: role, index, dates, rows trained on and predicted, seconds of the fit.
        train_metrics: ``train_mae``, ``train_rmse``, ``train_r2`` of the last fitted fold (in sample).
        selected: Features each fold's model chose, in the order of `folds`; empty where nothing is chosen.
        final: The forecaster fitted on every row, where it was asked for.
        contributions: ``game_id``, ``player_id`` and a column per family of features with its part in the forecast
            (stat units), of the explained rows; None where nothing was to be explained or the model cannot.
        learning: Error after each tree of the last fold's model (`nba_props.forecast.learning`); empty without trees.
        importances: A row per test fold, a column per feature: shares of the total; None where there are none.
    """

    predictions: pd.DataFrame
    folds: pd.DataFrame
    train_metrics: dict[str, float]
    selected: tuple[tuple[str, ...], ...] = ()
    final: Estimator | None = None
    contributions: pd.DataFrame | None = None
    learning: dict[str, list[float]] = field(default_factory=dict)
    importances: pd.DataFrame | None = None


@dataclass(frozen=True)
class Forecaster:
    """A forecaster, what it is fitted on, and the folds it goes through.

    Attributes:
        features: n rows, k columns; as-of, NaN where history is missing.
        target: Actual stat, n.
        info: What identifies a row (n), with ``game_date``, in time order; copied into the predictions.
        folds: From `walk_forward_folds`.
        make: Returns a fresh forecaster; must be picklable where the workers are processes.
        evaluated: Boolean, n: rows that are predicted and reported (all rows are trained on).
        final: Also fit on every row.
        explain: The forecasts to give reasons for; of models with contributions of their own.
        more: Further columns of the predictions, on the index of `info`; made after the fits, which do not need them.
    """

    features: pd.DataFrame
    target: pd.Series
    info: pd.DataFrame
    folds: Sequence[Fold]
    make: Callable[[], Estimator]
    evaluated: pd.Series
    final: bool = False
    explain: Explain | None = None
    more: Callable[[], pd.DataFrame] | None = None

    def wanted(self) -> list[Fold]:
        """The folds that have a row to predict.

        Raises:
            NotEnoughDataError: A fold has fewer than 200 rows to train on, or no fold has a row to predict.
            DataError: The rows are not in time order.
        """
        if not self.info["game_date"].is_monotonic_increasing:
            problem, fix = "the rows are not in time order", "Sort them by game_date."
            raise DataError("games", problem, fix=fix, column="game_date")  # noqa: EM101 - the table's name
        wanted = [fold for fold in self.folds if self._tested(fold).any()]
        if not wanted:
            message = "No fold has a row to predict: nobody has an earlier game of the same season in the test dates."
            raise NotEnoughDataError(message)
        for fold in wanted:
            self._check(fold)
        return wanted

    def fits(self) -> list[_Fit]:
        """Everything that has to be fitted: on every row first, for that takes longest, then in time order."""
        wanted = self.wanted()
        rows = [self._known(fold) for fold in wanted]
        stages = bin_stages(rows)
        fits = [
            _Fit(known, stages[known], np.flatnonzero(self._tested(fold)), fold, in_sample=fold is wanted[-1])
            for fold, known in zip(wanted, rows, strict=True)
        ]
        every = len(self.features)
        return [_Fit(every, every, np.array([], dtype="int64")), *fits] if self.final else fits

    def _known(self, fold: Fold) -> int:
        """Rows up to the fold's last training date. Rows are in time order, so they are a view, not a copy."""
        return int(self.info["game_date"].searchsorted(fold.train_end, side="right"))

    def _tested(self, fold: Fold) -> np.ndarray:
        return np.asarray(fold.test_mask(self.info["game_date"]) & self.evaluated.to_numpy())

    def _check(self, fold: Fold) -> None:
        known = self._known(fold)
        if known < _MIN_TRAIN_ROWS:
            message = (
                f"Fold {fold.role} {fold.index} ({fold.test_start:%Y-%m-%d}) has {known} rows before it to train on; "
                f"at least {_MIN_TRAIN_ROWS} are needed. Add an earlier season or test a later one."
            )
            raise NotEnoughDataError(message)


@dataclass(frozen=True)
class _Fit:
    """One fit: on the first `known` rows, predicting `tested` (positions); without a fold it is the final one.

    Where rows are binned, the boundaries are those of the first `binned_on` rows.
    """

    known: int
    binned_on: int
    tested: np.ndarray
    fold: Fold | None = None
    in_sample: bool = False


@dataclass(frozen=True)
class _Fitted:
    """What a worker sends back; the model itself only where it is the final one."""

    predicted: np.ndarray
    seconds: float
    train_metrics: dict[str, float] = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    estimator: Estimator | None = None
    why: pd.DataFrame | None = None
    learning: dict[str, list[float]] = field(default_factory=dict)
    importances: pd.Series | None = None


def walk_forward_all(
    forecasters: Sequence[Forecaster], *, workers: int = 1, on_fold: Callable[[int, Fold | None], None] | None = None
) -> Generator[WalkForwardResult, None, None]:
    """Fit before each fold, predict the fold, pool: for several forecasters at once, so that no core waits.

    The fits begin at once, whenever their results are asked for.

    Args:
        forecasters: Checked before anything is fitted.
        workers: Fits side by side.
        on_fold: Called after each fit with the forecaster's position and the fold (None: the fit on every row), in
            order (progress). What it raises ends the work.

    Returns:
        One result per forecaster, in order, as soon as its folds are done. Close it where not all are taken.

    Raises:
        NotEnoughDataError: A fold has fewer than 200 rows to train on, or no fold has a row to predict.
        ModelError: A forecast is not a finite number, or workers keep dying.
        DataError: The rows are not in time order.
    """
    plan = [forecaster.fits() for forecaster in forecasters]
    bins = _shared_bins(forecasters, plan)
    calls = [
        delayed(_run)(forecaster.features, forecaster.target, fit, forecaster.make, forecaster.explain, shared)
        for forecaster, fits, shared in zip(forecasters, plan, bins, strict=True)
        for fit in fits
    ]
    return begun(_walked(forecasters, plan, in_order(calls, workers=workers), on_fold))


def _walked(
    forecasters: Sequence[Forecaster], plan: Sequence[Sequence[_Fit]], fitted: Generator[_Fitted, None, None],
    on_fold: Callable[[int, Fold | None], None] | None,
) -> Generator[Any, None, None]:  # fmt: skip
    """None, then the result of each forecaster as its fits come in."""
    with closing(fitted):
        yield None
        for position, (forecaster, fits) in enumerate(zip(forecasters, plan, strict=True)):
            own = []
            for fit in fits:
                own.append(next(fitted))
                if on_fold is not None:
                    on_fold(position, fit.fold)
            yield _pooled(forecaster, fits, own)


def walk_forward(
    features: pd.DataFrame,
    target: pd.Series,
    info: pd.DataFrame,
    folds: Sequence[Fold],
    make: Callable[[], Estimator],
    *,
    evaluated: pd.Series,
    workers: int = 1,
) -> WalkForwardResult:
    """`walk_forward_all` for one forecaster; the arguments are the attributes of `Forecaster`."""
    forecaster = Forecaster(features, target, info, folds, make, evaluated)
    (result,) = walk_forward_all([forecaster], workers=workers)
    return result


def _shared_bins(forecasters: Sequence[Forecaster], plan: Sequence[Sequence[_Fit]]) -> list[SharedBins]:
    """The bins of each forecaster's fits; forecasters on the same table share theirs."""
    fits: dict[int, list[tuple[int, int]]] = {}
    for forecaster, own in zip(forecasters, plan, strict=True):
        fits.setdefault(id(forecaster.features), []).extend((fit.binned_on, fit.known) for fit in own)
    made = {table: SharedBins(pairs) for table, pairs in fits.items()}
    return [made[id(forecaster.features)] for forecaster in forecasters]


def _run(
    features: pd.DataFrame, target: pd.Series, fit: _Fit, make: Callable[[], Estimator], explain: Explain | None,
    bins: SharedBins,
) -> _Fitted:  # fmt: skip
    """One fit, on one worker."""
    estimator = make()
    known, answers = features.iloc[: fit.known], target.iloc[: fit.known]
    started = time.perf_counter()
    fit_binned = getattr(estimator, "fit_binned", None)
    if fit_binned is None:
        estimator.fit(known, answers)
    else:
        fit_binned(known, answers, partial(bins.rows, features, fit.binned_on))
    seconds = time.perf_counter() - started
    if fit.fold is None:
        return _Fitted(np.array([]), seconds, estimator=estimator)
    fitted, learning = {}, {}
    if fit.in_sample:
        fitted = regression_metrics(answers.to_numpy(), estimator.predict(known))
        learning = learning_curves(estimator, features, target, known=fit.known, tested=fit.tested)
    return _Fitted(
        predicted=estimator.predict(features.iloc[fit.tested]),
        seconds=seconds,
        train_metrics=all_prefixed(fitted, "train"),
        selected=tuple(getattr(estimator, "selected", ())),
        why=_why(estimator, features, fit, explain),
        learning=learning,
        importances=estimator.importances() if fit.fold.role == "test" else None,
    )


def _why(estimator: Estimator, features: pd.DataFrame, fit: _Fit, explain: Explain | None) -> pd.DataFrame | None:
    """Reasons in words and contributions by family of the explained rows of a fold, by their position."""
    contributions_of = getattr(estimator, "contributions", None)
    if explain is None or contributions_of is None or fit.fold is None or fit.fold.role != "test":
        return None
    rows = fit.tested[explain.rows.to_numpy()[fit.tested]]
    if not len(rows):
        return None
    asked = features.iloc[rows]
    contributions = contributions_of(asked)
    parts = by_family(contributions, list(asked), explain.families)
    said = reasons(contributions, asked, explain)
    return pd.concat([said.reset_index(drop=True), parts], axis=1).set_axis(rows)


def _pooled(forecaster: Forecaster, fits: Sequence[_Fit], fitted: Sequence[_Fitted]) -> WalkForwardResult:
    parts, rows = [], []
    info = forecaster.info if forecaster.more is None else forecaster.info.join(forecaster.more())
    for fit, result in zip(fits, fitted, strict=True):
        if fit.fold is None:
            continue
        columns = {"role": fit.fold.role, "fold": fit.fold.index, "predicted": result.predicted}
        parts.append(info.iloc[fit.tested].assign(**columns))
        rows.append(_fold_row(fit.fold, fit.known, len(fit.tested), result.seconds))
    predictions = pd.concat(parts, ignore_index=True)
    _check_finite(predictions)
    why = [result.why for result in fitted if result.why is not None]
    contributions = None
    if why:
        positions = np.concatenate([fit.tested for fit in fits if fit.fold is not None])
        told = pd.concat(why).reindex(positions).reset_index(drop=True)
        predictions[list(REASONS)] = told[list(REASONS)]
        explained = told[REASONS[0]].notna()
        families = told.drop(columns=list(REASONS))[explained]
        contributions = predictions.loc[explained, ["game_id", "player_id"]].join(families)
    folds = [result for fit, result in zip(fits, fitted, strict=True) if fit.fold is not None]
    return WalkForwardResult(
        predictions=predictions,
        folds=pd.DataFrame(rows),
        train_metrics=folds[-1].train_metrics,
        selected=tuple(result.selected for result in folds) if any(result.selected for result in folds) else (),
        final=next((result.estimator for result in fitted if result.estimator is not None), None),
        contributions=contributions,
        learning=folds[-1].learning,
        importances=_importances(folds),
    )


def _importances(folds: Sequence[_Fitted]) -> pd.DataFrame | None:
    each = [result.importances for result in folds if result.importances is not None and len(result.importances)]
    return pd.DataFrame(each).fillna(0.0).reset_index(drop=True) if each else None


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
        message = f"The model gave {int(bad.sum())} predictions that are not finite numbers; the run cannot be trusted."
        raise ModelError(message)
