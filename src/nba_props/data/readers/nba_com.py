"""nba.com's own tables, which have the pipeline's columns already."""

from __future__ import annotations

from nba_props.data.readers import GAME_LOG, Reader, add

_BOX = ("fgm", "fga", "oreb", "dreb", "reb", "ast", "pts")

add(Reader("PlayerGameLogs", GAME_LOG, ("seasonyear", "playername", "gameid", "matchup", *_BOX)))
add(Reader("LeagueGameLog", GAME_LOG, ("seasonid", "playername", "gameid", "matchup", *_BOX)))
add(Reader("BoxScoreTraditionalV2", GAME_LOG, ("gameid", "playerid", "playername", "comment", "startposition", *_BOX)))
add(
    Reader(
        "BoxScoreTraditionalV3",
        GAME_LOG,
        ("gameid", "personid", "fieldgoalsmade", "fieldgoalsattempted", "reboundstotal", "assists", "points"),
    )
)
