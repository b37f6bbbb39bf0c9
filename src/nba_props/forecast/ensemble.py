"""Several forecasters combined, with weights learnt on out-of-sample predictions of earlier dates only.

The weights minimise the mean absolute error, which is what the forecasts are judged by. Weights of a fold are learnt on
the predictions dated up to the last date the fold's models were trained on, of all members: what a forecaster in
production would have had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult

from nba_props.arrays import Floats
from nba_props.errors import ConfigError, DataError, ModelError
from nba_props.forecast.walk_forward import WalkForwardResult

EnsembleMethod = Literal["weighted", "stacked"]

_KEY: Final = ["role", "fold", "game_id", "player_id"]
_LEAST_ROWS: Final = 500
_MOST_ROWS: Final = 10_000
"""Latest predictions that weights are learnt on: a handful of weights needs no more."""

_INTERCEPT: Final = "intercept"


def combine_forecasts(
    members: Mapping[str, WalkForwardResult], method: EnsembleMethod
) -> tuple[WalkForwardResult, pd.DataFrame]:
    """Combine the out-of-sample forecasts of several members, fold by fold.

    Args:
        members: Name to result, two or more, of the same folds and rows.
        method: "weighted": non-negative weights of sum 1; "stacked": free weights and an intercept (Breiman 1996,
            Stacked regressions). Both minimise the mean absolute error on the latest 10,000 earlier predictions; with
            fewer than 500 of them the weights are equal.

    Returns:
        The combined result: rows of the members with ``predicted`` replaced, ``fit_seconds`` summed, and in
        ``train_metrics`` what could only be known of each member alone left out. And the weights, one row per fold:
        ``role``, ``fold``, ``n_learnt_from`` (0 where they are equal), a column per member, ``intercept``.

    Raises:
        ConfigError: Fewer than two members, an unknown method, or a member called like a column of the weights.
        DataError: Members that differ in folds, rows or results.
    """
    _check(members, method)
    first = next(iter(members.values()))
    forecasts = _stacked_columns(members)
    actual = first.predictions["actual"].to_numpy(dtype="float64")
    dates = first.predictions["game_date"]
    combined = np.full(len(actual), np.nan)
    rows = []
    for fold in first.folds.itertuples(index=False):
        inside = ((first.predictions["role"] == fold.role) & (first.predictions["fold"] == fold.fold)).to_numpy()
        past = (dates <= fold.train_end).to_numpy()
        weights, intercept, learnt_from = _learnt(forecasts[past], actual[past], method)
        combined[inside] = forecasts[inside] @ weights + intercept
        named = dict(zip(members, weights.tolist(), strict=True))
        row = {"role": fold.role, "fold": fold.fold, "n_learnt_from": learnt_from}
        rows.append({**row, **named, _INTERCEPT: intercept})
    seconds = np.sum([result.folds["fit_seconds"].to_numpy() for result in members.values()], axis=0)
    result = replace(
        first,
        predictions=first.predictions.assign(predicted=combined),
        folds=first.folds.assign(fit_seconds=seconds),
        train_metrics={},
        selected=(),
        final=None,
        learning={},
        importances=None,
    )
    return result, pd.DataFrame(rows)


def final_weights(members: Mapping[str, WalkForwardResult], method: EnsembleMethod) -> dict[str, float]:
    """Weights for the model that goes live, from all out-of-sample predictions there are.

    Args:
        members: As for `combine_forecasts`.
        method: As for `combine_forecasts`.

    Returns:
        Member to weight, and ``intercept`` (stat units; 0 for "weighted").

    Raises:
        ConfigError: As for `combine_forecasts`.
        DataError: As for `combine_forecasts`.
    """
    _check(members, method)
    actual = next(iter(members.values())).predictions["actual"].to_numpy(dtype="float64")
    weights, intercept, _ = _learnt(_stacked_columns(members), actual, method)
    return {**dict(zip(members, weights.tolist(), strict=True)), _INTERCEPT: intercept}


def _stacked_columns(members: Mapping[str, WalkForwardResult]) -> Floats:
    columns = [result.predictions["predicted"].to_numpy(dtype="float64") for result in members.values()]
    return np.column_stack(columns)


def _check(members: Mapping[str, WalkForwardResult], method: EnsembleMethod) -> None:
    if method not in get_args(EnsembleMethod):
        message = f"method is {method!r}; allowed: {', '.join(get_args(EnsembleMethod))}."
        raise ConfigError(message)
    if len(members) < 2 or {"role", "fold", "n_learnt_from", _INTERCEPT} & members.keys():
        message = f"An ensemble needs two or more members with names of their own, got {', '.join(members) or 'none'}."
        raise ConfigError(message)
    (name, first), *others = members.items()
    for other_name, other in others:
        columns = [*_KEY, "game_date", "actual"]
        same_rows = first.predictions[columns].equals(other.predictions[columns])
        dates = ["role", "fold", "train_end", "test_start", "test_end"]
        if not same_rows or not first.folds[dates].equals(other.folds[dates]):
            problem = f"{name} and {other_name} differ in folds, rows or results"
            fix = "Walk all members forward through the same folds of the same table."
            raise DataError("ensemble members", problem, fix=fix)  # noqa: EM101 - the tables' name


def _learnt(forecasts: Floats, actual: Floats, method: EnsembleMethod) -> tuple[Floats, float, int]:
    """Weights (k), intercept and number of rows they come from; rows are in time order, the latest count."""
    forecasts, actual = forecasts[-_MOST_ROWS:], actual[-_MOST_ROWS:]
    if len(actual) < _LEAST_ROWS:
        k = forecasts.shape[1]
        return np.full(k, 1.0 / k), 0.0, 0
    weights, intercept = least_absolute(forecasts, actual, convex=method == "weighted")
    return weights, intercept, len(actual)


def least_absolute(forecasts: Floats, actual: Floats, *, convex: bool) -> tuple[Floats, float]:
    """Weights (k) and intercept with the least ``sum |actual - forecasts w - c|``, by linear programming.

    Solved in the dual, which has k constraints instead of n: ``max y'u`` with ``|u_i| <= 1`` and ``F'u = 0``, or, for
    convex weights, ``F'u <= t`` with ``t`` subtracted; the weights are its multipliers. Members that forecast exactly
    the same are a degenerate case: any split of their weight is a minimum, and the solver's is taken.

    >>> weights, intercept = least_absolute(np.array([[10.0, 0.0], [20.0, 0.0]]), np.array([10.0, 20.0]), convex=True)
    >>> weights.round(6).tolist(), intercept
    ([1.0, 0.0], 0.0)

    Args:
        forecasts: (n, k).
        actual: n.
        convex: Non-negative weights of sum 1 and no intercept; else free weights and an intercept.

    Raises:
        ModelError: The solver found no optimum.

    Source: Koenker (2005), Quantile Regression, 6.2 (the bounded-variables dual).
    """
    from scipy.optimize import linprog

    def solved(*arguments: object, **settings: object) -> OptimizeResult:
        found = linprog(*arguments, method="highs", **settings)
        if found.status != 0:
            message = f"The weights of the ensemble could not be found: {found.message}"
            raise ModelError(message)
        return found

    n, k = forecasts.shape
    bounds: list[tuple[float | None, float | None]] = [(-1.0, 1.0)] * n
    if convex:
        # min_w max_u u'(y - F w) over the simplex: max_u,t  u'y - t  with  t >= (F'u)_j for every member j.
        table = np.hstack([forecasts.T, -np.ones((k, 1))])
        found = solved(np.r_[-actual, 1.0], A_ub=table, b_ub=np.zeros(k), bounds=[*bounds, (None, None)])
        weights: Floats = np.clip(-found.ineqlin.marginals, 0.0, None)
        return weights / weights.sum(), 0.0
    table = np.column_stack([forecasts, np.ones(n)]).T
    found = solved(-actual, A_eq=table, b_eq=np.zeros(k + 1), bounds=bounds)
    multipliers: Floats = -found.eqlin.marginals
    return multipliers[:k], float(multipliers[k])
