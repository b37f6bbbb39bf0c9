"""Tier 3: lags, windows, decays, trends and streaks; and the ready-made forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._tools import BASE, ewm, ratio, rolling

WINDOWS = (3, 5, 10, 20)


def windows(g: pd.DataFrame) -> pd.DataFrame:
    """Rolling mean, median and standard deviation."""
    parts = [
        rolling(g, BASE, window, kind).add_suffix(f"_{label}_{window}")
        for kind, label in (("mean", "mean"), ("median", "median"), ("std", "sd"))
        for window in WINDOWS
    ]
    return pd.concat(parts, axis=1)


def decays(g: pd.DataFrame) -> pd.DataFrame:
    """Exponentially weighted means."""
    parts = [ewm(g, BASE, halflife=life).add_suffix(f"_ewma_{life}") for life in (3, 7, 15)]
    shots = ewm(g, ["fga", "fg3a", "fta", "plays", "floor_plays"], halflife=7)
    parts.append(shots[["fga", "fg3a", "fta"]].add_suffix("_ewma_7"))
    parts.append((100.0 * ratio(shots["plays"], shots["floor_plays"])).rename("usage_ewma_7").to_frame())
    return pd.concat(parts, axis=1)


def streaks(g: pd.DataFrame, rolled: pd.DataFrame) -> pd.DataFrame:
    """Runs over and under the player's own median, and changes from game to game."""
    out = {}
    for name in BASE:
        by = g.groupby("player_id")
        side = np.sign(g[name] - rolled[f"{name}_median_20"])
        filled = side.fillna(0.0)
        run = (filled != filled.groupby(g["player_id"]).shift(1)).groupby(g["player_id"]).cumsum()
        length = filled.groupby([g["player_id"], run]).cumcount() + 1
        judged = g.assign(over=(side > 0).astype(float).where(side.notna()), jump=by[name].diff().abs())
        out[f"{name}_streak"] = (filled * length).groupby(g["player_id"]).shift(1)
        out[f"{name}_over_median_10"] = rolling(judged, ["over"], 10, "mean")["over"]
        out[f"{name}_jump_10"] = rolling(judged, ["jump"], 10, "mean")["jump"]
        out[f"{name}_cv_20"] = ratio(rolled[f"{name}_sd_20"], rolled[f"{name}_mean_20"])
        out[f"{name}_trend"] = rolled[f"{name}_mean_5"] - rolled[f"{name}_mean_20"]
        out |= {f"{name}_lag_{lag}": by[name].shift(lag) for lag in (1, 3, 5, 7)}
    return pd.DataFrame(out)


def forecasts(g: pd.DataFrame, rate: pd.DataFrame, expected: pd.Series, team: pd.DataFrame) -> pd.DataFrame:
    """EWMA of span 10, and rates times projected minutes."""
    markets = ["pts", "reb", "ast", "pra"]
    out = ewm(g, markets, span=10).add_suffix("_ewma_span_10")
    form = ewm(g, [*markets, "min"], halflife=30)
    for name in markets:
        out[f"{name}_rate_x_minutes"] = rate[f"{name}_per36"] / 36.0 * expected
        recent = ratio(form[name], form["min"]) * expected
        out[f"{name}_adjusted"] = recent * team[f"opp_role_{name}_vs_expected"] * team["opp_pace"] / team["league_pace"]
    return out
