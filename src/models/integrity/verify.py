"""Recomputing what a run says from its logged model and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.data import prediction_info
from models.forecasting import feature_frame
from models.integrity.compare import KEYS, Check, IntegrityReport, compare_numbers, compare_tables
from models.integrity.recorded import BETS, PREDICTIONS, RecordedRun
from models.logged.prop_forecast import MINUTES
from nba_props.betting import betting_metrics
from nba_props.config import MARKET_BLEND
from nba_props.errors import ModelError, ModelFilesError
from nba_props.evaluation.regression import segment_metrics, validation_metrics

if TYPE_CHECKING:
    from pathlib import Path

    from models.data import TrainingData
    from models.logged.prop_forecast import PropForecast

PROJECTION_TOLERANCE: Final = 1e-4
"""Stat units. Trees give the same bits everywhere; another processor may sum a linear model in another order."""
PROBABILITY_TOLERANCE: Final = 1e-6
METRIC_TOLERANCE: Final = 1e-9
"""Metrics are recomputed from tables that hold every number whole; only the order of a sum may differ."""


def verify_run(
    run_id: str, training_data: TrainingData | None = None, *, tracking_uri: str | Path | None = None
) -> IntegrityReport:
    """Recompute a run's numbers from its logged model and its data, and compare them with those it has recorded.

    Four things are compared: the projections of the logged model on the features built from the data
    (`PROJECTION_TOLERANCE`), its probabilities of the rows it remembers (`PROBABILITY_TOLERANCE`), the out-of-sample
    predictions and results of ``predictions.csv`` with those in the model and in the data (identical), and the metrics
    with those of the tables (`METRIC_TOLERANCE`). The folds are not fitted again; `reproduce_run` does that.

    Args:
        run_id: The run, or the first characters of its id.
        training_data: The data it was trained on; the simulated league it names by default.
        tracking_uri: The store.

    Returns:
        The checks; one whose model was changed or cannot be used says so.

    Raises:
        TrackingError: There is no such run.
        ModelError: It is none of the trainer's, or has logged no whole model.
        DataError: The data are not those of its fingerprint, or were not given.
    """
    recorded = RecordedRun.read(run_id, tracking_uri)
    data = recorded.data(training_data)
    recorded.check_data(data)
    try:
        forecast = recorded.forecast()
    except (ModelError, ModelFilesError) as error:
        model = [Check("files of the model", 1, 1, np.inf, reason=str(error))]
        return IntegrityReport(recorded.run_id, (*model, _check_metrics(recorded)))
    if forecast is None:
        message = f"Run {recorded.run_id} has logged no whole forecast: there is nothing to recompute. Reproduce it."
        raise ModelError(message)
    rows = _rows(forecast, recorded, data)
    checks = (_projections(forecast, rows), _probabilities(forecast, rows), _predictions(forecast, recorded, rows))
    return IntegrityReport(recorded.run_id, (*checks, _check_metrics(recorded)))


def _rows(forecast: PropForecast, recorded: RecordedRun, data: TrainingData) -> pd.DataFrame:
    """The features of every row, as the data give them today, with its keys, minutes and result."""
    config = recorded.config
    info = prediction_info(data, config.market)[[*KEYS, "actual", MINUTES]]
    rows = feature_frame(data, config)[list(forecast.features)].join(info)
    rows = rows.rename_axis(index=None).reset_index(drop=True)
    return rows.assign(**{key: rows[key].astype("str") for key in KEYS})


def _rows_of(rows: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """The rows with the keys of `wanted` that there are, in its order."""
    keys = wanted[list(KEYS)].astype("str")
    place = pd.MultiIndex.from_frame(rows[list(KEYS)]).get_indexer(pd.MultiIndex.from_frame(keys))
    return rows.iloc[place[place >= 0]]


def _projections(forecast: PropForecast, rows: pd.DataFrame) -> Check:
    known = forecast.fitted_rows if forecast.fitted_rows is not None else forecast.probes
    if known is None:
        return Check("projections of the model", 0, reason="the model was logged by an older version: none is recorded")
    columns = [*KEYS, "predicted"]
    now = _rows_of(rows, known)
    now = now.assign(predicted=forecast.project(now))[columns]
    return compare_tables("projections of the model", _text_keys(known[columns]), now, tolerance=PROJECTION_TOLERANCE)


def _probabilities(forecast: PropForecast, rows: pd.DataFrame) -> Check:
    name, probes = "P(over) of remembered rows", forecast.probes
    if probes is None or "p_over" not in probes:
        return Check(name, 0)
    columns = [*KEYS, "p_over"]
    now = _rows_of(rows, probes)
    now = now.assign(p_over=forecast.probed(now)["p_over"].to_numpy())[columns]
    return compare_tables(name, _text_keys(probes[columns]), now, tolerance=PROBABILITY_TOLERANCE)


def _predictions(forecast: PropForecast, recorded: RecordedRun, rows: pd.DataFrame) -> Check:
    """The file against the predictions in the model, which has a digest, and the results in the data."""
    columns = [*KEYS, "actual", "predicted"]
    table = recorded.predictions
    past = _text_keys(forecast.past[[*KEYS, "predicted"]])
    now = _rows_of(rows, table)[[*KEYS, "actual"]].merge(past, how="left", on=list(KEYS))
    if recorded.config.model == MARKET_BLEND:  # the file holds projections moved to the market, the model its own
        columns.remove("predicted")
    return compare_tables(PREDICTIONS, table[columns], now[columns])


def _check_metrics(recorded: RecordedRun) -> Check:
    """The metrics computed from the tables of the run, against those it shows."""
    predictions, n_bets = recorded.predictions, recorded.metrics.get("n_bets", 0.0)
    now = validation_metrics(predictions) | segment_metrics(predictions)
    if BETS in recorded.files:
        bets = recorded.table(BETS)
        bets["game_date"] = pd.to_datetime(bets["game_date"])
        now |= betting_metrics(bets, game_nights=pd.to_datetime(predictions["game_date"]))
    elif n_bets:
        return Check(BETS, 0, reason=f"the run shows {n_bets:,.0f} bets, and the file is missing")
    shown = {name: value for name, value in recorded.metrics.items() if name in now}
    return compare_numbers("metrics of the tables", shown, now, tolerance=METRIC_TOLERANCE)


def _text_keys(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{key: table[key].astype("str") for key in KEYS})
