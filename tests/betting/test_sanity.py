"""Faulty quotes are found by what could be seen at the time, and honest ones are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import REASON_CODES, SanityConfig, flag_quotes, good_quotes, quality_report
from nba_props.errors import DataError


def _codes(make_quotes, rows, **settings):
    return flag_quotes(make_quotes(rows), SanityConfig(**settings)).tolist()


PEERS = [{"bookmaker": book, "line": 24.5, "over_price": -112.0, "under_price": -108.0} for book in "BCD"]


def test_a_line_far_below_the_others_with_a_price_against_the_over_points_the_wrong_way(make_quotes):
    bad = {"bookmaker": "A", "line": 20.5, "over_price": 150.0, "under_price": -185.0}
    assert _codes(make_quotes, [bad, *PEERS]) == ["far_line_wrong_way", "", "", ""]


def test_the_mirror_image_far_above_with_a_price_for_the_over_is_found_too(make_quotes):
    bad = {"bookmaker": "A", "line": 28.5, "over_price": -185.0, "under_price": 150.0}
    assert _codes(make_quotes, [bad, *PEERS]) == ["far_line_wrong_way", "", "", ""]


def test_a_different_line_whose_price_makes_up_for_it_is_good(make_quotes):
    other = {"bookmaker": "A", "line": 23.5, "over_price": -130.0, "under_price": 106.0}
    assert _codes(make_quotes, [other, *PEERS]) == [""] * 4


def test_a_far_line_with_a_lopsided_right_price_is_an_alternate_line(make_quotes):
    alternate = {"bookmaker": "A", "line": 20.5, "over_price": -220.0, "under_price": 180.0}
    assert _codes(make_quotes, [alternate, *PEERS]) == ["alternate_line", "", "", ""]


def test_of_a_ladder_of_one_book_the_balanced_line_is_the_main_one(make_quotes):
    ladder = [
        {"line": 22.5, "over_price": -190.0, "under_price": 155.0},
        {"line": 24.5},
        {"line": 26.5, "over_price": 160.0, "under_price": -200.0},
    ]
    assert _codes(make_quotes, ladder) == ["alternate_line", "", "alternate_line"]


@pytest.mark.parametrize("prices", [(-130.0, 100.0), (100.0, -130.0), (-105.0, -115.0)])
def test_of_equally_balanced_lines_the_lower_one_is_the_main_line(make_quotes, prices):
    """-130/+100 and +100/-130 are as far from balance but for the last bits, which used to choose."""
    over, under = prices
    ladder = [
        {"line": 25.5, "over_price": under, "under_price": over},
        {"line": 24.5, "over_price": over, "under_price": under},
    ]
    assert _codes(make_quotes, ladder) == ["alternate_line", ""]


def test_a_price_far_from_two_agreeing_books_on_the_same_line_is_off_the_market(make_quotes):
    off = {"bookmaker": "A", "line": 24.5, "over_price": 170.0, "under_price": -210.0}
    assert _codes(make_quotes, [off, *PEERS]) == ["price_off_market", "", "", ""]


def test_one_other_book_alone_can_not_call_a_price_off_the_market(make_quotes):
    off = {"bookmaker": "A", "line": 24.5, "over_price": 170.0, "under_price": -210.0}
    assert _codes(make_quotes, [off, PEERS[0]]) == ["", ""]


def test_a_missing_side_a_margin_of_no_market_and_a_repeated_row_have_their_codes(make_quotes):
    rows = [
        {"bookmaker": "A", "under_price": np.nan},
        {"bookmaker": "B", "over_price": -10000.0, "under_price": -10000.0},
        {"bookmaker": "C"},
        {"bookmaker": "C"},
        {"bookmaker": "D", "over_price": -105.0},
        {"bookmaker": "D", "over_price": -120.0},
    ]
    expected = ["one_sided", "implausible_hold", "", "stale_duplicate", "conflicting_prices", "conflicting_prices"]
    assert _codes(make_quotes, rows) == expected


def test_an_unchanged_quote_while_the_others_moved_away_is_stale(make_quotes):
    early = [{"bookmaker": book, "line": 20.5, "observed_at": "2024-01-05 20:00"} for book in "ABC"]
    late = [
        {"bookmaker": "A", "line": 20.5, "observed_at": "2024-01-05 22:00"},
        {"bookmaker": "B", "line": 21.5, "observed_at": "2024-01-05 22:00"},
        {"bookmaker": "C", "line": 21.5, "observed_at": "2024-01-05 22:00"},
    ]
    assert _codes(make_quotes, [*early, *late]) == ["", "", "", "stale_line", "", ""]


def test_a_book_with_one_price_for_everything_gives_lines_only(make_quotes):
    rows = [{"player_id": i, "over_price": -137.0, "under_price": -137.0} for i in range(12)]
    rows += [{"player_id": i, "bookmaker": "B", "over_price": -110.0 - i, "under_price": -110.0} for i in range(12)]
    codes = _codes(make_quotes, rows)
    assert codes[:12] == ["pickem_constant"] * 12
    assert codes[12:] == [""] * 12


def test_a_quote_without_another_book_is_flagged_on_demand_only_and_only_where_there_are_other_books(make_quotes):
    rows = [{"player_id": 1}, {"player_id": 2}, {"player_id": 2, "bookmaker": "B"}]
    assert _codes(make_quotes, rows) == [""] * 3
    assert _codes(make_quotes, rows, require_peers=True) == ["no_peers", "", ""]
    assert _codes(make_quotes, rows[:2], require_peers=True) == ["", ""]


def _season(random_quotes, nights=24):
    """A season in which book C shows reversed alternate lines from the fourth night on."""
    quotes = random_quotes(seed=5, nights=nights, per_night=20, books=("A", "B", "C", "D", "E"))
    reversed_rows = (quotes["bookmaker"] == "C") & (quotes["game_date"] >= "2024-01-04")
    step = np.where(np.arange(len(quotes)) % 2 == 0, 3.0, -3.0)
    quotes.loc[reversed_rows, "line"] = (quotes["line"] + step)[reversed_rows]
    quotes.loc[reversed_rows, "over_price"] = np.where(step > 0, -180.0, 150.0)[reversed_rows]
    quotes.loc[reversed_rows, "under_price"] = np.where(step > 0, 150.0, -180.0)[reversed_rows]
    return quotes, reversed_rows


def test_a_book_that_contradicts_the_others_for_weeks_is_found_and_the_others_are_not(random_quotes):
    quotes, reversed_rows = _season(random_quotes)
    codes = flag_quotes(quotes)
    later = quotes["game_date"] >= "2024-01-09"
    assert (codes[reversed_rows & later] == "bad_book_month").all()
    assert (codes[reversed_rows] != "").mean() > 0.98
    assert (codes[~reversed_rows & (quotes["bookmaker"] != "C")] != "").mean() < 0.02


def _with_twins(quotes):
    """Books X and Y show the same reversed alternate lines, priced off book A's."""
    base = quotes[quotes["bookmaker"] == "A"]
    step = np.where(np.arange(len(base)) % 2 == 0, 3.0, -3.0)
    over, under = np.where(step > 0, -180.0, 150.0), np.where(step > 0, 150.0, -180.0)
    twin = base.assign(line=base["line"] + step, over_price=over, under_price=under)
    return pd.concat([quotes, twin.assign(bookmaker="X"), twin.assign(bookmaker="Y")], ignore_index=True)


