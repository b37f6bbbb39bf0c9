"""Two forecasters on identical rows: the difference of their losses, with its uncertainty by night.

Errors of two models on one row are strongly correlated, so the interval of the difference is far narrower than the
intervals of the two errors, and it is the only one that says whether a change helped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats
from nba_props.errors import ConfigError, DataError
from nba_props.metrics.bootstrap import (
    MIN_NIGHTS,
    Interval,
    night_sums,
    percentile_interval,
    resample_counts,
    weighted_ratio,
)
from nba_props.metrics.definitions import brier_score_rows, given_no_push, log_loss_rows, mae_rows

_KEY: Final = ["game_id", "player_id"]
_NEEDED: Final = [*_KEY, "game_date", "actual", "predicted"]
_PRICED: Final = ["line", "p_over", "p_push", "p_under"]


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    dates: ArrayLike,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    block_nights: int = 1,
    seed: int = 0,
) -> Interval | None:
    """Mean of ``first - second`` with its percentile interval, whole nights resampled.

    >>> nights = pd.date_range("2024-01-01", periods=30)
    >>> interval = paired_difference(np.full(30, 5.0), np.full(30, 4.5), nights)
    >>> interval.point, interval.low, interval.high
    (0.5, 0.5, 0.5)

    Args:
        first: Loss of each row under one forecaster, n.
        second: Loss of the same rows under the other, n.
        dates: Night of each row, n.
        resamples: Bootstrap resamples.
        level: Coverage.
        block_nights: Consecutive nights drawn together.
        seed: Seed.

    Returns:
        The interval; its ``p_value`` is one-sided, for a true difference of zero or less (small: `first` loses more
        than `second` beyond chance). Equal losses give 0 with [0, 0] and a p-value of 1. None under `MIN_NIGHTS`
        nights.

    Raises:
        DataError: Lengths that differ, or a loss or a date that is missing.
        ConfigError: `level` is not between 0 and 1, or there is no resample.
    """
    if not 0.0 < level < 1.0 or resamples < 1:
        message = f"level is {level} and resamples {resamples}; level must be between 0 and 1, resamples 1 or more."
        raise ConfigError(message)
    difference = _differences(first, second, dates)
    nights, (total, rows) = night_sums(dates, difference, np.ones_like(difference))
    if len(nights) < MIN_NIGHTS:
        return None
    counts = resample_counts(len(nights), resamples=resamples, block_nights=block_nights, seed=seed)
    return percentile_interval(weighted_ratio(counts, total, rows), float(difference.mean()), len(nights), level)


def paired_comparison(pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]], *, seed: int = 0) -> dict[str, float]:
    """How much better one forecaster is than another, on identical rows and at identical lines.

    Both may be fitted with several seeds: the loss of a row is then its mean over them. One fit differs from the next
    by chance; the mean over seeds is what the change is worth, its interval what the nights leave open.

    >>> rows = pd.DataFrame({"game_id": ["g"], "player_id": [7], "game_date": ["2024-01-01"], "actual": [20.0]})
    >>> pairs = [(rows.assign(predicted=20.0 - miss), rows.assign(predicted=16.0)) for miss in (1.0, 3.0)]
    >>> found = paired_comparison(pairs)
    >>> found["mae_difference"], round(found["mae_difference_seed_sd"], 3)
    (2.0, 1.414)

    Args:
        pairs: (variant, baseline) of each seed, all of the same rows in any order: predictions tables
            (docs/contract.md), one row per player-game; with ``line``, ``p_over``, ``p_push``, ``p_under`` where there
            are lines.
        seed: Of the bootstrap.

    Returns:
        ``mae_difference`` (stat units) and ``brier_difference``: baseline minus variant, so that positive means the
        variant is better; each with ``_ci_low``, ``_ci_high`` (95 %) and ``_p_value`` (one-sided, for a difference of
        zero or less), absent under 20 nights. ``n_paired_rows``; ``n_paired_props``: decided props (no push) that both
        give a probability at the same line, the rows of ``brier_difference``, which is absent where there is none.
        With several seeds also ``mae_difference_seed_sd``, the standard deviation (ddof 1) of the difference from seed
        to seed.

    Raises:
        DataError: A missing column, a player-game twice, rows that differ, or results that differ.
    """
    tables = [_aligned(variant, baseline) for variant, baseline in pairs]
    rows = tables[0][1]
    for _, other in tables[1:]:
        _aligned(other, rows)
    actual, dates = rows["actual"].to_numpy(dtype="float64"), rows["game_date"].to_numpy()
    errors = np.array([[mae_rows(actual, arm["predicted"])[0] for arm in pair] for pair in tables])
    variant, baseline = errors.mean(axis=0)
    metrics = _difference_metrics("mae", baseline, variant, dates, seed) | {"n_paired_rows": float(len(rows))}
    if len(tables) > 1:
        by_seed = (errors[:, 1] - errors[:, 0]).mean(axis=1)
        metrics["mae_difference_seed_sd"] = float(by_seed.std(ddof=1))
    known = np.logical_and.reduce([_priced(*pair) for pair in tables])
    metrics["n_paired_props"] = float(known.sum())
    if known.any():
        over = (actual > rows["line"].to_numpy(dtype="float64"))[known].astype("float64")
        scores = np.array([[brier_score_rows(given_no_push(arm)[known], over)[0] for arm in pair] for pair in tables])
        variant, baseline = scores.mean(axis=0)
        metrics |= _difference_metrics("brier", baseline, variant, dates[known], seed)
    return metrics


def gains_vs_market(
    p: ArrayLike, over: ArrayLike, market_p_over: ArrayLike, dates: ArrayLike, *, seed: int = 0
) -> dict[str, float]:
    """What the model's probabilities gain over the market's on the same props: market's loss minus model's.

    >>> gains_vs_market([0.75, 0.25], [1.0, 0.0], [0.5, 0.5], ["2024-01-01"] * 2)["brier_gain_vs_market"]
    0.1875

    Args:
        p: Model's P(over | no push), n.
        over: 1 over, 0 under, n.
        market_p_over: No-vig probability of the market, n; rows without one are left out.
        dates: Night of each prop, n.
        seed: Of the bootstrap.

    Returns:
        ``brier_gain_vs_market`` and ``log_loss_gain_vs_market`` (nats); above zero the model is better; each with
        ``_ci_low``, ``_ci_high`` (95 %, whole nights resampled) and ``_p_value``, absent under 20 nights.
    """
    model, result, market = (np.asarray(values, dtype="float64") for values in (p, over, market_p_over))
    known = ~(np.isnan(model) | np.isnan(market))
    if not known.any():
        return {}
    night = np.asarray(dates, dtype="datetime64[D]")[known]
    gains: dict[str, float] = {}
    for name, rows in (("brier", brier_score_rows), ("log_loss", log_loss_rows)):
        losses = [rows(chance[known], result[known])[0] for chance in (market, model)]
        measured = _difference_metrics(name, losses[0], losses[1], night, seed)
        gains |= {key.replace("_difference", "_gain_vs_market"): value for key, value in measured.items()}
    return gains


def _differences(first: ArrayLike, second: ArrayLike, dates: ArrayLike) -> Floats:
    losses = [np.asarray(values, dtype="float64") for values in (first, second)]
    days = np.asarray(dates, dtype="datetime64[D]")
    if not losses[0].shape == losses[1].shape == days.shape:
        problem = f"{losses[0].size} and {losses[1].size} losses for {days.size} dates"
        raise DataError("paired losses", problem, fix="Pair the same rows.")  # noqa: EM101 - the table's name
    difference: Floats = losses[0] - losses[1]
    missing = ~np.isfinite(difference) | np.isnat(days)
    if missing.any():
        raise DataError(
            "paired losses",  # noqa: EM101 - the table's name
            "a loss or a date is missing or not finite",
            fix="Leave the row out of both arms, or forecast it in both.",
            count=int(missing.sum()),
        )
    return difference


def _difference_metrics(name: str, baseline: Floats, variant: Floats, dates: ArrayLike, seed: int) -> dict[str, float]:
    metrics = {f"{name}_difference": float((baseline - variant).mean())}
    interval = paired_difference(baseline, variant, dates, seed=seed)
    if interval is not None:
        metrics[f"{name}_difference_ci_low"] = interval.low
        metrics[f"{name}_difference_ci_high"] = interval.high
        metrics[f"{name}_difference_p_value"] = interval.p_value
    return metrics


def _aligned(variant: pd.DataFrame, baseline: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables in the order of the keys, after checking that they hold the same player-games and results."""
    tables = []
    for name, table in (("variant predictions", variant), ("baseline predictions", baseline)):
        missing = [column for column in _NEEDED if column not in table]
        if missing:
            raise DataError(name, f"missing columns {', '.join(missing)}", fix="See docs/contract.md.")
        twice = table.duplicated(_KEY)
        if twice.any():
            raise DataError(name, "a player-game appears twice", fix="Give one row each.", count=int(twice.sum()))
        tables.append(table.sort_values(_KEY, ignore_index=True))
    first, second = tables
    if first.empty or not first[_KEY].equals(second[_KEY]):
        shared = len(first[_KEY].merge(second[_KEY], on=_KEY))
        problem = f"{len(first)} and {len(second)} rows, of which {shared} are the same player-games"
        fix = "A paired comparison needs identical rows: same season, folds and evaluated players."
        raise DataError("variant and baseline predictions", problem, fix=fix)  # noqa: EM101 - the tables' names
    for column in ("actual", "game_date"):
        other = (first[column] != second[column]).to_numpy()
        if other.any():
            fix = "Both arms must be scored on the same market and data."
            problem = "differs between variant and baseline"
            raise DataError("predictions", problem, fix=fix, column=column, count=int(other.sum()))  # noqa: EM101 - the table's name
    return first, second


def _priced(variant: pd.DataFrame, baseline: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows with a probability in both tables at one line, decided by the result."""
    if any(column not in table for table in (variant, baseline) for column in _PRICED):
        return np.zeros(len(baseline), dtype=bool)
    same = (variant["line"] == baseline["line"]) & (baseline["actual"] != baseline["line"])
    known: NDArray[np.bool_] = same.to_numpy() & ~np.isnan(given_no_push(variant)) & ~np.isnan(given_no_push(baseline))
    return known
