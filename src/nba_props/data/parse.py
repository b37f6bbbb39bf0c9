"""Single columns of a game log, from what the files write to what the `games` table holds.

Every function takes the frame under canonical names and keeps its index, so that an offending row can be named by its
place in the file.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from nba_props.data.validate import Origin, text_in_column
from nba_props.errors import DataError

_MATCHUP: Final = r"([A-Z]{2,4})\s*(@|vs\.?)\s*([A-Z]{2,4})"
_TRUE: Final = {"w": True, "true": True, "1": True, "l": False, "false": False, "0": False}


def _extract(text: pd.Series, pattern: str) -> pd.DataFrame:
    """`Series.str.extract`, worked out once per different value: a season has few matchups and many rows."""
    codes, unique = pd.factorize(text)
    found = pd.Series(unique, dtype="str").str.extract(pattern).reindex(codes)
    return found.set_axis(text.index)


def names(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy with `player_name`, put together from first and family name where the file has no full name."""
    if "player_name" in frame:
        full = frame["player_name"]
    elif {"first_name", "family_name"} <= set(frame):
        full = frame["first_name"].fillna("") + " " + frame["family_name"].fillna("")
    elif "name_initial" in frame:
        full = frame["name_initial"]
    else:
        full = frame["family_name"]
    return frame.assign(player_name=full.str.strip())


