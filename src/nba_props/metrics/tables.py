"""Tables of errors and of probabilities, for any model: what is logged, and what the pictures draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from nba_props.arrays import Floats
from nba_props.metrics.definitions import quantile_bins

_BAND_DRAWS: Final = 1000


def error_table(
    actual: ArrayLike,
    predicted: ArrayLike,
    splits: Mapping[str, ArrayLike],
    baseline: ArrayLike | None = None,
) -> pd.DataFrame:
    """Errors (actual minus predicted: above zero the forecast was too low) by every value of every split.

    >>> error_table([3.0, 5.0, 10.0], [1.0, 6.0, 10.0], {"venue": ["home", "home", "away"]})
       split value  n  mean_error  mae      rmse  abs_error_p90
    0  venue  away  1         0.0  0.0  0.000000            0.0
    1  venue  home  2         0.5  1.5  1.581139            1.9

    Args:
        actual: What happened, n; rows in which it or the forecast is missing are left out.
        predicted: What was forecast, n.
        splits: Name -> value of each row, n. Categories keep their order, other values are sorted.
        baseline: Another forecast of the same rows, n.

    Returns:
        One row per split and value: ``split``, ``value`` (text), ``n``, ``mean_error``, ``mae``, ``rmse``,
        ``abs_error_p90`` (90 % quantile of the absolute error), all in stat units, and with `baseline` its MAE,
        ``baseline_mae``.
    """
    result, forecast = np.asarray(actual, dtype="float64"), np.asarray(predicted, dtype="float64")
    measured = pd.DataFrame({"error": result - forecast})
    measured["absolute"], measured["square"] = measured["error"].abs(), measured["error"] ** 2
    if baseline is not None:
        measured["baseline"] = np.abs(result - np.asarray(baseline, dtype="float64"))
    known = measured["error"].notna()
    measured = measured[known]
    parts = []
    for split, values in splits.items():
        key = pd.Series(values).reset_index(drop=True)[known]
        grouped = measured.groupby(key, observed=True, sort=True, dropna=False)
        means = grouped.mean()
        columns: dict[str, object] = {
            "split": split,
            "value": [str(value) for value in means.index],
            "n": grouped.size().to_numpy(),
            "mean_error": means["error"].to_numpy(),
            "mae": means["absolute"].to_numpy(),
            "rmse": np.sqrt(means["square"].to_numpy()),
            "abs_error_p90": grouped["absolute"].quantile(0.9).to_numpy(),
        }
        parts.append(
            pd.DataFrame(columns | ({"baseline_mae": means["baseline"].to_numpy()} if "baseline" in means else {}))
        )
    return pd.concat(parts, ignore_index=True)


def reliability_table(
    p: ArrayLike, y: ArrayLike, bins: int = 10, *, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Forecast against frequency in equal-count bins, with the band a calibrated forecaster would stay in.

    The bins are those of `calibration_error`: equal probabilities share one, empty bins are dropped.

    >>> reliability_table([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 0], bins=2)[["p", "frequency", "n", "recalibrated"]]
         p  frequency  n  recalibrated
    0  0.2        0.0  2           0.0
    1  0.8        0.5  2           0.5

    Args:
        p: Probabilities, n; NaN left out.
        y: 0/1 results, n; NaN (pushes, voids) left out.
        bins: Number of bins, fewer where there are fewer rows.
        level: Coverage of the consistency band, bin by bin (Broecker and Smith 2007).
        seed: Seed of the band.

    Returns:
        One row per bin: ``p`` (mean forecast), ``frequency``, ``n``, ``band_low``, ``band_high`` (frequencies between
        which a calibrated forecaster's would lie), ``recalibrated`` (mean of the CORP isotonic curve in the bin).
    """
    forecast, result = np.asarray(p, dtype="float64"), np.asarray(y, dtype="float64")
    known = ~(np.isnan(forecast) | np.isnan(result))
    forecast, result = forecast[known], result[known]
    code = quantile_bins(forecast, bins)
    curve = recalibrated(forecast, result) if len(forecast) else forecast
    generator = np.random.default_rng(seed)
    rows = []
    for part in (np.flatnonzero(code == index) for index in range(int(code.max(initial=-1)) + 1)):
        chance = forecast[part]
        # Sum of independent draws: Normal with its exact mean and variance, cut at the possible frequencies.
        noise = generator.standard_normal(_BAND_DRAWS) * np.sqrt((chance * (1.0 - chance)).sum()) / len(part)
        low, high = np.clip(chance.mean() + np.quantile(noise, [(1 - level) / 2, (1 + level) / 2]), 0.0, 1.0)
        rows.append((chance.mean(), result[part].mean(), len(part), low, high, curve[part].mean()))
    return pd.DataFrame(rows, columns=["p", "frequency", "n", "band_low", "band_high", "recalibrated"])


def recalibrated(p: Floats, y: Floats) -> Floats:
    """Isotonic (pool-adjacent-violators) recalibration of p on y itself: the CORP reliability curve at each row.

    >>> recalibrated(np.array([0.3, 0.4, 0.6]), np.array([1.0, 0.0, 1.0])).tolist()
    [0.5, 0.5, 1.0]
    """
    distinct, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, weights=y, minlength=len(distinct)) / counts
    fitted: Floats = isotonic_regression(means, weights=counts.astype("float64")).x[inverse]
    return fitted
