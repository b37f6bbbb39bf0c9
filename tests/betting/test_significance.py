"""How much a ledger proves, against figures worked out elsewhere and against strategies known to be worthless."""

from __future__ import annotations

from math import erf

import numpy as np
import pandas as pd
import pytest

from nba_props.betting import (
    BettingConfig,
    evidence_metrics,
    permutation_canary,
    place_bets,
    split_results,
    superior_ability,
)
from nba_props.betting.evidence.significance import (
    bets_needed,
    deflated_sharpe_ratio,
    expected_best_sharpe,
    probabilistic_sharpe_ratio,
)
from nba_props.errors import ConfigError


@pytest.mark.parametrize(
    ("rate", "power", "published"),
    [
        (0.53, 0.5, 17_600),
        (0.53, 0.8, 40_000),
        (0.54, 0.5, 2_600),
        (0.54, 0.8, 5_900),
        (0.55, 0.5, 984),
        (0.55, 0.8, 2_200),
        (0.56, 0.5, 515),
        (0.56, 0.8, 1_200),
    ],
)
def test_bets_needed_at_minus_110_are_the_known_figures(rate, power, published):
    assert bets_needed(rate, 11 / 21, power=power) == pytest.approx(published, rel=0.03)


def test_no_number_of_bets_proves_a_win_rate_at_break_even():
    assert bets_needed(0.52, 11 / 21) is None
    assert bets_needed(11 / 21, 11 / 21) is None


@pytest.mark.parametrize(("trials", "maximum"), [(10, 1.57), (100, 2.53), (1000, 3.26)])
def test_the_best_of_many_worthless_strategies_shows_the_known_ratio(trials, maximum):
    assert expected_best_sharpe(trials, 1.0) == pytest.approx(maximum, abs=0.01)
    generator = np.random.default_rng(0)
    simulated = generator.standard_normal((2000, trials)).max(axis=1).mean()
    assert expected_best_sharpe(trials, 1.0) == pytest.approx(simulated, abs=0.06)


def test_one_trial_is_not_deflated_and_none_is_refused():
    assert expected_best_sharpe(1, 1.0) == 0.0
    with pytest.raises(ConfigError, match="n_trials"):
        expected_best_sharpe(0, 1.0)


def test_the_probabilistic_sharpe_ratio_of_symmetric_returns_is_worked_out_by_hand():
    returns = np.array([0.03, -0.01] * 50)  # mean 0.01; two points: skewness 0, kurtosis 1
    ratio = 0.01 / (0.02 * np.sqrt(100 / 99))
    from_formula = ratio * np.sqrt(99.0)  # 1 - 0 + (1 - 1)/4 = 1
    assert probabilistic_sharpe_ratio(returns) == pytest.approx(0.5 * (1 + erf(from_formula / 2**0.5)), abs=1e-9)


def test_the_probability_is_uniform_for_worthless_strategies():
    generator = np.random.default_rng(1)
    values = [probabilistic_sharpe_ratio(generator.standard_t(5, 165) * 0.01) for _ in range(1000)]
    assert np.mean(np.array(values) > 0.95) == pytest.approx(0.05, abs=0.025)


def test_the_best_of_a_hundred_worthless_strategies_passes_alone_and_fails_deflated():
    generator = np.random.default_rng(2)
    returns = generator.normal(0.0, 0.01, (165, 100))
    sharpes = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    best = returns[:, sharpes.argmax()]
    assert probabilistic_sharpe_ratio(best) > 0.98
    assert deflated_sharpe_ratio(best, 100, sharpes) < 0.9
    assert deflated_sharpe_ratio(best, 100) == pytest.approx(deflated_sharpe_ratio(best, 100, sharpes), abs=0.1)
    assert deflated_sharpe_ratio(best, 1) == probabilistic_sharpe_ratio(best)


def _bets(random_quotes, seed, p=None, nights=60, per_night=20):
    quotes = random_quotes(seed=seed, nights=nights, per_night=per_night)
    chance = np.random.default_rng(seed).uniform(0.3, 0.7, len(quotes)) if p is None else p
    ready = quotes.assign(p_over=chance, p_push=0.0, p_under=1.0 - chance)
    return place_bets(*split_results(ready), BettingConfig(min_edge=0.02))


