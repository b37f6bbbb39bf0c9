"""Results are kept apart from prices: they settle bets, and nothing that prices or chooses one can see them."""

from __future__ import annotations

import numpy as np
import pytest

from nba_props.betting import BettingConfig, place_bets, results_of, split_results
from nba_props.errors import DataError


def test_a_filter_of_the_users_own_finds_no_result_to_look_at(make_quotes):
    seen = []

    def peek(bets):
        seen.append(set(bets.columns))
        return np.ones(len(bets), dtype=bool)

    quotes = make_quotes([{}]).assign(p_over=0.6, p_push=0.0, p_under=0.4)
    priced, results = split_results(quotes)
    place_bets(priced, results, BettingConfig(filters=(peek,)))
    place_bets(quotes, results, BettingConfig(filters=(peek,)))  # nor where the quotes still carry it
    assert len(seen) == 2
    assert not any("actual" in columns for columns in seen)


def test_every_quote_of_a_prop_finds_its_one_result(make_quotes):
    rows = [{"bookmaker": "A"}, {"player_id": 2, "actual": np.nan}, {"bookmaker": "B", "line": 22.5}]
    quotes, results = split_results(make_quotes(rows))
    assert "actual" not in quotes
    assert results["player_id"].tolist() == [1, 2]
    assert results_of(quotes, results[::-1]) == pytest.approx([25.0, np.nan, 25.0], nan_ok=True)


def test_a_prop_with_two_results_is_refused(make_quotes):
    with pytest.raises(DataError, match="two results"):
        split_results(make_quotes([{"actual": 20.0}, {"actual": np.nan}]))


def test_a_bet_without_a_result_is_refused_and_not_taken_for_a_void(make_quotes):
    quotes = make_quotes([{}]).assign(p_over=0.6, p_push=0.0, p_under=0.4)
    priced, results = split_results(quotes)
    with pytest.raises(DataError, match="props without a result"):
        place_bets(priced, results[:0])
