"""The tables behind the pictures say what the ledger says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import StakeConfig, betting_metrics, place_bets, split_results, stake_bets
from nba_props.betting.tables import edge_table, equity_fan, equity_table
from nba_props.metrics.tables import reliability_table


@pytest.fixture(scope="module")
def ledger(random_quotes):
    quotes = random_quotes(seed=21, nights=60, per_night=20)
    p = np.random.default_rng(0).uniform(0.35, 0.65, len(quotes))
    return place_bets(*split_results(quotes.assign(p_over=p, p_push=0.0, p_under=1.0 - p)))


def test_the_bankroll_starts_on_the_eve_and_ends_where_the_ledger_ends(ledger):
    table = equity_table(ledger)
    assert len(table) == ledger["game_date"].nunique() + 1
    assert table["bankroll"].iloc[0] == 1000.0
    assert table["bankroll"].iloc[-1] == pytest.approx(ledger["bankroll"].iloc[-1])
    assert table["game_date"].iloc[0] == ledger["game_date"].min() - pd.Timedelta(days=1)
    assert table["drawdown"].max() == pytest.approx(betting_metrics(ledger)["max_drawdown"])


def test_drawdown_is_measured_from_the_highest_bankroll_so_far():
    rows = pd.DataFrame(
        {
            "game_date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
            "game_id": ["g", "h", "i"], "player_id": 1, "market": "pts", "side": "over",
            "line": 20.0, "decimal_odds": 11.0, "p": 0.5, "q": 0.5,
            "edge": 0.05, "clv": np.nan, "actual": [30.0, 10.0, 10.0],
        }
    )  # fmt: skip
    table = equity_table(stake_bets(*split_results(rows), StakeConfig(bankroll_units=10.0)))
    assert table["bankroll"].tolist() == [10.0, 20.0, 19.0, 18.0]
    assert table["drawdown"].tolist() == pytest.approx([0.0, 0.0, 0.05, 0.1])


def test_the_fan_starts_at_the_start_and_its_middle_ends_near_the_end(ledger):
    fan, table = equity_fan(ledger), equity_table(ledger)
    assert (fan["game_date"] == table["game_date"]).all()
    assert fan.drop(columns="game_date").iloc[0].tolist() == [1000.0] * 5
    assert (np.diff(fan.drop(columns="game_date").to_numpy(), axis=1) >= 0).all()
    spread = fan["0.95"].iloc[-1] - fan["0.05"].iloc[-1]
    assert abs(fan["0.5"].iloc[-1] - table["bankroll"].iloc[-1]) < 0.1 * spread
    assert equity_fan(ledger, compound=True)["0.5"].iloc[-1] == pytest.approx(fan["0.5"].iloc[-1], abs=0.1 * spread)


def test_there_is_no_fan_under_twenty_nights(ledger):
    assert equity_fan(ledger[ledger["game_date"] < "2024-01-10"]).empty


def test_every_bet_is_in_the_bucket_of_its_edge(ledger):
    table = edge_table(ledger)
    bets = ledger[ledger["result"].isin(["won", "lost"])]
    for row in table.itertuples():
        high = np.inf if np.isnan(row.high) else row.high
        part = bets[(bets["edge"] >= row.low) & (bets["edge"] < high)]
        assert row.n_bets == len(part)
        assert row.roi == pytest.approx(part["profit"].sum() / part["stake"].sum())
        assert row.expected_roi == pytest.approx(part["ev"].mean())
        if row.nights >= 20:
            assert row.roi_ci_low < row.roi < row.roi_ci_high
    assert table["n_bets"].sum() == len(bets)
    assert (table["nights"] >= 20).any()


def test_a_bucket_of_few_nights_has_no_interval(ledger):
    table = edge_table(ledger[ledger["game_date"] < "2024-01-10"])
    assert len(table) > 0
    assert table[["roi_ci_low", "roi_ci_high"]].isna().all(axis=None)


def test_without_bets_the_tables_are_empty(ledger):
    none = ledger.iloc[:0]
    assert equity_table(none).empty
    assert edge_table(none).empty
    assert reliability_table([], []).empty


def test_reliability_bins_hold_equal_counts_and_their_own_means():
    p, y = [0.1, 0.2, 0.6, 0.8, np.nan, 0.5], [0, 1, 1, 1, 1, np.nan]
    table = reliability_table(p, y, bins=2)
    assert table["p"].tolist() == pytest.approx([0.15, 0.7])
    assert table["frequency"].tolist() == [0.5, 1.0]
    assert table["n"].tolist() == [2, 2]


def test_a_calibrated_forecaster_stays_in_its_band_about_as_often_as_it_says():
    generator = np.random.default_rng(0)
    inside = []
    for seed in range(40):
        p = generator.beta(20, 20, 2000)
        table = reliability_table(p, generator.random(2000) < p, seed=seed)
        inside.append(table["frequency"].between(table["band_low"], table["band_high"]).mean())
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)
