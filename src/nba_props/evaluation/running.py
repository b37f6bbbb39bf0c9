"""Headline numbers as they came about: their value after each fold or night, up to the one that is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_props.betting.tables import equity_table
from nba_props.evaluation.regression import best_naive

if TYPE_CHECKING:
    import pandas as pd


def running_metrics(predictions: pd.DataFrame, ledger: pd.DataFrame, scored: pd.DataFrame) -> dict[str, list[float]]:
    """Histories whose last value is the number of the whole run; one that has no rows is absent.

    ``val_mae_so_far`` and ``mae_skill_so_far`` after each fold; ``brier_gain_so_far``, ``roi_so_far`` and
    ``cumulative_profit`` after each night.

    >>> import pandas as pd
    >>> naive = {"season_mean": 14.0, "last_10": 14.0, "ewma_10": 14.0}
    >>> rows = pd.DataFrame({"actual": [10.0, 10.0], "predicted": [11.0, 13.0], "fold": [0, 1], **naive})
    >>> running_metrics(rows, pd.DataFrame(), pd.DataFrame())
    {'val_mae_so_far': [1.0, 2.0], 'mae_skill_so_far': [0.75, 0.5]}

    Args:
        predictions: With ``actual``, ``predicted``, ``fold`` and the naive forecasts.
        ledger: Of flat bets, in time order.
        scored: Props with ``game_date``, ``chance``, ``over`` (0 or 1) and ``market_p_over``.
    """
    histories = _errors(predictions)
    market = scored.get("market_p_over")
    if market is not None and len(scored) and market.notna().all():
        gain = (market - scored["over"]) ** 2 - (scored["chance"] - scored["over"]) ** 2
        nights = gain.groupby(scored["game_date"]).agg(["sum", "size"]).cumsum()
        histories["brier_gain_so_far"] = (nights["sum"] / nights["size"]).tolist()
    settled = ledger[ledger["result"].isin(["won", "lost"])] if len(ledger) else ledger
    if len(settled):
        nights = settled.groupby("game_date")[["profit", "stake"]].sum().cumsum()
        histories["roi_so_far"] = (nights["profit"] / nights["stake"]).tolist()
        bankroll = equity_table(ledger)["bankroll"].to_numpy()
        histories["cumulative_profit"] = (bankroll - bankroll[0])[1:].tolist()
    return histories


def _errors(predictions: pd.DataFrame) -> dict[str, list[float]]:
    """Pooled error, and skill over the forecaster that is the best naive one over all folds."""
    folds = predictions["fold"]
    errors = [(predictions[name] - predictions["actual"]).abs() for name in ("predicted", best_naive(predictions))]
    own, naive = (error.groupby(folds).sum().sort_index().cumsum() for error in errors)
    rows = folds.value_counts().sort_index().cumsum()
    return {
        "val_mae_so_far": (own / rows).tolist(),
        "mae_skill_so_far": np.asarray(1.0 - own / naive, dtype="float64").tolist(),
    }
