"""Simulated sportsbook lines: prices, times, voids, faults, and what the truth earns against them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_league import League, simulate_league
from nba_props.data import join_odds, load_game_logs, load_odds
from nba_props.data.availability import load_availability
from nba_props.markets import actual

COLUMNS = [
    "game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price", "under_price",
    "timestamp", "source_date", "event_id",
]  # fmt: skip
SIZE = {"seasons": ("2023-24", "2024-25"), "n_teams": 12, "n_games": 41}


def _priced(league: League) -> pd.DataFrame:
    """Odds with game, result, true chance (pushes aside), fair chance and decimal odds of the over and the under."""
    games, odds = league.games, league.odds
    people = games.drop_duplicates("player_id").set_index("player_name")["player_id"]
    tip = odds["timestamp"].dt.tz_convert("America/New_York")
    quotes = odds.assign(player_id=odds["player_name"].map(people), opening=tip.dt.hour < 12)
    results = pd.concat(
        [
            games[["game_id", "game_date", "player_id"]].assign(market=m, actual=actual(games, m))
            for m in odds["market"].unique()
        ]
    )
    quotes = quotes.merge(results, on=["game_date", "player_id", "market"], how="left", validate="m:1")
    truth = league.true_probabilities(quotes)
    quotes["truth"] = truth["p_over"] / (1 - truth["p_push"])
    quotes["push"] = truth["p_push"]
    for side in ("over", "under"):
        price = quotes[f"{side}_price"]
        quotes[f"{side}_odds"] = np.where(price > 0, 1 + price / 100, 1 - 100 / price)
    quotes["fair"] = (1 / quotes["over_odds"]) / (1 / quotes["over_odds"] + 1 / quotes["under_odds"])
    return quotes


@pytest.fixture(scope="module")
def league() -> League:
    return simulate_league(**SIZE)


@pytest.fixture(scope="module")
def priced(league: League) -> pd.DataFrame:
    return _priced(league)


@pytest.fixture(scope="module")
def efficient() -> pd.DataFrame:
    return _priced(simulate_league(**SIZE, inefficiency=0.0))


def _profit(bets: pd.DataFrame, least_edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Realised and expected profit of one unit on each side whose true chance beats the fair one by the edge."""
    edge = bets["truth"] - bets["fair"]
    realised, expected = [], []
    for side, sign, won in (("over", 1, bets["actual"] > bets["line"]), ("under", -1, bets["actual"] < bets["line"])):
        taken = (sign * edge >= least_edge) & (bets["actual"] != bets["line"])
        odds = bets.loc[taken, f"{side}_odds"]
        chance = bets["truth"][taken] if sign > 0 else 1 - bets["truth"][taken]
        realised.append(won[taken] * odds - 1)
        expected.append(chance * odds - 1)
    return np.concatenate(realised), np.concatenate(expected)


def test_odds_have_the_columns_of_the_vendors(league: League) -> None:
    odds = league.odds
    assert list(odds.columns) == COLUMNS
    assert odds.index.equals(pd.RangeIndex(len(odds)))
    assert str(odds["timestamp"].dt.tz) == "UTC"
    assert odds["event_id"].str.fullmatch("[0-9a-f]{32}").all()
    assert odds["bookmaker"].nunique() == 5
    assert set(odds["market"]) == {"pts", "reb", "ast", "pra"}
    assert odds["home_team"].str.contains(" ").all()
    assert not odds.duplicated().any()


def test_only_the_last_two_seasons_have_odds_unless_others_are_named() -> None:
    size = {"n_teams": 4, "n_games": 4}
    seasons = ("2021-22", "2022-23", "2023-24")
    years = simulate_league(seasons, **size).odds["game_date"].dt.year
    assert set(years) == {2022, 2023}
    assert set(simulate_league(seasons, **size, odds_seasons=("2021-22",)).odds["game_date"].dt.year) == {2021}
    none = simulate_league(seasons, **size, odds_seasons=()).odds
    assert none.empty
    assert none.dtypes.equals(simulate_league(seasons, **size).odds.dtypes)


def test_prices_are_whole_american_prices_outside_minus_100_to_100(league: League) -> None:
    prices = league.odds[["over_price", "under_price"]].to_numpy()
    assert (prices == np.round(prices)).all()
    assert (np.abs(prices) >= 100).all()


