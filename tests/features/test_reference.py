"""The fast features equal the straightforward pandas version of the same definitions."""

from __future__ import annotations

import numpy as np
import pytest

from nba_props.features import build_features, feature_names


def disagreeing(fast, slow):
    """Columns whose values or missing values differ. pandas' running variance is itself only good to about 1e-7."""
    return [
        name
        for name in fast
        if not np.allclose(
            fast[name], slow[name], rtol=1e-9, atol=1e-6 if "_sd_" in name or "_cv_" in name else 1e-9, equal_nan=True
        )
    ]


@pytest.mark.parametrize(
    ("seed", "teams", "seasons", "fractional"),
    [(1, 2, 1, False), (3, 6, 3, False), (5, 4, 2, True)],
)
def test_every_feature_equals_its_plain_pandas_version(league, reference, seed, teams, seasons, fractional):
    games = league(seed, teams=teams, seasons=seasons, dates=12, fractional=fractional)
    games = games.sample(frac=1.0, random_state=seed)

    fast, slow = build_features(games), reference(games)

    assert set(slow) == set(feature_names())
    assert fast.index.equals(games.index)
    assert slow.index.equals(games.index)
    assert disagreeing(fast, slow) == []


def test_the_comparison_sees_a_difference_in_the_ninth_digit_and_a_missing_value(league, reference):
    games = league(2, teams=2, seasons=1)
    fast = build_features(games)
    wrong = reference(games)
    wrong["pts_ewma_3"] *= 1.0 + 1e-7
    wrong.loc[wrong.index[0], "home"] = np.nan

    assert disagreeing(fast, wrong) == ["home", "pts_ewma_3"]
