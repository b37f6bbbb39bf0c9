"""Single columns of a game log, from what the files write to what the `games` table holds.

Every function takes the frame under canonical names and keeps its index, so that an offending row can be named by its
place in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from nba_props.arrays import Ints
from nba_props.data.tables.validate import Origin, text_in_column
from nba_props.data.times import EASTERN, Times, iso_times
from nba_props.errors import DataError

ABSENT: Final = (
    r"(?i)^\s*(?:DNP|DND|NWT|did not|not with|inactive|not active|out\b|suspen|coach|injur|ill(?:ness)?\b|rest\b"
    r"|personal\b|g[ -]?league)"
)
"""How box scores say, in a comment or in place of the minutes, that a player did not play."""
_DATE_FIX: Final = "Write dates as 2023-10-24."
_BLANK: Final = r"[-\u2013\u2014]{1,2}"
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


def without_words(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, pd.Series]:
    """Copy in which cells such as `DNP - Coach's Decision` or a dash are missing, and whether the minutes said so."""
    written = [name for name in columns if name in frame and not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    said = pd.Series(False, frame.index)
    cells = {}
    for name in written:
        text = frame[name].astype("str").str.strip()
        words = text.str.contains(ABSENT, na=False)
        cells[name] = frame[name].mask(words | text.str.fullmatch(_BLANK, na=False))
        said = words if name == "min" else said
    return frame.assign(**cells), said


def minutes(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, bool]:
    """Minutes played as a decimal number, from `32`, `32.5`, `32:10` or `PT32M10.00S`; missing stays NaN.

    The second value says whether the file gives seconds or fractions: then 0:00 means that the player did not appear,
    while a whole 0 is how LeagueGameLog writes less than half a minute.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame["min"]
    if pd.api.types.is_numeric_dtype(raw.dtype) and not pd.api.types.is_bool_dtype(raw.dtype):
        return raw.astype("float64"), bool((raw.fillna(0) % 1 != 0).any())
    text = raw.astype("str").str.strip().mask(raw.isna() | (raw.astype("str").str.strip() == ""))
    clock = _extract(text, r"^(?:PT)?(\d+)(?:\.0+)?(?::|M)([0-5]?\d(?:\.\d+)?)?S?$").apply(pd.to_numeric)
    value = pd.to_numeric(text, errors="coerce").astype("float64")
    value = value.fillna(clock[0] + clock[1].fillna(0.0) / 60.0)
    wrong = value.isna() & text.notna()
    if wrong.any():
        raise text_in_column(frame, {"min": frame.index[wrong]}, origin, "minutes", "Write 32, 32:10 or PT32M10.00S.")
    to_the_second = (clock[0].notna() & clock[1].notna()) | (value.fillna(0) % 1 != 0)
    return value, bool(to_the_second.any())


def game_ids(frame: pd.DataFrame) -> pd.Series:
    """The ten characters of nba.com; a number that lost its leading zeros gets them back."""
    return frame["game_id"].astype("str").str.strip().str.removesuffix(".0").str.zfill(10)


def player_ids(frame: pd.DataFrame, origin: Origin) -> pd.Series:
    """Whole-number ids; DataError where one is missing or not whole."""
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
        column, fix = "season", "Write the season as 2023-24 or as nba.com's SEASON_ID 22023."
    else:
        year, kind = year_of_id, ids[0]
        column, fix = "game_id", "Use nba.com's game id, or add a column SEASON_ID."
    wrong = year.isna()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a season", fix)
    start = year.astype("int64")
    return start.astype("str") + "-" + ((start + 1) % 100).astype("str").str.zfill(2), kind


