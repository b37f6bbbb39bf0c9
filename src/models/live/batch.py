"""The walk-forward of one model over nights that are over, all at once: cards made night by night must equal it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.data import oracle, prediction_info
from models.live.card import with_projections
from models.live.slate import flag_by_market
from nba_props.betting import consensus, decision_quotes, results_of, run_backtest, split_results
from nba_props.evaluation.market import line_quotes
from nba_props.features import prior_games_in_season
from nba_props.metrics.definitions import given_no_push

if TYPE_CHECKING:
    from models.data import TrainingData
    from models.logged.prop_forecast import PropForecast


def batch_forecasts(forecast: PropForecast, data: TrainingData, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Forecasts of every player-game from `start` to `end` (nights, inclusive) whose player has played this season.

    Returns:
        The columns of the predictions table (docs/contract.md) that say what a row is, and ``predicted``.
    """
    info = prediction_info(data, forecast.market).join(oracle(data, forecast.market, start))
    rows = data.games["game_date"].between(start, end) & (prior_games_in_season(data.games) > 0)
    return info[rows].assign(predicted=forecast.project(data.features[rows])).reset_index(drop=True)


def batch_ledger(forecast: PropForecast, data: TrainingData, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The flat-stakes ledger of one model from `start` to `end`, never trained again; columns `LEDGER_COLUMNS`."""
    predictions = batch_forecasts(forecast, data, start, end)
    quotes, results = split_results(data.quotes_of(forecast.market))
    flagged = flag_by_market(quotes)
    now = flagged["game_date"].between(start, end)
    quotes, reasons = quotes[now].reset_index(drop=True), flagged.loc[now, "reason"].reset_index(drop=True)
    good = quotes[reasons == ""].reset_index(drop=True)
    decision = forecast.rule.decision
    lines = forecast.at(
        with_projections(consensus(decision_quotes(line_quotes(quotes, reasons), decision)), predictions)
    )
    lines = lines.assign(actual=results_of(lines, results), chance_uncalibrated=given_no_push(lines))
    # Scores depend on the calibrated chance, which depends on results alone: the first round is for them.
    taught = forecast.learned(lines.assign(chance=np.nan))
    taught = forecast.learned(forecast.calibrated(lines, taught))
    priced = forecast.offered(decision_quotes(good, decision), forecast.calibrated(lines, taught))
    return run_backtest(priced, results, {"flat": forecast.rule.strategy()}, closing=good)["flat"]
