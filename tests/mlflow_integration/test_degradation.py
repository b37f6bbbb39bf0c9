"""A model has become worse only if bad luck cannot explain it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_integration.stages.degradation import check_live, daily_sums
from nba_props.errors import PromotionError, TrackingError
from nba_props.metrics.bootstrap import ratio_interval


def bets(days, win_rate, *, per_day=10, seed=0, odds=1.91):
    rng = np.random.default_rng(seed)
    won = rng.uniform(size=days * per_day) < win_rate
    dates = np.repeat(pd.date_range("2025-01-01", periods=days), per_day)
    return pd.DataFrame({"game_date": dates, "stake": 1.0, "profit": np.where(won, odds - 1, -1.0)})


def predictions(days, error, *, per_day=50, seed=0):
    rng = np.random.default_rng(seed)
    dates = np.repeat(pd.date_range("2025-01-01", periods=days), per_day)
    return pd.DataFrame(
        {"game_date": dates, "actual": rng.normal(0, error / 0.7979, size=dates.size), "predicted": 0.0}
    )


def verdicts(live, references, **options):
    return {entry.metric: entry.verdict for entry in check_live(live, references, **options)}


def test_ten_unlucky_nights_tell_nothing():
    assert verdicts(bets(10, 0.30), {"roi": 0.08}) == {"roi": "insufficient evidence"}


def test_a_season_of_clearly_worse_results_tells():
    assert verdicts(bets(120, 0.45), {"roi": 0.08, "win_rate": 0.56}) == {"roi": "degraded", "win_rate": "degraded"}


def test_a_season_as_in_validation_is_no_degradation_nearly_always():
    true_roi = 0.56 * 1.91 - 1
    found = [verdicts(bets(60, 0.56, seed=seed), {"roi": true_roi})["roi"] for seed in range(100)]
    assert found.count("degraded") <= 8


def test_better_than_the_reference_is_never_degraded():
    live = pd.concat([predictions(60, 4.0, per_day=10), bets(60, 0.62).drop(columns="game_date")], axis=1)
    assert set(verdicts(live, {"val_mae": 5.0, "roi": 0.02}).values()) == {"ok"}


def test_an_error_that_grew_tells():
    assert verdicts(predictions(40, 6.0), {"val_mae": 5.0}) == {"val_mae": "degraded"}


def test_daily_sums_by_hand_leave_out_pushes_voids_and_missing_rows():
    live = pd.DataFrame(
        {
            "game_date": pd.to_datetime(["2025-01-01"] * 3 + ["2025-01-02"] * 3),
            "profit": [0.9, -1.0, 0.0, 1.8, np.nan, -2.0],
            "stake": [1.0, 1.0, 1.0, 2.0, 1.0, 2.0],
        }
    )
    profit, turnover, rows = daily_sums(live, "roi")
    assert profit.tolist() == pytest.approx([-0.1, -0.2])
    assert turnover.tolist() == [2.0, 4.0]
    assert rows == 4
    wins, decided, _ = daily_sums(live, "win_rate")
    assert wins.tolist() == [1.0, 1.0]
    assert decided.tolist() == [2.0, 2.0]


def test_brier_score_and_clv_by_hand():
    live = pd.DataFrame(
        {
            "game_date": ["2025-01-01", "2025-01-01", "2025-01-02"],
            "outcome": [1, 0, 1],
            "probability": [0.6, 0.5, np.nan],
            "clv": [0.02, -0.04, 0.01],
        }
    )
    squares, count, rows = daily_sums(live, "brier_score")
    assert squares.tolist() == pytest.approx([0.16 + 0.25])
    assert (count.tolist(), rows) == ([2.0], 2)
    assert daily_sums(live, "clv")[0].tolist() == pytest.approx([-0.02, 0.01])


def test_the_interval_covers_the_true_value_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits = 0
    for seed in range(200):
        nights = rng.normal(0.5, 2.0, size=60)
        interval = ratio_interval(nights, np.full(60, 10.0), level=0.9, seed=seed, resamples=800)
        hits += interval.low <= 0.05 <= interval.high
    assert 165 <= hits <= 194


def test_days_are_resampled_not_bets():
    """Ten bets of a night that all win or all lose together are one piece of evidence, not ten."""
    rng = np.random.default_rng(1)
    night = np.repeat(rng.uniform(size=40) < 0.5, 10)
    dates = np.repeat(pd.date_range("2025-01-01", periods=40), 10)
    together = pd.DataFrame({"game_date": dates, "stake": 1.0, "profit": np.where(night, 0.91, -1.0)})
    apart = bets(40, 0.5, seed=1)
    (one,), (ten,) = check_live(together, {"roi": 0.0}), check_live(apart, {"roi": 0.0})
    assert one.high - one.low > 2 * (ten.high - ten.low)


@pytest.mark.parametrize(
    ("live", "options", "message"),
    [
        (pd.DataFrame({"profit": [1.0]}), {}, "game_date"),
        (pd.DataFrame({"game_date": ["a"], "x": [1.0]}), {}, "Columns needed"),
        (bets(30, 0.5), {"confidence": 1.0}, "confidence"),
        (bets(30, 0.5), {"min_days": 1}, "min_days"),
    ],
)
def test_what_cannot_be_judged_says_what_is_wanted(live, options, message):
    with pytest.raises(TrackingError, match=message):
        check_live(live, {"roi": 0.0}, **options)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("probability", 55.0, r"probability .* between 0 and 1; 1 of 300 rows are not, the first is 55 in row 7"),
        ("outcome", 2.0, "outcome .* 0 or 1"),
        ("profit", np.inf, "profit .* finite; 1 of 300"),
        ("stake", -1.0, "stake .* not below 0"),
        ("clv", "high", "clv .* must hold numbers"),
    ],
)
def test_impossible_live_values_are_refused_instead_of_judged(column, value, message):
    live = bets(30, 0.5).assign(probability=0.5, outcome=1.0, clv=0.0).astype({column: object})
    live.loc[7, column] = value
    with pytest.raises(TrackingError, match=message):
        check_live(live, {"roi": -1.0, "brier_score": 1.0})


def test_a_degraded_production_model_is_rolled_back_with_the_reason(registry, candidate):
    for _ in range(2):
        candidate("live", val_mae=5.0, roi=0.08)
    registry.promote_model("live", 1, "Production", override=True, reason="test")
    registry.promote_model("live", 2, "Production", override=True, reason="test")
    report, version = registry.rollback_if_degraded("live", bets(60, 0.56, seed=1))
    assert (report.summary, version) == ("ok", None)
    report, version = registry.rollback_if_degraded("live", bets(10, 0.2))
    assert (report.summary, version) == ("insufficient evidence: roi", None)
    report, version = registry.rollback_if_degraded("live", bets(100, 0.42))
    assert report
    assert version == 1 == registry.get_production_version("live")
    assert registry.transition_history("live")["reason"].iloc[-1].startswith("degraded: roi")
    assert report.frame().loc[0, ["metric", "reference", "verdict"]].tolist() == ["roi", 0.08, "degraded"]
    with pytest.raises(PromotionError, match="no earlier"):
        registry.rollback_if_degraded("live", bets(100, 0.42))


def test_live_results_can_be_held_against_the_gates(registry, candidate):
    candidate("gated", val_mae=5.0, roi=0.20)
    registry.promote_model("gated", 1, "Production", override=True, reason="test")
    live = bets(120, 0.56)
    assert registry.check_degradation("gated", live).degraded
    assert not registry.check_degradation("gated", live, against="gates").degraded
    assert registry.check_degradation("gated", predictions(40, 5.1)).summary == "ok"
    assert registry.check_degradation("gated", predictions(40, 5.8)).degraded
    with pytest.raises(TrackingError, match="validation"):
        registry.check_degradation("gated", live, against="luck")
