"""What goes in stays as it was, what comes out is in the same order, and bad input is named."""

from __future__ import annotations

import numpy as np
import pytest

from nba_props.errors import ConfigError, DataError
from nba_props.features import GROUPS, build_features, catalogue, feature_names


def test_there_are_at_least_120_features_with_names_of_their_own():
    names = [feature.name for feature in catalogue()]

    assert len(names) >= 120
    assert len(set(names)) == len(names)


def test_every_feature_says_tier_group_look_back_and_meaning():
    for feature in catalogue():
        assert feature.tier in (1, 2, 3)
        assert feature.group in GROUPS
        assert feature.look_back
        assert feature.description


def test_tiers_come_in_order_and_a_group_belongs_to_one_tier():
    tiers = [feature.tier for feature in catalogue()]

    assert tiers == sorted(tiers)
    for group in GROUPS:
        assert len({feature.tier for feature in catalogue() if feature.group == group}) == 1


def test_columns_are_those_of_the_catalogue_as_float64(league):
    features = build_features(league(1))

    assert tuple(features.columns) == tuple(feature.name for feature in catalogue()) == feature_names()
    assert (features.dtypes == np.float64).all()


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_gives_the_same_values_as_all_groups_together(league, group):
    games = league(7)

    alone = build_features(games, groups=[group])

    assert tuple(alone.columns) == feature_names([group])
    assert alone.equals(build_features(games)[list(alone.columns)])


def test_groups_come_in_catalogue_order_however_they_are_named(league):
    assert feature_names(["streaks", "core_rates"]) == feature_names(["core_rates"]) + feature_names(["streaks"])


def test_an_unknown_group_is_refused_naming_the_nearest_known_one(league):
    with pytest.raises(ConfigError, match="Unknown feature group 'minuts' .did you mean 'minutes'"):
        build_features(league(1), groups=["core_rates", "minuts"])


def test_no_group_at_all_is_refused():
    with pytest.raises(ConfigError, match="No feature group"):
        feature_names([])


def test_the_input_is_not_modified_and_its_index_and_order_are_kept(league):
    games = league(3).set_index(np.arange(1000, 1000 + len(league(3)))).sample(frac=1.0, random_state=0)
    before = games.copy(deep=True)

    features = build_features(games)

    assert games.equals(before)
    assert features.index.equals(games.index)
    assert features["home"].tolist() == games["home"].astype(float).tolist()


def test_the_same_games_give_the_same_bits(league):
    assert build_features(league(4)).to_numpy().tobytes() == build_features(league(4)).to_numpy().tobytes()


def test_no_games_give_no_rows_but_all_columns(league):
    empty = build_features(league(1).iloc[:0])

    assert empty.shape == (0, len(catalogue()))


def test_a_first_game_has_no_history_and_says_so_with_nan(league):
    games = league(6)
    features = build_features(games)
    first = ~games.duplicated("player_id")
    about_himself = ["usage_pct", "pts_per36", "pts_season_mean", "pts_lag_1", "min_mean_3", "ast_ewma_7", "pra_streak",
                     "days_rest", "min_projection", "pts_adjusted", "reb_trend", "ast_cv_20"]  # fmt: skip

    assert features.loc[first, about_himself].isna().all(axis=None)
    assert features.loc[~first, ["usage_pct", "pts_lag_1", "min_projection"]].notna().all(axis=None)


def test_a_missing_column_is_named(league):
    with pytest.raises(DataError, match="missing columns opponent, fga"):
        build_features(league(1).drop(columns=["fga", "opponent"]))


def test_a_player_twice_on_one_date_is_refused_with_the_rows(league):
    games = league(1)
    doubled = games.iloc[[*range(len(games)), 5]].reset_index(drop=True)

    with pytest.raises(DataError, match=r"two rows on one date \(1 row\)"):
        build_features(doubled)


def test_seasons_that_overlap_are_refused(league):
    games = league(1)
    games.loc[games.index[-1], "season"] = "2021-22"

    with pytest.raises(DataError, match="a season begins before the one before it has ended"):
        build_features(games)


def test_a_hole_in_the_history_is_refused_before_it_spreads(league):
    games = league(1)
    games.loc[3, "ast"] = np.nan

    with pytest.raises(DataError, match=r"incomplete box score before the last date \(1 row\)"):
        build_features(games)


def test_a_team_without_known_city_has_no_travel_but_all_else(league):
    games = league(1).replace({"team": {"BOS": "XYZ", "DEN": "QQQ"}, "opponent": {"BOS": "XYZ", "DEN": "QQQ"}})

    features = build_features(games)

    assert features["altitude_m"].isna().any()
    assert features["pts_lag_1"].notna().any()
