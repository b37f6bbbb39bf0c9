"""Tier 2: rest, density of games, travel and absences."""

# ruff: noqa: PD013 - the table of distances is stacked to be looked up by pairs
from __future__ import annotations

import numpy as np
import pandas as pd

from nba_props.features.history.cities import city_table, distances_km

KEYS = ["team", "game_date", "opponent"]


def _in_days(t: pd.DataFrame, days: int) -> pd.Series:
    """Games of the team this season in the days before each of its games."""
    ones = t.assign(one=1.0).set_index("game_date").groupby(["team", "season"])["one"]
    return ones.rolling(f"{days}D", closed="left").sum().fillna(0.0).set_axis(t.index)


def team_schedule(t: pd.DataFrame) -> pd.DataFrame:
    """Rest, density and travel of the team before each of its games; `t` is sorted by team and date."""
    by = t.groupby(["team", "season"])
    host = t["team"].where(t["home"], t["opponent"])
    last_host = host.groupby([t["team"], t["season"]]).shift(1)
    names = sorted(set(host))
    cities = pd.DataFrame(city_table(names), index=names)
    return t[KEYS].assign(
        season_day=(t["game_date"] - t.groupby("season")["game_date"].transform("min")).dt.days,
        month=t["game_date"].dt.month,
        team_game_number=by.cumcount(),
        team_days_rest=by["game_date"].diff().dt.days,
        games_in_4_days=_in_days(t, 4),
        games_in_7_days=_in_days(t, 7),
        host=host,
        last_host=last_host,
        timezone_shift=host.map(cities[3]) - last_host.map(cities[3]),
        altitude_m=host.map(cities[2]),
        altitude_gain_m=host.map(cities[2]) - last_host.map(cities[2]),
    )


def schedule(g: pd.DataFrame, t: pd.DataFrame) -> pd.DataFrame:
    """Schedule, travel and absence of each player-game."""
    own = team_schedule(t)
    rival = own[[*KEYS, "team_days_rest", "games_in_7_days", "last_host"]].rename(
        columns={
            "team": "opponent",
            "opponent": "team",
            "team_days_rest": "opp_days_rest",
            "games_in_7_days": "opp_games_in_7_days",
            "last_host": "opp_last_host",
        }
    )
    both = own.merge(rival, on=KEYS, validate="1:1")
    both["rest_advantage"] = both["team_days_rest"] - both["opp_days_rest"]
    both["is_b2b"] = (both["team_days_rest"] == 1).astype(float)
    both["opp_is_b2b"] = (both["opp_days_rest"] == 1).astype(float)
    names = sorted(set(both["host"]))
    apart = pd.DataFrame(distances_km(city_table(names)), index=names, columns=names).stack()
    for trip, start in (("travel_km", "last_host"), ("opp_travel_km", "opp_last_host")):
        both[trip] = apart.reindex(pd.MultiIndex.from_frame(both[[start, "host"]])).to_numpy()
    both = both.drop(columns=["host", "last_host", "opp_last_host"])
    out = g[KEYS].merge(both, on=KEYS, how="left", validate="m:1").set_index(g.index).drop(columns=KEYS)
    out["home"] = g["home"].astype(float)
    out["days_rest"] = g.groupby(["player_id", "season"])["game_date"].diff().dt.days
    week = g.set_index("game_date").groupby(["player_id", "season"])["min"].rolling("7D", closed="left").sum()
    out["min_in_7_days"] = week.fillna(0.0).set_axis(g.index)
    return out.join(absence(g, t, out["team_game_number"]))


def absence(g: pd.DataFrame, t: pd.DataFrame, number: pd.Series) -> pd.DataFrame:
    """Team games missed now, since the last return, and this season."""
    by = g.groupby(["player_id", "season"])
    last = by["game_date"].shift(1)
    asked = g[["team", "season"]].assign(last=last, row=np.arange(len(g))).dropna(subset="last").sort_values("last")
    games = t[["team", "season", "game_date"]].assign(upto=t.groupby(["team", "season"]).cumcount() + 1)
    found = pd.merge_asof(
        asked, games.sort_values("game_date"), left_on="last", right_on="game_date", by=["team", "season"]
    )
    upto = pd.Series(found["upto"].fillna(0).to_numpy(), index=g.index[found["row"]]).reindex(g.index)
    missed = number - upto
    back = (missed >= 3).astype(int)
    returns = back.groupby([g["player_id"], g["season"]]).cumsum()
    spell = g.assign(returns=returns).groupby(["player_id", "season", "returns"])
    since = spell.cumcount()
    days = (g["game_date"] - spell["game_date"].transform("first")).dt.days
    played = by.cumcount()
    return pd.DataFrame(
        {
            "games_missed": missed,
            "games_since_return": since.where(returns > 0),
            "days_since_return": days.where(returns > 0),
            "missed_share": (1.0 - played / number.where(number > 0)).clip(0.0, 1.0),
        }
    )
