"""How fast and how well teams have played this season, per fixture, as of its date."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.history.asof import league_before, masked_ratio
from nba_props.features.history.fixtures import Fixtures

_WEIGHT: Final = 6.0
"""Games at which a team's own record and the league's mean count alike."""

_AGAINST: Final = ("pts", "reb", "ast", "fg3m", "fta", "tov", "fgm", "fga")

_TERMS: Final = {
    "off_rating": ("pts", "poss", 100.0),
    "def_rating": ("against_pts", "poss", 100.0),
    "pace": ("poss", "length", 48.0),
    "fg_pct": ("fgm", "fga", 100.0),
    "reb_allowed_rate": ("against_reb", "poss", 100.0),
    "ast_allowed_rate": ("against_ast", "poss", 100.0),
    "fg3m_allowed_rate": ("against_fg3m", "poss", 100.0),
    "fta_allowed_rate": ("against_fta", "poss", 100.0),
    "tov_forced_rate": ("against_tov", "poss", 100.0),
    "fg_pct_allowed": ("against_fgm", "against_fga", 100.0),
}
"""Name -> top, bottom and scale of a ratio of sums over games."""


def _sums(fixtures: Fixtures) -> tuple[list[str], Floats]:
    """Per fixture what the ratios are made of; games whose opponent is missing from the table count for nothing."""
    columns = {name: fixtures.total[name] for name in ("pts", "fgm", "fga")}
    columns |= {f"against_{name}": fixtures.against[name] for name in _AGAINST}
    columns |= {"poss": fixtures.possessions, "length": fixtures.total["min"] / 5.0}
    columns["games"] = np.ones(len(fixtures.day))
    values = np.column_stack(list(columns.values()))
    return list(columns), np.where(np.isnan(fixtures.against["pts"])[:, None], 0.0, values)


def team_rates(fixtures: Fixtures) -> dict[str, Floats]:
    """Rates of both teams as of each fixture: keys "own_pace", "rival_pace", "own_pace_10", ... and "league_pace".

    Season to date, drawn towards the league's mean of all earlier dates; with suffix _10 the plain last ten games.
    """
    names, values = _sums(fixtures)
    running = fixtures.log.running(values)
    league = league_before(fixtures.day, values)
    per_game = masked_ratio(league, league[:, -1:])
    place = {name: names.index(name) for name in names}
    out = {"league_pace": 48.0 * masked_ratio(league[:, place["poss"]], league[:, place["length"]])}
    for side, past in (("own", fixtures.own), ("rival", fixtures.rival)):
        shrunk = past.total(running) + _WEIGHT * per_game
        recent = past.recent(10).total(running)
        for name, (top, bottom, scale) in _TERMS.items():
            over, under = place[top], place[bottom]
            out[f"{side}_{name}"] = scale * masked_ratio(shrunk[:, over], shrunk[:, under])
            out[f"{side}_{name}_10"] = scale * masked_ratio(recent[:, over], recent[:, under])
    return out
