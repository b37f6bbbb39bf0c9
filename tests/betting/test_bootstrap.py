"""Intervals come from resampled nights, and hold what they promise."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import StakeConfig, betting_intervals, betting_metrics, roi_interval, split_results, stake_bets
from nba_props.betting.evidence.bootstrap import brier_skill_interval
from nba_props.metrics.bootstrap import MIN_NIGHTS, resample_counts


def _ledger(seed=0, nights=120, per_night=8, p_win=0.5, odds=2.0, together=False):
    """Even-money style bets; with `together` all bets of a night win or lose as one."""
    generator = np.random.default_rng(seed)
    night = np.repeat(np.arange(nights), per_night)
    draw = generator.random(nights)[night] if together else generator.random(len(night))
    table = pd.DataFrame(
        {
            "game_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(night, unit="D"),
            "game_id": "g",
            "player_id": np.arange(len(night)),
            "market": "pts",
            "side": "over",
            "line": 20.0,
            "decimal_odds": odds,
            "p": 0.5,
            "q": 0.5,
            "edge": 0.03,
            "ev": 0.05,
            "kelly": 0.05,
            "actual": np.where(draw < p_win, 30.0, 10.0),
            "clv": generator.normal(0.02, 0.05, len(night)),
            "clv_line": 0.5,
            "close_line": 20.5,
        }
    )
    return stake_bets(*split_results(table), StakeConfig())


def test_every_resample_has_as_many_nights_as_there_were():
    for block in (1, 7):
        counts = resample_counts(50, resamples=40, block_nights=block)
        assert counts.shape == (40, 50)
        assert (counts.sum(axis=1) == 50).all()


def test_blocks_keep_neighbouring_nights_together():
    counts = resample_counts(60, resamples=400, block_nights=6, seed=1)
    together = np.corrcoef(counts[:, 10], counts[:, 11])[0, 1]
    assert together > 0.7
    assert abs(np.corrcoef(resample_counts(60, resamples=400, seed=1)[:, [10, 11]].T)[0, 1]) < 0.2


def test_the_vectorised_interval_agrees_with_resampling_one_by_one():
    ledger = _ledger()
    daily = ledger.groupby("game_date")[["profit", "stake"]].sum()
    generator = np.random.default_rng(3)
    values = []
    for _ in range(2000):
        drawn = daily.iloc[generator.integers(0, len(daily), len(daily))]
        values.append(drawn["profit"].sum() / drawn["stake"].sum())
    interval = roi_interval(ledger)
    low, high = np.quantile(values, [0.025, 0.975])
    assert interval.point == pytest.approx(betting_metrics(ledger)["roi"])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.006)
    assert interval.p_value == pytest.approx(np.mean(np.array(values) <= 0), abs=0.03)


def test_bets_that_win_and_lose_together_by_night_have_a_wider_interval():
    free, tied = (roi_interval(_ledger(together=together)) for together in (False, True))
    # Eight bets of a night as one: the deviation is larger by the square root of eight.
    assert (tied.high - tied.low) / (free.high - free.low) == pytest.approx(8**0.5, rel=0.2)


def test_the_interval_covers_the_true_value_about_as_often_as_it_says():
    covered = 0
    for seed in range(200):
        interval = roi_interval(_ledger(seed=seed, nights=80, per_night=6), resamples=400, seed=seed)
        covered += interval.low <= 0.0 <= interval.high
    assert 180 <= covered <= 200


def test_too_few_nights_give_no_interval():
    assert roi_interval(_ledger(nights=MIN_NIGHTS - 1)) is None
    assert betting_intervals(_ledger(nights=MIN_NIGHTS - 1)) == {}
    few = np.array(["2024-01-01"] * 10, dtype="datetime64[D]")
    assert brier_skill_interval(np.full(10, 0.5), np.ones(10), np.full(10, 0.4), few) is None


def test_every_interval_lies_around_its_number():
    ledger = _ledger(seed=5, p_win=0.55)
    nights = ledger["game_date"]
    metrics = betting_metrics(ledger, game_nights=nights)
    intervals = betting_intervals(ledger, game_nights=nights)
    for name in ("roi", "win_rate", "clv", "sharpe_ratio"):
        assert intervals[f"{name}_ci_low"] < metrics[name] < intervals[f"{name}_ci_high"]
    excess = metrics["win_rate"] - metrics["breakeven_rate"]
    assert intervals["win_rate_excess_ci_low"] < excess < intervals["win_rate_excess_ci_high"]
    assert intervals["clv_p_value"] == pytest.approx(1 / 2001)


def test_without_a_close_there_is_no_interval_of_clv():
    assert "clv_ci_low" not in betting_intervals(_ledger().assign(clv=np.nan))


def test_the_same_seed_gives_the_same_interval():
    assert roi_interval(_ledger(), seed=4) == roi_interval(_ledger(), seed=4)


def test_two_thousand_resamples_of_a_season_take_a_fraction_of_a_second():
    ledger = _ledger(nights=165)
    started = time.thread_time()
    betting_intervals(ledger)
    assert time.thread_time() - started < 1.0
