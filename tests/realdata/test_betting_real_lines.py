"""On real lines: the faulty book-months are found, the market scores what it is known to score, and nothing pays."""

from __future__ import annotations

import numpy as np
import pytest

from nba_props.betting import (
    BettingConfig,
    betting_metrics,
    consensus,
    decision_quotes,
    flag_quotes,
    place_bets,
    quality_report,
    results_of,
    roi_interval,
    split_results,
)
from nba_props.data import join_odds, load_game_logs, load_odds
from nba_props.probability.scores import probability_metrics

pytestmark = pytest.mark.realdata


def _quotes(folder, season, market):
    """Quotes of a season with the naive forecast of each player-game, from earlier games of the season only."""
    games = load_game_logs([folder / f"player_game_logs_{season}.csv.gz"])
    quotes = join_odds(load_odds([folder / f"prop_odds_{season}_{market}.csv.gz"]), games).quotes
    games["pra"] = games["pts"] + games["reb"] + games["ast"]
    ewma = games.groupby("player_id")["pra"].transform(lambda values: values.ewm(halflife=7).mean().shift(1))
    forecast = games[["game_id", "player_id"]].assign(ewma=ewma)
    return quotes.merge(forecast, on=["game_id", "player_id"], how="left", validate="m:1")


@pytest.fixture(scope="module")
def quotes(realdata_dir):
    return _quotes(realdata_dir, "2023-24", "pra")


@pytest.fixture(scope="module")
def reasons(quotes):
    return flag_quotes(quotes)


@pytest.fixture(scope="module")
def market(quotes, reasons):
    good = quotes[(reasons == "") & quotes["ewma"].notna()]  # players with an earlier game of the season
    lines = consensus(decision_quotes(good, "close"))
    return lines.assign(actual=results_of(lines, split_results(good)[1]))


def test_the_book_months_with_reversed_alternate_lines_are_found_and_no_other_book_is_blamed(quotes, reasons):
    report = quality_report(quotes, reasons)
    bad = report[(report["reason"] == "bad_book_month") & (report["share"] > 0.3)]
    assert set(bad["bookmaker"]) == {"BetRivers", "Unibet"}
    assert set(bad["month"]) == {"2023-10", "2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-04"}
    faulty = quotes["bookmaker"].isin(["BetRivers", "Unibet"])
    assert (reasons[faulty] != "").mean() > 0.99
    assert (reasons[~faulty] != "").mean() < 0.01


_FAULTY = ["BetRivers", "Unibet"]
_OTHER_SEASONS = {
    "a quarter of the games": lambda table: table[table["game_id"].str[-1].isin(["1", "5", "9"])],
    "four good books of ten": lambda table: table[
        table["bookmaker"].isin([*_FAULTY, "BetMGM", "Bovada", "Caesars", "DraftKings"])
    ],
    "the lines of assists": lambda table: table.assign(line=np.floor(table["line"] / 4) + 0.5),
    "its first weeks": lambda table: table[table["game_date"] < "2023-12-01"],
}


@pytest.mark.parametrize("change", _OTHER_SEASONS.values(), ids=_OTHER_SEASONS)
def test_the_faulty_books_are_found_under_any_name_in_what_could_be_another_season(quotes, change):
    table = change(quotes).reset_index(drop=True)
    renamed = table.assign(bookmaker=table["bookmaker"].map(lambda name: f"book {name[::-1]}"))
    reasons = flag_quotes(renamed)
    faulty = table["bookmaker"].isin(_FAULTY)
    assert (reasons[faulty] != "").mean() > 0.94
    assert (reasons[~faulty] != "").mean() < 0.01
    blamed = renamed.loc[reasons == "bad_book_month", "bookmaker"].unique()
    assert set(blamed) == {f"book {name[::-1]}" for name in _FAULTY}


def test_the_market_scores_what_it_was_independently_computed_to_score(market):
    played = market[market["actual"].notna()]
    assert (played["actual"] - played["median_line"]).abs().mean() == pytest.approx(6.150, rel=0.01)
    y = np.where(played["actual"] == played["line"], np.nan, played["actual"] > played["line"])
    scores = probability_metrics(played["market_p_over"], y)
    assert scores["brier_score"] == pytest.approx(0.24900, rel=0.01)
    assert scores["log_loss"] == pytest.approx(0.69115, rel=0.01)
    assert np.nanmean(y) == pytest.approx(0.477, rel=0.01)
    assert played["hold"].median() == pytest.approx(0.069, rel=0.01)
    assert len(played) == pytest.approx(4343, rel=0.02)


def _three_points_off(quotes):
    """`|forecast - line| >= 3` as a strategy: bet the forecast's side of every such line as if it were certain."""
    gap = quotes["ewma"] - quotes["line"]
    over = np.where(gap >= 3, 0.99, np.where(gap <= -3, 0.01, np.nan))
    table = decision_quotes(
        quotes.assign(p_over=over, p_push=np.where(np.isnan(over), np.nan, 0.0), p_under=1 - over), "close"
    )
    return place_bets(*split_results(table), BettingConfig())


def test_a_forecast_three_points_off_the_line_pays_nothing_once_the_faulty_rows_are_out(quotes, reasons):
    ledger = _three_points_off(quotes[reasons == ""])
    assert betting_metrics(ledger)["n_bets"] > 1000
    assert betting_metrics(ledger)["roi"] < 0
    assert roi_interval(ledger).low < 0


def test_with_the_faulty_rows_in_a_worthless_forecast_would_have_looked_profitable(quotes, reasons):
    logs_free = quotes.assign(ewma=quotes["ewma"].median())
    faulty, clean = _coin(logs_free), _coin(logs_free[reasons == ""])
    assert betting_metrics(faulty)["roi"] > 0.04
    assert roi_interval(faulty).low > 0
    assert betting_metrics(clean)["roi"] < 0


def _coin(quotes):
    """Bet every line as if over and under were equally likely at the median line of the books: no knowledge at all."""
    centre = quotes.groupby(["game_id", "player_id"])["line"].transform("median")
    over = np.clip(0.5 + 0.05 * (centre - quotes["line"]), 0.05, 0.95)
    table = decision_quotes(quotes.assign(p_over=over, p_push=0.0, p_under=1 - over), "close")
    return place_bets(*split_results(table), BettingConfig())


@pytest.mark.parametrize("market_name", ["pts", "reb", "ast"])
def test_pickem_rows_are_never_bet(realdata_dir, market_name):
    reasons = flag_quotes(_quotes(realdata_dir, "2024-25", market_name))
    assert (reasons != "").all()
    assert (reasons == "pickem_constant").mean() > 0.99
