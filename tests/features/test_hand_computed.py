"""Features of small tables against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_props.features import build_features
from nba_props.features.history.cities import CITIES, city_table, distances_km
from nba_props.features.history.rates import RATES
from nba_props.features.history.table import STATS

NBA = [
    "ATL", "BKN", "BOS", "CHA", "CHI", "CLE", "DAL", "DEN", "DET", "GSW", "HOU", "IND", "LAC", "LAL", "MEM",
    "MIA", "MIL", "MIN", "NOP", "NYK", "OKC", "ORL", "PHI", "PHX", "POR", "SAC", "SAS", "TOR", "UTA", "WAS",
]  # fmt: skip
ZERO = dict.fromkeys(STATS, 0.0)


def close(series, expected):
    assert series.tolist() == pytest.approx(expected, nan_ok=True)


def test_lags_means_medians_and_spread_of_four_games(solo):
    features = build_features(solo({"2021-22": [10.0, 20.0, 60.0, 0.0]}))

    close(features["pts_lag_1"], [np.nan, 10.0, 20.0, 60.0])
    close(features["pts_lag_3"], [np.nan, np.nan, np.nan, 10.0])
    close(features["pts_mean_3"], [np.nan, 10.0, 15.0, 30.0])
    close(features["pts_median_3"], [np.nan, 10.0, 15.0, 20.0])
    close(features["pts_sd_3"], [np.nan, np.nan, np.sqrt(50.0), np.sqrt(700.0)])
    close(features["pts_cv_20"], [np.nan, np.nan, np.sqrt(50.0) / 15.0, np.sqrt(700.0) / 30.0])
    close(features["pts_jump_10"], [np.nan, np.nan, 10.0, 25.0])


def test_windows_reach_over_the_end_of_a_season_and_season_means_do_not(solo):
    features = build_features(solo({"2021-22": [10.0, 20.0], "2022-23": [30.0, 50.0]}))

    close(features["pts_mean_5"], [np.nan, 10.0, 15.0, 20.0])
    close(features["pts_season_mean"], [np.nan, 10.0, np.nan, 30.0])
    close(features["pts_previous_season_mean"], [np.nan, np.nan, 15.0, 15.0])
    close(features["games_season"], [0.0, 1.0, 0.0, 1.0])
    close(features["games_career"], [0.0, 1.0, 2.0, 3.0])
    close(features["days_rest"], [np.nan, 2.0, np.nan, 2.0])


def test_a_season_sat_out_leaves_the_one_before_it_as_the_previous_season(solo):
    games = solo({"2021-22": [10.0], "2022-23": [99.0], "2023-24": [30.0]})

    features = build_features(games[games["season"] != "2022-23"])

    close(features["pts_previous_season_mean"], [np.nan, 10.0])


def test_the_exponentially_weighted_mean_halves_a_game_after_its_half_life(solo):
    features = build_features(solo({"2021-22": [10.0, 0.0, 0.0, 0.0, 0.0]}))

    keep = 0.5 ** (1.0 / 3.0)
    weights = [keep**age for age in range(4)]
    assert features["pts_ewma_3"].iloc[4] == pytest.approx(10.0 * weights[3] / sum(weights))
    assert weights[3] == pytest.approx(0.5)


def test_streaks_count_games_over_and_under_the_median_as_it_was(solo):
    features = build_features(solo({"2021-22": [10.0, 12.0, 14.0, 11.0, 5.0, 4.0, 11.0]}))

    # Medians before each game: none, 10, 11, 12, 11.5, 11, 10.5; so: none, over, over, under, under, under, over.
    close(features["pts_streak"], [np.nan, 0.0, 1.0, 2.0, -1.0, -2.0, -3.0])
    close(features["pts_over_median_10"], [np.nan, np.nan, 1.0, 1.0, 2.0 / 3.0, 0.5, 0.4])


def test_points_per_shot_attempt_is_drawn_from_the_league_to_his_own_record(solo):
    games = solo({"2021-22": [20.0, 30.0, 0.0]}).assign(fga=[10.0, 20.0, 0.0], fta=[0.0, 25.0, 0.0])

    features = build_features(games)

    weight = next(rate.weight for rate in RATES if rate.name == "psa")
    attempts, points = 10.0 + 20.0 + 0.44 * 25.0, 50.0
    league = points / attempts
    assert features["psa"].iloc[2] == pytest.approx((points + weight * league) / (attempts + weight))
    assert features["psa"].iloc[1] == pytest.approx(2.0)
    close(features["ts_pct"], (50.0 * features["psa"]).tolist())


@pytest.fixture
def one_game():
    """BOS with players 1 (24 of the team's 48 minutes) and 2 against LAL with player 3; and again, to look back."""
    boston = {"team": "BOS", "opponent": "LAL", "home": True}
    lakers = {"team": "LAL", "opponent": "BOS", "home": False}
    first = [
        boston | ZERO | {"player_id": 1, "min": 24.0, "fgm": 4.0, "fga": 8.0, "fta": 5.0, "tov": 2.0, "oreb": 1.0,
                         "dreb": 3.0, "reb": 4.0, "ast": 3.0, "pts": 12.0},
        boston | ZERO | {"player_id": 2, "min": 24.0, "fgm": 6.0, "fga": 12.0, "oreb": 2.0, "dreb": 4.0, "reb": 6.0,
                         "ast": 1.0, "pts": 12.0},
        lakers | ZERO | {"player_id": 3, "min": 48.0, "fgm": 9.0, "fga": 20.0, "oreb": 3.0, "dreb": 7.0, "reb": 10.0,
                         "ast": 5.0, "tov": 4.0, "pts": 18.0},
    ]  # fmt: skip
    days = [pd.Timestamp(2021, 10, 20), pd.Timestamp(2021, 10, 23)]
    rows = [row | {"game_date": day, "season": "2021-22"} for day in days for row in first]
    return pd.DataFrame(rows)


def test_usage_and_shares_follow_the_formulas_of_basketball_reference(one_game):
    features = build_features(one_game)
    player = features.iloc[3]

    # On the floor for 24 / (48 / 5) = 2.5 of 5 shares of the team game.
    plays = {1: 8.0 + 0.44 * 5.0 + 2.0, 2: 12.0, 3: 24.0}
    floor_plays = {1: 2.5 * (plays[1] + plays[2]), 2: 2.5 * (plays[1] + plays[2]), 3: 5.0 * plays[3]}
    blend(player["usage_pct"], "usage_pct", plays, floor_plays)
    blend(player["reb_pct"], "reb_pct", {1: 4.0, 2: 6.0, 3: 10.0}, {1: 2.5 * 20.0, 2: 2.5 * 20.0, 3: 5.0 * 20.0})
    blend(player["oreb_pct"], "oreb_pct", {1: 1.0, 2: 2.0, 3: 3.0}, {1: 2.5 * 10.0, 2: 2.5 * 10.0, 3: 5.0 * 10.0})
    blend(
        player["ast_pct"], "ast_pct", {1: 3.0, 2: 1.0, 3: 5.0}, {1: 2.5 * 10 - 4.0, 2: 2.5 * 10 - 6.0, 3: 5.0 * 9 - 9.0}
    )
    blend(player["tov_pct"], "tov_pct", {1: 2.0, 2: 0.0, 3: 4.0}, plays)
    blend(player["pts_per36"], "pts_per36", {1: 12.0, 2: 12.0, 3: 18.0}, {1: 24.0, 2: 24.0, 3: 48.0})


def blend(value, name, tops, bottoms):
    """Player 1's rate of one game with the league's as prior, worked out from the parts."""
    rate = next(rate for rate in RATES if rate.name == name)
    league = sum(tops.values()) / sum(bottoms.values())
    prior = (0.0 + rate.weight * league) / (0.0 + rate.weight)
    assert value == pytest.approx(rate.scale * (tops[1] + rate.weight * prior) / (bottoms[1] + rate.weight))


def test_pace_and_ratings_count_possessions_of_both_sides(one_game):
    features = build_features(one_game)
    boston, lakers = features.iloc[3], features.iloc[5]

    # FGA - OREB + TOV + 0.44 FTA: 20 - 3 + 2 + 2.2 = 21.2 and 20 - 3 + 4 = 21.
    possessions = 0.5 * (21.2 + 21.0)
    assert boston["team_pace_10"] == pytest.approx(48.0 * possessions / (48.0 / 5.0))
    assert boston["opp_def_rating_10"] == pytest.approx(100.0 * 24.0 / possessions)
    assert lakers["opp_def_rating_10"] == pytest.approx(100.0 * 18.0 / possessions)


def roster_table(appearances, minutes):
    """BOS against LAL every second day; {player: games played}, 30 minutes each or as given; LAL fields player 99."""
    rows = []
    games = max(max(played) for played in appearances.values()) + 1
    for game in range(games):
        day = pd.Timestamp(2021, 10, 20) + pd.Timedelta(days=2 * game)
        playing = [(player, "BOS", "LAL") for player, played in appearances.items() if game in played]
        for player, team, opponent in [*playing, (99, "LAL", "BOS")]:
            facts = {"season": "2021-22", "game_date": day, "player_id": player, "team": team, "opponent": opponent}
            rows.append(ZERO | facts | {"home": team == "BOS", "min": minutes.get(player, 30.0)})
    return pd.DataFrame(rows)


def of(games, features, player, name):
    return features.loc[games["player_id"] == player, name].tolist()


def test_team_mates_missing_are_those_of_the_last_game_not_of_tonight():
    games = roster_table({1: range(7), 2: [0, 1, 2, 5, 6]}, {2: 25.0})
    features = build_features(games)

    # Player 2 plays games 0-2, misses 3 and 4, and is back in 5: known as missing before games 4 and 5 only.
    assert of(games, features, 1, "teammates_missing") == pytest.approx([np.nan, 0, 0, 0, 1, 1, 0], nan_ok=True)
    assert of(games, features, 1, "teammates_missing_min") == pytest.approx([np.nan, 0, 0, 0, 25, 25, 0], nan_ok=True)
    assert of(games, features, 1, "teammates_played_min") == pytest.approx([np.nan, 25, 25, 25, 0, 0, 25], nan_ok=True)
    assert of(games, features, 2, "teammates_missing") == pytest.approx([np.nan, 0, 0, 0, 0], nan_ok=True)
    assert of(games, features, 2, "games_missed") == pytest.approx([np.nan, 0, 0, 2, 0], nan_ok=True)
    assert of(games, features, 2, "team_played_share_10") == pytest.approx([np.nan, 1, 1, 0.6, 4 / 6], nan_ok=True)


def test_a_player_who_has_appeared_for_another_team_is_no_longer_missing():
    games = roster_table({1: range(7), 2: [0, 1, 2]}, {})
    move = {
        "season": "2021-22",
        "game_date": pd.Timestamp(2021, 10, 27),
        "player_id": 2,
        "team": "UTA",
        "opponent": "MIA",
    }
    games = pd.concat([games, pd.DataFrame([move | {"home": True}])], ignore_index=True).fillna(0.0)
    features = build_features(games)

    # Missing from game 3 (26 October); plays for UTA on the 27th, so before game 4 (the 28th) he is gone.
    assert of(games, features, 1, "teammates_missing") == pytest.approx([np.nan, 0, 0, 0, 0, 0, 0], nan_ok=True)


def test_rotation_rank_places_a_player_among_those_who_played_last():
    games = roster_table({1: range(3), 2: range(3), 3: range(3)}, {1: 80.0, 2: 120.0, 3: 40.0})
    features = build_features(games)

    assert of(games, features, 1, "rotation_rank") == pytest.approx([np.nan, 2, 2], nan_ok=True)
    assert of(games, features, 2, "rotation_rank") == pytest.approx([np.nan, 1, 1], nan_ok=True)
    assert of(games, features, 3, "min_rank_last") == pytest.approx([np.nan, 3, 3], nan_ok=True)


def test_a_return_is_counted_from_the_first_game_after_three_missed():
    games = roster_table({1: range(9), 2: [0, 1, 5, 6, 8]}, {})
    features = build_features(games)

    assert of(games, features, 2, "games_missed") == pytest.approx([np.nan, 0, 3, 0, 1], nan_ok=True)
    assert of(games, features, 2, "games_since_return") == pytest.approx([np.nan, np.nan, 0, 1, 2], nan_ok=True)
    assert of(games, features, 2, "days_since_return") == pytest.approx([np.nan, np.nan, 0, 2, 6], nan_ok=True)
    assert of(games, features, 2, "missed_share") == pytest.approx([np.nan, 0, 3 / 5, 3 / 6, 4 / 8], nan_ok=True)


def test_rest_and_density_of_games():
    days = pd.to_datetime(["2021-10-20", "2021-10-21", "2021-10-23", "2021-10-27"])
    games = roster_table({1: range(4)}, {})
    games["game_date"] = np.repeat(days, 2)
    features = build_features(games)

    assert of(games, features, 1, "team_days_rest") == pytest.approx([np.nan, 1, 2, 4], nan_ok=True)
    assert of(games, features, 1, "is_b2b") == [0, 1, 0, 0]
    assert of(games, features, 1, "games_in_4_days") == [0, 1, 2, 1]
    assert of(games, features, 1, "games_in_7_days") == [0, 1, 2, 3]
    assert of(games, features, 1, "min_in_7_days") == [0, 30, 60, 90]
    assert of(games, features, 1, "season_day") == [0, 1, 3, 7]
    assert of(games, features, 1, "rest_advantage") == pytest.approx([np.nan, 0, 0, 0], nan_ok=True)


def test_travel_from_boston_to_los_angeles_is_4170_km_three_hours_and_84_metres(solo):
    games = solo({"2021-22": [1.0, 1.0]}).assign(home=[True, False])

    features = build_features(games)

    assert features["travel_km"].tolist() == pytest.approx([np.nan, 4170.0], abs=15.0, nan_ok=True)
    assert features["timezone_shift"].iloc[1] == -3.0
    assert features["altitude_gain_m"].iloc[1] == 84.0


def test_all_thirty_teams_have_a_city_inside_north_america():
    assert set(NBA) <= set(CITIES)
    table = city_table(NBA)
    assert ((table[:, 0] > 24) & (table[:, 0] < 46) & (table[:, 1] > -123) & (table[:, 1] < -70)).all()
    assert np.allclose(distances_km(table), distances_km(table).T)


def test_an_opponent_that_allows_half_as_much_again_stands_above_one():
    games = roster_table({1: range(6)}, {}).assign(pts=10.0)
    games.loc[(games["player_id"] == 1) & (games["game_date"] > "2021-10-27"), "pts"] = 15.0
    features = build_features(games)

    against_lakers = of(games, features, 1, "opp_pts_vs_expected")
    assert np.isnan(against_lakers[0])
    assert against_lakers[1:5] == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert 1.0 < against_lakers[5] < 1.5


def test_projected_minutes_are_three_parts_form_and_one_part_season():
    games = roster_table({1: range(3), 2: range(3)}, {2: 24.0})
    games.loc[games["player_id"] == 1, "min"] = [24.0, 12.0, 12.0]
    features = build_features(games)

    # As shares of the team's game: 24 of 48 is 120 of 240, 12 of 36 is 80 of 240.
    keep = 0.5**0.5
    recent, mean = (80.0 + keep * 120.0) / (1.0 + keep), 100.0
    assert of(games, features, 1, "min_projection") == pytest.approx(
        [np.nan, 120.0, 0.75 * recent + 0.25 * mean], nan_ok=True
    )
