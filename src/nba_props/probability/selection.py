"""Which distribution: each candidate is fitted on earlier folds and scored on the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.errors import NotEnoughDataError
from nba_props.probability.distribution_scores import crps, log_score, pit_bounds
from nba_props.probability.distributions.base import MIN_FIT_ROWS, PredictiveDistribution
from nba_props.probability.distributions.conformal import ConformalDistribution
from nba_props.probability.distributions.negative_binomial import NegativeBinomialDistribution
from nba_props.probability.distributions.normal import NormalDistribution
from nba_props.probability.distributions.quantile import QuantileDistribution

DISTRIBUTIONS: Final[dict[str, Callable[[], PredictiveDistribution]]] = {
    "conformal": ConformalDistribution,
    "negative_binomial": NegativeBinomialDistribution,
    "normal": NormalDistribution,
    "quantile": QuantileDistribution,
}
"""Name of a setting -> maker of the distribution."""


def compare_distributions(
    y: ArrayLike,
    mu: ArrayLike,
    fold: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    candidates: Mapping[str, Callable[[], PredictiveDistribution]] | None = None,
) -> pd.DataFrame:
    """Walk-forward scores: for every fold but the first, fit on the folds before it and score on it.

    >>> y, fold = np.arange(400) % 21, np.repeat([0, 1], 200)
    >>> table = compare_distributions(y, np.full(400, 10.0), fold)
    >>> sorted(table["distribution"]) == sorted(DISTRIBUTIONS), table["rows"].tolist()
    (True, [200, 200, 200, 200])

    Args:
        y: Results, n; NaN left out.
        mu: Out-of-sample forecasts, n.
        fold: Number of the fold of each row, later folds larger, n.
        groups: Minutes tier of each row, n.
        candidates: Name -> maker; all of `DISTRIBUTIONS` by default.

    Returns:
        One row per candidate, best first: ``distribution``, ``log_score`` (nats), ``crps`` (stat units), ``rows``,
        ``excess`` (mean over both scores of the relative distance to the best one: what the order is by).

    Raises:
        NotEnoughDataError: No fold has `MIN_FIT_ROWS` rows before it.
    """
    result, forecast, number = np.asarray(y, "float64"), np.asarray(mu, "float64"), np.asarray(fold)
    label = np.zeros(len(result), dtype="int64") if groups is None else np.asarray(groups)
    known = ~(np.isnan(result) | np.isnan(forecast))
    result, forecast, number, label = result[known], forecast[known], number[known], label[known]
    folds = [value for value in np.unique(number) if (number < value).sum() >= MIN_FIT_ROWS]
    if not folds:
        message = f"No fold has {MIN_FIT_ROWS} out-of-sample rows before it: distributions cannot be compared."
        raise NotEnoughDataError(message)
    rows = []
    for name, make in (candidates or DISTRIBUTIONS).items():
        total = np.zeros(3)
        for value in folds:
            past, now = number < value, number == value
            fitted = make().fit(result[past], forecast[past], label[past])
            test = result[now], forecast[now], label[now]
            scores = log_score(*pit_bounds(fitted, *test)), crps(fitted, *test)
            total += now.sum() * np.array([*scores, 1.0])
        rows.append(
            {"distribution": name, "log_score": total[0] / total[2], "crps": total[1] / total[2], "rows": total[2]}
        )
    table = pd.DataFrame(rows).astype({"rows": "int64"})
    relative = table[["log_score", "crps"]] / table[["log_score", "crps"]].min() - 1.0
    return table.assign(excess=relative.mean(axis=1)).sort_values("excess", kind="stable", ignore_index=True)