def test_every_book_keeps_a_margin_of_five_to_seven_per_cent(priced: pd.DataFrame) -> None:
    hold = 1 / priced["over_odds"] + 1 / priced["under_odds"] - 1
    assert hold.groupby(priced["bookmaker"]).mean().between(0.045, 0.075).all()
    assert 0.05 < hold.mean() < 0.07
    assert hold.between(0.02, 0.11).all()


def test_lines_are_mostly_half_points_near_the_median(priced: pd.DataFrame) -> None:
    half = priced["line"] % 1 == 0.5
    assert 0.85 < half.mean() < 0.97
    assert (half | (priced["line"] % 1 == 0)).all()
    assert (priced["line"] > 0).all()
    assert priced["fair"].between(0.2, 0.8).all()
    over = (priced["actual"] > priced["line"])[half & priced["actual"].notna() & ~priced["opening"]]
    assert 0.46 < over.mean() < 0.53


def test_pushes_happen_at_whole_lines_only(priced: pd.DataFrame) -> None:
    whole = priced["line"] % 1 == 0
    pushed = priced["actual"] == priced["line"]
    assert not pushed[~whole].any()
    assert abs(pushed[whole & priced["actual"].notna()].mean() - priced["push"][whole].mean()) < 0.03


def test_the_opening_is_in_the_morning_and_the_close_five_minutes_before_the_tip(priced: pd.DataFrame) -> None:
    eastern = priced["timestamp"].dt.tz_convert("America/New_York")
    assert (eastern.dt.tz_localize(None).dt.normalize() == priced["game_date"]).all()
    assert eastern.dt.hour[priced["opening"]].eq(10).all()
    closing = priced[~priced["opening"]]
    tip = (closing["timestamp"] + pd.Timedelta(minutes=5)).dt.tz_convert("America/New_York")
    assert set(tip.dt.minute) <= {0, 30}
    assert closing.groupby("event_id")["timestamp"].nunique().eq(1).all()
    assert (
        closing["source_date"] == (closing["timestamp"] + pd.Timedelta(minutes=5)).dt.tz_localize(None).dt.normalize()
    ).all()
    assert 0.5 < (closing["source_date"] > closing["game_date"]).mean() < 0.98  # evening games are on the next UTC day


def test_only_players_of_the_rotation_are_offered(league: League, priced: pd.DataFrame) -> None:
    minutes = priced.merge(league.truth[["game_id", "player_id", "min"]], on=["game_id", "player_id"])["min"]
    assert minutes.min() >= 18
    offered = priced[priced["actual"].notna()].drop_duplicates(["game_id", "player_id"])
    assert 0.5 < len(offered) / len(league.games) < 0.8


def test_late_scratches_leave_a_void_opening_price_and_no_close(priced: pd.DataFrame) -> None:
    """A void with a closing price is a player on the bench whom the coach does not send in: hardly ever."""
    players = (
        priced.assign(void=priced["actual"].isna())
        .groupby(["game_date", "player_name"])
        .agg(void=("void", "first"), opening_only=("opening", "all"))
    )
    scratched = players["void"] & players["opening_only"]
    assert 0.002 < scratched.mean() < 0.03
    assert (players["void"] & ~scratched).mean() < 0.001
    assert players.loc[~players["void"], "opening_only"].mean() < 0.01
    assert priced.loc[priced["actual"].isna(), "truth"].isna().all()


def test_the_close_is_nearer_to_the_truth_than_the_opening(priced: pd.DataFrame) -> None:
    error = ((priced["fair"] - priced["truth"]) ** 2).groupby(priced["opening"]).mean() ** 0.5
    assert error[False] < 0.025
    assert 0.05 < error[True] < 0.15
    played = priced[priced["actual"].notna() & (priced["actual"] != priced["line"]) & ~priced["opening"]]
    over = played["actual"] > played["line"]
    market, truth = ((played["fair"] - over) ** 2).mean(), ((played["truth"] - over) ** 2).mean()
    assert abs(market - truth) < 0.002


def test_the_truth_earns_ten_to_twenty_per_cent_at_the_opening_and_little_at_the_close(priced: pd.DataFrame) -> None:
    realised, expected = _profit(priced[priced["opening"]], 0.04)
    assert 0.10 < expected.mean() < 0.20
    assert abs(realised.mean() - expected.mean()) < 0.03
    _, at_close = _profit(priced[~priced["opening"]], 0.04)
    assert len(at_close) < 0.05 * len(expected)


