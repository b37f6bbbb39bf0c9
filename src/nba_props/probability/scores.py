"""How good probabilities are: scores against the market, calibration with its noise level, CORP decomposition."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from nba_props.arrays import Floats
from nba_props.betting.evidence.bootstrap import brier_skill_interval
from nba_props.errors import DataError
from nba_props.metrics.definitions import brier_score, calibration_error, log_loss, quantile_bins

_SOURCE: Final = "probabilities"
_BINS: Final = 10
_NULL_DRAWS: Final = 1000
_EXACT_NULL_ROWS: Final = 5_000


def probability_metrics(
    p: ArrayLike,
    y: ArrayLike,
    market_p: ArrayLike | None = None,
    dates: ArrayLike | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """The probability metrics of docs/metrics.md over every prop with a line.

    Args:
        p: Model's P(over | no push), n; NaN where there is no forecast.
        y: 1 over, 0 under, NaN push or void, n.
        market_p: No-vig market probability, n; NaN where there is none.
        dates: Night of each prop, n: gives the interval of the skill against the market.
        seed: Of the draws behind ``calibration_error_null`` and of the bootstrap.

    Returns:
        ``n_props``; ``brier_score``, ``log_loss``, ``calibration_error``, ``calibration_error_null``, ``brier_mcb``,
        ``brier_dsc``, ``brier_unc`` over the rows with a forecast and a result; ``market_brier_score``,
        ``market_log_loss``, ``brier_skill_vs_market``, ``n_props_market`` over those that have a market probability
        too; with dates ``brier_skill_vs_market_ci_low``, ``_ci_high`` and ``_p_value``. Absent where there is no such
        row.

    Raises:
        DataError: A probability outside [0, 1] or lengths that differ.
    """
    forecast, result = _checked(p, "p"), np.asarray(y, dtype="float64")
    if forecast.shape != result.shape:
        raise DataError(_SOURCE, f"{forecast.size} forecasts for {result.size} results", mend="Align the rows.")
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
    if market_p is not None:
        market = _checked(market_p, "market_p")
        metrics |= _market_metrics(forecast, result, market, known)
        skill = None if dates is None else brier_skill_interval(forecast, result, market, dates, seed=seed)
        if skill is not None:
            metrics["brier_skill_vs_market_ci_low"] = skill.low
            metrics["brier_skill_vs_market_ci_high"] = skill.high
            metrics["brier_skill_vs_market_p_value"] = skill.p_value
    return metrics


def calibration_error_null(p: Floats, *, level: float = 0.95, bins: int = _BINS, seed: int = 0) -> float:
    """The `level` quantile of `calibration_error` of a perfectly calibrated forecaster with these same p.

    Results are drawn from p, 1,000 times; above 5,000 rows the sum of a bin's draws is taken as Normal with their
    exact mean and variance (500 and more draws a bin).
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


def recalibrated(p: Floats, y: Floats) -> Floats:
    """Isotonic (pool-adjacent-violators) recalibration of p on y itself: the CORP reliability curve at each row."""
    distinct, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, weights=y, minlength=len(distinct)) / counts
    fitted: Floats = isotonic_regression(means, weights=counts.astype("float64")).x[inverse]
    return fitted


def brier_decomposition(p: Floats, y: Floats) -> dict[str, float]:
    """CORP parts: ``brier_score = brier_mcb - brier_dsc + brier_unc``.

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
        raise DataError(_SOURCE, "values outside [0, 1]", mend="Give probabilities.", column=name, count=int(bad.sum()))
    return values
