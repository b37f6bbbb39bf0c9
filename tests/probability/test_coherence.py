"""Lines of one market and markets with common parts never contradict each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.errors import DataError
from nba_props.markets import MARKETS
from nba_props.probability import coherent_probabilities


def _props(rows):
    """Rows of (player, market, line, p_over, p_push)."""
    table = pd.DataFrame(rows, columns=["player_id", "market", "line", "p_over", "p_push"])
    return table.assign(game_id="g", p_under=1.0 - table["p_over"] - table["p_push"])


def test_a_sum_is_over_a_line_at_least_as_often_as_its_part():
    table = coherent_probabilities(_props([(1, "pts", 20.5, 0.6, 0.0), (1, "pra", 20.5, 0.5, 0.0)]))
    assert table["p_over"].tolist() == [0.6, 0.6]


def test_a_part_says_nothing_about_a_higher_line_of_the_sum():
    rows = [(1, "pts", 20.5, 0.6, 0.0), (1, "pra", 30.5, 0.5, 0.0)]
    assert coherent_probabilities(_props(rows))["p_over"].tolist() == [0.6, 0.5]


def test_a_sum_says_nothing_about_its_part_and_a_player_nothing_about_another():
    rows = [
        (1, "pra", 20.5, 0.9, 0.0),
        (1, "pts", 20.5, 0.2, 0.0),
        (2, "pra", 20.5, 0.1, 0.0),
        (1, "ra", 20.5, 0.1, 0.0),
    ]
    assert coherent_probabilities(_props(rows))["p_over"].tolist() == [0.9, 0.2, 0.1, 0.1]


def test_a_whole_line_is_told_apart_from_its_halves():
    rows = [(1, "pts", 20.0, 0.50, 0.06), (1, "pts", 19.5, 0.52, 0.0), (1, "pts", 20.5, 0.53, 0.0)]
    table = coherent_probabilities(_props(rows))
    # P(>= 20) is the larger of 0.56 and 0.52; P(> 20) the larger of 0.50 and 0.53.
    assert table["p_over"].tolist() == pytest.approx([0.53, 0.56, 0.53])
    assert table["p_push"].tolist() == pytest.approx([0.03, 0.0, 0.0])
    assert (table["p_over"] + table["p_push"] + table["p_under"]).tolist() == pytest.approx([1.0] * 3)


def test_rows_without_a_forecast_are_left_alone():
    table = coherent_probabilities(_props([(1, "pts", 20.5, 0.6, 0.0), (1, "pra", 20.5, np.nan, np.nan)]))
    assert table["p_over"].isna().tolist() == [False, True]


def test_other_columns_and_the_order_are_kept():
    props = _props([(2, "pts", 20.5, 0.6, 0.0), (1, "pra", 20.5, 0.5, 0.0)]).assign(book=["x", "y"])
    assert coherent_probabilities(props)["book"].tolist() == ["x", "y"]


rows = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(["pts", "reb", "ast", "pra", "pr", "pa", "ra"]),
        st.integers(0, 12).map(lambda value: value / 2),
        st.floats(0.0, 0.9),
        st.floats(0.0, 0.1),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(rows)
def test_afterwards_no_two_statements_contradict_each_other_and_a_second_time_changes_nothing(rows):
    props = _props([(*row[:4], 0.0 if row[2] % 1 else row[4]) for row in rows])
    table = coherent_probabilities(props)
    reach = [
        (row.player_id, set(MARKETS[row.market]), threshold, chance)
        for row in table.itertuples()
        for threshold, chance in (
            (np.ceil(row.line), row.p_over + row.p_push),
            (np.floor(row.line) + 1, row.p_over),
        )
    ]
    for player, parts, threshold, chance in reach:
        for other_player, other_parts, other_threshold, other_chance in reach:
            if player == other_player and parts <= other_parts and threshold >= other_threshold:
                assert chance <= other_chance + 1e-12
    assert table[["p_over", "p_push", "p_under"]].min(axis=None) >= -1e-12
    again = coherent_probabilities(table)
    pd.testing.assert_frame_equal(again, table, atol=1e-12)
    assert (table["p_over"] >= props["p_over"] - 1e-12).all()


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="p_push"):
        coherent_probabilities(_props([(1, "pts", 20.5, 0.6, 0.0)]).drop(columns="p_push"))
