"""Pick'em exports (PrizePicks, Underdog): a line per prop, without prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text
from nba_props.data.tables.formats import ODDS, Brought, Options, Reader, add

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_ACCEPTED: Final[dict[str, tuple[str, ...]]] = {
    "player_name": ("playername", "player", "name"),
    "market": ("stattype", "stat", "market", "projectiontype", "prop"),
    "line": ("linescore", "line", "statvalue", "projection"),
    "home_team": ("hometeam", "home", "team", "playerteam"),
    "away_team": ("awayteam", "away", "opponent", "opp", "versus"),
    "bookmaker": ("bookmaker", "book", "sportsbook", "source", "site"),
    "timestamp": ("timestamp", "observedat", "updatedat", "scrapedat", "fetchedat"),
    "game_date": ("gamedate", "date"),
    "commence_time": ("commencetime", "starttime", "scheduledat", "gametime"),
    "event_id": ("eventid", "gameid"),
    "rung": ("oddstype", "linetype"),
}
_REQUIRED: Final = ("player_name", "market", "line", "home_team", "away_team")


def _read(table: TableFile, _options: Options) -> Brought:
    raw = read_text(table)
    by_plain = {plain(name): name for name in raw}
    names = {c: next((by_plain[s] for s in spellings if s in by_plain), "") for c, spellings in _ACCEPTED.items()}
    frame = pd.DataFrame({canonical: raw[name] for canonical, name in names.items() if name})
    for side in ("home_team", "away_team"):
        frame[side] = frame[side].str.replace(r"(?i)^\s*(?:vs\.?|at)\s+", "", regex=True)
    if "bookmaker" not in frame:
        known = next((b for b in ("PrizePicks", "Underdog") if b.lower() in table.path.name.lower()), "pick'em")
        frame["bookmaker"] = known
    if "rung" in frame:  # PrizePicks' demons and goblins are alternates of the standard line
        frame["alternate"] = ~frame.pop("rung").fillna("standard").str.lower().isin(["standard", "balanced", "main"])
    return Brought(frame.assign(over_price=None, under_price=None), len(frame))


add(Reader("pick'em export", ODDS, tuple("|".join(_ACCEPTED[name]) for name in _REQUIRED), _read))
