"""A season table knows its whole season, so only the following season's games may see it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.errors import DataError
from nba_props.features import build_features


def table(*lines):
    return pd.DataFrame(lines, columns=["player_id", "season", "usage", "team"])


def test_a_game_sees_the_line_of_the_season_before_only(solo):
    games = solo({"2021-22": [1.0], "2022-23": [1.0], "2023-24": [1.0]})
    stats = table((1, "2020-21", 0.20, "BOS"), (1, "2021-22", 0.25, "BOS"), (1, "2023-24", 0.99, "BOS"))

    features = build_features(games, groups=["lags"], season_stats=stats)

    assert features["previous_usage"].tolist() == pytest.approx([0.20, 0.25, np.nan], nan_ok=True)
    assert "previous_team" not in features


def test_other_players_lines_are_not_lent(solo):
    features = build_features(solo({"2022-23": [1.0]}), groups=["lags"], season_stats=table((2, "2021-22", 0.3, "BOS")))

    assert features["previous_usage"].isna().all()


def test_two_lines_for_one_season_are_refused(solo):
    stats = table((1, "2021-22", 0.2, "BOS"), (1, "2021-22", 0.3, "LAL"))

    with pytest.raises(DataError, match=r"several lines for one player and season \(2 rows\)"):
        build_features(solo({"2022-23": [1.0]}), season_stats=stats)


def test_a_table_without_its_keys_is_refused(solo):
    with pytest.raises(DataError, match="missing columns player_id"):
        build_features(solo({"2022-23": [1.0]}), season_stats=table().drop(columns="player_id"))