def minutes(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, bool]:
    """Minutes played as a decimal number, from `32`, `32.5`, `32:10` or `PT32M10.00S`; missing stays NaN.

    The second value says whether the file gives seconds: then 0:00 means that the player did not appear, while a whole
    0 is how LeagueGameLog writes less than half a minute.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame["min"]
    if not isinstance(raw.dtype, pd.StringDtype) and raw.dtype != object:
        return raw.astype("float64"), False
    text = raw.astype("str").str.strip().mask(raw.isna() | (raw.astype("str").str.strip() == ""))
    clock = _extract(text, r"^(?:PT)?(\d+)(?::|M)(\d+(?:\.\d+)?)?S?$").apply(pd.to_numeric)
    value = pd.to_numeric(text, errors="coerce").astype("float64")
    value = value.fillna(clock[0] + clock[1].fillna(0.0) / 60.0)
    wrong = value.isna() & text.notna()
    if wrong.any():
        raise text_in_column(frame, {"min": frame.index[wrong]}, origin, "minutes", "Write 32, 32:10 or PT32M10.00S.")
    return value, bool(clock[0].notna().any() and clock[1].notna().any())


def game_ids(frame: pd.DataFrame) -> pd.Series:
    """The ten characters of nba.com; a number that lost its leading zeros gets them back."""
    return frame["game_id"].astype("str").str.strip().str.removesuffix(".0").str.zfill(10)


def player_ids(frame: pd.DataFrame, origin: Origin) -> pd.Series:
    """Whole-number ids.

    Raises:
        DataError: An id is missing or not whole.
    """
    wrong = frame["player_id"].isna() | (frame["player_id"] % 1 != 0)
    if wrong.any():
        raise text_in_column(
            frame, {"player_id": frame.index[wrong]}, origin, "a player id", "Use nba.com's player id."
        )
    return frame["player_id"].astype("int64")


def seasons(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, pd.Series]:
    """Season such as `2023-24`, and kind of game (a key of `GAME_TYPES`).

    From SEASON_ID (`22023`: kind, year), or from a season `2023-24` and the kind in the game id (`0022300061`: the
    third digit), or from the game id alone. A game id that is not nba.com's counts as regular season.

    Raises:
        DataError: Neither says which season.
    """
    ids = _extract(frame["game_id"], r"^00([1-6])(\d{2})\d{5}$")
    # The NBA began in 1946: two digits from 46 on are of the twentieth century.
    years = pd.to_numeric(ids[1])
    year_of_id = years + years.lt(46).map({True: 2000, False: 1900})
    if "season" in frame:
        text = frame["season"].astype("str").str.strip().str.removesuffix(".0")
        coded = _extract(text, r"^([1-6])(\d{4})$")
        named = _extract(text, r"^(\d{4})-(?:\d{2})?(\d{2})$")
        follows = (pd.to_numeric(named[0]) + 1) % 100 == pd.to_numeric(named[1])
        year = pd.to_numeric(coded[1]).fillna(pd.to_numeric(named[0]).where(follows))
        kind = coded[0].fillna(ids[0]).fillna("2")
        column, mend = "season", "Write the season as 2023-24 or as nba.com's SEASON_ID 22023."
    else:
        year, kind = year_of_id, ids[0]
        column, mend = "game_id", "Use nba.com's game id, or add a column SEASON_ID."
    wrong = year.isna()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a season", mend)
    start = year.astype("int64")
    return start.astype("str") + "-" + ((start + 1) % 100).astype("str").str.zfill(2), kind


def dates(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Calendar days (tz-naive) from ISO dates or `OCT 24, 2023`; a UTC time becomes its US Eastern day. Missing is NaT.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame[column]
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        days = raw.dt.tz_convert("America/New_York").dt.tz_localize(None)
    elif pd.api.types.is_datetime64_dtype(raw.dtype):
        days = raw
    else:
        codes, unique = pd.factorize(raw.astype("str").str.strip().mask(raw.isna()))
        days = pd.Series(_days(pd.Series(unique)).reindex(codes).to_numpy(), index=raw.index)
    wrong = days.isna() & raw.notna()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a date", "Write dates as 2023-10-24.")
    return days.dt.normalize().astype("datetime64[us]")


def _days(text: pd.Series) -> pd.Series:
    zoned = text.str.contains(r"T.*(?:Z|[+-]\d\d:?\d\d)$", na=False)
    days = pd.to_datetime(text.mask(zoned), format="ISO8601", errors="coerce")
    if zoned.any():
        local = pd.to_datetime(text.where(zoned), format="ISO8601", errors="coerce", utc=True)
        days = days.fillna(local.dt.tz_convert("America/New_York").dt.tz_localize(None))
    return days.fillna(pd.to_datetime(text.str.title(), format="%b %d, %Y", errors="coerce"))


def sides(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, pd.Series]:
    """Opponent and whether the player's team is at home, from MATCHUP (`BOS vs. NYK`, `NYK @ BOS`).

    The row's own team may stand on either side, so a file that writes one matchup for both teams is read rightly.

    Raises:
        DataError: A matchup can not be read or does not name the row's team.
    """
    if "matchup" not in frame:
        return frame["opponent"].str.strip().str.upper(), _booleans(frame, "home", origin)
    parts = _extract(frame["matchup"].str.strip(), rf"^{_MATCHUP}$")
    left, right = frame["team"] == parts[0], frame["team"] == parts[2]
    wrong = ~(left ^ right)
    if wrong.any():
        raise DataError(
            origin.source,
            "the matchup does not name the team of the row",
            mend="Write 'BOS vs. NYK' (at home) or 'NYK @ BOS' (away), with the team of the row in it.",
            column=origin.column("matchup"),
            count=int(wrong.sum()),
            rows=origin.rows(frame, frame.index[wrong], ["team", "matchup"]),
        )
    return parts[2].where(left, parts[0]), (parts[1] != "@") == left


def _booleans(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    values = frame[column].astype("str").str.strip().str.lower().str.removesuffix(".0").map(_TRUE)
    wrong = values.isna()
    if wrong.any():
        wanted = "W or L" if column == "won" else "true or false"
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, wanted, "Fill in the column.")
    return values.astype(bool)


def results(frame: pd.DataFrame, origin: Origin) -> pd.Series:
    """Whether the player's team won: from WL, or from both teams' points where the file has no such column.

    Raises:
        DataError: A result is missing, or the points of both teams are not there.
    """
    if "won" in frame:
        return _booleans(frame, "won", origin)
    own = frame.groupby(["game_id", "team"])["pts"].transform("sum")
    margin = 2 * own - frame.groupby("game_id")["pts"].transform("sum")
    alone = frame.groupby("game_id")["team"].transform("nunique") != 2
    wrong = alone | (margin == 0)
    if wrong.any():
        raise DataError(
            origin.source,
            "who won can not be worked out (no column WL, and not both teams' points)",
            mend="Add a column WL with W or L, or the rows of both teams.",
            column="WL",
            count=int(wrong.sum()),
            rows=origin.rows(frame, frame.index[wrong], ["team"]),
        )
    return margin > 0


def utc_times(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Instants in UTC from ISO 8601 times; one without an offset is UTC, a bare date its midnight. Missing is NaT.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame[column]
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        return raw.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    codes, unique = pd.factorize(raw)
    times = pd.to_datetime(pd.Series(unique), format="ISO8601", errors="coerce", utc=True).astype("datetime64[us, UTC]")
    found = times.reindex(codes).set_axis(raw.index)
    wrong = found.isna() & raw.notna()
    if wrong.any():
        mend = "Write UTC times as 2023-10-25T01:55:42Z."
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a time", mend)
    return found
