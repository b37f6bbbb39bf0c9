"""Data in: game logs, odds, their join, season tables, and the fingerprint of what was read.

Names are imported when they are first used: the loaders bring pandas and pandera, which take seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nba_props.data._fingerprint import fingerprint
    from nba_props.data.game_logs import LoadReport, load_game_logs, read_game_logs
    from nba_props.data.join import JoinReport, JoinResult, join_odds
    from nba_props.data.odds import load_odds
    from nba_props.data.season_stats import SeasonStatsJoin, SeasonStatsReport, join_season_stats, load_season_stats

__all__ = [
    "JoinReport",
    "JoinResult",
    "LoadReport",
    "SeasonStatsJoin",
    "SeasonStatsReport",
    "fingerprint",
    "join_odds",
    "join_season_stats",
    "load_game_logs",
    "load_odds",
    "load_season_stats",
    "read_game_logs",
]

_HOME = {
    "JoinReport": "join",
    "JoinResult": "join",
    "LoadReport": "game_logs",
    "SeasonStatsJoin": "season_stats",
    "SeasonStatsReport": "season_stats",
    "fingerprint": "_fingerprint",
    "join_odds": "join",
    "join_season_stats": "season_stats",
    "load_game_logs": "game_logs",
    "load_odds": "odds",
    "load_season_stats": "season_stats",
    "read_game_logs": "game_logs",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the exports
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
