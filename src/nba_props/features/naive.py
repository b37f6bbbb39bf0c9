"""Forecasts without a model, and how much of a season came before a game: the baseline of an evaluation.

All of it restarts with every season and looks at strictly earlier dates only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.features.history.asof import Log, Past, masked_ratio
from nba_props.features.history.ewma import decay_of_span, ewma
from nba_props.features.history.table import Table, read_table
from nba_props.markets import actual


def _season_past(table: Table) -> Past:
    """Earlier games of the same player and season, as a log in which every season starts again."""
    entity = table.player * len(table.season_names) + table.season
    return Log(entity, table.day, table.season).past(entity, table.day)


def _mean(past: Past, values: Floats) -> Floats:
    return masked_ratio(past.total(past.log.running(values[:, None]))[:, 0], past.count.astype(np.float64))


def _restored(table: Table, games: pd.DataFrame, columns: Mapping[str, Floats | Ints]) -> pd.DataFrame:
    """Back in the row order and index of the input."""
    out = {}
    for name, values in columns.items():
        restored = np.empty_like(values)
        restored[table.order] = values
        out[name] = restored
    return pd.DataFrame(out, index=games.index)


def naive_forecasts(games: pd.DataFrame, market: str) -> pd.DataFrame:
    """The three forecasts every model must beat.

    >>> from nba_props.features.history.table import STATS
    >>> facts = {"season": "2023-24", "player_id": 7, "team": "BOS", "opponent": "NYK", "home": True}
    >>> dates = pd.date_range("2024-01-01", periods=3)
    >>> games = pd.DataFrame({**facts, **dict.fromkeys(STATS, 0.0), "game_date": dates})
    >>> naive_forecasts(games.assign(pts=[10.0, 20.0, 30.0]), "pts").round(2).to_dict("list")
    {'season_mean': [nan, 10.0, 15.0], 'last_10': [nan, 10.0, 15.0], 'ewma_10': [nan, 10.0, 15.5]}

    Args:
        games: Player-games in the columns of the contract, in any order.
        market: Key of `nba_props.markets.MARKETS`.

    Returns:
        `season_mean` (mean of the season so far), `last_10` (mean of its last ten games, fewer at the start) and
        `ewma_10` (pandas' `ewm(span=10)` over the season so far), same index as `games`; NaN where the player has no
        earlier game of the season.

    Raises:
        ConfigError: For an unknown market.
        DataError: If `games` cannot be used.
    """
    table = read_table(games)
    past = _season_past(table)
    values = actual(games, market).to_numpy()[table.order]
    decay = decay_of_span(10)
    forecasts = {
        "season_mean": _mean(past, values),
        "last_10": _mean(past.recent(10), values),
        "ewma_10": ewma(past, {market: values}, [decay])[market, decay],
    }
    return _restored(table, games, forecasts)


def prior_games_in_season(games: pd.DataFrame) -> pd.Series:
    """Number of the player's games of the same season on earlier dates, as int64, same index as `games`.

    >>> from nba_props.features.history.table import STATS
    >>> facts = {"season": "2023-24", "player_id": 7, "team": "BOS", "opponent": "NYK", "home": True}
    >>> dates = pd.date_range("2024-01-01", periods=3)
    >>> games = pd.DataFrame({**facts, **dict.fromkeys(STATS, 0.0), "game_date": dates})
    >>> prior_games_in_season(games).tolist()
    [0, 1, 2]
    """
    table = read_table(games)
    counts = _restored(table, games, {"prior_games_in_season": _season_past(table).count})
    return counts["prior_games_in_season"]


def mean_minutes_before(games: pd.DataFrame) -> pd.Series:
    """Mean minutes of the player's season so far, before the game, same index as `games`; NaN if there is none.

    >>> from nba_props.features.history.table import STATS
    >>> facts = {"season": "2023-24", "player_id": 7, "team": "BOS", "opponent": "NYK", "home": True}
    >>> dates = pd.date_range("2024-01-01", periods=3)
    >>> games = pd.DataFrame({**facts, **dict.fromkeys(STATS, 0.0), "game_date": dates})
    >>> mean_minutes_before(games.assign(min=[30.0, 20.0, 40.0])).tolist()
    [nan, 30.0, 25.0]
    """
    table = read_table(games)
    means = _restored(table, games, {"mean_minutes_before": _mean(_season_past(table), table.stat["min"])})
    return means["mean_minutes_before"]
