"""The league's injury report: every player, team, status and reason, however its table is broken up."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.data.availability import load_availability, read_injury_report
from nba_props.errors import DataError


def printed(report):
    return [(row["team"], row["player"], row["status"], row["reason"]) for row in report.rows]


def a_full_report(paper):
    paper.row(
        "Injury/Illness - Left Knee; Sprain",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Hartford, Al",
        status="Out",
    )
    paper.row(
        "Injury/Illness - Right",
        "Costochondral;",
        "Injury to the Ribs",
        player="Wells Jr., Jaren",
        status="Questionable",
    )
    paper.row(player="Brandic, Luka", status="Available")
    paper.row("NOT YET SUBMITTED", team="New York Knicks")
    paper.row(
        "Rest",
        game_time="07:30 (ET)",
        matchup="MIA@LAC",
        team="Miami Heat",
        player="Street II, Karl-Anthony",
        status="Doubtful",
    )
    paper.row("G League - Two-Way", team="LA Clippers", player="Moss, De'Andre", status="Probable")
    paper.row(
        "NOT YET SUBMITTED",
        game_date="02/09/2026",
        game_time="12:30 (ET)",
        matchup="PHI@POR",
        team="Philadelphia 76ers",
    )
    paper.row("Concussion Protocol", team="Portland Trail Blazers", player="McCall, C.J.", status="Out")
    return paper.save()


EXPECTED = [
    ("Boston Celtics", "Hartford, Al", "Out", "Injury/Illness - Left Knee; Sprain"),
    ("Boston Celtics", "Wells Jr., Jaren", "Questionable", "Injury/Illness - Right Costochondral; Injury to the Ribs"),
    ("Boston Celtics", "Brandic, Luka", "Available", ""),
    ("Miami Heat", "Street II, Karl-Anthony", "Doubtful", "Rest"),
    ("LA Clippers", "Moss, De'Andre", "Probable", "G League - Two-Way"),
    ("Portland Trail Blazers", "McCall, C.J.", "Out", "Concussion Protocol"),
]  # fmt: skip


@pytest.mark.parametrize("rules", [True, False])
def test_rows_are_read_with_and_without_rules_between_them(printer, rules):
    report = read_injury_report(a_full_report(printer(rules=rules)))
    assert printed(report) == EXPECTED
    assert [(row["game_date"], row["team"]) for row in report.not_submitted] == [
        ("02/08/2026", "New York Knicks"), ("02/09/2026", "Philadelphia 76ers"),
    ]  # fmt: skip
    assert [row["game_time"] for row in report.rows][-2:] == ["07:30 (ET)", "12:30 (ET)"]


def test_the_table_has_codes_statuses_and_the_time_of_the_title_in_utc(printer):
    reading = load_availability(a_full_report(printer(title="Injury Report: 07/08/26 03:30 PM")))
    table = reading.availability
    assert table["team"].tolist() == ["BOS", "BOS", "BOS", "MIA", "LAC", "POR"]
    assert table["status"].tolist() == ["out", "questionable", "available", "doubtful", "probable", "out"]
    assert table["game_date"].dt.day.tolist() == [8, 8, 8, 8, 8, 9]
    assert set(table["reported_at"]) == {pd.Timestamp("2026-07-08T19:30Z")}  # daylight saving time
    assert pd.isna(table["reason"][2])
    assert set(table["source"]) == {"injury report"}
    assert reading.not_submitted["team"].tolist() == ["NYK", "PHI"]


@pytest.mark.parametrize("repeat_header", [True, False])
@pytest.mark.parametrize("rules", [True, False])
@pytest.mark.parametrize(("split", "name_on"), [(1, 0), (2, 0), (1, 1), (2, 1)])
def test_a_row_cut_by_the_end_of_a_page_is_one_row(printer, repeat_header, rules, split, name_on):
    paper = printer(repeat_header=repeat_header, rules=rules)
    paper.row(
        "Rest",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Hartford, Al",
        status="Out",
    )
    paper.row(
        "Injury/Illness - Right",
        "Costochondral;",
        "Injury to the Ribs",
        split=split,
        name_on=name_on,
        player="Wells Jr., Jaren",
        status="Questionable",
    )
    paper.row("Not With Team", player="Brandic, Luka", status="Out")
    assert printed(read_injury_report(paper.save())) == [
        ("Boston Celtics", "Hartford, Al", "Out", "Rest"),
        ("Boston Celtics", "Wells Jr., Jaren", "Questionable",
         "Injury/Illness - Right Costochondral; Injury to the Ribs"),
        ("Boston Celtics", "Brandic, Luka", "Out", "Not With Team"),
    ]  # fmt: skip


def test_a_cut_row_that_opens_a_new_game_takes_the_new_team(printer):
    paper = printer()
    paper.row(
        "Rest",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Hartford, Al",
        status="Out",
    )
    paper.row(
        "Injury/Illness - Left",
        "Knee; Sprain",
        split=1,
        name_on=1,
        matchup="MIA@ATL",
        team="Miami Heat",
        player="Moss, Dru",
        status="Out",
    )
    assert printed(read_injury_report(paper.save()))[1] == (
        "Miami Heat", "Moss, Dru", "Out", "Injury/Illness - Left Knee; Sprain"
    )  # fmt: skip


@pytest.mark.parametrize("player", ["A full", "NOT YET SUBMITTED"])
def test_a_whole_row_at_the_end_of_a_page_keeps_to_itself(printer, player):
    paper = printer()
    waits = player == "NOT YET SUBMITTED"
    paper.row(
        "Rest",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Hartford, Al",
        status="Out",
    )
    paper.new_page()
    if waits:
        paper.row(player, team="New York Knicks")
    else:
        paper.row(team="New York Knicks", player="Moss, Dru", status="Out")
    report = read_injury_report(paper.save())
    assert printed(report)[0] == ("Boston Celtics", "Hartford, Al", "Out", "Rest")
    assert (len(report.rows), len(report.not_submitted)) == ((1, 1) if waits else (2, 0))


def test_a_long_name_that_breaks_at_its_hyphen_is_one_name(printer):
    paper = printer()
    paper.row(
        "Rest",
        "Rest",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Gilmore-\nAlexandrov, Shay",
        status="Out",
    )
    assert read_injury_report(paper.save()).rows[0]["player"] == "Gilmore-Alexandrov, Shay"


EVERYTHING = [
    ("BOS@NYK", "Boston Celtics", "Hartford, Al", "Out", "Injury/Illness - N/a; Illness"),
    ("BOS@NYK", "Boston Celtics", "Wells III, Robert", "Questionable", "Injury/Illness - Left Knee; Injury Management"),
    ("BOS@NYK", "Boston Celtics", "O'Nell, Royce", "Probable", "Rest"),
    ("BOS@NYK", "New York Knicks", "Gil-Alexander, Shai", "Doubtful", ""),
    ("DET@MIA", "Detroit Pistons", "Hard Jr., Tim", "Out", "G League - Two-Way"),
    ("NOP@PHI", "New Orleans Pelicans", "Cut, Row", "Out", "Injury/Illness - Right Shoulder; Surgery and Recovery"),
    ("NOP@PHI", "Philadelphia 76ers", "Late Jr., Name", "Out", "Injury/Illness - Right Hand; Sprain"),
    ("NOP@PHI", "Philadelphia 76ers", "Last, De'Aaron", "Out", "Trade Pending"),
]  # fmt: skip


@pytest.mark.parametrize("rules", [True, False])
@pytest.mark.parametrize("repeat_header", [True, False])
@pytest.mark.parametrize("bottom", [300, 500])
def test_a_report_with_everything_in_it_is_read_row_by_row(printer, rules, repeat_header, bottom):
    """Several games at one hour, a game nobody reported of, empty and broken reasons, rows cut by the page."""
    paper = printer(rules=rules, repeat_header=repeat_header, bottom=bottom)
    last: dict[str, str] = {"matchup": "", "team": ""}
    broken = {"Hard Jr., Tim": ("G League - Two-", "Way"),
              "Cut, Row": ("Injury/Illness - Right Shoulder;", "Surgery and", "Recovery"),
              "Late Jr., Name": ("Injury/Illness - Right Hand;", "Sprain")}  # fmt: skip
    cut = {"Cut, Row": {"split": 1}, "Late Jr., Name": {"split": 1, "name_on": 1}}
    for number, (matchup, team, player, status, reason) in enumerate(EVERYTHING):
        cells = {name: value for name, value in (("matchup", matchup), ("team", team)) if last[name] != value}
        cells |= {"game_date": "01/14/2025"} if not number else {}
        cells |= {"game_time": {"BOS@NYK": "07:00 (ET)", "DET@MIA": "07:30 (ET)"}.get(matchup, "")}
        if matchup == "DET@MIA":
            paper.row("NOT YET SUBMITTED", matchup="LAC@GSW", team="LA Clippers")
            paper.row("NOT YET SUBMITTED", team="Golden State Warriors")
        cells = {name: value for name, value in cells.items() if value and (name != "game_time" or "matchup" in cells)}
        paper.row(*broken.get(player, (reason,)), player=player, status=status, **cells, **cut.get(player, {}))
        last = {"matchup": matchup, "team": team}
    report = read_injury_report(paper.save())
    names = ("matchup", "team", "player", "status", "reason")
    assert [tuple(row[name] for name in names) for row in report.rows] == EVERYTHING
    assert [(row["game_time"], row["matchup"], row["team"]) for row in report.not_submitted] == [
        ("07:00 (ET)", "LAC@GSW", "LA Clippers"), ("07:00 (ET)", "LAC@GSW", "Golden State Warriors"),
    ]  # fmt: skip
    assert {row["game_date"] for row in report.rows} == {"01/14/2025"}
    assert report.pages >= 3


def test_a_report_that_could_unpack_to_more_than_the_limit_is_not_opened(printer, monkeypatch):
    path = printer().save()
    monkeypatch.setenv("NBA_PROPS_MAX_UNPACKED_BYTES", "100000")
    with pytest.raises(DataError, match="unpacks to more than 100,000 bytes"):
        read_injury_report(path)


def test_many_pages_are_read_to_the_end(printer):
    paper = printer()
    paper.row(
        "Rest",
        game_date="02/08/2026",
        game_time="02:00 (ET)",
        matchup="BOS@NYK",
        team="Boston Celtics",
        player="Player A, Al",
        status="Out",
    )
    names = [f"Player {chr(65 + n // 26)}{chr(65 + n % 26)}, Al" for n in range(70)]
    for name in names:
        paper.row("Injury/Illness -", "Left Knee", player=name, status="Out")
    report = read_injury_report(paper.save())
    assert [row["player"] for row in report.rows][1:] == names
    assert {row["reason"] for row in report.rows[1:]} == {"Injury/Illness - Left Knee"}
    assert report.pages > 4


def test_a_report_without_one_of_its_pages_is_refused(printer):
    paper = printer()
    paper.row("Rest", game_date="02/08/2026", game_time="02:00 (ET)", matchup="BOS@NYK", team="Boston Celtics",
              player="Hartford, Al", status="Out")  # fmt: skip
    paper.save()
    assert read_injury_report(paper.path).pages == 1
    with pytest.raises(DataError, match="page 2, 3 of 3 is missing"):
        read_injury_report(paper.save(total=3))


def test_a_file_that_is_no_report_is_refused(printer, tmp_path):
    paper = printer(title="Box Score")
    paper.row("Rest", game_date="02/08/2026", team="Boston Celtics", player="Hartford, Al", status="Out")
    with pytest.raises(DataError, match="no title"):
        read_injury_report(paper.save())
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DataError, match=r"broken\.pdf"):
        load_availability(broken)
    page = tmp_path / "page.pdf"
    page.write_text("<html>Access Denied</html>")
    with pytest.raises(DataError, match="is not a PDF"):
        load_availability(page)


def test_a_player_without_a_status_is_refused_with_what_is_printed(printer):
    paper = printer()
    paper.row("Rest", game_date="02/08/2026", team="Boston Celtics", player="Hartford, Al")
    with pytest.raises(DataError, match="without a player or a status.*Hartford, Al"):
        read_injury_report(paper.save())


REASONS_CUT_SHORT = {
    "Toppin, Obi": ("Injury/Illness - Right Foot; Stress Fracture", "Injury/Illness - Right Foot; Stress"),
    "Paul, Chris": ("Not With Team", "Not With Team Return to Competition"),
    "Poeltl, Jakob": ("Return to Competition Reconditioning", "Reconditioning"),
    "Daniels, Dyson": ("Injury/Illness - Right Ankle; Inflammation", "Inflammation"),
    "Gordon, Aaron": ("Injury/Illness - Right Hamstring; Strain", "Strain"),
}
"""Player -> reason as printed, and as the CSVs beside the real reports have it."""


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "rows", "pages", "waiting"), [("03_30PM", 61, 5, 18), ("06_15PM", 109, 7, 8)])
def test_the_real_reports_are_read_whole(realdata_dir, name, rows, pages, waiting):
    """The CSVs agree in every player, team and status, and in all reasons but those they break (and the semicolon
    at a broken line, which they drop). They give all games the date of the report; the PDF has those of the next day
    too."""
    path = realdata_dir / f"injury_report_2026-02-08_{name}.pdf"
    report = read_injury_report(path)
    other = pd.read_csv(path.with_suffix(".csv"))
    assert (len(report.rows), report.pages, len(report.not_submitted)) == (rows, pages, waiting)
    for column in ("team", "player", "status"):
        assert [row[column] for row in report.rows] == other[column].tolist()
    for row, reason in zip(report.rows, other["reason"], strict=True):
        expected, cut = REASONS_CUT_SHORT.get(row["player"], (reason, reason))
        assert (row["reason"].replace(";", ""), reason) == (expected.replace(";", ""), cut)
    later = {row["matchup"] for row in report.rows if row["game_date"] == "02/09/2026"}
    assert later.isdisjoint({"MIA@WAS", "IND@TOR", "LAC@MIN", "NYK@BOS"})
    table = load_availability(path).availability
    assert table["reported_at"].dt.strftime("%H:%MZ").unique().tolist() == [{"03_30PM": "20:30Z"}.get(name, "23:15Z")]
