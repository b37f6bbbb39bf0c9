"""A season replayed: equal to the walk-forward without a fault, rolled back with one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlflow_integration import ModelRegistry
from models.data import training_data_of
from models.live.monitor import Verdict
from models.live.record import CardStore
from models.live.replay import ReplaySettings, data_until, replay_season
from nba_league import simulate_league
from nba_props.config import make_config

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def seasons():
    league = simulate_league(
        ("2021-22", "2022-23", "2023-24"), seed=11, odds_seasons=("2022-23", "2023-24"), n_teams=6, n_games=60,
        markets=("pts",), inefficiency=1.5,
    )  # fmt: skip
    return training_data_of(league)


def config(**more):
    fast = {"model_params": {"n_estimators": 25}, "walk_forward": {"step": "once"}, "workers": 1, "max_odds": 2.5}
    return make_config(market="pts", **fast, **more)


def nights_of(data, season):
    days = data.games.loc[data.games["season"] == season, "game_date"]
    return days.min(), days.max()


@pytest.fixture(scope="module")
def replayed(seasons, tmp_path_factory):
    start, _ = nights_of(seasons, "2023-24")
    folder = tmp_path_factory.mktemp("replayed")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    settings = ReplaySettings(start, start + pd.Timedelta(days=70), retrain_days=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = replay_season(seasons, [config()], settings, tracking_uri=uri)
    return found, uri


def test_on_one_model_the_ledger_is_the_walk_forwards_bet_by_bet(replayed):
    found, uri = replayed
    assert found.equal == {"pts": True}
    assert found.versions == {"pts": [1]}
    assert len(found.ledger) > 50
    cards = CardStore(uri).cards()
    assert len(cards) == found.nights > 20
    assert {card.status for card in cards} == {"settled"}
    assert found.metrics["live_n_bets"] == found.ledger["result"].isin(["won", "lost"]).sum()
    assert {"live_mae_ci_low", "live_roi_ci_high", "live_brier_ci_low", "live_clv"} <= set(found.metrics)


def test_a_sound_model_is_kept(replayed):
    assert {report.verdict for report in replayed[0].reports} <= {Verdict.KEEP, Verdict.WATCH, Verdict.RETRAIN}
    assert not any(stream.alarm for report in replayed[0].reports for stream in report.streams.values())


def test_an_evening_sees_nothing_of_its_night_or_later(seasons):
    start, end = nights_of(seasons, "2023-24")
    night = start + (end - start) / 2
    before = data_until(seasons, night.normalize())
    assert before.games["game_date"].max() < night.normalize()
    assert before.quotes["game_date"].max() < night.normalize()
    assert len(before.features) == len(before.games)


def test_weekly_training_registers_versions_and_the_gates_decide(seasons, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    easy = '[easy]\ngates = [{ metric = "val_mae", comparison = "<", threshold = 100.0 }]\n'
    (tmp_path / "gates.toml").write_text(easy, encoding="utf-8")
    start, _ = nights_of(seasons, "2023-24")
    settings = ReplaySettings(start, start + pd.Timedelta(days=15), retrain_days=7)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    easy_config = config(gate_profile=str(tmp_path / "gates.toml"), staging_nights=0)
    found = replay_season(seasons, [easy_config], settings, tracking_uri=uri)
    assert found.versions == {"pts": [1, 2, 3]}
    assert found.equal == {}, "only a replay on one model can be compared"
    assert sorted(found.ledger["version"].unique()) == [1, 2, 3]
    for _, bets in found.ledger.groupby("version"):
        assert bets["game_date"].max() - bets["game_date"].min() < pd.Timedelta(days=8)
    assert set(found.history["version"]) == {1, 2, 3}


def test_frozen_features_lead_from_keep_to_roll_back_and_to_the_version_before(seasons, tmp_path, monkeypatch):
    """From the second month on every feature of the model says what it said on the first night."""
    monkeypatch.chdir(tmp_path)
    start, end = nights_of(seasons, "2023-24")
    late = (seasons.games["game_date"] > start + pd.Timedelta(days=14)).to_numpy()
    features = seasons.features.copy()
    features.loc[late] = seasons.features.median().to_numpy("float32")
    broken = replace(seasons, features=features)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    # An earlier version is in Production first; the one that is replayed displaces it.
    from models.train_model_mlflow import NBAPropsMLflowTrainer

    before = data_until(seasons, start)
    first = NBAPropsMLflowTrainer(config=config(seed=3), training_data=before, tracking_uri=uri).run()
    version = first.registration.version
    registry = ModelRegistry(uri)
    name = "NBAProps_pts_SIMULATED"
    registry.promote_model(name, version, "Production", reason="the first one", override=True)
    newer = NBAPropsMLflowTrainer(config=config(), training_data=before, tracking_uri=uri).run().registration.version
    registry.promote_model(name, newer, "Production", reason="the second one", override=True)
    settings = ReplaySettings(start, end, retrain_days=None)
    monkeypatch.setattr("models.live.replay._Season._train", lambda self, night: self._load())
    found = replay_season(broken, [config()], settings, tracking_uri=uri)
    verdicts = [report.verdict for report in found.reports if report.version == newer]
    assert verdicts[0] in {Verdict.KEEP, Verdict.WATCH}
    assert verdicts[-1] is Verdict.ROLL_BACK
    assert found.reports[len(verdicts) - 1].rolled_back_to == version
    assert registry.get_production_version(name) == version or len(found.versions["pts"]) > 1
    last = registry.transition_history(name)
    assert last["reason"].str.contains("monitor: ").any()
    assert np.isin(version, found.versions["pts"])
