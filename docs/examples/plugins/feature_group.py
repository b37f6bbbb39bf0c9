"""A feature group: how a player's last game compares with his season, as of the game."""

from __future__ import annotations

import numpy as np

from nba_props.features import feature_group
from nba_props.features.history.asof import masked_ratio


@feature_group(
    "last_game_form",
    tier=3,
    columns=[
        ("pra_last_minus_season", "last game", "points + rebounds + assists of the last game less the season's mean"),
        ("fga_last_share", "last game", "field-goal attempts of the last game over the season's mean"),
    ],
)
def last_game_form(context):
    """Both columns look at `context.season`: the player's games of this season on strictly earlier dates."""
    past, stat = context.season, context.table.stat
    sums = past.total(context.players.running(np.column_stack([stat["pra"], stat["fga"]])))
    mean = masked_ratio(sums, past.count.astype("float64")[:, None])
    return {
        "pra_last_minus_season": past.lag(stat["pra"], 1) - mean[:, 0],
        "fga_last_share": masked_ratio(past.lag(stat["fga"], 1), mean[:, 1]),
    }
