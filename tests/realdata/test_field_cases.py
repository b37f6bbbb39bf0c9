"""The small files in the shapes that people have, each with the right answer that its README gives."""

from __future__ import annotations

import pandas as pd
import pytest

from nba_props.betting import (
    closing_quotes,
    closing_values,
    consensus,
    decision_quotes,
    fair_probability,
    flag_quotes,
    place_bets,
    split_results,
)
from nba_props.data import join_odds, load_game_logs, load_odds, load_season_stats, read_game_logs
from nba_props.data.odds.load import read_odds_file
from nba_props.data.tables.files import open_table
from nba_props.data.tables.formats import Options

pytestmark = pytest.mark.realdata

STATS = ["fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts"]


@pytest.fixture(scope="module")
def cases(realdata_dir):
    folder = realdata_dir.parent / "fieldcases"
    if not folder.is_dir():
        pytest.skip("the field cases are not here")
    return folder


@pytest.fixture(scope="module")
def base(cases):
    return load_game_logs(cases / "base_log.csv")


@pytest.mark.parametrize("name", [
    "kaggle_player_statistics.csv", "kaggle_dnp_zero_minutes.csv", "dnp_whole_minutes_comment.csv",
    "dates_midnight_z.csv", "dates_space_offset.csv", "player_game_log.csv",
])  # fmt: skip
def test_every_box_score_shape_holds_the_twelve_player_games_of_the_log(cases, base, name):
    games, report = read_game_logs(cases / name)
    told = ["game_date", "player_id", "team", "opponent", "home", *STATS]
    pd.testing.assert_frame_equal(games[told], base[told], check_dtype=False)
    assert len(games) == 12
    assert report.dropped == ({"did not play": 1} if "dnp" in name else {})
    assert sorted(games["game_date"].dt.strftime("%m-%d").unique()) == ["11-01", "11-03"]


def test_an_under_on_a_player_who_did_not_play_is_void_and_not_won(cases):
    games = load_game_logs(cases / "kaggle_dnp_zero_minutes.csv")
    extra = load_game_logs(cases / "kaggle_dnp_zero_minutes.csv").iloc[:1]
    games = pd.concat([games, extra.assign(player_id=900_999, player_name="Benchy Warmer", game_id="0022400999",
                                           game_date=extra["game_date"] + pd.Timedelta(days=30))])  # fmt: skip
    joined = join_odds(load_odds(cases / "dnp_odds.csv"), games.reset_index(drop=True))
    assert (joined.report.void, joined.report.matched) == (1, 0)
    quotes, results = split_results(joined.quotes)
    priced = quotes.assign(p_over=0.1, p_push=0.0, p_under=0.9)
    ledger = place_bets(priced, results)
    assert ledger[["side", "result", "profit"]].to_numpy().tolist() == [["under", "void", 0.0]]


def test_the_odds_api_as_it_comes(cases):
    odds, _, dropped = read_odds_file(open_table(cases / "odds_api_historical.json"))
    main = odds[~odds["alternate"]]
    assert main[["bookmaker", "market", "line"]].to_numpy().tolist() == [
        ["DraftKings", "pts", 20.5], ["FanDuel", "pts", 21.5],
    ]  # fmt: skip
    assert main[["over_price", "under_price"]].round().to_numpy().tolist() == [[-115, -105], [-115, -105]]
    assert odds.loc[odds["alternate"], ["line", "under_price"]].iloc[0].isna().tolist() == [False, True]
    assert dropped == {"unknown market": 1}
    assert odds["tip"].eq(pd.Timestamp("2024-11-01T23:10Z")).all()
    assert odds["timestamp"].iloc[0] == pd.Timestamp("2024-11-01T21:58:10Z")


def test_side_rows_mixed_markets_and_decimal_prices(cases):
    sides = load_odds(cases / "odds_side_rows.csv")
    assert sides[["line", "over_price", "under_price"]].to_numpy().tolist() == [[28.5, -137, -137]]
    mixed, _, dropped = read_odds_file(open_table(cases / "odds_mixed_markets.csv"))
    assert mixed[["line", "alternate"]].to_numpy().tolist() == [[20.5, False], [25.5, True]]
    assert dropped == {"unknown market": 1}
    decimal = load_odds(cases / "odds_decimal.csv")
    assert decimal[["over_price", "under_price"]].round().iloc[0].tolist() == [-110, -115]


def test_quotes_after_the_tip_are_in_play_and_the_close_is_the_last_before_it(cases, base):
    joined = join_odds(load_odds(cases / "odds_in_play.csv"), base)
    assert joined.report.in_play == 2
    quotes, results = split_results(joined.quotes)
    close = closing_quotes(quotes)
    assert set(close["line"]) == {20.5}
    assert fair_probability(close["over_price"], close["under_price"]).tolist() == pytest.approx([0.5] * len(close))
    bet = decision_quotes(quotes, "open").iloc[:1].assign(side="over", decimal_odds=2.0, line=20.5)
    bet["observed_at"] = bet["observed_at"] - pd.Timedelta(minutes=30)
    assert closing_values(bet, quotes, results)["clv"].iloc[0] == pytest.approx(0.0)
    # Seen seventy minutes before the tip: within the hour that a run asks for, there is no close.
    strict = closing_values(bet, quotes, results, window_minutes=60)
    assert (strict["close_state"].iloc[0], strict["close_age_minutes"].iloc[0]) == ("stale", 70.0)
    assert strict["clv"].isna().all()


def test_the_main_line_of_a_ladder(cases, base):
    quotes = join_odds(load_odds(cases / "odds_ladder.csv"), base).quotes
    main = quotes[~quotes["alternate"]]
    assert main["line"].tolist() == [20.5, 20.5]
    assert main["bookmaker"].nunique() == 2
    assert sorted(quotes.loc[quotes["alternate"], "line"].unique()) == [15.5, 25.5, 30.5]
    good = quotes[flag_quotes(quotes).isin(["", "one_sided"])]
    assert consensus(good[~good["alternate"]])["line"].tolist() == [20.5]


def test_one_player_s_log_and_a_season_table_take_what_they_lack_from_outside(cases):
    games, report = read_game_logs(cases / "bbref_gamelog.csv", options=Options(player="Bosby PlayerA"))
    assert (len(games), report.dropped) == (1, {"did not play": 1})
    stats = load_season_stats(cases / "ctg_export.csv", season="2023-24")
    assert stats[["season", "usage", "ast_pct", "tov_pct"]].iloc[0].tolist() == [
        "2023-24", pytest.approx(0.244), pytest.approx(0.176), pytest.approx(0.105),
    ]  # fmt: skip
