"""The tip parts what can be bet from what is in play, and a close from a quote that is too old to be one."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.betting import close_states, closing_quotes, closing_values, decision_quotes, place_bets, split_results
from nba_props.betting.market.tips import before_tip

TIP = "2024-01-06T00:10Z"


def _at(hour, **changes):
    return {"observed_at": f"2024-01-05 {hour}", "tip": TIP, **changes}


def test_a_quote_at_or_after_the_tip_is_never_on_offer_and_never_a_close(make_quotes):
    """The last quote seen before the tip closes, though the book went on quoting in play."""
    quotes = make_quotes(
        [_at("20:00"), _at("23:50", line=21.5), {"observed_at": "2024-01-06 00:10", "line": 9.5, "tip": TIP}]
    )
    for decision in ("open", "close", 0.0):
        assert 9.5 not in decision_quotes(quotes, decision)["line"].tolist()
    assert closing_quotes(quotes)["line"].tolist() == [21.5]
    in_play = make_quotes([_at("20:00"), {"observed_at": "2024-01-06 00:30", "line": 9.5, "tip": TIP}])
    assert closing_quotes(in_play)["line"].tolist() == [20.5]
    assert closing_quotes(in_play, window_minutes=60.0).empty


@pytest.mark.parametrize(
    ("rows", "state", "age"),
    [
        ([_at("23:30")], "close", 40.0),
        ([_at("23:10")], "close", 60.0),
        ([_at("23:09")], "stale", 61.0),
        ([_at("20:00"), _at("23:30", bookmaker="B")], "close", 40.0),
        ([], "missed", None),
        ([{"observed_at": "2024-01-06 00:30", "tip": TIP}], "missed", None),
        ([_at("20:00", tip=None)], "no tip", None),
    ],
)
def test_the_state_of_a_close_follows_from_the_last_quote_before_the_tip(make_quotes, rows, state, age):
    quotes = make_quotes([_at("12:00"), *rows])
    found = close_states(decision_quotes(quotes, "open"), quotes).iloc[0]
    assert found["close_state"] == state
    assert found["close_age_minutes"] == pytest.approx(age) if age else pd.isna(found["close_age_minutes"])


def test_only_a_true_close_has_a_value_and_the_window_is_a_setting(make_quotes):
    quotes = make_quotes([_at("12:00"), _at("22:30", over_price=-130.0, under_price=110.0)])
    bets = decision_quotes(quotes, "open").assign(side="over", decimal_odds=2.0)
    stale = closing_values(bets, *split_results(quotes), window_minutes=60.0).iloc[0]
    assert stale[["close_line", "clv", "clv_line"]].isna().all()
    assert (stale["close_state"], stale["close_age_minutes"]) == ("stale", 100.0)
    for window in (120.0, None):
        close = closing_values(bets, *split_results(quotes), window_minutes=window).iloc[0]
        assert close["close_state"] == "close"
        assert close["clv"] > 0.05
    priced = bets.assign(p_over=0.6, p_push=0.0, p_under=0.4)
    ledger = place_bets(*split_results(priced), closing=quotes)
    assert ledger["close_state"].tolist() == ["stale"], "a backtest asks for a close within the hour"
    assert ledger["clv"].isna().all()


def test_hours_before_a_known_tip_are_hours_before_the_tip(make_quotes):
    quotes = make_quotes([_at("20:00"), _at("21:30", line=21.5)])
    assert decision_quotes(quotes, 4.0)["line"].tolist() == [20.5]
    assert decision_quotes(quotes, 1.0)["line"].tolist() == [21.5]
    untold = quotes.drop(columns="tip")  # the last quote stands for the tip
    assert decision_quotes(untold, 1.0)["line"].tolist() == [20.5]


def test_a_book_of_bare_dates_says_nothing_of_the_time_before_the_tip(make_quotes):
    """Its midnight would be ten minutes before the tip, and a close that nobody has seen."""
    quotes = make_quotes([{"observed_at": "2024-01-06", "tip": TIP}, {"observed_at": "2024-01-05", "tip": TIP}])
    assert before_tip(quotes)["tip"].isna().all()
    bets = decision_quotes(quotes, "open")
    assert close_states(bets, quotes)["close_state"].tolist() == ["no tip"]