def test_shuffled_outcomes_of_worthless_bets_centre_on_minus_the_margin(random_quotes):
    expected, centre, values = [], [], []
    for seed in range(12):
        canary = permutation_canary(_bets(random_quotes, seed), permutations=200)
        expected.append(canary["canary_expected"])
        centre.append(canary["canary_roi"])
        values.append(canary["canary_p_value"])
    assert np.mean(expected) < -0.01
    assert np.mean(centre) == pytest.approx(np.mean(expected), abs=0.01)
    assert 0.02 < np.mean(values) < 0.98


def test_bets_that_know_the_results_are_told_from_shuffled_ones(random_quotes):
    quotes = random_quotes(seed=3, nights=60, per_night=20)
    peek = np.where(quotes["actual"] > quotes["line"], 0.62, 0.38)
    ready = quotes.assign(p_over=peek, p_push=0.0, p_under=1.0 - peek)
    canary = permutation_canary(place_bets(*split_results(ready)), permutations=200)
    assert canary["canary_p_value"] == pytest.approx(1 / 201)
    assert canary["canary_roi"] < 0.3  # of bets that all won


def test_a_longshot_stays_a_longshot_when_outcomes_are_shuffled():
    rows = 4000
    generator = np.random.default_rng(0)
    q = np.where(np.arange(rows) % 2 == 0, 0.2, 0.8)
    ledger = pd.DataFrame(
        {
            "game_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) // 100, unit="D"),
            "side": "over",
            "q": q,
            "decimal_odds": 0.95 / q,
            "stake": 1.0,
            "result": np.where(generator.random(rows) < q, "won", "lost"),
        }
    )
    canary = permutation_canary(ledger, permutations=100)
    assert canary["canary_expected"] == pytest.approx(-0.05)
    assert canary["canary_roi"] == pytest.approx(-0.05, abs=0.05)


def test_the_design_effect_is_one_for_independent_bets_and_the_size_of_a_night_for_tied_ones(random_quotes):
    ledger = _bets(random_quotes, 5, nights=80)
    assert evidence_metrics(ledger)["design_effect"] == pytest.approx(1.0, abs=0.45)
    copies = pd.concat([ledger] * 4, ignore_index=True).sort_values("game_date", ignore_index=True)
    single = evidence_metrics(ledger)["design_effect"]
    assert evidence_metrics(copies)["design_effect"] == pytest.approx(4 * single)


def test_evidence_is_absent_where_there_are_too_few_nights(random_quotes):
    assert evidence_metrics(_bets(random_quotes, 1, nights=10)) == {}


def test_a_losing_ledger_has_no_number_of_bets_that_would_prove_it(random_quotes):
    quotes = random_quotes(seed=4, nights=40)
    against = np.where(quotes["actual"] > quotes["line"], 0.38, 0.62)
    ledger = place_bets(*split_results(quotes.assign(p_over=against, p_push=0.0, p_under=1.0 - against)))
    metrics = evidence_metrics(ledger)
    assert "bets_needed" not in metrics
    assert metrics["probabilistic_sharpe_ratio"] < 0.01


def test_superior_ability_is_not_found_in_the_best_of_many_worthless_strategies(random_quotes):
    quotes = random_quotes(seed=6, nights=80, per_night=10)
    generator = np.random.default_rng(0)
    ledgers = {}
    for index in range(20):
        p = generator.uniform(0.35, 0.65, len(quotes))
        ledgers[str(index)] = place_bets(*split_results(quotes.assign(p_over=p, p_push=0.0, p_under=1.0 - p)))
    worthless = superior_ability(ledgers, resamples=300)
    assert worthless["spa_strategies"] == 20.0
    assert worthless["spa_p_value"] > 0.1
    peek = np.where((quotes["actual"] > quotes["line"]) == (generator.random(len(quotes)) < 0.7), 0.62, 0.38)
    ledgers["skilled"] = place_bets(*split_results(quotes.assign(p_over=peek, p_push=0.0, p_under=1.0 - peek)))
    assert superior_ability(ledgers, resamples=300)["spa_p_value"] < 0.02


def test_superior_ability_is_absent_without_nights():
    assert superior_ability({}) == {}