def test_two_bad_books_with_the_same_faults_do_not_shield_each_other_or_blame_three_honest_ones(random_quotes):
    quotes = _with_twins(random_quotes(seed=9, nights=20, per_night=20, books=("A", "B", "C")))
    codes = flag_quotes(quotes)
    twins = quotes["bookmaker"].isin(["X", "Y"])
    assert (codes[~twins] != "").mean() < 0.02
    assert (codes[twins] != "").mean() > 0.95
    assert (codes[twins & (quotes["game_date"] >= "2024-01-05")] == "bad_book_month").all()


def test_a_book_known_to_be_bad_has_no_voice_where_it_would_have_a_majority(random_quotes):
    quotes = _with_twins(random_quotes(seed=9, nights=20, per_night=20, books=("A", "B", "C", "D")))
    gone = quotes["bookmaker"].isin(["C", "D"]) & (quotes["game_date"] >= "2024-01-10")
    quotes = quotes[~gone].reset_index(drop=True)
    honest = quotes["bookmaker"].isin(["A", "B"])
    assert (flag_quotes(quotes)[honest] != "").mean() < 0.02


def test_a_quote_of_another_player_is_no_peer(make_quotes):
    rows = [{"player_id": 1}, {"player_id": 1, "bookmaker": "B"}, {"player_id": 2}, {"player_id": 2, "market": "reb"}]
    rows.append({"player_id": 3, "market": "reb", "bookmaker": "B"})
    assert _codes(make_quotes, rows, require_peers=True) == ["", "", "no_peers", "no_peers", "no_peers"]


