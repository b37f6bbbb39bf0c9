"""The last nights of a walk-forward, kept out of the gates: on them the test in Staging is replayed.

A version has to show on settled nights that what its gates saw was not luck. A backtest has such nights: the model of
each was fitted before it. The gates see the nights before, the test in Staging sees the last ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nba_props.evaluation.market import metrics_before

if TYPE_CHECKING:
    from nba_props.config import TrainerConfig
    from nba_props.evaluation.market import MarketEvaluation


@dataclass(frozen=True)
class StagingWindow:
    """What the gates see, and what the test in Staging sees.

    `metrics` are those of the nights before `first_night`; `settled` has the rows from then on (`settled_rows`).
    """

    first_night: pd.Timestamp
    metrics: dict[str, float]
    settled: pd.DataFrame

    def document(self, more: dict[str, float]) -> dict[str, Any]:
        """Content of ``gate_metrics.json``: what the gates read, and `more` that is not measured on the test."""
        until = self.first_night - pd.Timedelta(days=1)
        return {"until": f"{until:%Y-%m-%d}", "metrics": {**more, **self.metrics}}


def staging_window(evaluation: MarketEvaluation, config: TrainerConfig, *, n_trials: int = 1) -> StagingWindow | None:
    """Split the test of a walk-forward into what the gates see and the last ``config.staging_nights`` nights.

    None where no night is asked for, or the test is not at least twice as long as the window.
    """
    nights = np.unique(evaluation.predictions["game_date"])
    if config.staging_nights == 0 or len(nights) < 2 * config.staging_nights:
        return None
    first = pd.Timestamp(nights[-config.staging_nights])
    metrics = metrics_before(evaluation, first, config, n_trials=n_trials)
    return StagingWindow(first, metrics, settled_rows(evaluation, first))


def settled_rows(evaluation: MarketEvaluation, first_night: pd.Timestamp) -> pd.DataFrame:
    """Return forecasts, probabilities and bets of the nights from `first_night` on, as live results are judged.

    Returns:
        One row per prediction (``actual``, ``predicted``), then one per scored prop (``probability`` of the over where
        there is no push, ``outcome``), then one per bet (``profit``, ``stake``, ``clv`` where there is a close), each
        with its ``game_date``; missing elsewhere.
    """
    forecasts = evaluation.predictions[["game_date", "actual", "predicted"]]
    scored = evaluation.scored_props().rename(columns={"chance": "probability", "over": "outcome"})
    bets = evaluation.ledger
    parts = [forecasts, scored[["game_date", "probability", "outcome"]]]
    if len(bets):
        parts.append(bets[["game_date", "profit", "stake", "clv"]])
    recent = [part[part["game_date"] >= first_night] for part in parts]
    columns = ["game_date", "actual", "predicted", "probability", "outcome", "profit", "stake", "clv"]
    return pd.concat([part for part in recent if len(part)], ignore_index=True).reindex(columns=columns)
