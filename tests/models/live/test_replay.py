"""A season replayed: equal to the walk-forward without a fault, rolled back with one."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pandas as pd
import pytest

from mlflow_integration import ModelRegistry
from models.commands.live import _write_replay
from models.data import training_data_of
from models.live.monitor import Verdict
from models.live.record import CardStore
from models.live.replay import ReplaySettings, data_until, replay_season
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_league import simulate_league
from nba_props.config import make_config
from nba_props.data import join_odds
from nba_props.features import mean_minutes_before

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_pictures")]
NAME = "NBAProps_pts_SIMULATED"


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
def replayed(seasons, tmp_path_factory, new_store):
    start, _ = nights_of(seasons, "2023-24")
    folder = tmp_path_factory.mktemp("replayed")
    uri = new_store(folder)
    settings = ReplaySettings(start, start + pd.Timedelta(days=40), retrain_days=None)
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


def test_the_files_of_a_replay_are_written_from_its_ledger_and_its_live_metrics(replayed, tmp_path):
    """The picture once asked the live metrics for a number that only a backtest has, when all nights were over."""
    ledger, stages, picture = _write_replay(replayed[0], tmp_path, simulated=True)
    assert len(pd.read_csv(ledger)) == len(replayed[0].ledger)
    assert len(pd.read_csv(stages)) == len(replayed[0].history)
    assert picture.read_bytes().startswith(b"\x89PNG")


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


def test_weekly_training_registers_versions_and_the_gates_decide(seasons, tmp_path, monkeypatch, new_store):
    monkeypatch.chdir(tmp_path)
    easy = '[easy]\ngates = [{ metric = "val_mae", comparison = "<", threshold = 100.0 }]\n'
    (tmp_path / "gates.toml").write_text(easy, encoding="utf-8")
    start, _ = nights_of(seasons, "2023-24")
    settings = ReplaySettings(start, start + pd.Timedelta(days=15), retrain_days=7)
    uri = new_store(tmp_path)
    easy_config = config(gate_profile=str(tmp_path / "gates.toml"), staging_nights=0)
    found = replay_season(seasons, [easy_config], settings, tracking_uri=uri)
    assert found.versions == {"pts": [1, 2, 3]}
    assert found.equal == {}, "only a replay on one model can be compared"
    assert sorted(found.ledger["version"].unique()) == [1, 2, 3]
    for _, bets in found.ledger.groupby("version"):
        assert bets["game_date"].max() - bets["game_date"].min() < pd.Timedelta(days=8)
    assert set(found.history["version"]) == {1, 2, 3}


@pytest.mark.faults
def test_a_retrained_version_is_tested_by_its_shadow_cards_and_then_takes_over(
    seasons, tmp_path, monkeypatch, new_store
):
    """The only lines are those of the season under way, so that no backtest is long enough to replay the test on."""
    monkeypatch.chdir(tmp_path)
    start, _ = nights_of(seasons, "2022-23")
    easy = '[easy]\ngates = [{ metric = "val_mae", comparison = "<", threshold = 100.0 }]\n'
    (tmp_path / "gates.toml").write_text(easy, encoding="utf-8")
    first = start + pd.Timedelta(days=25)
    settings = ReplaySettings(first, first + pd.Timedelta(days=32), retrain_days=7)
    uri = new_store(tmp_path)
    tested = config(gate_profile=str(tmp_path / "gates.toml"), staging_nights=20)
    found = replay_season(seasons, [tested], settings, tracking_uri=uri)
    registry = ModelRegistry(uri)
    tags = registry.get_model_info(NAME, 2).tags
    shadows = CardStore(uri).cards(stage="Staging")
    tested = [card for card in shadows if card.models["pts"][1] == 2]
    assert len(tested) == 20, "one a night until the test is decided"
    assert {card.status for card in tested} == {"settled"}
    assert shadows[:20] == tested, "nothing newer takes its place meanwhile"
    assert (tags["staging_source"], tags["staging_nights"]) == ("shadow cards", "20")
    passed = tags["staging_verdict"] == "pass"
    moved = found.history[found.history["version"] == 2]["to_stage"].tolist()
    assert moved == ["Staging", "Production" if passed else "None"]
    production = found.ledger[found.ledger["game_date"] <= tested[-1].date]
    assert set(production["version"]) == {1}, "shadow cards are in no ledger"


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory, new_store):
    """A season whose prices can be beaten, and a store in which one version displaced another before it began."""
    soft, efficient = (
        simulate_league(
            ("2021-22", "2022-23", "2023-24"), seed=11, odds_seasons=("2022-23", "2023-24"), n_teams=6, n_games=60,
            markets=("pts",), inefficiency=inefficiency,
        ) for inefficiency in (4.0, 0.0)
    )  # fmt: skip
    data = training_data_of(soft)
    start, _ = nights_of(data, "2023-24")
    folder = tmp_path_factory.mktemp("two_versions")
    uri = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for seed in (3, 0):
            before = data_until(data, start)
            trainer = NBAPropsMLflowTrainer(config=config(seed=seed), training_data=before, tracking_uri=uri)
            version = trainer.run().registration.version
            ModelRegistry(uri).promote_model(NAME, version, "Production", reason=f"seed {seed}", override=True)
    return data, efficient, folder / "mlflow.db"


def sound(data, efficient, begins):
    """No fault."""
    return data


def frozen_tier(data, efficient, begins):
    """From a date on the features of those who play 30 minutes and more say what they said before."""
    stars = (mean_minutes_before(data.games) >= 30) & (data.games["game_date"] > begins)
    last = data.features[data.games["game_date"] <= begins].groupby(data.games["player_id"]).first()
    stars &= data.games["player_id"].isin(last.index)
    features = data.features.copy()
    features.loc[stars] = last.loc[data.games.loc[stars, "player_id"]].to_numpy()
    return replace(data, features=features)


def efficient_market(data, efficient, begins):
    """From a date on the prices know what the model knows."""
    late = join_odds(efficient.odds, efficient.games).quotes
    quotes = pd.concat([data.quotes[data.quotes["game_date"] <= begins], late[late["game_date"] > begins]])
    return replace(data, quotes=quotes.reset_index(drop=True))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("fault", "stream"), [(sound, None), (frozen_tier, "error"), (efficient_market, "Brier score against the market")]
)
def test_a_fault_leads_from_keep_to_roll_back_and_to_the_version_before(
    fault, stream, two_versions, tmp_path, monkeypatch, survived
):
    data, efficient, database = two_versions
    start, _ = nights_of(data, "2023-24")
    begins = start + pd.Timedelta(days=21)
    shutil.copy(database, tmp_path)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setattr("models.live.replay._Season._train", lambda self, night: self._load())
    settings = ReplaySettings(start, start + pd.Timedelta(days=90), retrain_days=None, monitor_days=14)
    found = replay_season(fault(data, efficient, begins), [config()], settings, tracking_uri=uri)
    verdicts = [report.verdict for report in found.reports if report.version == 2]
    registry = ModelRegistry(uri)
    history = registry.transition_history(NAME)
    assert verdicts[0] in {Verdict.KEEP, Verdict.WATCH}
    if stream is None:
        assert Verdict.ROLL_BACK not in verdicts
        assert registry.get_production_version(NAME) == 2
        survived("nothing, for 90 days of cards: the version stays in Production")
        return
    assert Verdict.ROLL_BACK in verdicts
    assert registry.get_production_version(NAME) == 1
    (moved,) = history[history["kind"] == "rollback"].to_dict("records")
    assert moved["reason"].startswith("monitor: ")
    assert stream in moved["reason"]
    assert found.versions == {"pts": [2, 1]}, "the cards after it are the version's before"
    survived(f"{fault.__name__} from day 21 on: rolled back for its {stream}, and the version before is in Production")
