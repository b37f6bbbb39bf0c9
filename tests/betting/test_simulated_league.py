"""On the simulated league, where the truth is known: the ledger tells the true edge, and finds none in the market."""

from __future__ import annotations

import pytest

from nba_league import simulate_league
from nba_props.betting import (
    BettingConfig,
    betting_metrics,
    consensus,
    decision_quotes,
    flag_quotes,
    place_bets,
    roi_interval,
    run_backtest,
    split_results,
)
from nba_props.data import join_odds

KEYS = ["game_id", "player_id", "market", "line"]
MARKET_STRATEGIES = {
    "default": BettingConfig(),
    "everything": BettingConfig(min_edge=-1.0, min_ev=-9.0),
    "best prices": BettingConfig(min_edge=-1.0, min_ev=0.0),
    "longshots": BettingConfig(min_edge=-1.0, min_ev=-9.0, odds_range=(2.0, 20.0)),
}


def _league(seed, **settings):
    size = {"n_teams": 4, "n_games": 40} | settings
    league = simulate_league(["2023-24"], seed=seed, markets=["pts"], odds_seasons=["2023-24"], **size)
    quotes = join_odds(league.odds, league.games).quotes
    return league, quotes


def _truth_agrees(league, on_offer, seed):
    truth = league.true_probabilities(on_offer)
    chances = {"p_over": truth["p_over"], "p_push": truth["p_push"], "p_under": 1.0 - truth.sum(axis=1, skipna=False)}
    ledger = place_bets(*split_results(on_offer.assign(**chances)))
    interval, expected = roi_interval(ledger, resamples=400, seed=seed), betting_metrics(ledger)["expected_roi"]
    shift = expected - interval.point
    return interval.low + shift <= interval.point <= interval.high + shift


def _market_wins(on_offer, seed):
    """Names of the strategies with a positive lower bound when the books' own consensus is the model."""
    fair = consensus(on_offer)[[*KEYS, "market_p_over"]]
    table = on_offer.merge(fair, on=KEYS, validate="m:1")
    table = table.assign(p_over=table["market_p_over"], p_push=0.0, p_under=1.0 - table["market_p_over"])
    ledgers = run_backtest(*split_results(table), MARKET_STRATEGIES)
    intervals = {name: roi_interval(ledger, resamples=400, seed=seed) for name, ledger in ledgers.items()}
    return [name for name, interval in intervals.items() if interval is not None and interval.low > 0]


@pytest.mark.slow
def test_in_two_hundred_leagues_the_truth_earns_what_it_expects_and_in_a_hundred_the_market_earns_nothing():
    agrees, wins = 0, dict.fromkeys(MARKET_STRATEGIES, 0)
    for seed in range(200):
        league, quotes = _league(seed)
        on_offer = decision_quotes(quotes[flag_quotes(quotes) == ""], "open")
        agrees += _truth_agrees(league, on_offer, seed)
        for name in _market_wins(on_offer, seed) if seed < 100 else []:
            wins[name] += 1
    assert agrees >= 180  # of 190 expected
    assert max(wins.values()) <= 10, wins


def test_the_reversed_lines_of_the_simulated_league_are_found_and_its_honest_quotes_are_kept():
    _, honest = _league(3, n_teams=12, n_games=40)
    _, faulty = _league(3, n_teams=12, n_games=40, faults=True)
    assert (flag_quotes(honest) != "").mean() < 0.02
    key = [*KEYS, "bookmaker", "observed_at"]
    added = ~faulty.set_index(key).index.isin(honest.set_index(key).index)
    # Standing props of players who did not play are added too: true quotes of their time, settled as voids.
    reversed_lines = faulty[added & faulty["actual"].notna()]
    assert len(reversed_lines) > 100
    assert (flag_quotes(faulty)[reversed_lines.index] != "").all()


def test_bets_at_the_open_with_the_truth_beat_the_close():
    league, quotes = _league(5)
    good = quotes[flag_quotes(quotes) == ""].reset_index(drop=True)
    on_offer = decision_quotes(good, "open")
    truth = league.true_probabilities(on_offer)
    chances = {"p_over": truth["p_over"], "p_push": truth["p_push"], "p_under": 1.0 - truth.sum(axis=1, skipna=False)}
    metrics = betting_metrics(place_bets(*split_results(on_offer.assign(**chances)), closing=good))
    assert metrics["clv"] > 0.05
    assert metrics["clv_line"] > 0.2
    assert metrics["clv_coverage"] > 0.95
    assert metrics["clv"] == pytest.approx(metrics["expected_roi"], abs=0.05)