def test_nobody_can_win_when_prices_are_the_truth(efficient: pd.DataFrame) -> None:
    assert (efficient["fair"] - efficient["truth"]).abs().max() < 0.02  # rounding of prices
    best = np.maximum(efficient["truth"] * efficient["over_odds"], (1 - efficient["truth"]) * efficient["under_odds"])
    assert best.max() < 1.0
    assert best.mean() < 0.97


def test_inefficiency_scales_how_far_the_opening_is_off(priced: pd.DataFrame, efficient: pd.DataFrame) -> None:
    half = _priced(simulate_league(**SIZE, inefficiency=0.5))

    def off(quotes: pd.DataFrame) -> float:
        return float(((quotes["fair"] - quotes["truth"])[quotes["opening"]] ** 2).mean() ** 0.5)

    assert off(efficient) < 0.01 < off(half) < 0.7 * off(priced)


def test_what_is_written_is_what_the_loaders_read(tmp_path: pytest.TempPathFactory) -> None:
    league = simulate_league(("2023-24",), n_teams=6, n_games=10, markets=("pra",))
    written = league.write(tmp_path)
    names = ["player_game_logs_2023-24.csv.gz", "availability_2023-24.csv.gz", "prop_odds_2023-24_pra.csv.gz"]
    assert [path.name for path in written] == names
    pd.testing.assert_frame_equal(load_availability(written[1]).availability, league.availability)
    games = load_game_logs(written[0])
    pd.testing.assert_frame_equal(games, league.games, check_dtype=False)
    joined = join_odds(load_odds(written[2]), games)
    quotes = joined.quotes
    assert len(quotes) == len(league.odds)
    void = quotes["actual"].isna()
    assert 0 < void.mean() < 0.05
    assert league.true_probabilities(quotes)["p_over"].notna().equals(~void)


def test_the_same_league_is_written_to_the_same_bytes(tmp_path: pytest.TempPathFactory) -> None:
    league = simulate_league(("2023-24",), n_teams=4, n_games=4)
    first, second = league.write(tmp_path / "a"), league.write(tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.fixture(scope="module")
def faulty() -> League:
    return simulate_league(**SIZE, faults=True)


def test_faults_are_absent_unless_asked_for(league: League, faulty: League) -> None:
    assert not league.odds.duplicated().any()
    assert faulty.odds.duplicated().sum() > 50
    assert len(faulty.odds) > len(league.odds)


def test_a_careless_book_drops_accents_and_suffixes(league: League, faulty: League) -> None:
    book = faulty.odds[faulty.odds["bookmaker"] == "Harbor Street"]["player_name"]
    assert book.map(str.isascii).all()
    assert not book.str.contains(r" (?:Jr\.|II|III|IV)$").any()
    assert not faulty.odds["player_name"].map(str.isascii).all()


def test_one_book_lists_reversed_alternate_lines_for_a_month(faulty: League) -> None:
    odds = faulty.odds.drop_duplicates()
    book = odds[odds["bookmaker"] == "Pinewood Sports"]
    key = ["event_id", "player_name", "market", "timestamp"]
    lines = book.groupby(key)["line"].transform("size")
    assert (lines > 1).any()
    typical = odds[odds["bookmaker"] != "Pinewood Sports"].groupby(key)["line"].median().rename("typical")
    twins = book[lines > 1].join(typical, on=key)
    distance = twins["line"] - twins["typical"]
    higher, lower = twins[distance >= 2], twins[distance <= -2]
    assert (higher["over_price"] < higher["under_price"]).mean() > 0.9  # a higher line, and yet the over is dearer
    assert (lower["over_price"] > lower["under_price"]).mean() > 0.9
    days = twins["game_date"]
    assert (days.groupby(days.dt.year < 2024).agg(lambda dates: (dates.max() - dates.min()).days) <= 31).all()


def test_props_of_scratched_players_stay_up_when_feeds_are_faulty(faulty: League) -> None:
    priced = _priced(simulate_league(**SIZE, faults=True, markets=("pra",)))
    plain = priced[priced["bookmaker"] == "Copperline"]
    assert (~plain["opening"])[plain["actual"].isna()].any()