def test_a_bad_book_is_forgiven_once_it_has_shown_true_prices_for_weeks(random_quotes):
    quotes = random_quotes(seed=6, nights=60, per_night=10, books=("A", "B", "C", "D"))
    bad = (quotes["bookmaker"] == "C") & (quotes["game_date"] < "2024-01-08")
    quotes.loc[bad, ["over_price", "under_price"]] = [180.0, -220.0]
    codes = flag_quotes(quotes)
    of_book = quotes["bookmaker"] == "C"
    assert (codes[of_book & quotes["game_date"].between("2024-01-10", "2024-01-20")] == "bad_book_month").all()
    assert (codes[of_book & (quotes["game_date"] >= "2024-02-10")] == "").all()


@pytest.mark.parametrize("night", ["2024-01-03", "2024-01-06", "2024-01-15"])
def test_no_code_depends_on_a_later_quote_or_on_any_result(random_quotes, night):
    quotes, _ = _season(random_quotes, nights=18)
    seen = quotes[quotes["game_date"] <= night]
    changed = seen.assign(actual=99.0)
    pd.testing.assert_series_equal(flag_quotes(quotes)[seen.index], flag_quotes(changed))


def test_a_later_snapshot_of_the_same_night_changes_no_earlier_code(make_quotes):
    early = [{"bookmaker": book, "line": 20.5, "observed_at": "2024-01-05 20:00"} for book in "ABC"]
    late = [
        {"bookmaker": book, "line": 29.5, "over_price": 300.0, "under_price": -400.0, "observed_at": "2024-01-05 22:00"}
        for book in "BC"
    ]
    assert _codes(make_quotes, [*early, *late])[:3] == _codes(make_quotes, early)


def test_what_a_book_does_later_on_the_same_day_does_not_make_it_bad_before(make_quotes):
    hours = {"morning": "2024-01-05 10:00", "evening": "2024-01-05 20:00", "next": "2024-01-06 10:00"}
    wrong = {"over_price": 180.0, "under_price": -220.0}
    rows = [
        {"player_id": player, "bookmaker": book, "observed_at": at, "game_id": f"g{at[8:10]}"}
        | (wrong if book == "A" and name == "evening" else {"over_price": -110.0 - player % 7})
        for name, at in hours.items()
        for player in range(30)
        for book in "ABC"
    ]
    quotes = make_quotes(rows)
    codes = flag_quotes(quotes)
    of_book = quotes["bookmaker"] == "A"
    assert (codes[of_book & (quotes["observed_at"] == hours["morning"])] == "").all()
    assert (codes[of_book & (quotes["observed_at"] == hours["evening"])] == "price_off_market").all()
    assert (codes[of_book & (quotes["observed_at"] == hours["next"])] == "bad_book_month").all()


def test_the_order_of_rows_does_not_matter(random_quotes):
    quotes, _ = _season(random_quotes, nights=12)
    shuffled = quotes.sample(frac=1.0, random_state=1)
    pd.testing.assert_series_equal(flag_quotes(shuffled).sort_index(), flag_quotes(quotes))


def test_the_report_counts_every_flagged_row_once_by_book_and_month(random_quotes):
    quotes, _ = _season(random_quotes)
    codes = flag_quotes(quotes)
    report = quality_report(quotes, codes)
    assert report["rows"].sum() == (codes != "").sum()
    worst = report.iloc[0]
    assert (worst["bookmaker"], worst["month"], worst["reason"]) == ("C", "2024-01", "bad_book_month")
    of_c = report[report["bookmaker"] == "C"]
    assert worst["share"] == pytest.approx(worst["rows"] / (quotes["bookmaker"] == "C").sum())
    assert set(report["reason"]) <= set(REASON_CODES)
    assert of_c["share"].sum() <= 1.0


def test_good_quotes_are_those_without_a_code(random_quotes):
    quotes, _ = _season(random_quotes, nights=6)
    assert len(good_quotes(quotes)) == (flag_quotes(quotes) == "").sum()


def test_an_empty_table_gives_no_codes_and_a_missing_column_is_named(make_quotes):
    quotes = make_quotes([{}])
    assert flag_quotes(quotes.iloc[:0]).tolist() == []
    with pytest.raises(DataError, match="bookmaker"):
        flag_quotes(quotes.drop(columns="bookmaker"))


def test_a_rung_that_its_source_calls_an_alternate_is_never_a_main_line(make_quotes):
    """Its book's main line is not in the file: no other line of the moment gives it away."""
    quotes = make_quotes([{"bookmaker": "A", "line": 24.5}, *PEERS]).assign(alternate=[True, False, False, False])
    assert flag_quotes(quotes).tolist() == ["alternate_line", "", "", ""]
