"""Tier 2: projected minutes, place in the rotation, missing team-mates."""

from __future__ import annotations

import pandas as pd

from ._tools import before, ewm, ratio, rolling

PRODUCTION = ["min", "pts", "reb", "ast", "fga"]
BLOCK = ["team", "season", "player_id"]
NIGHT = ["team", "game_date"]


def everyone(g: pd.DataFrame) -> pd.DataFrame:
    """A row for every player of a team's season and every game of it, with what was known of him before that game."""
    games = g[["team", "season", "game_date"]].drop_duplicates().sort_values("game_date")
    games["games"] = games.groupby(["team", "season"]).cumcount().clip(upper=10)
    wide = games.merge(g[BLOCK].drop_duplicates(), on=["team", "season"])
    wide = wide.merge(g[[*BLOCK, "game_date", *PRODUCTION]], on=[*BLOCK, "game_date"], how="left", validate="1:1")
    wide["played"] = wide["min"].notna().astype(float)
    wide = wide.fillna(dict.fromkeys(PRODUCTION, 0.0)).sort_values([*BLOCK, "game_date"], ignore_index=True)
    shifted = wide.groupby(BLOCK)[["played", *PRODUCTION]].shift(1)
    ten = shifted.groupby([wide[key] for key in BLOCK]).rolling(10, min_periods=1).sum().reset_index(drop=True)
    last = (
        pd.merge_asof(
            wide[["player_id", "game_date"]].reset_index().sort_values("game_date"),
            g[["player_id", "game_date", "team"]].sort_values("game_date"),
            on="game_date",
            by="player_id",
            allow_exact_matches=False,
        )
        .set_index("index")["team"]
        .sort_index()
    )
    wide["appearances"], wide["present"] = ten["played"], shifted["played"]
    wide["absent"] = ((ten["played"] >= 3) & (shifted["played"] == 0.0) & (last == wide["team"])).astype(float)
    wide[PRODUCTION] = ten[PRODUCTION].div(ten["played"].clip(lower=1.0), axis=0)
    return wide


def roster(g: pd.DataFrame, expected: pd.Series) -> pd.DataFrame:
    """Rotation and missing team-mates."""
    wide = everyone(g)
    parts = {"teammates_missing": wide["absent"]}
    parts |= {f"teammates_missing_{name}": wide[name] * wide["absent"] for name in PRODUCTION}
    parts["teammates_played_min"] = wide["min"] * wide["present"]
    own = pd.DataFrame(parts)
    others = own.groupby([wide[key] for key in NIGHT]).transform("sum") - own
    others["team_played_share_10"] = wide["appearances"] / wide["games"]
    others = others.where(wide["games"] > 0).join(wide[["player_id", *NIGHT]])
    keys = ["player_id", *NIGHT]
    out = g[keys].merge(others, on=keys, how="left", validate="1:1").set_index(g.index).drop(columns=keys)
    rows = g[keys].assign(expected=expected, row=g.index)
    pairs = rows.merge(wide.loc[wide["present"] == 1.0, [*keys, "min"]], on=NIGHT, suffixes=("", "_mate"))
    ahead = pairs[(pairs["min"] > pairs["expected"]) & (pairs["player_id"] != pairs["player_id_mate"])]
    rank = 1.0 + ahead.groupby("row").size().reindex(g.index, fill_value=0)
    out["rotation_rank"] = rank.where(expected.notna() & out["teammates_missing"].notna())
    return out


def expected_minutes(g: pd.DataFrame) -> pd.Series:
    """Three parts EWMA of half-life 2, one part season mean, of minutes as shares of the team's."""
    share = g.assign(share=ratio(240.0 * g["min"], g["team_min"]).fillna(0.0))
    recent = ewm(share, ["share"], halflife=2)["share"]
    count = share.groupby(["player_id", "season"]).cumcount()
    mean = before(share, ["player_id", "season"], ["share"])["share"] / count.where(count > 0)
    return (0.75 * recent + 0.25 * mean).fillna(recent)


def minutes(g: pd.DataFrame, roles: pd.DataFrame, expected: pd.Series) -> pd.DataFrame:
    """Role and projected playing time."""
    rank = g.groupby(["team", "game_date"])["min"].rank(method="min", ascending=False)
    g = g.assign(starter=(rank <= 5).astype(float), rank=rank, team_part=g["team_min"] / 5.0)
    five = rolling(g, ["min", "team_part"], 5, "sum")
    return pd.DataFrame(
        {
            "min_projection": expected,
            "starter_share_10": rolling(g, ["starter"], 10, "mean")["starter"],
            "min_rank_last": g.groupby("player_id")["rank"].shift(1),
            "min_rank_mean_5": rolling(g, ["rank"], 5, "mean")["rank"],
            "min_share_of_team": ratio(five["min"], five["team_part"]),
        }
    ).join(roles)
