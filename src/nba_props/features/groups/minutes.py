"""Tier 2: how long a player can be expected to play, and who else is there."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.asof import masked_ratio
from nba_props.features.history.context import Context
from nba_props.features.history.roster import PRODUCTION

_STARTERS: Final = 5


def minutes_rank(ctx: Context) -> Floats:
    """Place of each player-game by minutes within the team's game: 1 is the longest, ties share the better place."""
    minutes, fixture = ctx.table.stat["min"], ctx.fixtures.row
    order = np.lexsort((-minutes, fixture))
    game, played = fixture[order], minutes[order]
    place = np.arange(len(order))
    new_game = np.diff(game, prepend=-1) != 0
    new_rank = new_game | (np.diff(played, prepend=np.nan) != 0)
    start = np.maximum.accumulate(np.where(new_game, place, 0))
    rank = np.maximum.accumulate(np.where(new_rank, place, 0)) - start + 1.0
    out = np.empty(len(order))
    out[order] = rank
    return out


@feature_group(
    "minutes",
    tier=2,
    columns=[
        ("min_projection", "all", "expected minutes: form, season and room left by the rotation's last game"),
        ("starter_share_10", "10 games", "share of the last 10 games among the team's five longest on the floor"),
        ("min_rank_last", "last game", "place by minutes within his team in his last game"),
        ("min_rank_mean_5", "5 games", "mean place by minutes within his team"),
        ("rotation_rank", "10 team games", "place by expected minutes among those who played the team's last game"),
        ("team_played_share_10", "10 team games", "share of the team's last 10 games in which he appeared"),
        ("min_share_of_team", "5 games", "share of the team's minutes in the games he appeared in"),
    ],
)
def minutes(ctx: Context) -> dict[str, Floats]:
    """Role and projected playing time."""
    rank = minutes_rank(ctx)
    team = ctx.fixtures.total["min"][ctx.fixtures.row]
    terms = np.column_stack([rank <= _STARTERS, rank, ctx.table.stat["min"], team / 5.0]).astype(np.float64)
    running = ctx.players.running(terms)
    ten, five = ctx.career.recent(10), ctx.career.recent(5)
    of_ten, of_five = ten.total(running), five.total(running)
    return {
        "min_projection": ctx.expected_minutes,
        "starter_share_10": masked_ratio(of_ten[:, 0], ten.count.astype(np.float64)),
        "min_rank_last": ctx.career.lag(rank, 1),
        "min_rank_mean_5": masked_ratio(of_five[:, 1], five.count.astype(np.float64)),
        "rotation_rank": ctx.roster["rotation_rank"],
        "team_played_share_10": ctx.roster["played_share"],
        "min_share_of_team": masked_ratio(of_five[:, 2], of_five[:, 3]),
    }


@feature_group(
    "teammates",
    tier=2,
    columns=[
        ("teammates_missing", "10 team games", "regular team-mates who missed the team's last game"),
        ("teammates_missing_min", "10 team games", "minutes per game of those"),
        ("teammates_missing_pts", "10 team games", "points per game of those"),
        ("teammates_missing_reb", "10 team games", "rebounds per game of those"),
        ("teammates_missing_ast", "10 team games", "assists per game of those"),
        ("teammates_missing_fga", "10 team games", "field-goal attempts per game of those"),
        ("teammates_played_min", "10 team games", "usual minutes of the team-mates who played the last game"),
    ],
)
def teammates(ctx: Context) -> dict[str, Floats]:
    """Which team-mates were missing in the team's last game; tonight's list is not looked at."""
    names = ("missing", *(f"missing_{name}" for name in PRODUCTION), "played_min")
    return {f"teammates_{name}": ctx.roster[name] for name in names}
