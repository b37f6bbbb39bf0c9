"""The example files that come with the project are valid and show what the loaders put up with."""

from __future__ import annotations

from pathlib import Path

from nba_props.data import join_odds, join_season_stats, load_odds, load_season_stats, read_game_logs

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"


def test_the_example_game_logs_and_odds_load_and_join():
    games, loaded = read_game_logs(EXAMPLES)
    report = join_odds(load_odds(EXAMPLES), games).report
    assert (loaded.rows, report.rows) == (23, 23)
    assert {cause: rows for cause, rows in report.counts.items() if rows} == {"matched": 20, "void": 2, "duplicate": 1}
    assert report.one_sided == 1
    assert set(report.spellings) == {
        "as written",
        "accents, case, punctuation",
        "suffix",
        "word order",
        "nickname or initial",
    }


def test_the_example_season_table_joins_to_the_season_after():
    games, _ = read_game_logs(EXAMPLES)
    joined = join_season_stats(games, load_season_stats(EXAMPLES / "season_stats.csv"))
    assert joined.report.players_found == joined.report.stats_rows == 5
    assert joined.games["prev_usage"].notna().sum() == 14
