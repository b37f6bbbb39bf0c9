"""Lines of The Odds API: costs said first, nothing asked twice."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from nba_props.data import load_odds
from nba_props.fetch.client import FetchError, QuotaError
from nba_props.fetch.lines import Wanted, fetch_current, fetch_historical

from .conftest import KEY

NOW = datetime(2024, 11, 1, 20, 3, tzinfo=UTC)
EVENTS = [
    {"id": "e1", "commence_time": "2024-11-01T23:10:00Z", "home_team": "Boston Celtics", "away_team": "Miami Heat"},
    {"id": "e2", "commence_time": "2024-11-02T02:40:00Z", "home_team": "Utah Jazz", "away_team": "Denver Nuggets"},
    {"id": "e3", "commence_time": "2024-11-09T02:40:00Z", "home_team": "Utah Jazz", "away_team": "Denver Nuggets"},
]
CREDITS = {"x-requests-last": "4", "x-requests-remaining": "496"}
ODDS = "/v4/sports/basketball_nba/events/{}/odds"
PAST = "/v4/historical/sports/basketball_nba/events"


def odds(path, query):
    event = next(event for event in EVENTS if event["id"] in path)
    return 200, CREDITS, json.dumps({**event, "bookmakers": [], "asked": query.get("date")}).encode()


@pytest.fixture
def api(stub):
    stub.answers["/v4/sports/basketball_nba/events"] = (200, {}, json.dumps(EVENTS).encode())
    stub.answers[PAST] = (200, {"x-requests-last": "1"}, json.dumps({"timestamp": "t", "data": EVENTS}).encode())
    for event in EVENTS:
        stub.answers[ODDS.format(event["id"])] = odds
        stub.answers[f"{PAST}/{event['id']}/odds"] = odds
    return stub


class Asked(list):
    """Takes down the costs and agrees to them, or not."""

    agrees = True

    def __call__(self, cost, what):
        self.append(cost)
        return self.agrees


def contents(folder):
    return {path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.json")}


def test_current_lines_of_the_coming_games(api, client, tmp_path):
    costs = Asked()
    done = fetch_current(client, tmp_path, Wanted(), costs, now=NOW)
    assert costs == [8], "two events of the next 36 hours, four markets, one region"
    assert (done.fetched, done.cached, done.credits_used, done.credits_left) == (2, 0, 8, 496)
    assert sorted(str(path) for path in contents(tmp_path)) == [
        "2024-11-01/e1_20241101T2000Z.json", "2024-11-01/e2_20241101T2000Z.json",
    ]  # fmt: skip
    query = api.asked[-1][1]
    assert query["markets"].startswith("player_points,")
    assert query["oddsFormat"] == "american"


def test_fetched_twice_changes_nothing(api, client, tmp_path):
    fetch_current(client, tmp_path, Wanted(), Asked(), now=NOW)
    before, asked = contents(tmp_path), len(api.asked)
    costs = Asked()
    done = fetch_current(client, tmp_path, Wanted(), costs, now=NOW.replace(minute=9))
    assert (done.fetched, done.cached, costs) == (0, 2, [])
    assert contents(tmp_path) == before
    assert api.paths[asked:] == ["/v4/sports/basketball_nba/events"], "the list of events costs nothing"


def test_the_past_is_asked_for_at_each_lead_and_costs_ten_times_as_much(api, client, tmp_path):
    costs = Asked()
    done = fetch_historical(client, tmp_path, [date(2024, 11, 1)], Wanted(leads=(60, 5)), costs)
    assert costs == [1, 160]
    assert (done.fetched, done.credits_used) == (4, 17)
    moments = sorted(query["date"] for path, query in api.asked if path.endswith("/odds"))
    assert moments == ["2024-11-01T22:10:00Z", "2024-11-01T23:05:00Z", "2024-11-02T01:40:00Z", "2024-11-02T02:35:00Z"]
    assert len(done.files) == 4


def test_a_fetch_that_was_killed_asks_only_for_what_is_missing(api, client, tmp_path):
    def killed(done, total):
        if done == 2:
            raise KeyboardInterrupt

    wanted = Wanted(leads=(60, 5))
    with pytest.raises(KeyboardInterrupt):
        fetch_historical(client, tmp_path, [date(2024, 11, 1)], wanted, Asked(), step=killed)
    asked, costs = len(api.asked), Asked()
    done = fetch_historical(client, tmp_path, [date(2024, 11, 1)], wanted, costs)
    assert (done.fetched, done.cached, costs) == (2, 2, [80])
    assert len(api.asked) - asked == 2
    again = fetch_historical(client, tmp_path, [date(2024, 11, 1)], wanted, costs)
    assert (again.fetched, again.cached, costs) == (0, 4, [80])


def test_nothing_is_spent_without_leave(api, client, tmp_path):
    no = Asked()
    no.agrees = False
    assert fetch_current(client, tmp_path, Wanted(), no, now=NOW).fetched == 0
    assert fetch_historical(client, tmp_path, [date(2024, 11, 1)], Wanted(), no).fetched == 0
    assert api.paths == ["/v4/sports/basketball_nba/events"]
    assert not contents(tmp_path)


def test_out_of_credits_half_way_keeps_what_was_paid_for(api, client, tmp_path):
    api.answers[ODDS.format("e2")] = (401, {"x-requests-remaining": "0"}, b'{"error_code": "OUT_OF_USAGE_CREDITS"}')
    with pytest.raises(QuotaError, match="Credits left: 0.*OUT_OF_USAGE_CREDITS"):
        fetch_current(client, tmp_path, Wanted(), Asked(), now=NOW)
    assert len(contents(tmp_path)) == 1


def test_an_event_that_is_gone_is_counted(api, client, tmp_path):
    api.answers[ODDS.format("e1")] = (404, {}, b"")
    done = fetch_current(client, tmp_path, Wanted(), Asked(), now=NOW)
    assert (done.fetched, done.missing) == (1, 1)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'[{"id": "e1"}]', b'[{"id": "e1", "commence_time": "soon"}]'])
def test_an_answer_that_is_no_list_of_events_is_refused(api, client, tmp_path, body):
    api.answers["/v4/sports/basketball_nba/events"] = (200, {}, body)
    with pytest.raises(FetchError):
        fetch_current(client, tmp_path, Wanted(), Asked(), now=NOW)
    assert not contents(tmp_path)


def test_an_event_s_name_cannot_leave_the_folder(api, client, tmp_path):
    evil = [{"id": "../../e1", "commence_time": "2024-11-01T23:10:00Z"}]
    api.answers["/v4/sports/basketball_nba/events"] = (200, {}, json.dumps(evil).encode())
    api.default = (200, {}, b"{}")
    fetch_current(client, tmp_path / "in", Wanted(), Asked(), now=NOW)
    assert [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.json")] == ["in"]


def test_what_asks_for_nothing_is_refused():
    for options in ({"markets": ()}, {"regions": ()}, {"leads": ()}, {"leads": (0,)}):
        with pytest.raises(FetchError, match="at least one market"):
            Wanted(**options)


def run(script, *arguments, **environment):
    return CliRunner().invoke(script.app, list(arguments), env=environment)


def test_the_script_asks_before_it_spends_and_needs_a_key(api, tmp_path, load_script, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = load_script("fetch_lines")
    options = ("--from", "2024-11-01", "--base-url", api.url, "--pause", "0")
    result = run(script, *options, ODDS_API_KEY="")
    assert result.exit_code == 2
    assert "ODDS_API_KEY" in result.output
    refused = CliRunner().invoke(script.app, list(options), input="n\n", env={"ODDS_API_KEY": KEY})
    assert refused.exit_code == 1, "nothing was spent"
    assert "about 1 credits" in refused.output
    assert api.asked == []


def test_the_script_leaves_the_key_nowhere(api, tmp_path, load_script, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    caplog.set_level("DEBUG")
    api.answers[PAST] = lambda path, query: (200, {}, json.dumps({"data": EVENTS, "echo": query["apiKey"]}).encode())
    options = ("--from", "2024-11-01", "--base-url", api.url, "--pause", "0", "--yes")
    result = run(load_script("fetch_lines"), *options, ODDS_API_KEY=KEY)
    assert result.exit_code == 0, "no props are posted yet, which is no fault"
    assert "2 fetched" in result.output
    assert "No props of these games are posted yet" in result.output
    assert KEY not in result.output + caplog.text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def with_props(path, query):
    """The historical odds of an event: two books, an alternate and a market without lines."""
    event = next(event for event in EVENTS if event["id"] in path)
    seen = query["date"]
    sides = [{"name": side, "description": "Al Hartford", "price": -110, "point": 20.5} for side in ("Over", "Under")]
    yes = [{"name": "Yes", "description": "Al Hartford", "price": 700}]
    books = [
        {"key": key, "title": key.upper(), "markets": [
            {"key": "player_points", "last_update": seen, "outcomes": sides},
            {"key": "player_points_alternate", "last_update": seen, "outcomes": [{**sides[0], "point": 25.5}]},
            {"key": "player_double_double", "last_update": seen, "outcomes": yes}]}
        for key in ("dk", "fd")
    ]  # fmt: skip
    return 200, CREDITS, json.dumps({"timestamp": seen, "data": {**event, "bookmakers": books}}).encode()


def test_what_is_fetched_is_read_and_captured_once(api, tmp_path, load_script, monkeypatch):
    """From the server to the store that --odds reads: tips, moments, rungs, and nothing twice."""
    monkeypatch.chdir(tmp_path)
    for event in EVENTS[:2]:
        api.answers[f"{PAST}/{event['id']}/odds"] = with_props
    options = ("--from", "2024-11-01", "--base-url", api.url, "--pause", "0", "--yes", "--lead", "60", "--lead", "5")
    script = load_script("fetch_lines")
    first = run(script, *options, ODDS_API_KEY=KEY)
    assert first.exit_code == 0, first.output
    assert "16 of 16 quotes are new" in first.output
    asked, before = len(api.asked), contents(tmp_path)
    again = run(script, *options, ODDS_API_KEY=KEY)
    assert "0 of 16 quotes are new" in again.output
    assert len(api.asked) == asked
    assert contents(tmp_path) == before
    quotes = load_odds(tmp_path / "data" / "snapshots")
    assert len(quotes) == 16
    assert quotes["alternate"].sum() == 8
    lead = (quotes["tip"] - quotes["timestamp"]).dt.total_seconds() / 60
    assert sorted(lead.unique()) == [5.0, 60.0]
    raw = sorted((tmp_path / "data" / "raw" / "lines").rglob("e1_*.json"))
    raw[0].unlink()
    last = run(script, *options, ODDS_API_KEY=KEY)
    assert "1 fetched, 3 were on disk" in last.output
    assert "0 of 16 quotes are new" in last.output


def test_other_markets_are_another_question(api, client, tmp_path):
    """What was saved for points does not stand for assists."""
    fetch_current(client, tmp_path, Wanted(markets=("player_points",)), Asked(), now=NOW)
    costs = Asked()
    done = fetch_current(client, tmp_path, Wanted(markets=("player_assists",)), costs, now=NOW)
    assert (done.fetched, done.cached, costs) == (2, 0, [2])
    again = fetch_current(client, tmp_path, Wanted(markets=("player_assists",)), costs, now=NOW)
    assert (again.fetched, again.cached) == (0, 2)
