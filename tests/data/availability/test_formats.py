"""Availability from tables, inactive lists and box scores: recognised without asking, or refused clearly."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nba_props.data.availability import COLUMNS, FORMATS, STATUSES, absence, load_availability
from nba_props.errors import ConfigError, DataError, NBAPropsError

GENERIC = """game_date,team,player,status,reason,reported_at
2026-02-08,BOS,Al Hartford,Out,Left Knee; Sprain,2026-02-08T18:30:00Z
2026-02-08,New York Knicks,"Moss, Dru",GTD,,2026-02-08 13:30:00-05:00
"""


def write(tmp_path, text, name="availability.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_generic_table(tmp_path):
    table = load_availability(write(tmp_path, GENERIC)).availability
    assert list(table) == list(COLUMNS)
    assert table["team"].tolist() == ["BOS", "NYK"]
    assert table["status"].tolist() == ["out", "questionable"]
    assert table["reported_at"].dt.strftime("%H:%M").tolist() == ["18:30", "18:30"]
    assert str(table["reported_at"].dtype) == "datetime64[us, UTC]"
    assert table["player_id"].isna().all()
    assert table["reason"].isna().tolist() == [False, True]


LEAGUE = """Game Date,Game Time,Matchup,Team,Player Name,Current Status,Reason
02/08/2026,02:00 (ET),BOS@NYK,Boston Celtics,"Hartford, Al",Out,Injury/Illness - Left Knee; Sprain
,,,,"Wells Jr., Jaren",Available,
,,,New York Knicks,,,NOT YET SUBMITTED
,07:30 (ET),MIA@LAC,Miami Heat,"Moss, Dru",Doubtful,Rest
"""


def test_the_league_report_as_a_table_spans_cells_and_keeps_the_teams_that_have_not_reported(tmp_path):
    reading = load_availability(write(tmp_path, LEAGUE, "Injury-Report_2026-02-08_03_30PM.csv"))
    table = reading.availability
    assert table["player"].tolist() == ["Hartford, Al", "Wells Jr., Jaren", "Moss, Dru"]
    assert table["team"].tolist() == ["BOS", "BOS", "MIA"]
    assert set(table["reported_at"]) == {pd.Timestamp("2026-02-08T20:30Z")}
    assert set(table["source"]) == {"injury report"}
    assert reading.not_submitted["team"].tolist() == ["NYK"]
    games = reading.fixtures.assign(tip=reading.fixtures["tip"].dt.strftime("%d %H:%M"))
    assert games[["home", "away", "tip"]].to_numpy().tolist() == [
        ["NYK", "BOS", "08 19:00"], ["LAC", "MIA", "09 00:30"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "tip"),
    [("12:30 (ET)", "17:30"), ("07:00 (ET)", "00:00"), ("11:00 (ET)", None), ("11:00 AM ET", "16:00"),
     ("19:30", "00:30"), ("TBD", None), ("25:00", None)],
)  # fmt: skip
def test_an_hour_of_the_report_is_after_noon_unless_nobody_can_tell(tmp_path, clock, tip):
    text = LEAGUE.replace("02:00 (ET)", clock)
    games = load_availability(write(tmp_path, text, "Injury-Report_2026-02-08_03_30PM.csv")).fixtures
    assert games["tip"].dt.strftime("%H:%M").replace({float("nan"): None})[0] == tip


def test_a_table_without_a_time_needs_to_be_told_one(tmp_path):
    text = 'gameDate,team,player,status,reason\n02/08/2026,Miami Heat,"Moss, Dru",Available,Rest - Rest\n'
    path = write(tmp_path, text)
    with pytest.raises(DataError, match="nothing says when it was reported"):
        load_availability(path)
    table = load_availability(path, reported_at="2026-02-08T20:30:00Z").availability
    assert table[["source", "status"]].values.tolist() == [["injury report", "available"]]


SUMMARY = {
    "resource": "boxscoresummary",
    "resultSets": [
        {"name": "GameSummary", "headers": ["GAME_DATE_EST", "GAME_ID"],
         "rowSet": [["2026-02-08T00:00:00", "0022500001"]]},
        {"name": "InactivePlayers",
         "headers": ["PLAYER_ID", "FIRST_NAME", "LAST_NAME", "JERSEY_NUM", "TEAM_ID", "TEAM_CITY", "TEAM_NAME",
                     "TEAM_ABBREVIATION"],
         "rowSet": [[301, "Al", "Hartford", "42", 1, "Boston", "Celtics", "BOS"]]},
    ],
}  # fmt: skip


def test_inactive_lists_as_json_and_as_a_table(tmp_path):
    table = load_availability(write(tmp_path, json.dumps(SUMMARY), "0022500001.json")).availability
    assert table[["player", "player_id", "status", "reason"]].values.tolist() == [
        ["Al Hartford", 301, "out", "Inactive"]
    ]
    assert table["reported_at"][0] == pd.Timestamp("2026-02-09T05:00Z")  # known for sure when the day is over
    text = "GAME_DATE,PLAYER_ID,FIRST_NAME,LAST_NAME,JERSEY_NUM,TEAM_ABBREVIATION\n2026-02-08,301,Al,Hartford,42,BOS\n"
    pd.testing.assert_frame_equal(load_availability(write(tmp_path, text, "inactive.csv")).availability, table)


def test_a_summary_cut_in_half_is_refused(tmp_path):
    halved = {"resultSets": [SUMMARY["resultSets"][1]]}
    with pytest.raises(DataError, match="not a whole answer of BoxScoreSummaryV2"):
        load_availability(write(tmp_path, json.dumps(halved), "half.json"))


BOX = "GAME_DATE,TEAM_ABBREVIATION,PLAYER_ID,PLAYER_NAME,{extra},MIN,PTS,REB,AST,STL,BLK\n{rows}"


def test_box_scores_part_injury_and_rest_from_the_coach_s_decision(tmp_path):
    rows = (
        "2024-11-01,BOS,1,A One,,30:00,20,5,5,1,1\n"
        "2024-11-01,BOS,2,B Two,DNP - Coach's Decision,,,,,,\n"
        "2024-11-01,BOS,3,C Three,DND - Rest,,,,,,\n"
        "2024-11-01,BOS,4,D Four,DNP - Injury/Illness - Left Ankle; Sprain,,,,,,\n"
    )
    table = load_availability(write(tmp_path, BOX.format(extra="COMMENT", rows=rows))).availability
    assert table["player"].tolist() == ["B Two", "C Three", "D Four"]
    assert table["status"].tolist() == ["available", "out", "out"]
    assert table["reason"].map(absence).tolist() == ["coach's decision", "rest", "injury"]
    assert set(table["reported_at"]) == {pd.Timestamp("2024-11-02T04:00Z")}


def test_player_boxes_of_sportsdataverse(tmp_path):
    text = (
        "game_date,athlete_id,athlete_display_name,team_abbreviation,minutes,points,rebounds,assists,steals,blocks,"
        "starter,did_not_play,reason\n"
        "2024-11-01,99,A One,GS,30,20,5,5,1,1,TRUE,FALSE,\n"
        "2024-11-01,98,B Two,GS,,,,,,,FALSE,TRUE,COACH'S DECISION\n"
        "2024-11-01,97,C Three,WSH,,,,,,,FALSE,TRUE,LEFT KNEE\n"
    )
    table = load_availability(write(tmp_path, text)).availability
    assert table[["player", "team", "status"]].values.tolist() == [
        ["B Two", "GSW", "available"], ["C Three", "WAS", "out"],
    ]  # fmt: skip
    assert table["player_id"].isna().all(), "ESPN's ids are not the league's"


def test_a_box_score_in_which_everybody_played_gives_no_row(tmp_path):
    rows = "2024-11-01,BOS,1,A One,,30:00,20,5,5,1,1\n"
    assert load_availability(write(tmp_path, BOX.format(extra="COMMENT", rows=rows))).availability.empty


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("BOS", "Harlem", "column team: wrong type: the value is not a team"),
        ("Out", "tired", "not a status"),
        ("2026-02-08,BOS", "2026-02,BOS", "not a whole date"),
        ("2026-02-08,BOS", "-0,BOS", "not a whole date"),
        ("2026-02-08,BOS", "1891-12-21,BOS", "not a whole date"),
        ("2026-02-08T18:30:00Z", "2026-02-08", "with the hour"),
        ("2026-02-08T18:30:00Z", "", "column reported_at: values are missing"),
        ("Al Hartford", "", "column player: values are missing"),
        ("Al Hartford", "12", "not a name"),
    ],
)
def test_a_bad_value_is_named_with_its_column_and_line(tmp_path, old, new, says):
    with pytest.raises(DataError, match=says) as caught:
        load_availability(write(tmp_path, GENERIC.replace(old, new, 1)))
    assert caught.value.count == 1
    assert "line 2" in str(caught.value)


def test_a_control_character_is_named_with_its_line(tmp_path):
    with pytest.raises(DataError, match="control characters") as caught:
        load_availability(write(tmp_path, GENERIC.replace("Al Hartford", "\x07Al", 1)))
    assert "line 2" in str(caught.value)


def test_an_unknown_file_lists_the_formats_and_a_folder_passes_it_over(tmp_path, caplog):
    path = write(tmp_path, "a,b\n1,2\n", "other.csv")
    with pytest.raises(DataError, match="no known availability format.*injury report.*status table"):
        load_availability(path)
    with pytest.raises(DataError, match="no availability file"):
        load_availability(tmp_path)
    write(tmp_path, GENERIC)
    assert len(load_availability(tmp_path).availability) == 2
    assert "other.csv" in caplog.text
    with pytest.raises(DataError, match="given twice"):
        load_availability([tmp_path, tmp_path / "availability.csv"])
    with pytest.raises(ConfigError, match="did you mean 'status table'"):
        load_availability(path, format="status tabel")


def test_a_forced_format_says_what_the_file_lacks(tmp_path):
    path = write(tmp_path, "team,player\nBOS,Al\n")
    with pytest.raises(DataError, match="game_date, status: 2 required columns are missing"):
        load_availability(path, format="status table")


def test_a_parquet_file_with_types_of_its_own(tmp_path):
    path = tmp_path / "availability.parquet"
    pd.DataFrame(
        {
            "game_date": pd.to_datetime(["2026-02-08"]), "team": ["BOS"], "player": ["Al Hartford"], "player_id": [301],
            "status": ["Out"], "reported_at": pd.to_datetime(["2026-02-08T18:30:00Z"]), "source": ["beat writer"],
        }
    ).to_parquet(path)  # fmt: skip
    row = load_availability(path).availability.iloc[0]
    assert (row["player_id"], row["source"], row["game_date"]) == (301, "beat writer", pd.Timestamp("2026-02-08"))


def loaded(path):
    """The table, or None where the file was refused by a message that names it."""
    try:
        return load_availability(path).availability
    except NBAPropsError as error:
        if str(path) not in str(error):
            pytest.fail(f"the message does not name the file: {error}")
        return None


FIELD = st.one_of(
    st.sampled_from(["", "BOS", "Out", "2026-02-08", "02/08/2026", "2026-02-08T18:30:00Z", "-0", "nan", "1e400", "٢٠٢٦",
                     "2026-02-08T25:61:00Z", "2026-13-45", "9" * 30, "[]", "None", "0000-00-00", "99/99/9999"]),
    st.text(st.characters(exclude_characters='\r\n"', exclude_categories=("Cs",)), max_size=12),
)  # fmt: skip
ROW = {
    "game_date": "2026-02-08", "team": "BOS", "player": "Al Hartford", "player_id": "301", "status": "Out",
    "reason": "Rest", "reported_at": "2026-02-08T18:30:00Z",
}  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(sorted(ROW)), FIELD), max_size=2), repeat=st.integers(1, 3))
def test_any_cell_gives_a_clear_error_or_the_right_row(tmp_path, changes, repeat):
    row = ROW | dict(changes)
    line = ",".join(f'"{text}"' for text in row.values())
    path = write(tmp_path, ",".join(ROW) + "\n" + f"{line}\n" * repeat)
    table = loaded(path)
    if table is None:
        return
    assert len(table) == repeat
    assert table["game_date"].between("1946-01-01", "2100-01-01").all()
    assert table["status"].isin(STATUSES).all()
    assert table["team"].str.fullmatch("[A-Z]{3}").all()
    if not changes:
        assert table["player_id"].tolist() == [301] * repeat


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode),
                         st.tuples(st.just(GENERIC.encode()), st.binary(max_size=20)).map(b"".join)))  # fmt: skip
def test_any_content_gives_a_clear_error_or_a_table(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    table = loaded(path)
    assert table is None or table["status"].isin(STATUSES).all()


def test_every_format_says_what_it_needs():
    assert set(FORMATS) == {"injury report (PDF)", "inactive list", "box scores", "status table"}
    assert all(form.needs for _, form in FORMATS.items())


LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4),
                 st.sampled_from(["BOS", "2026-02-08", "PLAYER_ID", "GAME_DATE_EST"]))  # fmt: skip
PART = st.fixed_dictionaries(
    {"headers": st.one_of(st.just(["PLAYER_ID", "FIRST_NAME", "LAST_NAME", "TEAM_ABBREVIATION"]),
                          st.just(["GAME_DATE_EST"]), st.lists(LEAF, max_size=3), LEAF),
     "rowSet": st.one_of(st.lists(st.lists(LEAF, min_size=1, max_size=4), max_size=3), LEAF)}
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(players=PART, game=PART)
def test_any_summary_gives_a_clear_error_or_a_table(tmp_path, players, game):
    sets = [{"name": "InactivePlayers", **players}, {"name": "GameSummary", **game}]
    table = loaded(write(tmp_path, json.dumps({"resultSets": sets}), "any.json"))
    assert table is None or (table["status"] == "out").all()
