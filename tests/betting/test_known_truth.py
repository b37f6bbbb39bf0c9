"""Where the true probabilities are known: the ledger finds the true edge, and no edge where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import (
    BettingConfig,
    betting_metrics,
    consensus,
    decision_quotes,
    place_bets,
    roi_interval,
    run_backtest,
    split_results,
)
from nba_props.betting import strategy as filters
from nba_props.betting.market.prices import decimal_to_american

SEEDS = range(100)


def _market(seed, nights=60, per_night=20, error=0.05):
    """Props with a known chance, priced by two books whose market is off by `error`; returns quotes with ``truth``."""
    generator = np.random.default_rng(seed)
    n = nights * per_night
    market = np.clip(generator.normal(0.5, 0.05, n), 0.3, 0.7)
    # Given the market, the truth is spread around it: the market is right on average, whatever it says.
    truth = np.clip(market + generator.normal(0.0, error, n), 0.05, 0.95)
    over = generator.random(n) < truth
    night = np.arange(n) // per_night
    parts = []
    for book in ("A", "B"):
        table = pd.DataFrame(
            {
                "game_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(night, unit="D"),
                "game_id": np.char.add("g", (np.arange(n) // 4).astype(str)),
                "player_id": np.arange(n) % per_night,
                "market": "pts",
                "bookmaker": book,
                "line": 20.5,
                "over_price": decimal_to_american(1.0 / np.clip(market * 1.045, 0.01, 0.99)),
                "under_price": decimal_to_american(1.0 / np.clip((1.0 - market) * 1.045, 0.01, 0.99)),
                "observed_at": pd.Timestamp("2024-01-01 23:00", tz="UTC") + pd.to_timedelta(night, unit="D"),
                "event_id": "e",
                "actual": np.where(over, 25.0, 15.0),
            }
        )
        parts.append(table.assign(truth=truth))
    return pd.concat(parts, ignore_index=True)


def _with(quotes, p):
    return quotes.assign(p_over=p, p_push=0.0, p_under=1.0 - p)


def test_with_the_true_probabilities_the_realised_roi_agrees_with_the_expected_one_in_ninety_of_a_hundred_seeds():
    inside, bets = 0, 0
    for seed in SEEDS:
        quotes = _market(seed, per_night=12)
        ledger = place_bets(*split_results(_with(quotes, quotes["truth"].to_numpy())))
        interval = roi_interval(ledger, resamples=500, seed=seed)
        expected = betting_metrics(ledger)["expected_roi"]
        # The interval moved to the expected ROI: realised inside it is the same as expected inside the mirrored one.
        inside += (
            expected + (interval.low - interval.point) <= interval.point <= expected + (interval.high - interval.point)
        )
        bets += len(ledger)
    assert bets / 100 > 100
    assert inside >= 90


STRATEGIES = {
    "default": BettingConfig(),
    "everything": BettingConfig(min_edge=-1.0, min_ev=-9.0),
    "longshots": BettingConfig(min_edge=-1.0, min_ev=-9.0, odds_range=(2.05, 20.0)),
    "overs": BettingConfig(min_edge=-1.0, min_ev=-9.0, filters=(filters.side_is("over"),)),
}


@pytest.fixture(scope="module")
def winners():
    """Strategy -> number of seeds in which it has a positive lower bound, betting the market's own probabilities."""
    count = dict.fromkeys(STRATEGIES, 0)
    for seed in SEEDS:
        quotes = decision_quotes(_market(seed, nights=28, per_night=12), "close")
        fair = consensus(quotes)[["game_id", "player_id", "market_p_over"]]
        p = quotes.merge(fair, on=["game_id", "player_id"], validate="m:1")["market_p_over"].to_numpy()
        for name, ledger in run_backtest(*split_results(_with(quotes, p)), STRATEGIES).items():
            interval = roi_interval(ledger, resamples=300, seed=seed)
            count[name] += interval is not None and interval.low > 0
            if name == "default":
                assert ledger.empty  # no edge over itself: nothing is bet
    return count


@pytest.mark.parametrize("name", STRATEGIES)
def test_with_the_markets_own_probabilities_no_strategy_is_shown_to_win_in_more_than_ten_of_a_hundred(winners, name):
    assert winners[name] <= 10
