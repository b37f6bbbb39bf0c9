"""The evaluation of a market: probabilities from earlier predictions only, and no number that cannot be computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nba_props.config import make_config
from nba_props.evaluation.market import evaluate_market, metrics_before
from nba_props.forecast.walk_forward import WalkForwardResult
from nba_props.probability.by_fold import PROBABILITIES, FoldDistributions

NIGHTS, PLAYERS = 40, 30
CONFIG = make_config(market="pts", seed=1)


@pytest.fixture(scope="module")
def result() -> WalkForwardResult:
    """Forecasts of 40 nights by 30 players: two calibration folds (8 and 12 nights), then two test folds of 10."""
    rng = np.random.default_rng(7)
    night = np.repeat(np.arange(NIGHTS), PLAYERS)
    player = np.tile(np.arange(PLAYERS), NIGHTS)
    mean = 8.0 + player / 2.0
    frame = pd.DataFrame(
        {
            "game_id": [f"{value:010d}" for value in night * 100 + player // 10],
            "game_date": pd.Timestamp("2023-11-01") + pd.to_timedelta(night, unit="D"),
            "season": "2023-24",
            "player_id": player,
            "player_name": [f"Player {value}" for value in player],
            "home": player % 2 == 0,
            "is_b2b": False,
            "mean_minutes": np.where(player < 10, 12.0, np.where(player < 20, 24.0, 34.0)),
            "actual": rng.poisson(mean).astype(float),
            "predicted": mean,
            "season_mean": mean + 1.0,
            "last_10": mean + 1.5,
            "ewma_10": mean - 2.0,
            "role": np.where(night < 20, "calibration", "test"),
            "fold": np.where(night < 20, night >= 8, (night - 20) // 10).astype(int),
        }
    )
    folds = pd.DataFrame(
        {
            "role": ["calibration", "calibration", "test", "test"],
            "fold": [0, 1, 0, 1],
            "train_end": pd.to_datetime(["2023-10-30", "2023-11-08", "2023-11-19", "2023-11-29"]),
            "fit_seconds": [1.0, 1.5, 2.0, 3.0],
        }
    )
    return WalkForwardResult(frame, folds, {"train_mae": 2.0})


@pytest.fixture(scope="module")
def quotes(result) -> pd.DataFrame:
    """Two books, early and late, on every prop; both lines a point under the mean, so overs win."""
    test = result.predictions
    parts = []
    for book in ("A", "B"):
        for hour in (14, 23):
            part = test[["game_date", "game_id", "player_id", "player_name", "actual"]].copy()
            part["bookmaker"] = book
            part["line"] = np.floor(test["predicted"]) - 0.5
            part["over_price"], part["under_price"] = -112.0, -108.0
            part["observed_at"] = (part["game_date"] + pd.Timedelta(hours=hour)).dt.tz_localize("UTC")
            parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.assign(home_team="BOS", away_team="NYK", market="pts", event_id=table["game_id"])


def test_probabilities_of_a_fold_do_not_move_when_its_own_results_or_later_ones_do(result):
    test = result.predictions[result.predictions["role"] == "test"]
    lines = test[["game_id", "player_id"]].assign(line=12.5)
    before = FoldDistributions(result, "auto").at(lines)
    changed = result.predictions.copy()
    later = changed["game_date"] > "2023-11-20"
    changed.loc[later, "actual"] = 60.0 - changed.loc[later, "actual"]
    after = FoldDistributions(WalkForwardResult(changed, result.folds, result.train_metrics), "auto").at(lines)
    first = (before["fold"] == 0).to_numpy()
    pd.testing.assert_frame_equal(before[first], after[first], check_exact=True)
    assert (before.loc[~first, "p_over"].to_numpy() != after.loc[~first, "p_over"].to_numpy()).any()


def test_a_line_without_a_forecast_has_no_probability(result):
    lines = pd.DataFrame({"game_id": ["0000002000", "nowhere"], "player_id": [0, 0], "line": [12.5, 12.5]})
    table = FoldDistributions(result, "conformal").at(lines)
    assert table.loc[0, PROBABILITIES].sum() == pytest.approx(1.0)
    assert table.loc[1, PROBABILITIES].isna().all()


def test_every_betting_number_comes_from_the_ledger(result, quotes):
    evaluation = evaluate_market(result, quotes, make_config(market="pts", seed=1, calibrator="none"))
    ledger, metrics = evaluation.ledger, evaluation.metrics
    decided = ledger[ledger["result"].isin(["won", "lost"])]
    assert len(decided) > 100
    assert metrics["n_bets"] == len(decided)
    assert metrics["roi"] == pytest.approx(decided["profit"].sum() / decided["stake"].sum())
    assert metrics["win_rate"] == pytest.approx((decided["result"] == "won").mean())
    assert metrics["roi_ci_low"] < metrics["roi"] < metrics["roi_ci_high"]
    assert (ledger["observed_at"].dt.hour == 14).all(), "decision 'open' bets the first price of the day"
    assert metrics["clv_coverage"] == 1.0


def test_the_market_and_the_model_are_scored_on_the_same_props(result, quotes):
    metrics = evaluate_market(result, quotes, make_config(market="pts", seed=1, calibrator="none")).metrics
    test = result.predictions[result.predictions["role"] == "test"]
    line = np.floor(test["predicted"]) - 0.5
    over = (test["actual"] > line).astype(float)
    # -112/-108: 0.52830 and 0.51923 implied; by the power method the over has 0.50468
    assert metrics["market_brier_score"] == pytest.approx(((0.504682 - over) ** 2).mean(), abs=1e-5)
    assert metrics["market_mae"] == pytest.approx((line - test["actual"]).abs().mean())
    assert metrics["model_mae_on_lines"] == pytest.approx((test["predicted"] - test["actual"]).abs().mean())
    assert metrics["brier_skill_vs_market"] == pytest.approx(1 - metrics["brier_score"] / metrics["market_brier_score"])


def test_no_prop_is_bet_or_scored_before_the_calibration_has_learned_and_lines_of_calibration_folds_teach_it(
    result, quotes
):
    """Of the calibration folds the second has a distribution; 240 of its props are settled before November 16th."""
    evaluation = evaluate_market(result, quotes, CONFIG)
    known = evaluation.predictions.set_index("game_date")["p_over"].notna().groupby(level=0).all()
    assert known[known].index.min() == pd.Timestamp("2023-11-23"), "from the first week with 300 settled props on"
    assert known["2023-11-23":].all()
    assert evaluation.metrics["n_uncalibrated"] == 60
    assert evaluation.metrics["n_props"] == 540
    assert evaluation.ledger["game_date"].min() >= pd.Timestamp("2023-11-23")
    assert evaluation.scored_props().index.equals(evaluation.scored_props(calibrated=False).index)
    alone = evaluate_market(result, quotes[quotes["game_date"] > "2023-11-20"].reset_index(drop=True), CONFIG)
    assert alone.metrics["n_uncalibrated"] == 480, "without earlier lines there is less to learn from"


@pytest.mark.parametrize("model", ["lightgbm", "market_blend"])
def test_the_metrics_before_a_night_are_those_of_data_that_end_there(result, quotes, model):
    config, night = make_config(market="pts", seed=1, model=model), pd.Timestamp("2023-12-06")
    cut = replace(result, predictions=result.predictions[result.predictions["game_date"] < night])
    expected = evaluate_market(cut, quotes[quotes["game_date"] < night].reset_index(drop=True), config, n_trials=3)
    found = metrics_before(evaluate_market(result, quotes, config), night, config, n_trials=3)
    assert expected.metrics["n_props"] > 200
    assert found == pytest.approx(expected.metrics, rel=1e-12, nan_ok=True)


def test_props_without_a_result_or_a_forecast_are_counted(result, quotes):
    """`n_voids` was 0 while one quote in twenty was void: only bets were looked at, and a void is not a bet."""
    extra = quotes.iloc[[-1, -2, -3]].assign(player_id=[900, 901, 902], actual=[np.nan, np.nan, 14.0])
    early = quotes.iloc[[0]].assign(player_id=903, actual=np.nan)  # before the test: not counted
    metrics = evaluate_market(result, pd.concat([quotes, extra, early], ignore_index=True), CONFIG).metrics
    assert (metrics["n_voids"], metrics["n_no_forecast"]) == (2, 1)


def test_without_lines_there_is_not_one_betting_number(result, quotes):
    metrics = evaluate_market(result, quotes.iloc[:0], CONFIG).metrics
    assert {"val_mae", "baseline_mae", "train_mae", "training_time"} <= set(metrics)
    assert metrics["training_time"] == 3.0
    assert not {"roi", "n_bets", "brier_score", "market_mae", "calibration_error", "sharpe_ratio"} & set(metrics)


def test_pickem_lines_measure_the_forecast_but_are_never_bet(result, quotes):
    evaluation = evaluate_market(result, quotes.assign(over_price=-137.0, under_price=-137.0), CONFIG)
    assert evaluation.ledger.empty
    assert "market_mae" in evaluation.metrics
    assert "brier_score" in evaluation.metrics
    assert "market_brier_score" not in evaluation.metrics
    assert set(evaluation.quality["reason"]) == {"pickem_constant"}


def test_a_season_in_which_nothing_is_worth_a_bet_says_so(result, quotes):
    config = make_config(market="pts", min_edge=0.99)
    metrics = evaluate_market(result, quotes, config).metrics
    assert metrics["n_bets"] == 0
    assert "roi" not in metrics


def test_a_run_says_when_it_decided_and_which_closes_are_missing(result, quotes):
    """The books are seen at 14 and 23 hours; the tip is 40 minutes after the last on half of the nights."""
    late = quotes["game_date"].dt.day % 2 == 0
    tip = (quotes["game_date"] + pd.Timedelta(hours=23, minutes=40)).dt.tz_localize("UTC")
    tip = tip.mask(late, tip + pd.Timedelta(hours=2))
    evaluation = evaluate_market(result, quotes.assign(tip=tip), CONFIG)
    metrics, ledger = evaluation.metrics, evaluation.ledger
    placed = ledger[ledger["result"] != "void"]
    assert metrics["decision_lead_hours"] == pytest.approx(10.0 + 40 / 60, abs=1.01)
    assert metrics["tip_coverage"] == 1.0
    assert metrics["close_age_minutes"] == pytest.approx(40.0)
    assert metrics["clv_coverage"] == pytest.approx((placed["close_state"] == "close").mean())
    assert 0.2 < metrics["clv_coverage"] < 0.8
    assert ledger.loc[ledger["close_state"] == "stale", "clv"].isna().all()
    assert metrics["n_stale_closes"] == evaluation.closes["stale"].sum() > 0
    assert metrics["n_missed_closes"] == 0.0
    assert metrics["one_snapshot_share"] == 0.0
    assert (evaluation.closes["props"] == PLAYERS).all()
    assert metrics["n_props"] == evaluate_market(result, quotes, CONFIG).metrics["n_props"], "stale closes are scored"
    assert metrics["n_lines"] == evaluation.closes["closes"].sum()


def test_with_one_snapshot_the_open_is_the_close_and_no_tip_means_no_lead(result, quotes):
    once = quotes[quotes["observed_at"].dt.hour == 14]
    metrics = evaluate_market(result, once, CONFIG).metrics
    assert metrics["one_snapshot_share"] == 1.0
    assert metrics["tip_coverage"] == 0.0
    assert metrics["clv_coverage"] == 0.0
    assert "decision_lead_hours" not in metrics
    assert "clv" not in metrics
