"""The shapes beside the usual ones: what was tried from outside, and what once went in wrong."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from nba_props.data import join_odds, load_game_logs, load_odds
from nba_props.errors import DataError

EVENT = {
    "id": "e1", "commence_time": "2023-10-24T23:10:00Z", "home_team": "Boston Celtics", "away_team": "New York Knicks",
    "bookmakers": [{"key": "a", "title": "A", "markets": [
        {"key": "player_points", "last_update": "2023-10-24T22:00:00Z", "outcomes": [
            {"name": "Over", "description": "Luka Brandić", "price": -115, "point": 20.5},
            {"name": "Under", "description": "Luka Brandić", "price": -105, "point": 20.5}]}]}],
}  # fmt: skip


@pytest.mark.parametrize(("market", "key"), [
    ("Total Points", "pts"), ("Points O/U", "pts"), ("P+R+A", "pra"), ("Made Threes", "fg3m"), ("Player Points", "pts"),
    ("Alternate Rebounds", "reb"), ("player_assists_alternate", "ast"),
])  # fmt: skip
def test_a_market_is_known_by_what_books_write(market, key, write, quote):
    odds = load_odds(write(pd.DataFrame([quote(market=market)]), "odds.csv"))
    assert odds[["market", "alternate"]].iloc[0].tolist() == [key, "lternate" in market]


@pytest.mark.parametrize(
    "market", ["1H Points", "player_points_q1", "Steals + Blocks", "Fantasy Score", "double_double"]
)
def test_a_market_that_is_none_of_the_project_is_never_taken_for_one(market, write, quote):
    odds = load_odds(write(pd.DataFrame([quote(), quote(market=market)]), "odds.csv"))
    assert odds["market"].tolist() == ["pts"]


def test_semicolons_with_decimal_commas_and_thousands_are_the_same_numbers(tmp_path, quote):
    """`20,5` is no 205, and `1,875`, which could be a decimal price or 1875, is refused."""
    head = ";".join(quote())
    rows = [
        ";".join(str(v).replace(".", ",") for v in quote(line="20.5", over_price="1.87", under_price="1.95").values())
    ]
    path = tmp_path / "european.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    assert load_odds(path)[["line", "over_price", "under_price"]].round().iloc[0].tolist() == [20.0, -115.0, -105.0]
    path.write_text(
        "\n".join([head, ";".join(map(str, quote(over_price="+1,200", under_price="-2,000").values()))]) + "\n"
    )
    assert load_odds(path)[["over_price", "under_price"]].iloc[0].tolist() == [1200.0, -2000.0]
    path.write_text("\n".join([head, ";".join(map(str, quote(over_price="1,875").values()))]) + "\n")
    with pytest.raises(DataError, match="not a number"):
        load_odds(path)


def test_a_repeated_header_and_empty_lines_are_no_rows_and_lines_keep_their_numbers(write, quote, log, tmp_path):
    text = pd.DataFrame([quote()]).to_csv(index=False)
    path = tmp_path / "pasted.csv"
    path.write_text(text + text + "," * (len(quote()) - 1) + "\n")
    assert len(load_odds(path)) == 2
    path.write_text(text + text.replace("20.5", "many"))
    with pytest.raises(DataError, match="line 4"):
        load_odds(path)
    scores = tmp_path / "scores.csv"
    half = len(log) // 2
    scores.write_text(log[:half].to_csv(index=False) + log[half:].to_csv(index=False))
    pd.testing.assert_frame_equal(load_game_logs(scores), load_game_logs(write(log)))


@pytest.mark.parametrize(
    ("half", "says"), [(b"", None), (b"2023-10-24,Lu", "cut short"), (b"\x01", "control characters")]
)
def test_utf_16_is_held_to_the_same_limits(tmp_path, quote, half, says):
    text = pd.DataFrame([quote()]).to_csv(index=False) + half.decode()
    path = tmp_path / "wide.csv"
    path.write_bytes(text.encode("utf-16"))
    if says is None:
        assert load_odds(path)["player_name"].tolist() == ["Luka Brandić"]
        path.write_bytes(text.encode("utf-16")[:-1])
        says = "truncated"
    with pytest.raises(DataError, match=says):
        load_odds(path)


def test_yes_and_no_markets_are_unknown_markets_and_nothing_usable_is_said_so(tmp_path):
    """A first basket has no line: it is no side of a prop that went missing."""
    outcomes = [{"name": "Yes", "description": "Luka Brandić", "price": 700}]
    yes = {**EVENT, "id": "e2", "bookmakers": [{"key": "dk", "title": "DK", "markets": [
        {"key": key, "last_update": "2023-10-24T22:00:00Z", "outcomes": outcomes}
        for key in ("player_first_basket", "player_double_double")]}]}  # fmt: skip
    path = tmp_path / "yes.json"
    path.write_text(json.dumps(yes))
    with pytest.raises(DataError, match=r"no odds row can be used \(unknown market 2\)"):
        load_odds(path)
    both = tmp_path / "both.json"
    both.write_text(json.dumps([EVENT, yes]))
    assert load_odds([path, both])["line"].tolist() == [20.5]
    none_yet = _saved(tmp_path, {**EVENT, "bookmakers": []})
    assert len(load_odds([none_yet, both])) == 1, "an event without props does not stop the others"


@pytest.mark.parametrize("document", [[], {"message": "The key is not valid"}, [{"id": "e", "commence_time": "x"}]])
def test_json_without_odds_is_refused_with_its_keys(tmp_path, document):
    with pytest.raises(DataError, match="not an event with odds"):
        load_odds(_saved(tmp_path, document))


def _saved(folder, document):
    path = folder / "saved.json"
    path.write_text(json.dumps(document))
    return path


def test_an_opponent_may_have_its_preposition(tmp_path):
    path = tmp_path / "prizepicks.csv"
    path.write_text(
        "Player,Team,Opponent,Stat Type,Line\nLuka Brandić,BOS,vs NYK,Points,25.5\nLuka Brandić,BOS,@ NYK,Points,24.5\n"
    )
    assert load_odds(path)["away_team"].tolist() == ["NYK", "NYK"]


def test_a_side_may_repeat_the_line(write):
    row = {"player": "Luka Brandić", "market": "pts", "book": "A", "home_team": "BOS", "away_team": "NYK", "line": 20.5}
    rows = [row | {"side": side, "price": -110} for side in ("Over 20.5", "Under 20.5")]
    assert load_odds(write(pd.DataFrame(rows), "sides.csv"))[["over_price", "under_price"]].iloc[0].tolist() == [
        -110,
        -110,
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
def test_encodings_of_spreadsheets_give_the_same_table(tmp_path, quote, encoding):
    text = pd.DataFrame([quote(player_name="José Brandão")]).to_csv(index=False)
    path = tmp_path / "odds.csv"
    path.write_bytes((b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding))
    assert load_odds(path)["player_name"].tolist() == ["José Brandão"]


@pytest.mark.parametrize("value", [[[1.0]], [{"a": 1}], [b"\x00\x01"]])
def test_nested_and_binary_parquet_is_refused_by_column(tmp_path, quote, log, value):
    path = tmp_path / "odds.parquet"
    pd.DataFrame([quote()]).assign(line=pd.Series(value, dtype=object)).to_parquet(path)
    with pytest.raises(DataError, match=r"column line: the column holds"):
        load_odds(path)
    scores = tmp_path / "log.parquet"
    log.head(1).assign(PTS=pd.Series(value, dtype=object)).to_parquet(scores)
    with pytest.raises(DataError, match=r"column PTS: the column holds"):
        load_game_logs(scores)


def test_another_tool_s_names_of_the_columns(tmp_path, games):
    """A player's team and his opponent tell the game as well as home and away."""
    path = tmp_path / "tool.csv"
    path.write_text(
        "Player,Team,Opp,Sportsbook,Prop,Line,Over,Under,Updated At,Game Date\n"
        "Luka Brandić,NYK,BOS,FD,Points,20.5,-110,-110,2023-10-24T22:00:00Z,2023-10-24\n"
    )
    joined = join_odds(load_odds(path), games)
    assert joined.quotes[["home_team", "away_team", "over_price"]].to_numpy().tolist() == [["BOS", "NYK", -110.0]]
    assert joined.report.swapped_venue == 1


@pytest.mark.parametrize("value", [
    pd.Timestamp("2024-11-01 23:30"), pd.Timestamp("2024-11-01 23:30", tz="UTC"), pd.Timedelta(days=1), True,
    pd.Categorical(["x"])[0],
])  # fmt: skip
@pytest.mark.parametrize("column", ["MIN", "PTS", "PLAYER_ID"])
def test_parquet_types_that_are_no_numbers_are_refused_by_column(tmp_path, log, column, value):
    path = tmp_path / "log.parquet"
    values = pd.Series([value]).astype("category") if isinstance(value, str) else pd.Series([value])
    log.head(1).assign(**{column: values}).to_parquet(path)
    with pytest.raises(DataError, match=f"column {column}"):
        load_game_logs(path)


def test_a_lone_carriage_return_in_the_last_line_ends_in_no_traceback(tmp_path, quote):
    path = tmp_path / "odds.csv"
    path.write_bytes(pd.DataFrame([quote()]).to_csv(index=False).encode() + b"\r   ")
    assert len(load_odds(path)) == 1
