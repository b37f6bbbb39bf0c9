"""Closing line value in price and in points, also when the line has moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from nba_props.betting import (
    betting_metrics,
    closing_values,
    decision_quotes,
    fair_probability,
    place_bets,
    split_results,
)
from nba_props.betting.market.shift import MIN_SETTLED, LineShift
from nba_props.errors import NotEnoughDataError

OPEN = {"observed_at": "2024-01-05 12:00", "over_price": 110.0, "under_price": -130.0}
LATE = "2024-01-05 23:00"


def _ledger(make_quotes, rows, p=0.6):
    quotes = make_quotes(rows)
    bets = decision_quotes(quotes, "open")
    return place_bets(*split_results(bets.assign(p_over=p, p_push=0.0, p_under=1.0 - p)), closing=quotes)


def test_price_clv_is_the_value_of_the_price_taken_at_the_fair_close(make_quotes):
    close = {"observed_at": LATE, "over_price": -400.0, "under_price": -150.0}  # fair over 0.64
    bet = _ledger(make_quotes, [OPEN, close]).iloc[0]
    assert (bet["close_line"], bet["clv_line"]) == (20.5, 0.0)
    assert bet["close_q"] == pytest.approx(0.64)
    assert bet["clv"] == pytest.approx(2.1 * 0.64 - 1.0)


def test_the_close_of_an_under_is_the_other_probability(make_quotes):
    close = {"observed_at": LATE, "over_price": -400.0, "under_price": -150.0}
    bet = _ledger(make_quotes, [OPEN | {"under_price": 110.0, "over_price": -130.0}, close], p=0.4).iloc[0]
    assert bet["side"] == "under"
    assert bet["clv"] == pytest.approx(2.1 * 0.36 - 1.0)


def test_the_closing_probability_is_the_median_of_the_books_at_the_line_taken(make_quotes):
    closes = [
        {"observed_at": LATE, "bookmaker": "A", "over_price": -400.0, "under_price": -150.0},
        {"observed_at": LATE, "bookmaker": "B", "over_price": 100.0, "under_price": 100.0},
        {"observed_at": LATE, "bookmaker": "C", "line": 22.5},
        {"observed_at": LATE, "bookmaker": "D", "line": 22.5},
        {"observed_at": LATE, "bookmaker": "E", "line": 22.5},
    ]
    bet = _ledger(make_quotes, [OPEN, *closes]).iloc[0]
    assert (bet["close_line"], bet["clv_line"]) == (22.5, 2.0)
    assert bet["close_q"] == pytest.approx(0.57)


def test_points_gained_by_an_under_are_points_the_line_fell(make_quotes):
    close = {"observed_at": LATE, "line": 18.5}
    bet = _ledger(make_quotes, [OPEN | {"under_price": 110.0, "over_price": -130.0}, close], p=0.4).iloc[0]
    assert bet["clv_line"] == 2.0


def test_a_quote_that_is_not_later_than_the_bet_is_no_close(make_quotes):
    ledger = _ledger(make_quotes, [OPEN, OPEN | {"bookmaker": "B"}])
    assert ledger[["close_line", "close_q", "clv", "clv_line"]].isna().all(axis=None)
    metrics = betting_metrics(ledger)
    assert metrics["clv_coverage"] == 0.0
    assert not {"clv", "clv_line", "beat_close_rate"} & metrics.keys()


def test_a_moved_line_without_enough_settled_props_has_points_and_no_price(make_quotes):
    bet = _ledger(make_quotes, [OPEN, {"observed_at": LATE, "line": 22.5}]).iloc[0]
    assert bet["clv_line"] == 2.0
    assert pd.isna(bet["close_q"])


def test_a_moved_line_is_priced_under_the_closing_market_from_settled_props(random_quotes):
    quotes = random_quotes(seed=2, nights=40, per_night=20, books=("A",))
    later = quotes.assign(observed_at=quotes["observed_at"] + pd.Timedelta(hours=1), line=quotes["line"] + 2.0)
    bets = quotes.assign(side="over", decimal_odds=2.0)
    close = closing_values(bets, *split_results(pd.concat([quotes, later], ignore_index=True)))
    assert (close["clv_line"] == 2.0).all()
    at_close = fair_probability(later["over_price"], later["under_price"])
    # Two points below the closing line the over is likelier; a Poisson of mean 8 to 30 has 0.07 to 0.14 a point.
    gain = close["close_q"].to_numpy() - at_close
    assert ((gain > 0.08) & (gain < 0.32)).all()


def test_the_order_of_the_quotes_says_nothing_about_the_close(random_quotes, monkeypatch):
    monkeypatch.setattr("nba_props.betting.market.closing._SHAPE_PROPS", 300)  # so that only some props give the shape
    quotes = random_quotes(seed=2, nights=40, per_night=20, books=("A",))
    later = quotes.assign(observed_at=quotes["observed_at"] + pd.Timedelta(hours=1), line=quotes["line"] + 1.0)
    table = pd.concat([quotes, later], ignore_index=True)
    bets = quotes.assign(side="over", decimal_odds=2.0)
    close = closing_values(bets, *split_results(table))
    assert close["clv"].notna().all()
    for seed in range(3):
        pd.testing.assert_frame_equal(
            closing_values(bets, *split_results(table.sample(frac=1.0, random_state=seed))), close
        )


def _poisson_shift():
    generator = np.random.default_rng(0)
    centre = generator.uniform(15.0, 25.0, 40_000)
    return LineShift.fit(generator.poisson(centre), np.round(centre) + 0.5)


def test_moving_a_probability_agrees_with_the_distribution_the_results_came_from():
    shift = _poisson_shift()
    mean = np.full(4, 20.3)
    q = poisson.sf(20, mean)
    new = np.array([17.5, 19.5, 22.5, 25.5])
    expected = poisson.sf(np.floor(new), mean)
    assert shift.move(q, np.full(4, 20.5), new) == pytest.approx(expected, abs=0.015)


def test_a_whole_line_is_moved_with_the_push_taken_out():
    shift = _poisson_shift()
    expected = poisson.sf(20, 20.3) / (1.0 - poisson.pmf(20, 20.3))
    assert shift.move([poisson.sf(20, 20.3)], [20.5], [20.0])[0] == pytest.approx(expected, abs=0.015)
    back = shift.move([expected], [20.0], [20.5])[0]
    assert back == pytest.approx(poisson.sf(20, 20.3), abs=0.015)


def test_a_probability_falls_as_the_line_it_is_moved_to_rises():
    shift = _poisson_shift()
    lines = np.arange(10.0, 31.0, 0.5)
    moved = shift.move(np.full(len(lines), 0.55), np.full(len(lines), 20.5), lines)
    halves = moved[1::2]
    assert (np.diff(halves) < 0).all()
    assert moved[lines == 20.5] == pytest.approx([0.55])
    assert ((moved > 0) & (moved < 1)).all()


def test_a_shape_is_not_learnt_from_too_few_results():
    with pytest.raises(NotEnoughDataError, match=str(MIN_SETTLED)):
        LineShift.fit(np.ones(MIN_SETTLED - 1), np.ones(MIN_SETTLED - 1))
