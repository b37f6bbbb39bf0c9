"""A small simulated league, prepared once, and a store of its own for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.data import TrainingData, training_data_of
from nba_league import simulate_league

if TYPE_CHECKING:
    from nba_league import League


@pytest.fixture(scope="session")
def league() -> League:
    return simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=8, n_games=40)


@pytest.fixture(scope="session")
def data(league) -> TrainingData:
    return training_data_of(league)


@pytest.fixture
def store(new_store, tmp_path, monkeypatch) -> str:
    uri = new_store(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    return uri
