"""Every betting number, from ledgers small enough to add up by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import betting_metrics, kelly_metrics, split_results, stake_bets
from nba_props.betting.daily import SEASON_NIGHTS
from nba_props.betting.metrics import sharpe_ratio
from nba_props.betting.stakes import StakeConfig
from nba_props.errors import DataError

NAN = float("nan")


def _ledger(rows):
    """Rows of (date, decimal odds, result, edge, ev, kelly, clv, close_line, clv_line), one unit flat."""
    names = ["game_date", "decimal_odds", "result", "edge", "ev", "kelly", "clv", "close_line", "clv_line"]
    table = pd.DataFrame(rows, columns=names)
    table["game_date"] = pd.to_datetime(table["game_date"])
    results = {"won": 30.0, "lost": 10.0, "push": 20.0, "void": NAN}
    table["actual"] = table.pop("result").map(results)
    table = table.assign(side="over", line=20.0, p=0.5, q=0.5, game_id="g", player_id=range(len(table)), market="pts")
    return stake_bets(*split_results(table), StakeConfig(bankroll_units=100.0))


SMALL = _ledger(
    [
        ("2024-01-01", 2.0, "won", 0.03, 0.05, 0.05, 0.02, 20.5, 0.5),
        ("2024-01-01", 2.5, "lost", 0.04, 0.10, 0.06, -0.04, 19.0, -1.0),
        ("2024-01-02", 2.0, "push", 0.05, 0.06, 0.07, NAN, 21.0, 1.0),
        ("2024-01-02", 1.8, "lost", 0.06, 0.07, 0.08, NAN, NAN, NAN),
        ("2024-01-03", 3.0, "won", 0.10, 0.20, 0.09, 0.05, 20.0, 0.0),
        ("2024-01-03", 2.0, "void", 0.50, 0.90, 0.90, 0.90, 29.0, 9.0),
    ]
)

EXPECTED = {
    "n_bets": 4.0,
    "n_pushes": 1.0,
    "turnover": 4.0,
    "profit": 1.0,  # +1 -1 0 -1 +2 0
    "roi": 0.25,
    "win_rate": 0.5,
    "breakeven_rate": (1 / 2 + 1 / 2.5 + 1 / 1.8 + 1 / 3) / 4,
    "expected_roi": (0.05 + 0.10 + 0.06 + 0.07 + 0.20) / 5,  # the push was placed; the void is not a bet
    "kelly_criterion": (0.05 + 0.06 + 0.07 + 0.08 + 0.09) / 5,
    "max_drawdown": 0.01,  # 100, 100, 99, 101
    "bankroll_growth": 0.01,
    "clv": (0.02 - 0.04 + 0.05) / 3,
    "clv_line": (0.5 - 1.0 + 1.0 + 0.0) / 4,
    "clv_coverage": 4 / 5,
    "beat_close_rate": 2 / 3,
    "roi_edge_small": 1.0,
    "n_edge_small": 1.0,
    "roi_edge_medium": -1.0,  # the push is in neither profit nor turnover
    "n_edge_medium": 1.0,
    "roi_edge_large": 0.5,  # -1 + 2 of two
    "n_edge_large": 2.0,
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_metric_has_the_value_added_up_by_hand(name):
    assert betting_metrics(SMALL)[name] == pytest.approx(EXPECTED[name], abs=1e-9)


def test_nothing_else_is_reported_of_a_ledger_of_three_nights():
    assert set(betting_metrics(SMALL)) == set(EXPECTED)


def test_no_bets_give_counts_and_nothing_that_would_have_to_be_invented():
    empty = betting_metrics(SMALL.iloc[:0])
    assert empty == {"n_bets": 0.0, "n_pushes": 0.0, "turnover": 0.0, "profit": 0.0}


def test_pushes_alone_give_no_roi_and_no_win_rate():
    metrics = betting_metrics(_ledger([("2024-01-01", 2.0, "push", 0.03, 0.05, 0.05, NAN, NAN, NAN)]))
    assert not {"roi", "win_rate", "breakeven_rate", "clv", "sharpe_ratio"} & metrics.keys()
    assert metrics["n_pushes"] == 1.0


def test_every_value_is_a_finite_float():
    assert all(isinstance(value, float) and np.isfinite(value) for value in betting_metrics(SMALL).values())


def _nights(results):
    dates = pd.date_range("2024-01-01", periods=len(results)).strftime("%Y-%m-%d")
    return _ledger(
        [(day, 2.0, result, 0.03, 0.05, 0.05, NAN, NAN, NAN) for day, result in zip(dates, results, strict=True)]
    )


def _season_metrics(ledger, played=None):
    """The metrics of a ledger whose nights (the first ones, as many as `played`) are all the nights with games."""
    return betting_metrics(ledger, game_nights=ledger["game_date"][: None if played is None else len(played)])


def test_the_season_sharpe_ratio_is_the_mean_over_the_deviation_of_daily_returns_times_root_days():
    ledger = _nights(["won", "lost", "won"] * 7)
    # Returns on the bankroll of the night: +1/100, -1/101, +1/100, +1/101, ... computed here one by one.
    bankroll, returns = 100.0, []
    for step in [1.0, -1.0, 1.0] * 7:
        returns.append(step / bankroll)
        bankroll += step
    mean = sum(returns) / 21
    deviation = (sum((value - mean) ** 2 for value in returns) / 20) ** 0.5
    every_night = ledger["game_date"]
    season = betting_metrics(ledger, game_nights=every_night)["sharpe_ratio"]
    assert season == pytest.approx(mean / deviation * SEASON_NIGHTS**0.5)
    repeated = pd.date_range(every_night.min(), every_night.max(), freq="8h").normalize()
    assert betting_metrics(ledger, game_nights=repeated)["sharpe_ratio"] == pytest.approx(season)
    assert "sharpe_ratio" not in betting_metrics(ledger), "how much of the calendar was bet is not known"


def test_a_third_of_a_season_has_the_sharpe_ratio_of_a_whole_one():
    """It was scaled by the nights bet so far: the same strategy looked worse in December than in April."""
    whole, third = (_nights(["won", "lost", "won", "won", "lost"] * times) for times in (30, 10))
    ratios = [betting_metrics(part, game_nights=whole["game_date"])["sharpe_ratio"] for part in (whole, third)]
    # Equal but for the bankroll that the returns are shares of, which grows by a third on the way.
    assert ratios[1] == pytest.approx(ratios[0], rel=0.05)


def test_only_the_game_nights_between_the_first_and_the_last_bet_count_as_not_bet():
    every_other = _nights(["won", "lost", "won"] * 7)
    every_other["game_date"] = every_other["game_date"].min() + 2 * (
        every_other["game_date"] - every_other["game_date"].min()
    )
    calendar = pd.date_range("2023-10-24", "2024-04-14")
    dense = betting_metrics(every_other, game_nights=every_other["game_date"])["sharpe_ratio"]
    sparse = betting_metrics(every_other, game_nights=calendar)["sharpe_ratio"]
    assert sparse == pytest.approx(dense * (21 / 41) ** 0.5)


def test_there_is_no_sharpe_ratio_under_twenty_nights_at_zero_variance_or_after_ruin():
    assert "sharpe_ratio" not in _season_metrics(_nights(["won", "lost"] * 9 + ["won"]))
    assert "sharpe_ratio" in _season_metrics(_nights(["won", "lost"] * 10))
    assert sharpe_ratio(np.full(30, 0.01), 165) is None
    ruined = _nights(["lost"] * 60 + ["won", "lost"] * 30 + ["lost"] * 60)
    metrics = _season_metrics(ruined)
    assert ruined["bankroll"].min() < 0
    assert "sharpe_ratio" not in metrics
    assert metrics["max_drawdown"] == 1.0


def test_nights_with_voids_only_are_no_betting_nights():
    played = ["won", "lost"] * 10
    with_voids = _nights([*played, *["void"] * 10])
    assert _season_metrics(with_voids, played)["sharpe_ratio"] == pytest.approx(
        _season_metrics(_nights(played))["sharpe_ratio"]
    )


def test_kelly_stakes_are_reported_under_their_own_names():
    metrics = kelly_metrics(SMALL)
    assert metrics["kelly_bankroll_growth"] == pytest.approx(0.01)
    assert metrics["kelly_roi"] == pytest.approx(0.25)
    assert all(name.startswith("kelly_") for name in metrics)


def test_an_edge_of_four_points_exactly_opens_the_medium_bucket_whatever_the_floats_say():
    edge = 0.54 - 0.50  # 0.040000000000000036
    lower = 0.34 - 0.30  # 0.040000000000000036 or a little less
    for value in (edge, lower, 0.07 - 0.03):
        metrics = betting_metrics(_ledger([("2024-01-01", 2.0, "won", value, 0.05, 0.05, NAN, NAN, NAN)]))
        assert metrics["n_edge_medium"] == 1.0


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="bankroll"):
        betting_metrics(SMALL.drop(columns="bankroll"))
