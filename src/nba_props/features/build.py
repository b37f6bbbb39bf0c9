"""From a games table to a feature table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from nba_props.features.feature import Feature, registered, select
from nba_props.features.history.absences import Absences
from nba_props.features.history.context import Context
from nba_props.features.history.table import read_table


def catalogue() -> tuple[Feature, ...]:
    """Every feature that `build_features` makes from the games alone, in the order of its columns."""
    return tuple(feature for group in registered() for feature in group.features)


def feature_names(groups: Iterable[str] | None = None) -> tuple[str, ...]:
    """Column names of the chosen groups (all for None), in the order of the catalogue.

    Raises:
        ConfigError: For an unknown group, naming the nearest known one.
    """
    return tuple(feature.name for group in select(groups) for feature in group.features)


def build_features(
    games: pd.DataFrame,
    *,
    groups: Iterable[str] | None = None,
    absences: Absences = Absences(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Features of every player-game, from games of strictly earlier dates only.

    Of the game itself only the schedule is read: date, season, team, opponent and venue. Box scores may therefore be
    empty on the last date of the table, which is how games still to be played get their features.

    >>> from nba_props.features.history.table import STATS
    >>> facts = {"season": "2023-24", "player_id": 7, "team": "BOS", "opponent": "NYK", "home": True}
    >>> dates = pd.date_range("2024-01-01", periods=3)
    >>> games = pd.DataFrame({**facts, **dict.fromkeys(STATS, 0.0), "game_date": dates})
    >>> features = build_features(games.assign(pts=[10.0, 20.0, 30.0]), groups=["lags"])
    >>> features["pts_lag_1"].tolist()
    [nan, 10.0, 20.0]

    Args:
        games: Player-games in the columns of the contract, in any order; not modified.
        groups: Feature groups to make; all for None.
        absences: Who was known to be out before each game. By default the regulars who missed the team's last game.

    Returns:
        One float64 column per feature, rows and index as in `games`. Missing history is NaN.

    Raises:
        ConfigError: For an unknown group, naming the nearest known one.
        DataError: If `games` cannot be used.
    """
    chosen = select(groups)
    table = read_table(games)
    names = [feature.name for group in chosen for feature in group.features]
    context = Context(table, absences)
    values = np.empty((len(names), len(games)))
    sorted_row = np.empty_like(table.order)
    sorted_row[table.order] = np.arange(len(games))
    place = {name: row for row, name in enumerate(names)}
    for group in chosen:
        made = group.make(context)
        for feature in group.features:
            column = np.asarray(made[feature.name], dtype=np.float64)
            np.take(column, sorted_row, out=values[place[feature.name]], mode="clip")  # raising would buffer it
    return pd.DataFrame(values.T, index=games.index, columns=list(place), copy=False)
