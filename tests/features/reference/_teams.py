"""Tier 2: team games, team rates and what opponents allow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._tools import BOX, before, ratio


def team_games(g: pd.DataFrame) -> pd.DataFrame:
    """One row per team and game with the totals of both sides, sorted by team and date."""
    keys = ["team", "game_date", "opponent"]
    by_game = g.groupby(keys, as_index=False)
    totals = by_game[BOX].sum()
    other = totals.rename(columns={"team": "opponent", "opponent": "team"} | {name: f"opp_{name}" for name in BOX})
    t = by_game[["season", "home"]].first().merge(totals, on=keys, validate="1:1")
    t = t.merge(other, on=keys, how="left", validate="1:1")
    own = t["fga"] - t["oreb"] + t["tov"] + 0.44 * t["fta"]
    rival = t["opp_fga"] - t["opp_oreb"] + t["opp_tov"] + 0.44 * t["opp_fta"]
    t["poss"] = 0.5 * (own + rival)
    return t.sort_values(["team", "game_date"], ignore_index=True)


def team_rates(t: pd.DataFrame) -> pd.DataFrame:
    """Rates of the team itself, season to date and last ten games, before each of its games."""
    t = t.assign(length=t["min"] / 5.0, games=1.0)
    names = ["pts", "fgm", "fga", "poss", "length", "games"]
    names += [f"opp_{name}" for name in ("pts", "reb", "ast", "fg3m", "fta", "tov", "fgm", "fga")]
    t[names] = t[names].where(t["opp_pts"].notna(), 0.0)
    league = t.groupby("game_date")[names].sum().cumsum().shift(1).reindex(t["game_date"]).set_index(t.index)
    per_game = league.div(league["games"].where(league["games"] > 0), axis=0)
    shrunk = before(t, ["team", "season"], names) + 6.0 * per_game
    shifted = t.groupby(["team", "season"])[names].shift(1)
    ten = shifted.groupby([t["team"], t["season"]]).rolling(10, min_periods=1).sum().droplevel([0, 1]).sort_index()
    terms = {
        "off_rating": ("pts", "poss", 100.0),
        "def_rating": ("opp_pts", "poss", 100.0),
        "pace": ("poss", "length", 48.0),
        "fg_pct": ("fgm", "fga", 100.0),
        "reb_allowed_rate": ("opp_reb", "poss", 100.0),
        "ast_allowed_rate": ("opp_ast", "poss", 100.0),
        "fg3m_allowed_rate": ("opp_fg3m", "poss", 100.0),
        "fta_allowed_rate": ("opp_fta", "poss", 100.0),
        "tov_forced_rate": ("opp_tov", "poss", 100.0),
        "fg_pct_allowed": ("opp_fgm", "opp_fga", 100.0),
    }
    out = t[["team", "game_date", "opponent", "home"]].copy()
    for name, (top, bottom, scale) in terms.items():
        out[name] = scale * ratio(shrunk[top], shrunk[bottom])
    for name in ("def_rating", "pace"):
        top, bottom, scale = terms[name]
        out[f"{name}_10"] = scale * ratio(ten[top], ten[bottom])
    out["league_pace"] = 48.0 * ratio(league["poss"], league["length"])
    return out


def teams(g: pd.DataFrame, t: pd.DataFrame) -> pd.DataFrame:
    """Rates of both teams per player-game; `league_pace` is left in for the forecasts."""
    own = team_rates(t)
    keys = ["team", "game_date", "opponent"]
    rival = own.drop(columns=["home", "league_pace"]).rename(columns={"team": "opponent", "opponent": "team"})
    both = own.merge(rival, on=keys, suffixes=("", "_opp"), validate="1:1")
    allowed = [name for name in own if name.endswith(("allowed_rate", "forced_rate", "pct_allowed", "fg_pct"))]
    out = both[keys].copy()
    for name in [*allowed, "def_rating", "def_rating_10", "pace", "pace_10", "off_rating"]:
        out[f"opp_{name}"] = both[f"{name}_opp"]
    for name in ("pace", "pace_10", "off_rating", "def_rating"):
        out[f"team_{name}"] = both[name]
    out["game_pace"] = 0.5 * (both["pace"] + both["pace_opp"])
    net = both["off_rating"] - both["def_rating"] - both["off_rating_opp"] + both["def_rating_opp"]
    out["expected_margin"] = net + np.where(both["home"], 2.0, -2.0)
    out["expected_blowout"] = out["expected_margin"].abs()
    out["league_pace"] = both["league_pace"]
    return g[keys].merge(out, on=keys, how="left", validate="m:1").set_index(g.index).drop(columns=keys)


def allowed(g: pd.DataFrame, rate: pd.DataFrame) -> pd.DataFrame:
    """Actual over expected production of the opponent's earlier visitors this season."""
    weights = {"pts": 800.0, "reb": 320.0, "ast": 200.0, "pra": 1300.0}
    share = (rate["reb_pct"] / (rate["reb_pct"] + rate["ast_pct"])).fillna(0.41)
    known = rate["pts_per36"].notna()
    work = g[["opponent", "season", "game_date"]].assign(role=np.select([share < 0.33, share < 0.50], [0, 1], 2))
    for name in weights:
        work[f"actual_{name}"] = g[name].where(known, 0.0)
        work[f"expected_{name}"] = (rate[f"{name}_per36"] * g["min"] / 36.0).where(known, 0.0)
    columns = [name for name in work if name.startswith(("actual_", "expected_"))]
    nights = work.groupby(["opponent", "season", "game_date"])[columns].sum()
    every = nights.groupby(["opponent", "season"]).cumsum() - nights
    by_role = work.groupby(["role", "opponent", "season", "game_date"])[columns].sum()
    full = pd.concat(
        {role: by_role.loc[role].reindex(nights.index, fill_value=0.0) for role in (0, 1, 2) if role in by_role.index},
        names=["role"],
    )
    own = full.groupby(["role", "opponent", "season"]).cumsum() - full
    none = nights.groupby(["opponent", "season"]).cumcount() == 0
    keys = pd.MultiIndex.from_frame(work[["opponent", "season", "game_date"]])
    role_keys = pd.MultiIndex.from_frame(work[["role", "opponent", "season", "game_date"]])
    first = none.reindex(keys).to_numpy()
    out = {}
    for name, weight in weights.items():
        for label, table, places, part in (("", every, keys, weight), ("role_", own, role_keys, weight / 3.0)):
            here = table.reindex(places).set_axis(g.index)
            value = (here[f"actual_{name}"] + part) / (here[f"expected_{name}"] + part)
            out[f"opp_{label}{name}_vs_expected"] = value.mask(first)
    return pd.DataFrame(out)
