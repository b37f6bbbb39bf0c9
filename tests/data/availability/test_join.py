"""Availability and the log: who is meant, and what was known when."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data.availability import COLUMNS, as_of, join_availability, last_reports
from nba_props.errors import DataError


def table(*rows, **common):
    base = {"game_date": pd.Timestamp("2023-10-25"), "team": "BOS", "player": "Luka Brandić", "player_id": None,
            "status": "out", "reason": None, "reported_at": "2023-10-25T18:30Z", "source": "injury report"}  # fmt: skip
    frame = pd.DataFrame([base | common | row for row in rows])[list(COLUMNS)]
    return frame.assign(
        player_id=frame["player_id"].astype("Int64"), reported_at=pd.to_datetime(frame["reported_at"], utc=True),
        reason=frame["reason"].astype("str"),
    )  # fmt: skip


def test_every_row_has_one_cause(games):
    rows = table(
        {"player": "Brandic, Luka"},
        {"player": "Wells Jr., Jaren"},
        {"player": "Wells Jr., Jaren"},
        {"player": "Hartford, Al"},
        {"player": "Nobody, Ned"},
        {"player": "Given, By Id", "player_id": 9},
    )
    joined = join_availability(rows, games)
    assert joined.report.counts == {
        "matched": 2, "elsewhere": 1, "given_id": 1, "duplicate": 1, "unknown_name": 1, "ambiguous_name": 0,
    }  # fmt: skip
    assert joined.report.rows == sum(joined.report.counts.values())
    assert joined.availability["player_id"].fillna(0).tolist() == [101, 102, 301, 0, 9]
    assert "Nobody, Ned, BOS, 2023-10-25, out" in str(joined.report)
    assert joined.report.frame()["rows"].sum() == len(rows)


def test_a_name_of_two_players_is_nobody_s(games):
    """Both teams have a Green; the one of the team is meant, and a bare 'J. Green' of a third team is neither."""
    joined = join_availability(table({"player": "Green, Jalen"}, {"player": "J. Green"}), games)
    assert joined.availability["player_id"].fillna(0).tolist() == [104, 104]
    twins = games.assign(player_name=games["player_name"].replace({"Jeff Green": "Jalen Green"}))
    report = join_availability(table({"player": "Jalen Green", "team": "MIA"}), twins).report
    assert report.counts["ambiguous_name"] == 1


def test_a_player_of_no_season_of_the_log_is_found_by_his_name(games):
    joined = join_availability(table({"game_date": pd.Timestamp("2026-02-08")}), games)
    assert joined.availability["player_id"].tolist() == [101]
    assert joined.report.counts["elsewhere"] == 1


def test_an_empty_table_joins_to_an_empty_table(games):
    assert join_availability(table({}).iloc[:0], games).report.rows == 0
    with pytest.raises(DataError, match="no rows"):
        join_availability(table({}), games.iloc[:0])
    with pytest.raises(DataError, match="status"):
        join_availability(table({}).drop(columns="status"), games)


REPORTS = [
    {"reported_at": "2023-10-25T18:30Z", "status": "questionable"},
    {"reported_at": "2023-10-25T18:30Z", "player": "Jaren Wells Jr."},
    {"reported_at": "2023-10-25T22:30Z", "status": "out"},
]


def at(text):
    return pd.Timestamp(text)


def test_the_last_report_before_the_moment_counts():
    """Wells is listed no more by the later report: then he is fit."""
    assert as_of(table(*REPORTS), at("2023-10-25T18:00Z")).empty
    before = as_of(table(*REPORTS), at("2023-10-25T22:30Z"))
    assert before["status"].tolist() == ["questionable", "out"], "a report at the very moment comes too late"
    after = as_of(table(*REPORTS), at("2023-10-25T23:00Z"))
    assert after[["player", "status"]].values.tolist() == [["Luka Brandić", "out"]]


def test_a_feed_of_single_players_is_followed_player_by_player():
    known = as_of(table(*REPORTS, source="feed"), at("2023-10-25T23:00Z"))
    assert known[["player", "status"]].values.tolist() == [["Jaren Wells Jr.", "out"], ["Luka Brandić", "out"]]


def test_every_row_may_have_a_moment_of_its_own():
    rows = table(*REPORTS, {"team": "NYK", "player": "Jeff Green", "reported_at": "2023-10-25T22:30Z"})
    moment = rows["team"].map({"BOS": at("2023-10-25T22:00Z"), "NYK": at("2023-10-26T01:00Z")})
    known = as_of(rows, moment)
    assert known[["player", "status"]].values.tolist() == [
        ["Luka Brandić", "questionable"], ["Jaren Wells Jr.", "out"], ["Jeff Green", "out"],
    ]  # fmt: skip
    assert as_of(rows, moment.where(rows["team"] == "NYK"))["player"].tolist() == ["Jeff Green"]


def test_no_future_report_changes_what_was_known():
    rows = table(*REPORTS)
    later = table(*REPORTS, {"reported_at": "2023-10-25T22:45Z", "status": "available"})
    pd.testing.assert_frame_equal(as_of(rows, at("2023-10-25T22:40Z")), as_of(later, at("2023-10-25T22:40Z")))


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(DataError, match="no time zone"):
        as_of(table(*REPORTS), at("2023-10-25T22:30"))


def moments(*rows):
    frame = pd.DataFrame(rows, columns=["game_date", "team", "decision_time"])
    day, when = pd.to_datetime(frame["game_date"]), pd.to_datetime(frame["decision_time"], utc=True)
    return frame.assign(game_date=day, decision_time=when)


def test_the_last_report_before_each_decision_tells_who_is_out_and_whether_anything_is_known():
    """Nobody out is a time without players; a team that has not reported, or a day without a report, is neither."""
    rows = table(
        {"player": "A One"},
        {"player": "B Two", "reported_at": "2023-10-25T20:30Z"},
        {"player": "C Three", "team": "MIA", "reported_at": "2023-10-25T20:30Z"},
    )
    silent = pd.DataFrame({"game_date": rows["game_date"][:1], "team": "MIA", "reported_at": rows["reported_at"][:1]})
    asked = moments(
        ("2023-10-25", "BOS", "2023-10-25T19:00Z"), ("2023-10-25", "NYK", "2023-10-25T19:00Z"),
        ("2023-10-25", "MIA", "2023-10-25T19:00Z"), ("2023-10-26", "BOS", "2023-10-25T19:00Z"),
    )  # fmt: skip
    found = last_reports(rows, asked, not_submitted=silent)
    assert found.players[["team", "player"]].to_numpy().tolist() == [["BOS", "A One"]]
    assert found.teams["reported_at"].notna().tolist() == [True, True, False, False]
    later = last_reports(rows, asked.assign(decision_time=pd.Timestamp("2023-10-25T21:00Z")), not_submitted=silent)
    assert later.players["player"].tolist() == ["B Two", "C Three"]
    assert later.teams["reported_at"].dt.strftime("%H:%M").tolist()[:3] == ["20:30"] * 3


def test_a_report_at_the_moment_of_the_decision_comes_too_late():
    at_once = moments(("2023-10-25", "BOS", "2023-10-25T18:30Z"))
    found = last_reports(table({}), at_once)
    assert found.players.empty
    assert found.teams["reported_at"].isna().all()


def test_another_source_beside_the_league_s_report_does_not_hide_it():
    rows = table({"player": "A One"}, {"player": "B Two", "source": "feed", "reported_at": "2023-10-25T18:45Z"})
    found = last_reports(rows, moments(("2023-10-25", "BOS", "2023-10-25T19:00Z")))
    assert sorted(found.players["player"]) == ["A One", "B Two"]
    assert found.teams["reported_at"][0] == pd.Timestamp("2023-10-25T18:45Z")


def test_moments_are_one_per_team_and_have_a_time_zone():
    asked = moments(("2023-10-25", "BOS", "2023-10-25T18:30Z"))
    with pytest.raises(DataError, match="two moments"):
        last_reports(table({}), pd.concat([asked, asked]))
    with pytest.raises(DataError, match="no time zone"):
        last_reports(table({}), asked.assign(decision_time=pd.Timestamp("2023-10-25")))
    with pytest.raises(DataError, match="decision_time"):
        last_reports(table({}), asked[["game_date", "team"]])
