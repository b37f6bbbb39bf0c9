"""The league's injury reports: every hour, or the last before each tip; none asked for twice."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nba_props.fetch.client import BlockedError, Client, FetchError
from nba_props.fetch.injury_reports import before_tips, fetch_reports, hourly

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REPORT = (200, {}, b"%PDF-1.7 a report")
ROOT = "/referee/injury/Injury-Report_"


@pytest.fixture
def server(stub):
    stub.default = (403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    for hour in ("03", "05", "06"):
        stub.answers[f"{ROOT}2026-02-08_{hour}_30PM.pdf"] = REPORT
    return stub


@pytest.fixture
def client(stub, waits):
    return Client(stub.url, sleep=waits.append, timeout=5)


def test_hourly_reports_and_those_that_do_not_exist(server, client, tmp_path, waits):
    done = fetch_reports(client, tmp_path, hourly([date(2026, 2, 8)])[3:], now=NOW)
    assert (done.fetched, done.missing, done.cached) == (3, 6, 0)
    assert [path.rpartition("_02-08_")[2][-15:] for path in done.files] == [
        f"-08_{hour}_30PM.pdf"[-15:] for hour in ("03", "05", "06")
    ]  # fmt: skip
    assert waits == [1.0] * 8
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = fetch_reports(client, tmp_path, hourly([date(2026, 2, 8)])[3:], now=NOW)
    assert (again.fetched, again.missing, again.cached) == (0, 0, 9)
    assert len(server.asked) == 9
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_fetch_that_was_killed_asks_only_for_what_is_missing(server, client, tmp_path):
    def killed(done, total):
        if done == 4:
            raise KeyboardInterrupt

    moments = hourly([date(2026, 2, 8)])[4:]
    server.default = (404, {}, b"")
    with pytest.raises(KeyboardInterrupt):
        fetch_reports(client, tmp_path, moments, now=NOW, step=killed)
    fetch_reports(client, tmp_path, moments, now=NOW)
    assert len(server.paths) == len(set(server.paths)) == len(moments)


def test_a_report_that_may_still_come_is_asked_for_again(server, client, tmp_path):
    server.default = (404, {}, b"")
    now = datetime(2026, 2, 8, 23, 0, tzinfo=UTC)  # 6 pm Eastern
    moments = hourly([date(2026, 2, 8)])
    done = fetch_reports(client, tmp_path, moments, now=now)
    assert f"{ROOT}2026-02-08_06_30PM.pdf" not in server.paths, "it is not written yet"
    assert fetch_reports(client, tmp_path, moments, now=now).missing == done.missing == 5


def test_a_server_that_refuses_everything_is_named_after_a_few_tries(server, client, tmp_path):
    server.answers.clear()
    with pytest.raises(BlockedError, match="blocked"):
        fetch_reports(client, tmp_path, hourly([date(2026, 2, 8)]), now=NOW)
    assert len(server.asked) == 5
    assert list(tmp_path.iterdir()) == [], "a block is not taken for a report that does not exist"


def test_a_page_instead_of_a_report_is_refused(server, client, tmp_path):
    server.default = (200, {}, b"<html>Sign in</html>")
    with pytest.raises(FetchError, match="is not a PDF"):
        fetch_reports(client, tmp_path, hourly([date(2026, 2, 8)]), now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_names_before_the_change_had_no_minutes_and_a_pattern_of_ones_own_is_taken(server, client, tmp_path):
    server.default = REPORT
    fetch_reports(client, tmp_path, hourly([date(2025, 12, 22)])[:1], now=NOW)
    fetch_reports(client, tmp_path, hourly([date(2026, 2, 8)])[:1], pattern="/r/%Y%m%d-%H%M.pdf", now=NOW)
    assert server.paths == [f"{ROOT}2025-12-22_11AM.pdf", "/r/20260208-1130.pdf"]


@pytest.mark.parametrize(
    ("tip", "report"),
    [
        ("2026-02-09T00:40Z", "02-08 19:15"),
        ("2026-02-09T00:45Z", "02-08 19:30"),
        ("2025-11-02T00:00Z", "11-01 19:30"),
        ("2025-11-02T00:10Z", "11-01 19:30"),
        ("2025-11-02T00:44Z", "11-01 19:30"),
        ("2025-11-02T00:45Z", "11-01 20:30"),
    ],
)
def test_the_last_report_that_is_out_before_a_tip(tip, report):
    moment = datetime.fromisoformat(tip)
    (found,) = before_tips([moment, moment])
    assert found.strftime("%m-%d %H:%M") == report
    assert timedelta(minutes=15) <= moment - found.astimezone(UTC) < timedelta(minutes=75)


def test_the_script_takes_fixtures(server, tmp_path, load_script):
    fixtures = tmp_path / "fixtures.csv"
    fixtures.write_text("home,away,tip\nBOS,NYK,2026-02-08T23:00Z\nMIA,UTA,2026-02-10T00:00Z\n")
    out = tmp_path / "out"
    result = CliRunner().invoke(
        load_script("fetch_availability").app,
        ["--from", "2026-02-08", "--fixtures", str(fixtures), "--output", str(out), "--base-url", server.url,
         "--lead", "30", "--pause", "0"],
    )  # fmt: skip
    assert "1 fetched" in result.output
    assert server.paths == [f"{ROOT}2026-02-08_05_30PM.pdf"]
    assert [path.name for path in out.iterdir()] == ["Injury-Report_2026-02-08_05_30PM.pdf"]


def test_a_process_that_is_killed_leaves_whole_files_and_asks_for_none_again(server, client, tmp_path):
    """The real thing: the process is killed while it writes and asks."""
    server.default = (200, {}, b"%PDF-1.7 " + b"x" * 200_000)
    server.answers.clear()
    script = Path(__file__).resolve().parents[2] / "scripts" / "data" / "fetch_availability.py"
    out = tmp_path / "out"
    command = [sys.executable, str(script), "--from", "2026-02-08", "--output", str(out), "--base-url", server.url,
               "--pause", "0.05"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        for _ in range(600):
            if len(server.asked) >= 4 or process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
        process.wait()
    held = {path.name for path in out.glob("*.pdf")}
    assert 3 <= len(held) < 12
    assert {path.stat().st_size for path in out.glob("*.pdf")} == {200_009}
    server.asked.clear()
    done = fetch_reports(client, out, hourly([date(2026, 2, 8)]), now=NOW)
    assert (done.cached, done.fetched) == (len(held), 12 - len(held))
    assert not held & {path.rpartition("/")[2] for path in server.paths}
