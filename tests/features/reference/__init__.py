"""The features of `nba_props.features` once more, in ordinary pandas: one groupby, shift or rolling after the other.

It is what the benchmark races against and what the tests take as the truth. It shares no code with the package but
what is definition rather than computation: the list of rates with their weights, and the cities. Box scores must be
complete, with both teams of every game and at most one row per player and date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from . import _line_up, _minutes, _player, _schedule, _teams, _temporal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["reference_features"]


def reference_features(
    games: pd.DataFrame,
    *,
    stand_in: bool = False,
    reported: Mapping[tuple[str, pd.Timestamp], Collection[int]] = {},
) -> pd.DataFrame:
    """Every feature of the catalogue, rows and index as in `games`, columns in no particular order.

    Who is out comes from the box scores themselves (`stand_in`), from lists by team and date (`reported`), or, for
    games without a list, from the team's last game.
    """
    order = games.reset_index(drop=True).sort_values(["player_id", "game_date"]).index
    g = games.iloc[order].reset_index(drop=True)
    t = _teams.team_games(g)
    g = _player.opportunities(g, t)
    rate = _player.rates(g)
    expected = _minutes.expected_minutes(g)
    team = _teams.teams(g, t).join(_teams.allowed(g, rate))
    rolled = _temporal.windows(g)
    parts = [
        rate,
        _player.season_means(g),
        _minutes.minutes(g, _minutes.roster(g, expected), expected),
        team.drop(columns="league_pace"),
        _schedule.schedule(g, t),
        rolled,
        _temporal.decays(g),
        _temporal.streaks(g, rolled),
        _temporal.forecasts(g, rate, expected, team),
        _line_up.line_up(g, stand_in=stand_in, reported=reported),
    ]
    out = pd.concat(parts, axis=1).astype("float64")
    return out.set_axis(order).sort_index().set_axis(games.index)
