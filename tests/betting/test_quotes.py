"""What was on offer when, what closed, what the books said together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import closing_quotes, consensus, decision_quotes
from nba_props.errors import ConfigError, DataError

DAY = [
    {"bookmaker": "A", "line": 20.5, "observed_at": "2024-01-05 10:00"},
    {"bookmaker": "B", "line": 21.5, "observed_at": "2024-01-05 10:05"},
    {"bookmaker": "A", "line": 21.5, "observed_at": "2024-01-05 16:00"},
    {"bookmaker": "C", "line": 22.5, "observed_at": "2024-01-05 16:00"},
    {"bookmaker": "A", "line": 22.5, "observed_at": "2024-01-05 20:00"},
    {"bookmaker": "B", "line": 22.0, "observed_at": "2024-01-05 20:00"},
]


def _shown(table):
    return list(zip(table["bookmaker"], table["line"], strict=True))


def test_the_open_is_the_first_snapshot_of_the_prop(make_quotes):
    assert _shown(decision_quotes(make_quotes(DAY), "open")) == [("A", 20.5), ("B", 21.5)]


def test_the_close_is_the_last_standing_quote_of_every_book(make_quotes):
    assert _shown(decision_quotes(make_quotes(DAY), "close")) == [("C", 22.5), ("A", 22.5), ("B", 22.0)]


def test_hours_before_the_last_quote_show_what_had_been_seen_by_then(make_quotes):
    assert _shown(decision_quotes(make_quotes(DAY), 3.0)) == [("B", 21.5), ("A", 21.5), ("C", 22.5)]


@pytest.mark.parametrize("decision", ["open", "close", 0, 1.5, 4.0, 9.9, 24.0])
def test_no_price_observed_after_the_decision_time_is_ever_shown(make_quotes, decision):
    shown = decision_quotes(make_quotes(DAY), decision)
    assert (shown["observed_at"] <= shown["decision_time"]).all()


@pytest.mark.parametrize("decision", [0, 1.5, 4.0])
def test_prices_after_the_decision_time_change_nothing_but_the_reference_of_tip_off(make_quotes, decision):
    quotes = make_quotes(DAY)
    late = quotes["observed_at"] > quotes["observed_at"].max() - pd.Timedelta(hours=decision)
    changed = quotes.copy()
    changed.loc[late, ["line", "over_price"]] = [99.5, -999.0]
    pd.testing.assert_frame_equal(decision_quotes(quotes, decision), decision_quotes(changed, decision))


def test_a_quote_not_seen_again_for_half_a_day_is_gone(make_quotes):
    rows = [DAY[0], {"bookmaker": "B", "observed_at": "2024-01-05 23:00"}]
    assert _shown(decision_quotes(make_quotes(rows), "close")) == [("B", 20.5)]


def test_a_replaced_line_of_the_same_book_can_not_be_bet_any_more(make_quotes):
    shown = decision_quotes(make_quotes(DAY), 2.0)
    assert ("A", 20.5) not in _shown(shown)


@pytest.mark.parametrize("decision", ["noon", -1.0, True, float("nan"), float("inf")])
def test_a_decision_that_is_no_moment_is_refused(make_quotes, decision):
    with pytest.raises(ConfigError, match="decision"):
        decision_quotes(make_quotes(DAY), decision)


def test_a_book_that_took_the_prop_down_has_no_close(make_quotes):
    assert _shown(closing_quotes(make_quotes(DAY))) == [("A", 22.5), ("B", 22.0)]


def test_a_missing_column_is_named(make_quotes):
    with pytest.raises(DataError, match="observed_at"):
        closing_quotes(make_quotes(DAY).drop(columns="observed_at"))


def test_the_consensus_is_the_most_quoted_line_the_median_line_and_the_median_fair_price_there(make_quotes):
    quotes = make_quotes(
        [
            {"bookmaker": "A", "line": 20.5, "over_price": -400.0, "under_price": -150.0},
            {"bookmaker": "B", "line": 20.5, "over_price": -1200.0, "under_price": 160.0},
            {"bookmaker": "C", "line": 20.5, "over_price": -110.0, "under_price": -110.0},
            {"bookmaker": "D", "line": 22.5},
            {"bookmaker": "E", "line": 23.5},
            {"bookmaker": "A", "line": 7.5, "player_id": 2},
        ]
    )
    table = consensus(quotes)
    assert table["player_id"].tolist() == [1, 2]
    first = table.iloc[0]
    assert (first["line"], first["median_line"], first["n_books"], first["n_at_line"]) == (20.5, 20.5, 5, 3)
    assert first["market_p_over"] == pytest.approx(0.64)  # of 0.5, 16/25 and 144/169
    # margins: 0.4, 4/13, 1/21 three times: the median is 1/21
    assert first["hold"] == pytest.approx(1 / 21)


def test_equally_quoted_lines_go_to_the_one_nearest_the_median_then_the_lower(make_quotes):
    rows = [
        {"bookmaker": book, "line": line} for book, line in zip("ABCDE", [18.5, 18.5, 21.5, 21.5, 22.5], strict=True)
    ]
    assert consensus(make_quotes(rows))["line"].tolist() == [21.5]
    assert consensus(make_quotes([rows[0], rows[2]]))["line"].tolist() == [18.5]


def test_a_prop_with_one_sided_quotes_only_has_a_line_and_no_probability(make_quotes):
    table = consensus(make_quotes([{"under_price": np.nan}]))
    assert table["line"].tolist() == [20.5]
    assert table["market_p_over"].isna().all()


def test_times_may_be_text_and_text_that_is_no_time_is_refused(make_quotes):
    quotes = make_quotes([{"observed_at": "2024-01-05 12:00"}, {"observed_at": "2024-01-05 20:00"}])
    text = quotes.assign(observed_at=["2024-01-05 07:00-05:00", "2024-01-05 15:00-05:00"])
    pd.testing.assert_frame_equal(decision_quotes(text, 1), decision_quotes(quotes, 1), check_dtype=False)
    pd.testing.assert_frame_equal(closing_quotes(text), closing_quotes(quotes), check_dtype=False)
    with pytest.raises(DataError, match="observed_at"):
        decision_quotes(quotes.assign(observed_at="tip-off"))
    with pytest.raises(DataError, match="observed_at"):
        closing_quotes(quotes.assign(observed_at="tip-off"))


def test_hours_before_the_last_quote_may_be_numpys(make_quotes):
    quotes = make_quotes([{"observed_at": "2024-01-05 12:00"}, {"observed_at": "2024-01-05 20:00"}])
    assert len(decision_quotes(quotes, np.int64(3))) == len(decision_quotes(quotes, 3)) == 1
