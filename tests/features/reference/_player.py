"""Tier 1: rates and season means."""

from __future__ import annotations

import pandas as pd

from nba_props.features.history.rates import RATES

from ._tools import before, ratio


def opportunities(g: pd.DataFrame, t: pd.DataFrame) -> pd.DataFrame:
    """Add to the player-games what the rates are made of."""
    keys = ["team", "game_date", "opponent"]
    m = g[keys].merge(t, on=keys, how="left", validate="m:1").set_index(g.index)
    share = ratio(5.0 * g["min"], m["min"]).fillna(0.0)
    shots = g["fga"] + 0.44 * g["fta"]
    return g.assign(
        pra=g["pts"] + g["reb"] + g["ast"],
        plays=shots + g["tov"],
        floor_plays=share * (m["fga"] + 0.44 * m["fta"] + m["tov"]),
        shot_attempts=shots,
        fg_value=g["fgm"] + 0.5 * g["fg3m"],
        fg2m=g["fgm"] - g["fg3m"],
        fg2a=g["fga"] - g["fg3a"],
        mate_fgm=share * m["fgm"] - g["fgm"],
        floor_reb=share * (m["reb"] + m["opp_reb"]).fillna(0.0),
        floor_oreb=share * (m["oreb"] + m["opp_dreb"]).fillna(0.0),
        floor_dreb=share * (m["dreb"] + m["opp_oreb"]).fillna(0.0),
        floor_possessions=share * m["poss"].fillna(0.0),
        floor_twos=share * (m["opp_fga"] - m["opp_fg3a"]).fillna(0.0),
        team_min=m["min"],
    )


def rates(g: pd.DataFrame) -> pd.DataFrame:
    """Shrunk rates, season to date."""
    terms = sorted({name for rate in RATES for name in (rate.top, rate.bottom)})
    season = before(g, ["player_id", "season"], terms)
    earlier = before(g, ["player_id"], terms) - season
    league = g.groupby("game_date")[terms].sum().cumsum().shift(1).reindex(g["game_date"]).set_index(g.index)
    new = g.groupby("player_id").cumcount() == 0
    out = {}
    for rate in RATES:
        mean = ratio(league[rate.top], league[rate.bottom])
        prior = (earlier[rate.top] + rate.weight * mean) / (earlier[rate.bottom] + rate.weight)
        value = rate.scale * (season[rate.top] + rate.weight * prior) / (season[rate.bottom] + rate.weight)
        out[rate.name] = value.mask(new)
    return pd.DataFrame(out)


def season_means(g: pd.DataFrame) -> pd.DataFrame:
    """Means of the season so far and of the player's latest earlier season."""
    names = ["pts", "reb", "ast", "pra", "min", "fg3m", "stl", "blk", "tov"]
    count = g.groupby(["player_id", "season"]).cumcount()
    sums = before(g, ["player_id", "season"], names)
    out = sums.div(count.where(count > 0), axis=0).add_suffix("_season_mean")
    out["games_season"] = count
    out["games_career"] = g.groupby("player_id").cumcount()
    by_season = g.groupby(["player_id", "season"])
    whole = by_season[["pts", "reb", "ast", "min"]].mean().add_suffix("_previous_season_mean")
    whole["games_previous_season"] = by_season.size()
    last = whole.groupby("player_id").shift(1).reset_index()
    joined = g[["player_id", "season"]].merge(last, on=["player_id", "season"], how="left", validate="m:1")
    return pd.concat([out, joined.set_index(g.index).drop(columns=["player_id", "season"])], axis=1)