def dates(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Calendar days (tz-naive) from dates as `iso_times` reads them; a UTC time becomes its US Eastern day.

    Missing is NaT. Midnight UTC in every row is a calendar day.

    Raises:
        DataError: Anything else is in the column, or day and month could change places.
    """
    days = _each_text(frame, column, origin, lambda written: _days(written.text), "a date", _DATE_FIX)
    return days.dt.normalize().astype("datetime64[us]")


_DATE: Final = r"\d{4}-\d{2}-\d{2}|\d{8}"
_TIME: Final = r"[T ]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?"
_ZONE: Final = r" ?(?:Z|[+-]\d{2}(?::?\d{2})?)"


def _distinct(raw: pd.Series) -> tuple[Ints, pd.Series]:
    """Which of the different texts each value is (-1: missing), and the texts: most columns repeat a few thousand.

    Values of one type are told apart before they are written out; among objects 1 and 1.0 would pass for the same.
    """
    codes, unique = pd.factorize(_text(raw) if raw.dtype == object else raw)
    return codes, _text(pd.Series(unique))


def _text(raw: pd.Series) -> pd.Series:
    text = raw.astype("str").str.strip()
    return text.mask(raw.isna() | text.eq("")).astype("str")


def _parsed(text: pd.Series, pattern: str) -> pd.Series:
    """UTC instants of the values that match the pattern, between 1946 and the end of next year; NaT otherwise."""
    fits = text.str.fullmatch(pattern, na=False)
    plain = text.where(fits).str.replace(r" (?=Z|[+-]\d)", "", regex=True)
    times = pd.to_datetime(plain, format="ISO8601", errors="coerce", utc=True).astype("datetime64[us, UTC]")
    last = pd.Timestamp(pd.Timestamp.now(tz="UTC").year + 2, 1, 1, tz="UTC")
    return times.where((times >= pd.Timestamp(1946, 1, 1, tz="UTC")) & (times < last))


def _days(text: pd.Series) -> pd.Series:
    zoned = _parsed(text, f"(?:{_DATE}){_TIME}{_ZONE}")
    told = zoned.dropna()
    if (told == told.dt.normalize()).all():
        local = zoned.dt.tz_localize(None)  # midnight UTC in every row is how nba.com writes a calendar day
    else:
        local = zoned.dt.tz_convert(EASTERN).dt.tz_localize(None)
    return local.fillna(_parsed(text, f"(?:{_DATE})(?:{_TIME})?").dt.tz_localize(None))


def sides(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, pd.Series]:
    """Opponent and whether the player's team is at home, from MATCHUP (`BOS vs. NYK`, `NYK @ BOS`).

    The row's own team may be on either side, so a file that writes one matchup for both teams is read correctly.

    Raises:
        DataError: A matchup cannot be read or does not name the row's team.
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
            fix="Write 'BOS vs. NYK' (at home) or 'NYK @ BOS' (away), with the team of the row in it.",
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
        DataError: A result is missing, or the points of both teams are missing.
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
            "who won cannot be worked out (no column WL, and not both teams' points)",
            fix="Add a column WL with W or L, or the rows of both teams.",
            column="WL",
            count=int(wrong.sum()),
            rows=origin.rows(frame, frame.index[wrong], ["team"]),
        )
    return margin > 0


def utc_times(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Instants in UTC from times as `iso_times` reads them; one without an offset is UTC, a bare date its midnight.

    Missing is NaT.

    Raises:
        DataError: Anything else is in the column, day and month could change places, or the hour is one of AM and PM
            without a time zone.
    """

    def read(written: Times) -> pd.Series:
        return _parsed(written.text, f"(?:{_DATE})(?:{_TIME}(?:{_ZONE})?)?").mask(written.zoneless)

    fix = "Write UTC times as 2023-10-25T01:55:42Z; an hour of AM or PM needs its time zone, such as 7:30 PM ET."
    return _each_text(frame, column, origin, read, "a time", fix)


def written_days(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """The day as it is written, whatever hour and zone follow it. Missing is NaT.

    Raises:
        DataError: Anything else is in the column, or day and month could change places.
    """

    def read(written: Times) -> pd.Series:
        day = written.text.str.extract(rf"^({_DATE})(?!\d)")[0].astype("str")
        return _parsed(day, _DATE).dt.tz_localize(None)

    return _each_text(frame, column, origin, read, "a date", _DATE_FIX)


def _each_text(
    frame: pd.DataFrame, column: str, origin: Origin, read: Callable[[Times], pd.Series], wanted: str, fix: str
) -> pd.Series:
    """A column of dates or times, each different text read once; a text that `read` makes nothing of is refused.

    So is a column in which nothing, or each of two rows, says whether the day or the month stands first.
    """
    codes, text = _distinct(frame[column])
    written = iso_times(text)
    if written.either_way.any():
        rows = frame.index[written.either_way.reindex(codes).fillna(value=False).to_numpy(dtype=bool)]
        order = "Write dates as 2023-10-24: no value of the column says whether the day or the month stands first."
        raise text_in_column(frame, {column: rows}, origin, "a date that can be read in one way only", order)
    found = read(written).reindex(codes).set_axis(frame.index)
    wrong = found.isna() & text.notna().reindex(codes, fill_value=False).to_numpy()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, wanted, fix)
    return found
