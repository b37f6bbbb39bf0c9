"""Marginals of box scores, and how far a simulated league is from real seasons."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

TOLERANCE: Final = 0.10
"""Relative distance allowed between simulated and real."""
TOLERANCE_AUTOCORRELATION: Final = 0.02
"""For autocorrelations the larger of this, absolute, and `TOLERANCE`, relative: those of a single tier are near 0."""
_STATS: Final = ("min", "pts", "reb", "ast", "pra")
_TIERS: Final = {"all": (0.0, np.inf), "30 and more": (30.0, np.inf), "18 to 30": (18.0, 30.0), "under 18": (0.0, 18.0)}
_MEASURES: Final = ("share", "mean", "sd", "autocorrelation", "autocorrelation_demeaned")


def marginals(games: pd.DataFrame) -> pd.DataFrame:
    """Share, mean, SD and lag-1 autocorrelation of minutes, points, rebounds, assists and their sum.

    Tiers are by the player's mean minutes over the season. The lag is the player's previous game of the same season;
    the autocorrelation is pooled over players, once of the series as they are (mostly differences between players) and
    once of each series less its own season mean.

    Args:
        games: A games table (season, player_id, game_date, min, pts, reb, ast).

    Returns:
        One row per tier and statistic: tier, stat, share (of player-games), mean, sd, autocorrelation,
        autocorrelation_demeaned.
    """
    games = games.sort_values(["season", "player_id", "game_date"], kind="stable")
    table = games[["min", "pts", "reb", "ast"]].assign(pra=games["pts"] + games["reb"] + games["ast"])
    keys = [games["season"], games["player_id"]]
    centre = table.groupby(keys).transform("mean")
    before = table.groupby(keys).shift(1)
    rows = []
    for tier, (low, high) in _TIERS.items():
        inside = (centre["min"] >= low) & (centre["min"] < high)
        paired = inside & before["min"].notna()
        for stat in _STATS:
            now, lag, mean = table.loc[paired, stat], before.loc[paired, stat], centre.loc[paired, stat]
            rows.append(
                (
                    tier,
                    stat,
                    inside.mean(),
                    table.loc[inside, stat].mean(),
                    table.loc[inside, stat].std(),
                    np.corrcoef(now, lag)[0, 1],
                    np.corrcoef(now - mean, lag - mean)[0, 1],
                )
            )
    return pd.DataFrame(rows, columns=["tier", "stat", *_MEASURES])


def compare_marginals(real: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """Marginals of two games tables side by side.

    Returns:
        One row per tier, statistic and measure: tier, stat, measure, real, simulated, ratio, and `within` (bool): the
        ratio within `TOLERANCE` of 1, or for an autocorrelation within `TOLERANCE_AUTOCORRELATION` of the real one.
    """
    keys = ["tier", "stat"]
    both = marginals(real).melt(keys, var_name="measure", value_name="real")
    both["simulated"] = marginals(simulated).melt(keys, var_name="measure", value_name="simulated")["simulated"]
    both["ratio"] = both["simulated"] / both["real"]
    distance = (both["simulated"] - both["real"]).abs()
    floor = np.where(both["measure"].str.startswith("autocorrelation"), TOLERANCE_AUTOCORRELATION, 0.0)
    both["within"] = distance <= np.maximum(TOLERANCE * both["real"].abs(), floor)
    return both
