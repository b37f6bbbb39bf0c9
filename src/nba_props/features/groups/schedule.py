"""Tier 2: when and where a game is played, and how rested the players are."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.features.feature import feature_group
from nba_props.features.history.asof import Past
from nba_props.features.history.cities import city_table, distances_km
from nba_props.features.history.context import Context

__all__: list[str] = []

_ABSENCE: Final = 3
"""Team games missed in a row that make a return of the next appearance."""


def _days_since(past: Past, day: Ints, days_of_log: Ints) -> Floats:
    """Days since the last game of the stretch; NaN where there is none."""
    return np.asarray(day - past.lag(days_of_log, 1))


def _games_within(past: Past, entity: Ints, day: Ints, days: int) -> Ints:
    """Games of the stretch in the `days` days before the query's."""
    return past.since(past.log.before(entity, day - days)).count


@feature_group(
    "schedule",
    tier=2,
    columns=[
        ("home", "schedule", "1 at home, 0 away"),
        ("month", "schedule", "calendar month"),
        ("season_day", "schedule", "days since the first game of the season"),
        ("team_game_number", "season", "games the team has played this season"),
        ("days_rest", "last game", "days since the player's last game this season"),
        ("team_days_rest", "last game", "days since the team's last game this season"),
        ("opp_days_rest", "last game", "days since the opponent's last game this season"),
        ("rest_advantage", "last game", "team_days_rest - opp_days_rest"),
        ("is_b2b", "last game", "1 on the second night of a back-to-back of the team"),
        ("opp_is_b2b", "last game", "1 on the second night of a back-to-back of the opponent"),
        ("games_in_4_days", "4 days", "games of the team in the 4 days before"),
        ("games_in_7_days", "7 days", "games of the team in the 7 days before"),
        ("opp_games_in_7_days", "7 days", "games of the opponent in the 7 days before"),
        ("min_in_7_days", "7 days", "minutes of the player in the 7 days before"),
    ],
)
def schedule(ctx: Context) -> dict[str, Floats]:
    """Rest and density of games, for the player, his team and the opponent."""
    table, fixtures = ctx.table, ctx.fixtures
    rest = _days_since(fixtures.own, fixtures.day, fixtures.day)
    rival_rest = _days_since(fixtures.rival, fixtures.day, fixtures.day)
    opening = np.full(len(table.season_names), np.iinfo(np.int64).max)
    np.minimum.at(opening, table.season, table.day)
    by_team = {
        "season_day": fixtures.day - opening[fixtures.season],
        "team_game_number": fixtures.own.count,
        "team_days_rest": rest,
        "opp_days_rest": rival_rest,
        "rest_advantage": rest - rival_rest,
        "is_b2b": rest == 1.0,
        "opp_is_b2b": rival_rest == 1.0,
        "games_in_4_days": _games_within(fixtures.own, fixtures.team, fixtures.day, 4),
        "games_in_7_days": _games_within(fixtures.own, fixtures.team, fixtures.day, 7),
        "opp_games_in_7_days": _games_within(fixtures.rival, fixtures.opponent, fixtures.day, 7),
        "month": pd.DatetimeIndex(fixtures.day.astype("datetime64[D]")).month,
    }
    week = ctx.season.since(ctx.players.before(table.player, table.day - 7))
    minutes = ctx.box_running[:, [ctx.box_columns.index("min")]]
    return {name: np.asarray(values, dtype=np.float64)[fixtures.row] for name, values in by_team.items()} | {
        "home": table.home,
        "days_rest": _days_since(ctx.season, table.day, table.day),
        "min_in_7_days": week.total(minutes)[:, 0],
    }


@feature_group(
    "travel",
    tier=2,
    columns=[
        ("travel_km", "last game", "distance from the city of the team's last game this season, km"),
        ("timezone_shift", "last game", "hours of clock gained since the team's last game this season"),
        ("altitude_m", "schedule", "altitude of the arena's city, m"),
        ("altitude_gain_m", "last game", "altitude gained since the team's last game this season, m"),
        ("opp_travel_km", "last game", "distance from the city of the opponent's last game this season, km"),
    ],
)
def travel(ctx: Context) -> dict[str, Floats]:
    """Distance, clock and altitude between the last game's city and this one's; neutral sites count as home."""
    fixtures = ctx.fixtures
    cities = city_table(ctx.table.team_names)
    apart = distances_km(cities)
    host = np.where(fixtures.home > 0, fixtures.team, fixtures.opponent)
    hosts = host.astype(np.float64)

    def came(past: Past) -> tuple[Floats, Ints]:
        last = past.lag(hosts, 1)
        return np.where(np.isnan(last), np.nan, 0.0), np.nan_to_num(last).astype(np.int64)

    (own, own_city), (rival, rival_city) = came(fixtures.own), came(fixtures.rival)
    by_team = {
        "travel_km": own + apart[own_city, host],
        "timezone_shift": own + cities[host, 3] - cities[own_city, 3],
        "altitude_m": cities[host, 2],
        "altitude_gain_m": own + cities[host, 2] - cities[own_city, 2],
        "opp_travel_km": rival + apart[rival_city, host],
    }
    return {name: values[fixtures.row] for name, values in by_team.items()}


@feature_group(
    "absence",
    tier=2,
    columns=[
        ("games_missed", "last game", "team games since the player's last game this season"),
        ("games_since_return", "season", f"games since he came back after missing {_ABSENCE} or more team games"),
        ("days_since_return", "season", f"days since he came back after missing {_ABSENCE} or more team games"),
        ("missed_share", "season", "share of the team's games this season in which he did not appear"),
    ],
)
def absence(ctx: Context) -> dict[str, Floats]:
    """Games missed, now and earlier in the season. The row itself means that he plays tonight."""
    table, fixtures = ctx.table, ctx.fixtures
    last = ctx.season.lag(table.day, 1)
    seen = np.isfinite(last)
    since = fixtures.log.before(table.team, np.where(seen, last, 0.0).astype(np.int64) + 1)
    gap = fixtures.own.take(fixtures.row).since(since).count
    missed = np.where(seen, gap, np.nan)
    place = np.arange(len(missed))
    back = np.maximum.accumulate(np.where(missed >= _ABSENCE, place, -1))
    known = back >= ctx.season.start
    played, games = ctx.season.count, fixtures.own.count[fixtures.row]
    share = 1.0 - np.divide(played, games, out=np.full(len(games), np.nan), where=games > 0)
    return {
        "games_missed": missed,
        "games_since_return": np.where(known, place - back, np.nan),
        "days_since_return": np.where(known, table.day - table.day[np.maximum(back, 0)], np.nan),
        "missed_share": np.clip(share, 0.0, 1.0),
    }
