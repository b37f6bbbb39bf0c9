"""The search for a strategy: what is chosen on the past, what it earns later, and what hindsight would have claimed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import BettingConfig, StakeConfig, betting_metrics, place_bets, split_results
from nba_props.betting.evidence.optimise import optimise_strategy, strategy_grid
from nba_props.errors import ConfigError, DataError

BOOKS = ("A", "B", "C", "D", "E")
MARGIN = 1 - 210 / 220  # what a bet at -110 on an even chance costs


def coin_quotes(seed, nights=120, per_night=40, knows=()):
    """Even chances at -110, a book for each prop; the model's probabilities are noise, except at the books in `knows`.

    There they lean towards the result in 65 % of the props.
    """
    rng = np.random.default_rng(seed)
    n = nights * per_night
    night = np.repeat(np.arange(nights), per_night)
    over = rng.random(n) < 0.5
    book = rng.choice(BOOKS, n)
    p = np.clip(0.5 + rng.normal(0.0, 0.08, n), 0.05, 0.95)
    right = np.where(rng.random(n) < 0.65, over, ~over)
    p = np.where(np.isin(book, knows), np.where(right, 0.5 + abs(p - 0.5), 0.5 - abs(p - 0.5)), p)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(night, unit="D")
    return pd.DataFrame(
        {
            "game_date": when,
            "game_id": [f"{value:010d}" for value in np.arange(n) // 4],
            "player_id": np.arange(n) % 4,
            "market": "pts",
            "bookmaker": book,
            "line": 20.5,
            "over_price": -110.0,
            "under_price": -110.0,
            "observed_at": (when + pd.Timedelta(hours=20)).tz_localize("UTC"),
            "actual": np.where(over, 25.0, 15.0),
            "p_over": p,
            "p_push": 0.0,
            "p_under": 1.0 - p,
            "fold": night // 20,
        }
    )


def grid_of(**changed):
    settings = {
        "min_edges": (0.0, 0.04, 0.08),
        "sides": ("both", "over", "under"),
        "books": (None, *((book,) for book in BOOKS)),
    }
    return strategy_grid(**(settings | changed))


def search(quotes, grid=None, **settings):
    settings = {"closing": None, "objective": "roi", "min_bets": 50} | settings
    return optimise_strategy(*split_results(quotes), grid or grid_of(), fold=quotes["fold"], **settings)


# The lower end of an interval looks less at luck with few bets than ROI does, so hindsight claims less with it.
@pytest.mark.parametrize(("objective", "claimed"), [("roi", 0.03), ("roi_ci_low", 0.0)])
def test_hindsight_finds_gold_in_noise_and_the_honest_search_pays_the_margin(objective, claimed):
    naive, honest, bets = [], [], []
    for seed in range(10):
        found = search(coin_quotes(seed, nights=100, per_night=100), objective=objective)
        naive.append(found.metrics["in_sample_best_roi"])
        honest.append(found.metrics["profit"])
        bets.append(found.metrics["n_bets"])
        assert found.tried == found.metrics["n_trials"] == 54
    assert np.mean(naive) > claimed
    pooled = sum(honest) / sum(bets)
    # The standard error of so many independent bets with a standard deviation of 0.95 units.
    assert pooled == pytest.approx(-MARGIN, abs=3 * 0.955 / np.sqrt(sum(bets)))
    assert pooled < 0
    assert sum(bets) > 2_500


def test_no_evidence_is_claimed_for_noise():
    metrics = search(coin_quotes(1)).metrics
    assert metrics["deflated_sharpe_ratio"] < 0.5
    assert metrics["spa_p_value"] > 0.1
    assert metrics["spa_strategies"] == 54
    assert metrics["canary_expected"] == pytest.approx(-MARGIN)


def test_a_book_where_the_model_knows_something_is_found_and_pays():
    found = search(coin_quotes(2, knows=("C",)), objective="roi_ci_low")
    assert found.choices["strategy"].iloc[1:].str.endswith(", C").all()
    assert found.metrics["roi_ci_low"] > 0
    assert set(found.ledger["bookmaker"].iloc[-50:]) == {"C"}
    assert found.in_sample_best.endswith(", C")


def test_every_choice_is_the_best_of_the_folds_before_it_by_a_plain_count():
    quotes, grid = coin_quotes(3), grid_of(books=(None, ("A",), ("C",)))
    found = search(quotes, grid)
    assert found.choices["fold"].tolist() == [1, 2, 3, 4, 5]
    for choice in found.choices.itertuples():
        rois = {}
        for name, config in grid.items():
            before = place_bets(*split_results(quotes[quotes["fold"] < choice.fold]), config)
            if len(before) >= 50:
                rois[name] = before["profit"].sum() / before["stake"].sum()
        assert choice.strategy == max(rois, key=rois.get)
        assert choice.roi_before == pytest.approx(rois[choice.strategy])
        now = place_bets(*split_results(quotes[quotes["fold"] == choice.fold]), grid[choice.strategy])
        assert choice.n_bets == len(now)
        assert choice.roi == pytest.approx(now["profit"].mean())
    assert found.metrics["n_bets"] == found.choices["n_bets"].sum() == len(found.ledger)


def test_results_from_a_fold_on_change_no_choice_up_to_it():
    quotes = coin_quotes(4)
    changed = quotes.assign(actual=quotes["actual"].where(quotes["fold"] < 3, 40.0 - quotes["actual"]))
    there, here = search(quotes, objective="roi_ci_low"), search(changed, objective="roi_ci_low")
    columns = ["fold", "strategy", "n_bets_before", "roi_before"]
    pd.testing.assert_frame_equal(there.choices[columns][:3], here.choices[columns][:3])
    assert there.choices["roi"][2] != here.choices["roi"][2]
    assert there.choices["roi_before"][3] != here.choices["roi_before"][3]
    early = there.ledger["game_date"] < quotes.loc[quotes["fold"] == 3, "game_date"].min()
    pd.testing.assert_frame_equal(there.ledger[early], here.ledger[: early.sum()])


def test_one_strategy_is_simply_that_strategy_from_the_second_fold_on():
    quotes = coin_quotes(5)
    config = BettingConfig(min_edge=0.03)
    found = search(quotes, {"only": config}, closing=quotes)
    expected = place_bets(*split_results(quotes[quotes["fold"] > 0]), config, closing=quotes)
    pd.testing.assert_frame_equal(found.ledger, expected)
    pd.testing.assert_frame_equal(found.staked_ledger, expected)
    everything = betting_metrics(place_bets(*split_results(quotes), config))
    assert found.metrics["in_sample_best_roi"] == pytest.approx(everything["roi"])
    assert found.in_sample_best == "only"


def test_kelly_stakes_go_on_from_fold_to_fold_with_one_bankroll():
    quotes = coin_quotes(6, knows=("A", "B"))
    config = BettingConfig(stakes=StakeConfig(kelly=0.25))
    found = search(quotes, {"kelly": config})
    expected = place_bets(*split_results(quotes[quotes["fold"] > 0]), config)
    pd.testing.assert_frame_equal(found.staked_ledger, expected)
    assert (found.ledger["stake"] == 1.0).all()
    assert found.metrics["kelly_bankroll_growth"] == pytest.approx(expected["bankroll"].iloc[-1] / 1000 - 1)


def test_stakes_that_differ_from_fold_to_fold_keep_the_books_to_the_cent():
    quotes = coin_quotes(7)
    found = search(quotes, grid_of(kelly_fractions=(0.0, 0.5), books=(None,)), objective="profit")
    assert found.tried == 18
    ledger = found.staked_ledger
    night = ledger.groupby("game_date").agg(profit=("profit_cents", "sum"), bankroll=("bankroll_cents", "last"))
    assert (night["bankroll"] == 10_000_000 + night["profit"].cumsum()).all()
    assert (ledger["bankroll"] == ledger["bankroll_cents"] / 10_000).all()


def test_where_no_strategy_has_had_enough_bets_none_is_bet():
    found = search(coin_quotes(8), min_bets=1_700)  # 800 props a fold: enough after the third
    assert found.choices["strategy"].isna().tolist() == [True, True, False, False, False]
    assert found.choices["n_bets"].tolist()[:2] == [0, 0]
    assert found.ledger["game_date"].min() == pd.Timestamp("2024-03-01")
    nothing = search(coin_quotes(8), min_bets=10**6)
    assert nothing.ledger.empty
    assert nothing.staked_ledger.empty
    assert nothing.metrics["n_bets"] == 0
    assert nothing.in_sample_best is None
    assert "in_sample_best_roi" not in nothing.metrics
    assert "roi" not in nothing.metrics


def test_one_fold_alone_can_not_be_bet_honestly():
    quotes = coin_quotes(9).assign(fold=0)
    found = search(quotes)
    assert found.choices.empty
    assert found.ledger.empty
    assert found.metrics["in_sample_best_roi"] > 0


def test_rows_without_a_fold_are_left_out():
    quotes = coin_quotes(10)
    quotes["fold"] = quotes["fold"].where(quotes["bookmaker"] != "B")
    found = search(quotes, {"all": BettingConfig()})
    assert "B" not in set(found.ledger["bookmaker"])


def test_the_lower_end_of_the_interval_wants_twenty_nights():
    quotes = coin_quotes(11, nights=38)
    quotes["fold"] = (quotes["game_date"] - quotes["game_date"].min()).dt.days // 19
    assert search(quotes, objective="roi_ci_low").choices["strategy"].isna().all()
    assert search(quotes, objective="roi").choices["strategy"].notna().all()


def test_the_grid_is_every_combination_by_name():
    grid = strategy_grid(
        min_edges=(0.0, 0.02), kelly_fractions=(0, 0.25), sides=("both", "over"), odds_ranges=((1.0, 2.2),)
    )
    assert len(grid) == 8
    config = grid["edge 0.02, over, odds 1-2.2, kelly 0.25"]
    assert (config.min_edge, config.odds_range, config.stakes.kelly) == (0.02, (1.0, 2.2), 0.25)
    assert grid["edge 0, both, odds 1-2.2, flat"].stakes.kelly is None
    bets = pd.DataFrame({"side": ["over", "under"], "edge": 0.1, "ev": 0.1, "decimal_odds": 2.0})
    assert config.keep()(bets).tolist() == [True, False]
    only = strategy_grid(books=(("A", "B"),), markets=(("pts",),), min_edges=(0.02,))
    assert list(only) == ["edge 0.02, both, odds 1-inf, flat, A+B, pts"]
    with pytest.raises(ConfigError, match="empty"):
        strategy_grid(sides=())


def test_folds_that_do_not_follow_each_other_in_time_are_refused():
    quotes = coin_quotes(12, nights=40)
    with pytest.raises(DataError, match="column fold"):
        search(quotes.assign(fold=np.arange(len(quotes)) % 2))
    with pytest.raises(DataError, match="column fold"):
        search(quotes.assign(fold=1 - quotes["fold"]))
    with pytest.raises(DataError, match="3 folds for 1600 rows"):
        optimise_strategy(*split_results(quotes), grid_of(), closing=None, fold=[0, 1, 2])
    with pytest.raises(ConfigError, match="objective is 'sharpe'"):
        search(quotes, objective="sharpe")
    with pytest.raises(ConfigError, match="0 strategies"):
        optimise_strategy(*split_results(quotes), {}, closing=None, fold=quotes["fold"])
