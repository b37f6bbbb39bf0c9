"""The games that the league's injury report names, and when they tip off."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from nba_props.data.availability.table import no_fixtures
from nba_props.data.schemas import FIXTURE_COLUMNS
from nba_props.data.teams import team_code
from nba_props.data.times import EASTERN

_CLOCK: Final = re.compile(r"\s*(\d{1,2}):(\d{2})(?::00)?\s*([AP]M)?\s*\(?(?:ET|EST|EDT)?\)?\s*", re.IGNORECASE)
_MATCHUP: Final = re.compile(r"\s*([A-Za-z]{2,4})\s*@\s*([A-Za-z]{2,4})\s*")
_NOON: Final = 12
_AMBIGUOUS: Final = 11
"""An hour without AM or PM is after noon, but nobody can tell 11 in the morning (a game abroad) from 11 at night."""


def report_fixtures(rows: pd.DataFrame) -> pd.DataFrame:
    """The `fixtures` of the rows of a report: `NYK@BOS` at `12:30 (ET)`.

    >>> rows = {"game_date": pd.to_datetime(["2026-02-08"] * 2), "game_time": "07:30 (ET)", "matchup": "NYK@BOS"}
    >>> report_fixtures(pd.DataFrame(rows))
       game_date home away                       tip
    0 2026-02-08  BOS  NYK 2026-02-09 00:30:00+00:00

    Args:
        rows: Columns ``game_date`` (days), ``matchup`` (away at home) and ``game_time`` (Eastern), n rows; rows that do
            not name two teams are passed over.

    Returns:
        One row per game; ``tip`` is NaT where no hour is printed, or one that could be of morning and night.
    """
    found = []
    for day, clock, matchup in rows[["game_date", "game_time", "matchup"]].drop_duplicates().itertuples(index=False):
        sides = _MATCHUP.fullmatch(str(matchup))
        away, home = (team_code(name) for name in sides.groups()) if sides else (None, None)
        if home and away and home != away and not pd.isna(day):
            found.append((day, home, away, _tip(day, str(clock))))
    if not found:
        return no_fixtures()
    table = pd.DataFrame(found, columns=list(FIXTURE_COLUMNS)).astype({"home": "str", "away": "str"})
    return table.astype({"game_date": "datetime64[us]", "tip": "datetime64[us, UTC]"})


def _tip(day: pd.Timestamp, clock: str) -> pd.Timestamp | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").upper()
    if not half and hour < _NOON and hour != _AMBIGUOUS:
        half = "PM"
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= _NOON) or (not half and hour == _AMBIGUOUS):
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "PM" else 0)
    return (day + pd.Timedelta(hours=hour, minutes=minute)).tz_localize(EASTERN).tz_convert("UTC")
