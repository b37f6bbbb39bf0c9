"""Who is out tonight: by hand, against the plain version, and blind to everything else about tonight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.errors import DataError
from nba_props.features import AVAILABILITY_GROUPS, Absences, build_features, feature_names
from nba_props.features.history import line_up as _line_up
from nba_props.features.history.table import STATS

NAMES = list(feature_names(AVAILABILITY_GROUPS))


def team_games(nights, minutes):
    """Games of BOS against LAL, every second day: who of BOS played, each the same minutes and numbers every time."""
    rows = []
    for place, side in enumerate(nights):
        day = pd.Timestamp(2021, 10, 20) + pd.Timedelta(days=2 * place)
        for team, opponent, playing in (("BOS", "LAL", side), ("LAL", "BOS", (91, 92, 93, 94, 95))):
            for player in playing:
                facts = {"season": "2021-22", "game_id": f"{place:010d}", "game_date": day, "player_id": player,
                         "player_name": str(player), "team": team, "opponent": opponent, "home": team == "BOS",
                         "won": True}  # fmt: skip
                played = float(minutes.get(player, 48.0))
                box = dict.fromkeys(STATS, 0.0) | {"min": played, "pts": played / 2, "reb": 4.0, "ast": float(player)}
                rows.append(facts | box)
    return pd.DataFrame(rows)


SIDE = (1, 2, 3, 4, 5, 6)
MINUTES = dict.fromkeys(SIDE, 40.0)


def of(games, features, player, place):
    night = games["game_date"].drop_duplicates().iloc[place]
    return features[(games["player_id"] == player) & (games["game_date"] == night)].iloc[0]


def listed(games, place, team, out):
    night = games["game_date"].drop_duplicates().iloc[place]
    return Absences(
        out=pd.DataFrame({"game_date": night, "team": team, "player_id": list(out)}),
        reported=pd.DataFrame({"game_date": [night], "team": [team]}),
    )


def test_a_regular_reported_out_leaves_his_minutes_to_the_others():
    games = team_games([SIDE] * 5 + [SIDE[1:]], MINUTES)
    row = of(games, build_features(games, absences=listed(games, 5, "BOS", [1])), 2, 5)

    assert row["out_min"] == row["newly_out_min"] == pytest.approx(40.0)
    assert row["out_pts"] == pytest.approx(20.0)
    assert row["out_ast"] == pytest.approx(1.0)
    assert row["back_min"] == 0.0
    assert row["available_min"] == pytest.approx(4 * 40.0)
    assert row["scaled_min"] == pytest.approx(240.0 * 40.0 / 200.0)
    assert row["available_rank_ast"] == 5.0  # 3, 4, 5 and 6 pass more
    assert row["available_rank_min"] == 1.0
    # Roles 4 / (4 + 1.6) of the one who is out and 4 / (4 + 3.2) of him.
    assert row["out_overlap"] == pytest.approx(40.0 * np.exp(-(((4 / 5.6 - 4 / 7.2) / 0.2) ** 2)))
    assert row["out_min_change"] == pytest.approx(40.0)  # nobody was out before


def test_without_a_report_those_who_missed_the_last_game_are_out():
    games = team_games([SIDE] * 4 + [SIDE[1:], SIDE], MINUTES)
    features = build_features(games)

    assert of(games, features, 2, 4)["out_min"] == 0.0
    assert of(games, features, 2, 5)["out_min"] == pytest.approx(40.0)
    assert of(games, features, 2, 5)["newly_out_min"] == 0.0
    assert of(games, features, 1, 5)["out_min"] == 0.0  # he himself is none of those missing


def test_who_is_reported_fit_after_an_absence_is_back():
    games = team_games([SIDE] * 4 + [SIDE[1:], SIDE], MINUTES)
    row = of(games, build_features(games, absences=listed(games, 5, "BOS", [])), 2, 5)

    assert row["out_min"] == 0.0
    assert row["back_min"] == pytest.approx(40.0)


def test_form_counts_the_games_of_a_similar_line_up_most():
    without = [SIDE[1:] if place % 2 else SIDE for place in range(8)]
    games = team_games([*without, SIDE[1:]], MINUTES)
    alone = games["player_id"].eq(2) & ~games["game_date"].isin(games.loc[games["player_id"] == 1, "game_date"])
    games.loc[alone, "pts"] = 50.0
    features = build_features(games, absences=listed(games, 8, "BOS", [1]))

    with_him = build_features(games, absences=listed(games, 8, "BOS", []))
    far = np.exp(-40.0 / 35.0)
    weights = np.array([(1.0 if place % 2 else far) * 0.5 ** ((8 - place) / 15.0) for place in range(8)])
    points = np.array([50.0 if place % 2 else 20.0 for place in range(8)])
    assert of(games, features, 2, 8)["form_pts"] == pytest.approx((weights * points).sum() / weights.sum())
    assert of(games, with_him, 2, 8)["form_pts"] < of(games, features, 2, 8)["form_pts"]


def test_what_the_team_produces_is_shared_by_those_who_are_there():
    games = team_games([SIDE] * 5 + [SIDE[1:]], MINUTES)
    row = of(games, build_features(games, absences=listed(games, 5, "BOS", [1])), 2, 5)

    assert row["available_pts"] == pytest.approx(4 * 20.0)
    assert row["available_ast"] == pytest.approx(3.0 + 4.0 + 5.0 + 6.0)
    # The six have made 6 x 20 points, 6 x 4 rebounds and 1 + 2 + ... + 6 assists a game.
    assert row["scaled_pts"] == pytest.approx(120.0 / 5)
    assert row["scaled_reb"] == pytest.approx(24.0 / 5)
    assert row["scaled_ast"] == pytest.approx(21.0 * 2.0 / 20.0)
    assert row["scaled_pra"] == pytest.approx(24.0 + 4.8 + 2.1)


def test_the_absence_of_a_man_of_his_own_role_tells_games_apart_more_than_that_of_another():
    games = team_games([SIDE, SIDE, SIDE, SIDE, SIDE[1:], SIDE, SIDE], MINUTES)
    games.loc[games["player_id"] == 5, "reb"] = 0.0  # he alone only passes; 1 and 2 are alike
    night = games["game_date"].drop_duplicates().iloc[4]
    games.loc[(games["player_id"] == 2) & (games["game_date"] == night), "pts"] = 50.0
    alike, other, nobody = (
        of(games, build_features(games, absences=listed(games, 6, "BOS", out)), 2, 6) for out in ([1], [5], [])
    )

    assert 0.0 < alike["role_form_games"] < other["role_form_games"] < nobody["role_form_games"] < 6.0
    assert alike["role_form_beyond_pts"] > max(0.0, other["role_form_beyond_pts"], nobody["role_form_beyond_pts"])
    assert alike["role_form_min"] > nobody["role_form_min"] > 40.0  # five share the minutes of six without him


def test_a_fringe_player_reported_out_moves_nothing():
    minutes = MINUTES | {6: 8.0}
    games = team_games([SIDE] * 6, minutes)

    features = build_features(games, absences=listed(games, 5, "BOS", [6]))

    assert features.equals(build_features(games, absences=listed(games, 5, "BOS", [])))


def test_reports_move_the_groups_of_availability_and_no_other():
    games = team_games([SIDE] * 6, MINUTES)
    known, unknown = (
        build_features(games, absences=absences) for absences in (listed(games, 5, "BOS", [1]), Absences())
    )

    moved = {name for name in known if not known[name].equals(unknown[name])}
    assert moved
    assert moved <= set(NAMES)


@pytest.mark.parametrize(("seed", "teams", "seasons"), [(1, 2, 1), (3, 6, 2), (5, 4, 2)])
@pytest.mark.parametrize("kind", ["stand_in", "lists"])
def test_every_column_equals_its_plain_version(league, reference, seed, teams, seasons, kind):
    games = league(seed, teams=teams, seasons=seasons, dates=20).sample(frac=1.0, random_state=seed)
    absences, lists = Absences("stand_in"), {}
    if kind == "lists":
        absences, lists = random_lists(games, seed)

    fast = build_features(games, groups=AVAILABILITY_GROUPS, absences=absences)
    slow = reference(games, stand_in=kind == "stand_in", reported=lists)[NAMES]

    assert (fast["out_min"] > 0).any()
    np.testing.assert_allclose(fast.to_numpy(), slow.to_numpy(), rtol=1e-9, atol=1e-9)


def random_lists(games, seed):
    """Reports of two thirds of the team-games, with some players of the season on each."""
    rng = np.random.default_rng(seed)
    lists = {}
    for (team, day, season), _ in games.groupby(["team", "game_date", "season"]):
        if rng.random() < 2 / 3:
            squad = games.loc[(games["team"] == team) & (games["season"] == season), "player_id"].unique()
            lists[team, day] = set(rng.choice(squad, size=3, replace=False))
    out = pd.DataFrame(
        [(day, team, player) for (team, day), who in lists.items() for player in who],
        columns=["game_date", "team", "player_id"],
    )
    reported = pd.DataFrame([(day, team) for team, day in lists], columns=["game_date", "team"])
    return Absences(out=out.astype({"player_id": "int64"}), reported=reported), lists


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), position=st.floats(0.2, 1.0), kind=st.sampled_from(["stand_in", "lists"]))
def test_nothing_but_who_is_out_tonight_can_move_a_column(league, seed, position, kind):
    games = league(seed, dates=14)
    absences = Absences("stand_in") if kind == "stand_in" else random_lists(games, seed)[0]
    assert moved_by_tonight(games, absences, position, seed) == set()


def moved_by_tonight(games, absences, position, seed):
    """Columns up to a day that notice its numbers, later games, or what is reported of them."""
    days = np.sort(games["game_date"].unique())
    day = days[int(position * (len(days) - 1))]
    rng = np.random.default_rng(seed)
    late = (games["game_date"] >= day).to_numpy()
    other = games.copy()
    other.loc[late, list(STATS)] = rng.normal(20.0, 50.0, (int(late.sum()), len(STATS)))
    other = other[(other["game_date"] <= day).to_numpy() | (rng.random(len(other)) < 0.5)]
    later = absences
    if absences.out is not None:
        kept = (absences.out["game_date"] <= day) | (rng.random(len(absences.out)) < 0.5)
        later = Absences(out=absences.out[kept], reported=absences.reported)
    known = build_features(games, groups=AVAILABILITY_GROUPS, absences=absences)[~late | (games["game_date"] == day)]
    seen = build_features(other, groups=AVAILABILITY_GROUPS, absences=later).loc[known.index]
    same = (known.to_numpy().view(np.int64) == seen.to_numpy().view(np.int64)) | (known.isna() & seen.isna()).to_numpy()
    return {name for name, fine in zip(known, same.all(axis=0), strict=True) if not fine}


def last_game_is_tonight(cast, fixtures, known_out, original=_line_up._block):
    """The guard removed: the games known before each game are said to be one more."""
    later = replace(fixtures, own=replace(fixtures.own, end=fixtures.own.end + 1))
    return original(cast, later, known_out)


def test_the_check_names_the_columns_when_tonight_counts_as_an_earlier_game(league, leaks, monkeypatch):
    games = league(3, dates=14)
    day = np.sort(games["game_date"].unique())[18]
    assert leaks(games, day, 1) == {}
    monkeypatch.setattr(_line_up, "_block", last_game_is_tonight)

    assert {"out_min", "available_min", "scaled_pts", "form_pts", "role_form_min"} <= set().union(
        *leaks(games, day, 1).values()
    )


def test_players_and_games_that_are_not_in_the_table_say_nothing():
    games = team_games([SIDE] * 6, MINUTES)
    night = games["game_date"].max()
    foreign = pd.DataFrame({"game_date": [night, night], "team": ["BOS", "SEA"], "player_id": [777, 1]})
    absences = Absences(out=foreign, reported=foreign[["game_date", "team"]])

    assert build_features(games, absences=absences).equals(build_features(games, absences=listed(games, 5, "BOS", [])))


@pytest.mark.parametrize("reported", [None, "another day"])
def test_somebody_out_of_a_game_without_a_report_is_refused(reported):
    games = team_games([SIDE] * 6, MINUTES)
    absences = listed(games, 5, "BOS", [1])
    earlier = None if reported is None else listed(games, 4, "BOS", []).reported

    with pytest.raises(DataError, match="List the date and team"):
        build_features(games, absences=Absences(out=absences.out, reported=earlier))


def test_a_list_without_its_team_is_refused():
    games = team_games([SIDE] * 6, MINUTES)
    absences = listed(games, 5, "BOS", [1])
    with pytest.raises(DataError, match="missing columns team"):
        build_features(games, absences=Absences(out=absences.out.drop(columns="team"), reported=absences.reported))
