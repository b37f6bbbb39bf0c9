"""How good probabilities are: scores against the market, calibration with its noise level, CORP decomposition."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats
from nba_props.errors import DataError
from nba_props.metrics.definitions import brier_score, calibration_error, log_loss, quantile_bins
from nba_props.metrics.tables import recalibrated

_SOURCE: Final = "probabilities"
_BINS: Final = 10
_NULL_DRAWS: Final = 1000
_EXACT_NULL_ROWS: Final = 5_000


def probability_metrics(
    p: ArrayLike,
    y: ArrayLike,
    market_p_over: ArrayLike | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """The probability metrics of docs/metrics.md over every prop with a line.

    >>> metrics = probability_metrics([0.75, 0.5], [1.0, 0.0], market_p_over=[0.5, 0.5])
    >>> metrics["brier_score"], metrics["market_brier_score"], metrics["brier_skill_vs_market"]
    (0.15625, 0.25, 0.375)

    Args:
        p: Model's P(over | no push), n; NaN where there is no forecast.
        y: 1 over, 0 under, NaN push or void, n.
        market_p_over: No-vig market probability, n; NaN where there is none.
        seed: Of the draws behind ``calibration_error_null``.

    Returns:
        ``n_props``; ``brier_score``, ``log_loss``, ``calibration_error``, ``calibration_error_null``, ``brier_mcb``,
        ``brier_dsc``, ``brier_unc`` over the rows with a forecast and a result; ``market_brier_score``,
        ``market_log_loss``, ``brier_skill_vs_market``, ``n_props_market`` over those that have a market probability
        too. Absent where there is no such row.

    Raises:
        DataError: A probability outside [0, 1] or lengths that differ.
    """
    forecast, result = _checked(p, "p"), np.asarray(y, dtype="float64")
    if forecast.shape != result.shape:
        raise DataError(_SOURCE, f"{forecast.size} forecasts for {result.size} results", fix="Align the rows.")
    known = ~np.isnan(forecast) & ~np.isnan(result)
    metrics = {"n_props": float(known.sum())}
    if not known.any():
        return metrics
    forecast_known, result_known = forecast[known], result[known]
    metrics["brier_score"] = brier_score(forecast_known, result_known)
    metrics["log_loss"] = log_loss(forecast_known, result_known)
    metrics["calibration_error"] = calibration_error(forecast_known, result_known)
    metrics["calibration_error_null"] = calibration_error_null(forecast_known, seed=seed)
    metrics |= brier_decomposition(forecast_known, result_known)
    if market_p_over is not None:
        market = _checked(market_p_over, "market_p_over")
        metrics |= _market_metrics(forecast, result, market, known)
    return metrics


def calibration_error_null(p: Floats, *, level: float = 0.95, bins: int = _BINS, seed: int = 0) -> float:
    """The `level` quantile of `calibration_error` of a perfectly calibrated forecaster with these same p.

    Results are drawn from p, 1,000 times; above 5,000 rows the sum of a bin's draws is taken as Normal with their
    exact mean and variance (500 and more draws a bin).

    >>> calibration_error_null(np.full(500, 0.5), bins=1) < 0.05  # two standard errors of a share of 500
    True
    """
    generator = np.random.default_rng(seed)
    ordered = np.sort(p)
    code = quantile_bins(ordered, bins)
    if len(p) <= _EXACT_NULL_ROWS:
        gaps: Floats = np.stack(
            [np.bincount(code, weights=ordered - (generator.random(len(p)) < ordered)) for _ in range(_NULL_DRAWS)]
        )
    else:
        deviation: Floats = np.sqrt(np.bincount(code, weights=ordered * (1.0 - ordered)))
        gaps = generator.standard_normal((_NULL_DRAWS, len(deviation))) * deviation
    return float(np.quantile(np.abs(gaps).sum(axis=1) / len(p), level))


def brier_decomposition(p: Floats, y: Floats) -> dict[str, float]:
    """CORP parts: ``brier_score = brier_mcb - brier_dsc + brier_unc``.

    >>> brier_decomposition(np.array([0.25, 0.75]), np.array([0.0, 1.0]))
    {'brier_mcb': 0.0625, 'brier_dsc': 0.25, 'brier_unc': 0.25}

    Source: Dimitriadis, Gneiting and Jordan (2021), PNAS 118(8): miscalibration is what isotonic recalibration would
    gain, discrimination what the recalibrated forecast gains over the constant base rate.
    """
    best = brier_score(recalibrated(p, y), y)
    uncertainty = brier_score(np.full_like(p, y.mean()), y)
    return {"brier_mcb": brier_score(p, y) - best, "brier_dsc": uncertainty - best, "brier_unc": uncertainty}


def _market_metrics(forecast: Floats, result: Floats, market: Floats, known: NDArray[np.bool_]) -> dict[str, float]:
    both = known & ~np.isnan(market)
    if not both.any():
        return {}
    score = brier_score(market[both], result[both])
    metrics = {
        "n_props_market": float(both.sum()),
        "market_brier_score": score,
        "market_log_loss": log_loss(market[both], result[both]),
    }
    if score > 0:
        metrics["brier_skill_vs_market"] = 1.0 - brier_score(forecast[both], result[both]) / score
    return metrics


def _checked(p: ArrayLike, name: str) -> Floats:
    values = np.asarray(p, dtype="float64")
    bad = (values < 0) | (values > 1)
    if bad.any():
        raise DataError(_SOURCE, "values outside [0, 1]", fix="Give probabilities.", column=name, count=int(bad.sum()))
    return values
