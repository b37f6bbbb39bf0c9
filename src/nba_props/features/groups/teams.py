"""Tier 2: how fast and how well both teams have played this season, and what the opponent allows."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.context import Context
from nba_props.features.history.defence import ALLOWED

__all__: list[str] = []

_HOME_POINTS: Final = 2.0
"""Home advantage: mean margin of home teams, 2.1 points in 2021-22 and 2022-23."""

_SEASON: Final = "season, shrunk to all"


@feature_group(
    "opponent",
    tier=2,
    columns=[
        ("opp_def_rating", _SEASON, "points the opponent allows per 100 possessions"),
        (
            "opp_def_rating_10",
            "10 games",
            "points the opponent allows per 100 possessions, last 10 games of the season",
        ),
        ("opp_fg_pct_allowed", _SEASON, "field-goal percentage the opponent allows"),
        ("opp_reb_allowed_rate", _SEASON, "rebounds the opponent allows per 100 possessions"),
        ("opp_ast_allowed_rate", _SEASON, "assists the opponent allows per 100 possessions"),
        ("opp_fg3m_allowed_rate", _SEASON, "three-pointers the opponent allows per 100 possessions"),
        ("opp_fta_allowed_rate", _SEASON, "free throws the opponent allows per 100 possessions, attempts"),
        ("opp_tov_forced_rate", _SEASON, "turnovers the opponent forces per 100 possessions"),
        ("opp_fg_pct", _SEASON, "field-goal percentage of the opponent: what is left to rebound"),
        *(
            (f"opp_{name}_vs_expected", "season", f"actual over expected {name} of the opponent's earlier visitors")
            for name in ALLOWED
        ),
        *(
            (
                f"opp_role_{name}_vs_expected",
                "season",
                f"actual over expected {name} of the opponent's visitors of his role",
            )
            for name in ALLOWED
        ),
    ],
)
def opponent(ctx: Context) -> dict[str, Floats]:
    """What the opponent has allowed this season, to all and to the player's role."""
    names = ("def_rating", "def_rating_10", "fg_pct_allowed", "reb_allowed_rate", "ast_allowed_rate",
             "fg3m_allowed_rate", "fta_allowed_rate", "tov_forced_rate", "fg_pct")  # fmt: skip
    out = {f"opp_{name}": ctx.team_rates[f"rival_{name}"][ctx.fixtures.row] for name in names}
    return out | {f"opp_{name}_vs_expected": values for name, values in ctx.allowed.items()}


@feature_group(
    "pace",
    tier=2,
    columns=[
        ("team_pace", _SEASON, "possessions of the team per 48 minutes"),
        ("team_pace_10", "10 games", "possessions of the team per 48 minutes, last 10 games of the season"),
        ("opp_pace", _SEASON, "possessions of the opponent per 48 minutes"),
        ("opp_pace_10", "10 games", "possessions of the opponent per 48 minutes, last 10 games of the season"),
        ("team_off_rating", _SEASON, "points the team scores per 100 possessions"),
        ("team_def_rating", _SEASON, "points the team allows per 100 possessions"),
        ("opp_off_rating", _SEASON, "points the opponent scores per 100 possessions"),
        ("game_pace", _SEASON, "mean of both teams' pace"),
        ("expected_margin", _SEASON, "difference of the net ratings and 2 points for the home side"),
        ("expected_blowout", _SEASON, "size of the expected margin, whoever wins"),
    ],
)
def pace(ctx: Context) -> dict[str, Floats]:
    """Speed and strength of both teams."""
    rates, fixtures = ctx.team_rates, ctx.fixtures
    net = rates["own_off_rating"] - rates["own_def_rating"] - rates["rival_off_rating"] + rates["rival_def_rating"]
    margin = net + _HOME_POINTS * (2.0 * fixtures.home - 1.0)
    by_team = {
        "team_pace": rates["own_pace"],
        "team_pace_10": rates["own_pace_10"],
        "opp_pace": rates["rival_pace"],
        "opp_pace_10": rates["rival_pace_10"],
        "team_off_rating": rates["own_off_rating"],
        "team_def_rating": rates["own_def_rating"],
        "opp_off_rating": rates["rival_off_rating"],
        "game_pace": 0.5 * (rates["own_pace"] + rates["rival_pace"]),
        "expected_margin": margin,
        "expected_blowout": np.abs(margin),
    }
    return {name: values[fixtures.row] for name, values in by_team.items()}
