"""Rates of a player, season to date, drawn towards his earlier seasons and those towards the league.

A rate is a ratio of sums, never a mean of ratios. The formulas are basketball-reference's
(https://www.basketball-reference.com/about/glossary.html), summed over games.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.features.history.asof import TOGETHER, Log, Past, league_before, masked_ratio
from nba_props.features.history.fixtures import Fixtures


@dataclass(frozen=True, slots=True)
class Rate:
    """One ratio: `scale * sum(top) / sum(bottom)`.

    Attributes:
        top, bottom: Keys of `opportunities`.
        scale: 100 for percentages, 36 for per-36 rates.
        weight: Amount of `bottom` at which own games and prior count alike: the variance within players over the
            variance between them, estimated by moments over the player-seasons of 20 or more games of 2021-22 and
            2022-23, and rounded.
        text: Description for the catalogue.
    """

    name: str
    top: str
    bottom: str
    scale: float
    weight: float
    text: str


RATES: Final = (
    Rate("usage_pct", "plays", "floor_plays", 100.0, 50.0, "usage: share of team plays used while on the floor, %"),
    Rate("psa", "pts", "shot_attempts", 1.0, 180.0, "points per shot attempt, PTS / (FGA + 0.44 FTA)"),
    Rate("ts_pct", "pts", "shot_attempts", 50.0, 180.0, "true shooting, PTS / (2 (FGA + 0.44 FTA)), %"),
    Rate("efg_pct", "fg_value", "fga", 100.0, 180.0, "effective field goals, (FGM + 0.5 3PM) / FGA, %"),
    Rate("ast_pct", "ast", "mate_fgm", 100.0, 20.0, "share of team-mates' field goals assisted while on the floor, %"),
    Rate("reb_pct", "reb", "floor_reb", 100.0, 50.0, "share of available rebounds taken while on the floor, %"),
    Rate("oreb_pct", "oreb", "floor_oreb", 100.0, 40.0, "share of available offensive rebounds taken, %"),
    Rate("dreb_pct", "dreb", "floor_dreb", 100.0, 40.0, "share of available defensive rebounds taken, %"),
    Rate("tov_pct", "tov", "plays", 100.0, 110.0, "turnovers per 100 plays, TOV / (FGA + 0.44 FTA + TOV)"),
    Rate("stl_pct", "stl", "floor_possessions", 100.0, 660.0, "steals per 100 opponent possessions on the floor"),
    Rate("blk_pct", "blk", "floor_twos", 100.0, 90.0, "blocks per 100 opponent two-point attempts on the floor"),
    Rate("pts_per36", "pts", "min", 36.0, 50.0, "points per 36 minutes"),
    Rate("reb_per36", "reb", "min", 36.0, 30.0, "rebounds per 36 minutes"),
    Rate("ast_per36", "ast", "min", 36.0, 35.0, "assists per 36 minutes"),
    Rate("pra_per36", "pra", "min", 36.0, 40.0, "points + rebounds + assists per 36 minutes"),
    Rate("fga_per36", "fga", "min", 36.0, 30.0, "field-goal attempts per 36 minutes"),
    Rate("fg3a_per36", "fg3a", "min", 36.0, 20.0, "three-point attempts per 36 minutes"),
    Rate("fg3m_per36", "fg3m", "min", 36.0, 65.0, "three-pointers made per 36 minutes"),
    Rate("fta_per36", "fta", "min", 36.0, 60.0, "free-throw attempts per 36 minutes"),
    Rate("stl_per36", "stl", "min", 36.0, 320.0, "steals per 36 minutes"),
    Rate("blk_per36", "blk", "min", 36.0, 80.0, "blocks per 36 minutes"),
    Rate("tov_per36", "tov", "min", 36.0, 120.0, "turnovers per 36 minutes"),
    Rate("pf_per36", "pf", "min", 36.0, 120.0, "fouls per 36 minutes"),
    Rate("fg3a_rate", "fg3a", "fga", 1.0, 6.5, "share of field-goal attempts that are threes, 3PA / FGA"),
    Rate("ft_rate", "fta", "fga", 1.0, 45.0, "free-throw attempts per field-goal attempt, FTA / FGA"),
    Rate("fg3_pct", "fg3m", "fg3a", 100.0, 280.0, "three-point percentage"),
    Rate("fg2_pct", "fg2m", "fg2a", 100.0, 70.0, "two-point percentage"),
    Rate("ft_pct", "ftm", "fta", 100.0, 25.0, "free-throw percentage"),
    Rate("ast_tov_ratio", "ast", "tov", 1.0, 12.0, "assists per turnover"),
)


def opportunities(stat: Mapping[str, Floats], fixtures: Fixtures) -> dict[str, Floats]:
    """Tops and bottoms of the rates, per player-game.

    What happened while a player was on the floor is estimated by his share of the minutes, MP / (team MP / 5).
    Where the opponent's rows are missing, the terms that need them are zero: such games do not count.
    """
    row = fixtures.row
    team = {name: values[row] for name, values in fixtures.total.items()}
    other = {name: values[row] for name, values in fixtures.against.items()}
    share = np.nan_to_num(masked_ratio(5.0 * stat["min"], team["min"]))
    met = ~np.isnan(other["pts"])
    shots = stat["fga"] + 0.44 * stat["fta"]
    terms = {
        "plays": shots + stat["tov"],
        "floor_plays": share * (team["fga"] + 0.44 * team["fta"] + team["tov"]),
        "shot_attempts": shots,
        "fg_value": stat["fgm"] + 0.5 * stat["fg3m"],
        "fg2m": stat["fgm"] - stat["fg3m"],
        "fg2a": stat["fga"] - stat["fg3a"],
        "mate_fgm": share * team["fgm"] - stat["fgm"],
    }
    floor = {
        "floor_reb": team["reb"] + other["reb"],
        "floor_oreb": team["oreb"] + other["dreb"],
        "floor_dreb": team["dreb"] + other["oreb"],
        "floor_possessions": fixtures.possessions[row],
        "floor_twos": other["fga"] - other["fg3a"],
    }
    terms |= {name: share * np.where(met, values, 0.0) for name, values in floor.items()}
    return {**stat, **terms}


def shrunk_rates(terms: Mapping[str, Floats], players: Log, career: Past, season: Past, day: Ints) -> dict[str, Floats]:
    """Every rate of `RATES` as of each player-game; NaN before a player's first game.

    prior = (earlier seasons' top + weight x league rate) / (earlier seasons' bottom + weight), and
    rate  = (season's top + weight x prior) / (season's bottom + weight).

    Args:
        terms: `opportunities`.
        players: The player-games as a log of players.
        career: Earlier games of the player.
        season: Those of the season of the game.
        day: Days since 1970 of each player-game.
    """
    names = sorted({name for rate in RATES for name in (rate.top, rate.bottom)})
    place = {name: column for column, name in enumerate(names)}
    earlier, this_season, league = np.empty((3, len(names), len(day)))
    old = career.until(season.start)
    for start in range(0, len(names), TOGETHER):
        part = slice(start, start + TOGETHER)
        values = np.column_stack([terms[name] for name in names[part]])
        running = players.running(values)
        before = old.state(running)
        earlier[part], this_season[part] = before.T, (career.state(running) - before).T
        league[part] = league_before(day, values).T
    new = career.count == 0
    out = {}
    for rate in RATES:
        top, bottom = place[rate.top], place[rate.bottom]
        mean = masked_ratio(league[top], league[bottom])
        prior = (earlier[top] + rate.weight * mean) / (earlier[bottom] + rate.weight)
        value = rate.scale * (this_season[top] + rate.weight * prior) / (this_season[bottom] + rate.weight)
        out[rate.name] = np.where(new, np.nan, value)
    return out
