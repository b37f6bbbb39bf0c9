"""Puts the whole forecast of a training run together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.data import availability_of
from models.logged.prop_forecast import MINUTES, PAST, SCORES, SETTLED, BettingRule, PropForecast
from nba_props.config import MARKET_BLEND
from nba_props.probability.spread import SCALES

if TYPE_CHECKING:
    from models.data import TrainingData
    from models.logged.prop_forecast import Predicts
    from nba_props.config import TrainerConfig
    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast.walk_forward import WalkForwardResult

_PROBES: Final = 20
_COLUMNS: Final = 16
"""Columns that are averaged together: what lies between would be as large as the whole table in float64."""


def prop_forecast(
    estimator: Predicts,
    frame: pd.DataFrame,
    data: TrainingData,
    config: TrainerConfig,
    result: WalkForwardResult,
    evaluation: MarketEvaluation,
) -> PropForecast:
    """The whole forecast of a training run.

    Args:
        estimator: The final model.
        frame: The feature table it was fitted on, one row per row of the games, in the columns it takes.
        data: What it was trained on.
        config: Settings of the run.
        result: Its walk-forward.
        evaluation: What that is worth; the settled props are those it was calibrated on.
    """
    rule = BettingRule(config.decision, config.min_edge, config.max_odds, config.kelly_fraction)
    pricing = evaluation.pricing
    scores = np.full((len(pricing.lines), len(SCALES)), np.nan) if pricing.scores is None else pricing.scores
    lines = pricing.lines.assign(**dict(zip(SCORES, scores.T, strict=True)))
    # A blend learns how far results fall from their lines, of props without a forecast too.
    known = lines["actual"].notna() & (lines["chance_uncalibrated"].notna() | (config.model == MARKET_BLEND))
    forecast = PropForecast(
        market=config.market,
        estimator=estimator,
        features=tuple(frame.columns),
        distribution=evaluation.distribution,
        calibrator=MARKET_BLEND if config.model == MARKET_BLEND else config.calibrator,
        rule=rule,
        past=result.predictions[PAST].reset_index(drop=True),
        settled=lines.loc[known, SETTLED].reset_index(drop=True),
        trained_until=data.games["game_date"].max(),
        data_kind=data.kind,
        availability=availability_of(data, config),
    )
    return with_probes(forecast, frame, data.games, result.predictions)


def with_probes(
    forecast: PropForecast, frame: pd.DataFrame, games: pd.DataFrame, predictions: pd.DataFrame
) -> PropForecast:
    """The forecast with what it says of rows it was fitted on, some of them whole, and with where its features lie."""
    keys = ["game_id", "player_id"]
    place = pd.MultiIndex.from_frame(games[keys]).get_indexer(pd.MultiIndex.from_frame(predictions[keys]))
    names = list(forecast.features)
    table = frame[names].iloc[place]
    reference = _reference(table)
    chosen = np.unique(np.linspace(0, len(predictions) - 1, _PROBES).astype("int64"))
    known = predictions.iloc[chosen]
    rows = table.iloc[chosen].reset_index(drop=True)
    rows = rows.assign(**{name: known[name].to_numpy() for name in (*keys, MINUTES)})
    made = forecast.probed(rows)
    probes = rows.assign(**{name: made[name] for name in ("predicted", "p_over") if name in made})
    keyed = predictions[keys].reset_index(drop=True)
    fitted_rows = keyed.assign(predicted=forecast.project(table))
    return replace(forecast, probes=probes, reference=reference, fitted_rows=fitted_rows)


def _reference(table: pd.DataFrame) -> pd.DataFrame:
    """``feature``, ``mean`` and ``spread`` (standard deviation) of each column."""
    parts = [table.iloc[:, start : start + _COLUMNS] for start in range(0, table.shape[1], _COLUMNS)]
    return pd.DataFrame(
        {
            "feature": list(table),
            "mean": np.concatenate([part.mean().to_numpy() for part in parts]),
            "spread": np.concatenate([part.std().to_numpy() for part in parts]),
        }
    )
