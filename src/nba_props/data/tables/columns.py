"""Column names: what the loaders accept, and which canonical name each one has.

Headers are compared without case, spaces and underscores, so `GAME_ID`, `Game_ID` and `gameId` are one name. They
come from nba.com's LeagueGameLog, PlayerGameLogs and PlayerGameLog (upper case) and BoxScoreTraditionalV3 (camelCase),
as listed in the nba_api documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from nba_props.errors import DataError

STATS: Final[dict[str, tuple[str, ...]]] = {
    "min": ("min", "minutes", "numminutes"),
    "fgm": ("fgm", "fieldgoalsmade"),
    "fga": ("fga", "fieldgoalsattempted"),
    "fg3m": ("fg3m", "threepointersmade"),
    "fg3a": ("fg3a", "threepointersattempted"),
    "ftm": ("ftm", "freethrowsmade"),
    "fta": ("fta", "freethrowsattempted"),
    "oreb": ("oreb", "reboundsoffensive"),
    "dreb": ("dreb", "reboundsdefensive"),
    "reb": ("reb", "reboundstotal"),
    "ast": ("ast", "assists"),
    "stl": ("stl", "steals"),
    "blk": ("blk", "blocks"),
    "tov": ("tov", "turnovers", "to"),
    "pf": ("pf", "foulspersonal"),
    "pts": ("pts", "points"),
    "plus_minus": ("plusminus", "plusminuspoints"),
}
"""Box-score column -> accepted spellings, best first."""

GAME_LOG: Final[dict[str, tuple[str, ...]]] = {
    "season": ("seasonid", "seasonyear", "season"),
    "game_id": ("gameid",),
    "game_date": ("gamedate", "date"),
    "player_id": ("playerid", "personid"),
    "player_name": ("playername", "personname"),
    "first_name": ("firstname",),
    "family_name": ("familyname", "lastname"),
    "name_initial": ("namei",),
    "team": ("teamabbreviation", "teamtricode", "team"),
    "opponent": ("opponent", "opponenttricode"),
    "matchup": ("matchup",),
    "home": ("home", "ishome"),
    "won": ("wl", "won", "win"),
    "comment": ("comment",),
    **STATS,
}
"""Game-log column -> accepted spellings, best first."""

ODDS: Final[dict[str, tuple[str, ...]]] = {
    "game_date": ("gamedate",),
    "player_name": ("playername", "player"),
    # Games are found by the two teams, whichever is named first: a player's team and his opponent are enough.
    "home_team": ("hometeam", "home", "team", "playerteam"),
    "away_team": ("awayteam", "away", "opponent", "opp"),
    "bookmaker": ("bookmaker", "book", "sportsbook"),
    "market": ("market", "prop", "proptype", "stattype", "stat"),
    "line": ("line", "point"),
    "over_price": ("overprice", "overodds", "over"),
    "under_price": ("underprice", "underodds", "under"),
    "timestamp": ("timestamp", "observedat", "lastupdate", "updatedat", "scrapedat", "fetchedat"),
    "source_date": ("sourcedate",),
    "commence_time": ("commencetime", "tip"),
    "event_id": ("eventid",),
    "alternate": ("alternate",),
}
"""Odds column -> accepted spellings, best first."""

ODDS_REQUIRED: Final = (
    "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price", "under_price", "timestamp",
)  # fmt: skip


_BETWEEN: Final = re.compile(r"[\s_]+|(?<=[A-Za-z])[.-](?=[A-Za-z])")


def plain(name: str) -> str:
    """A column name without case, spaces, underscores, and the dots and hyphens between letters.

    >>> plain("Game_Date"), plain("over-price"), plain("+/-")
    ('gamedate', 'overprice', '+/-')
    """
    return _BETWEEN.sub("", str(name)).lower()


def resolve(header: Iterable[str], accepted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Canonical name -> column of the file, for every canonical name the header has."""
    by_plain: dict[str, str] = {}
    for name in header:
        by_plain.setdefault(plain(name), name)
    found = {canonical: next((by_plain[s] for s in spellings if s in by_plain), None)
             for canonical, spellings in accepted.items()}  # fmt: skip
    return {canonical: name for canonical, name in found.items() if name is not None}


def classify(header: Sequence[str]) -> Literal["game log", "odds", "other"]:
    """What kind of table a header belongs to.

    Most of the box-score columns and a player make a game log; most of the odds columns make odds. A column or two may
    be missing, so that the loader can say which, rather than overlook the file.
    """
    log = resolve(header, GAME_LOG)
    if sum(name in log for name in STATS) >= 12 and {"player_id", "player_name", "family_name"} & set(log):
        return "game log"
    odds = resolve(header, ODDS)
    if sum(name in odds for name in ("player_name", "bookmaker", "market", "line", "over_price", "under_price")) >= 4:
        return "odds"
    return "other"


def missing_columns(source: str, header: Sequence[str], missing: Sequence[str], fix: str) -> DataError:
    """The error that names every missing column at once."""
    shown = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
    plural = "s are" if len(missing) > 1 else " is"
    problem = f"{len(missing)} required column{plural} missing (the header has: {shown})"
    return DataError(source, problem, column=", ".join(missing), fix=fix)
