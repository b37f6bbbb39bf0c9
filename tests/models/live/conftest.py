"""A model trained before the last season of a small league, and the league cut off at any night."""

from __future__ import annotations

import pandas as pd
import pytest

from models.data import TrainingData, training_data_of
from models.forecasting import EstimatorSpec, feature_frame
from models.live.card import ModelInUse
from models.live.slate import flag_by_market
from models.logged.prop_forecast import PAST, SETTLED, BettingRule, PropForecast
from nba_league import simulate_league
from nba_props.config import MARKET_BLEND, make_config
from nba_props.data.availability import AvailabilityReading, no_fixtures
from nba_props.evaluation.market import evaluate_market
from nba_props.forecast.walk_forward import walk_forward_all


@pytest.fixture(scope="session")
def league():
    return simulate_league(
        ("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=8, n_games=40, inefficiency=1.5
    )


@pytest.fixture(scope="session")
def data(league) -> TrainingData:
    return training_data_of(league)


@pytest.fixture(scope="session")
def known(data) -> AvailabilityReading:
    """What was reported in the league, as `build_slate` takes it."""
    return AvailabilityReading(data.availability, data.not_submitted, no_fixtures())


@pytest.fixture(scope="session")
def flagged(data):
    return flag_by_market(data.quotes)


@pytest.fixture(scope="session")
def fitted_once(data):
    """One fit before the second season: settings, walk-forward, estimator, feature table and last night of training."""
    from models.forecasting import forecaster

    config = make_config(
        market="pts", model_params={"n_estimators": 30}, walk_forward={"step": "once"}, workers=1, max_odds=2.5
    )
    made = forecaster(data, config, "lightgbm")
    (result,) = walk_forward_all([made], workers=1)
    (test,) = [fold for fold in made.folds if fold.role == "test"]
    known = (data.games["game_date"] <= test.train_end).to_numpy()
    estimator = EstimatorSpec("lightgbm", {"n_estimators": 30}, 0)()
    frame = feature_frame(data, config)
    estimator.fit(frame[known], made.target[known])
    return config, result, estimator, frame, test.train_end


def whole_forecast(data, fitted_once, **settings):
    """The forecast as it stood before the second season, and the project's own evaluation of its walk-forward."""
    config, result, estimator, frame, train_end = fitted_once
    config = config.model_copy(update=settings)
    evaluation = evaluate_market(result, data.quotes_of("pts"), config)
    past = result.predictions[result.predictions["role"] == "calibration"]
    forecast = PropForecast(
        market="pts",
        estimator=estimator,
        features=tuple(frame.columns),
        distribution=evaluation.distribution,
        calibrator=MARKET_BLEND if config.model == MARKET_BLEND else config.calibrator,
        rule=BettingRule(config.decision, config.min_edge, config.max_odds, config.kelly_fraction),
        past=past[PAST].reset_index(drop=True),
        settled=pd.DataFrame({name: pd.Series(dtype="float64") for name in SETTLED}),
        trained_until=train_end,
        data_kind="SIMULATED",
    )
    return forecast, evaluation


@pytest.fixture(scope="session")
def once(data, fitted_once):
    return whole_forecast(data, fitted_once)


@pytest.fixture(scope="session")
def blend(data, fitted_once):
    """The same model blended with the market."""
    return whole_forecast(data, fitted_once, model=MARKET_BLEND)


@pytest.fixture(scope="session")
def model(once) -> ModelInUse:
    return ModelInUse("NBAProps_pts_SIMULATED", 1, "Production", "0" * 32, once[0])


@pytest.fixture
def store(new_store, tmp_path, monkeypatch) -> str:
    uri = new_store(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    return uri
