"""Dates and times are read in every way in which only one reading is possible, and refused in the others."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nba_props.data import load_game_logs, load_odds
from nba_props.data.availability import load_availability
from nba_props.data.fixtures import load_fixtures
from nba_props.data.times import iso_times
from nba_props.errors import DataError

SEEN = pd.Timestamp("2023-10-24T23:25:00Z")


@pytest.mark.parametrize("way", [
    "%m/%d/%Y", "%m/%d/%y", "%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d %B %Y",
    "%Y/%m/%d", "%Y.%m.%d", "%a, %b %d, %Y", "%A %m/%d/%Y", "%m/%d/%Y 12:00:00 AM", "%m/%d/%Y 00:00:00",
])  # fmt: skip
def test_days_of_a_log_are_the_same_however_they_are_written(log, write, way):
    expected = load_game_logs(write(log))
    days = pd.to_datetime(log["GAME_DATE"]).dt.strftime(way)
    pd.testing.assert_frame_equal(load_game_logs(write(log.assign(GAME_DATE=days))), expected)


@pytest.mark.parametrize("written", [
    "10/24/2023 23:25", "24/10/2023 23:25:00", "10/24/2023 7:25 PM ET", "10/24/2023, 7:25:00 p.m. EDT",
    "Oct 24, 2023 11:25 PM UTC", "Tue, 24 Oct 2023 23:25:00 GMT", "24-Oct-2023 23:25", "2023/10/24 23:25",
    "2023-10-24 23:25:00 UTC", "2023-10-24 9:25:00 PM -02:00", "1698189900", "1698189900.0", "1698189900000",
    "1698189900000000", "1698189900000000000",
])  # fmt: skip
def test_moments_of_quotes_are_the_same_however_they_are_written(quote, write, written):
    odds = load_odds(write(pd.DataFrame([quote(timestamp=written, commence_time=written)]), "odds.csv"))
    assert (odds.loc[0, "timestamp"], odds.loc[0, "tip"]) == (SEEN, SEEN)


@pytest.mark.parametrize("written", [
    "10/24/2023", "Oct 24, 2023", "24 October 2023", "1698189900", "1698189900000", "2023-10-24 19:25 -04:00",
])  # fmt: skip
def test_the_day_of_a_quote_is_the_eastern_one(quote, write, written):
    odds = load_odds(write(pd.DataFrame([quote(game_date=written)]), "odds.csv"))
    assert odds.loc[0, "game_date"] == pd.Timestamp("2023-10-24")


def test_one_value_above_twelve_tells_the_order_of_the_whole_column(quote, write):
    rows = [quote(game_date="10/05/2023"), quote(game_date="10/24/2023", line=9.5)]
    assert load_odds(write(pd.DataFrame(rows), "odds.csv"))["game_date"].dt.month.tolist() == [10, 10]
    rows[1]["game_date"] = "24/10/2023"
    assert load_odds(write(pd.DataFrame(rows), "odds.csv"))["game_date"].dt.month.tolist() == [5, 10]


@pytest.mark.parametrize("dates", [["11/02/2023", "11/04/2023"], ["10/24/2023", "24/10/2023"]])
@pytest.mark.parametrize("column", ["game_date", "timestamp"])
def test_a_column_whose_days_may_be_months_is_refused_with_the_way_out(quote, write, dates, column):
    rows = [quote(line=number + 0.5, **{column: day}) for number, day in enumerate(dates, start=9)]
    with pytest.raises(DataError, match="whether the day or the month stands first") as caught:
        load_odds(write(pd.DataFrame(rows), "odds.csv"))
    assert f"column {column}" in str(caught.value)
    assert caught.value.count == 2


@pytest.mark.parametrize("written", [
    "10/24/2023 7:25 PM", "7:25 PM", "2023-10-24 13:25 PM ET", "1.6982E9", "1,698,189,900", "12345", "169818990",
    "23/10/24", "Oct 2023", "Oct 32, 2023", "13/13/2023", "2023-10-24T23:25:61Z", "10/24/1823",
])  # fmt: skip
def test_what_could_be_several_moments_or_none_is_refused(quote, write, written):
    with pytest.raises(
        DataError, match=r"column timestamp.*AM or PM needs its time zone|column timestamp.*one way only"
    ):
        load_odds(write(pd.DataFrame([quote(timestamp=written)]), "odds.csv"))


def test_eastern_hours_follow_daylight_saving():
    written = pd.Series(["Jan 5, 2025 7:30 PM ET", "Jul 5, 2025 7:30 PM ET"])
    assert iso_times(written).text.tolist() == ["2025-01-05T19:30:00-05:00", "2025-07-05T19:30:00-04:00"]


def test_reports_and_fixtures_take_the_same_dates_but_no_hour_without_its_zone(write):
    row = {"game_date": "Oct 24, 2023", "team": "BOS", "player": "Ab Cd", "status": "Out"}
    table = load_availability(write(pd.DataFrame([row | {"reported_at": "1698189900"}]), "a.csv")).availability
    assert table.loc[0, ["game_date", "reported_at"]].tolist() == [pd.Timestamp("2023-10-24"), SEEN]
    game = {"home": "BOS", "away": "NYK", "tip": "10/24/2023 7:25 PM ET"}
    assert load_fixtures(write(pd.DataFrame([game]), "f.csv"))["tip"].tolist() == [SEEN]
    with pytest.raises(DataError, match="time zone"):
        load_availability(write(pd.DataFrame([row | {"reported_at": "10/24/2023 19:25"}]), "b.csv"))
    with pytest.raises(DataError, match="time zone"):
        load_fixtures(write(pd.DataFrame([game | {"tip": "10/24/2023 7:25 PM"}]), "g.csv"))


@settings(max_examples=300, deadline=None)
@given(text=st.from_regex(r"[0-9٣]{1,4}[-/. ]?(Oct|[0-9]{1,4})?[-/., ]{0,2}[0-9]{0,4}[ T,]{0,2}[0-9:.]{0,8} ?(PM|am)?"
                          r" ?(ET|Z|EST|[+-][0-9:]{0,5})?", fullmatch=True))  # fmt: skip
@example(text="99/99/9999 99:99:99 PM ET")
@example(text="9999999999999999999")
@example(text="02/30/2023 1:00 AM ET")
def test_no_text_is_more_than_no_date(text):
    written = iso_times(pd.Series([text, "2023-10-24"]))
    assert written.text.iloc[1] == "2023-10-24"
    assert len(written.text) == len(written.either_way) == len(written.zoneless) == 2
