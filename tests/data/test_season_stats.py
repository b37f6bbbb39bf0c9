"""Season tables: parsed into fractions, and joined to the season after only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.data import join_season_stats, load_season_stats
from nba_props.errors import DataError


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "Player": ["Luka Brandic", "Nicolas Clayborn", "Karl-Anthony Street"],
            "Season": "2022-23",
            "Team": ["BOS", "BOS", "NYK"],
            "MIN": ["2,000", "1500", "900"],
            "Usage": ["31.5%", "18.0%", "-"],
            "PSA": [118.2, 121.0, 109.9],
            "AST%": ["30.0%", "8.5%", "14.0%"],
            "AST:Usg": [0.95, 0.47, 0.6],
            "Pos": "Wing",
        }
    )


def test_percent_strings_become_fractions_and_points_per_100_become_points_per_shot(table, write):
    stats = load_season_stats(write(table))
    assert list(stats) == ["player_name", "season", "team", "usage", "ast_pct", "psa", "ast_usg"]
    assert stats["usage"].tolist()[:2] == pytest.approx([0.315, 0.18])
    assert np.isnan(stats.loc[2, "usage"])
    assert stats["psa"].tolist() == pytest.approx([1.182, 1.21, 1.099])
    assert stats["ast_usg"].tolist() == pytest.approx([0.95, 0.47, 0.6])


def test_rates_without_a_percent_sign_are_read_by_their_size(table, write):
    points = load_season_stats(write(table.assign(**{"AST%": [30.0, 8.5, 0.9]})))
    assert points["ast_pct"].tolist() == pytest.approx([0.30, 0.085, 0.009])
    fractions = load_season_stats(write(table.assign(**{"AST%": [0.30, 0.085, 0.009]})))
    assert fractions["ast_pct"].tolist() == pytest.approx([0.30, 0.085, 0.009])


def test_a_traded_player_s_rows_are_weighted_by_minutes(table, write):
    table.loc[1, ["Player", "Team", "MIN", "Usage"]] = ["Luka Brandic", "NYK", "1000", "24.0%"]
    stats = load_season_stats(write(table)).set_index("player_name")
    assert stats.loc["Luka Brandic", "usage"] == pytest.approx((0.315 * 2000 + 0.24 * 1000) / 3000)
    with pytest.raises(DataError, match="no column MIN to weigh them by"):
        load_season_stats(write(table.drop(columns="MIN")))


def test_a_season_is_attached_to_the_next_one_only(table, write, games):
    """A season's table holds what is not known before the season is over."""
    joined = join_season_stats(games, load_season_stats(write(table)))
    luka = joined.games[joined.games["player_id"] == 101]
    assert luka["prev_usage"].tolist() == pytest.approx([0.315] * 3)
    pd.testing.assert_frame_equal(joined.games[list(games)], games)
    for season in ("2023-24", "2021-22"):
        same = join_season_stats(games, load_season_stats(write(table.assign(Season=season))))
        assert same.games["prev_usage"].isna().all()
        assert same.report.games_with_stats == 0


def test_what_is_not_found_is_reported(table, write, games):
    table.loc[0, "Player"] = "Somebody Else"
    table.loc[1, "Player"] = "Jalen Green"
    doubled = games.copy()
    doubled.loc[doubled["player_id"] == 302, "player_name"] = "Jalen Green"
    report = join_season_stats(doubled, load_season_stats(write(table))).report
    assert report.unknown == ("Somebody Else",)
    assert report.ambiguous == ("Jalen Green",)
    assert report.players_found == 1
    assert report.games_with_stats == 2
    assert "Somebody Else" in str(report)
    assert report.frame().set_index("what").loc["player-seasons", "rows"] == 3


def test_two_rows_of_one_player_are_refused(table, write, games):
    table.loc[2, "Player"] = "Luka Brandić"
    with pytest.raises(DataError, match=r"two rows of one season are the same player's \(Luka Brandic, Luka Brandić\)"):
        join_season_stats(games, load_season_stats(write(table)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Season": "2023"}, "a bare year does not say"),
        ({"Usage": "much"}, "not a number"),
        ({"Usage": "140%"}, "a rate outside 0 to 100 %"),
        ({"Player": " "}, "the name is blank"),
    ],
)
def test_a_broken_season_table_is_refused(changes, says, table, write):
    with pytest.raises(DataError, match=says):
        load_season_stats(write(table.assign(**changes)))


def test_missing_columns_and_files_are_named(table, write, tmp_path):
    with pytest.raises(DataError, match="column season: 1 required column is missing"):
        load_season_stats(write(table.drop(columns="Season")))
    with pytest.raises(DataError, match="column Usage"):
        load_season_stats(write(table[["Player", "Season"]]))
    with pytest.raises(DataError, match="no such file"):
        load_season_stats(tmp_path / "none.csv")


@pytest.mark.parametrize(("column", "written", "fractions"), [
    ("eFG%", [0.521, 0.48, 1.5], [0.521, 0.48, 1.5]),
    ("eFG%", [52.1, 48.0, 1.5], [0.521, 0.48, 0.015]),
    ("STL%", [0.9, 0.8, 0.0], [0.009, 0.008, 0.0]),
    ("STL%", [0.012, 0.009, 0.5], [0.012, 0.009, 0.5]),
    ("ORB%", [3.1, 0.9, 2.0], [0.031, 0.009, 0.02]),
])  # fmt: skip
def test_whether_a_column_is_in_percent_is_the_column_s_own_not_one_value_s(tmp_path, column, written, fractions):
    """One player with an eFG of 1.5 once made the shooting of all others a hundred times worse."""
    path = tmp_path / "ctg 2022-23.csv"
    pd.DataFrame({"Player": ["A B", "C D", "E F"], "MIN": 100, "Usage": "20%", column: written}).to_csv(
        path, index=False
    )
    stats = load_season_stats(path)
    assert stats.iloc[:, -1].tolist() == pytest.approx(fractions)
