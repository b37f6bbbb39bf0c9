from .content import fingerprint
from .game_logs import LoadReport, load_game_logs, read_game_logs
from .join import JoinResult, join_odds
from .odds import load_odds, no_odds
from .report import JoinReport
from .season_stats import SeasonStatsJoin, SeasonStatsReport, join_season_stats, load_season_stats

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
    "no_odds",
    "read_game_logs",
]
