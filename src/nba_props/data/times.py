"""Dates and times as people and programs write them, brought to ISO 8601.

`01/14/2025`, `Jan 14, 2025`, `14-Jan-2025 7:30 PM ET` and seconds since 1970 become `2025-01-14...`. Whether the day or
the month stands first follows from the whole column: some value has a part above 12. Where none has, nobody can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

EASTERN: Final = "America/New_York"

_MONTHS: Final = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_CLOCK: Final = (
    r"(?:(?:,?\s+(?:at\s+)?|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,9})?))?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*(?P<zone>Z|UTC|GMT|ET|EST|EDT|[+-]\d{2}:?\d{2}))?)?"
)
_NUMERIC: Final = re.compile(
    rf"{_WEEKDAY}(?P<one>\d{{1,2}})(?P<by>[/.-])(?P<two>\d{{1,2}})(?P=by)(?P<year>\d{{4}}|\d{{2}}){_CLOCK}",
    re.IGNORECASE,
)
_WRITTEN: Final = tuple(
    re.compile(rf"{_WEEKDAY}{pattern}{_CLOCK}", re.IGNORECASE)
    for pattern in (
        rf"(?P<name>{_MONTH})\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})[\s-](?P<name>{_MONTH})[\s,-]+(?P<year>\d{{4}})",
        r"(?P<year>\d{4})(?P<by>[/.-])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})",
    )
)
_EPOCH: Final = re.compile(r"(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d{1,9}))?")
_PLAIN: Final = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?|\d{8}"
_OFFSETS: Final = {"Z": "Z", "UTC": "Z", "GMT": "Z", "EST": "-05:00", "EDT": "-04:00"}
_TWELVE: Final = 12
_HALF: Final = r"(?i)\d\s*[ap]\.?m\.?\s*$"


@dataclass(frozen=True)
class Times:
    """A column of dates or times.

    Attributes:
        text: In ISO 8601; values that are no date or time as they were.
        either_way: Where day and month could change places.
        zoneless: Where the clock has twelve hours and no time zone: the hour of the writer, wherever he was.
    """

    text: pd.Series
    either_way: pd.Series
    zoneless: pd.Series


def iso_times(text: pd.Series, *, month_first: bool = False) -> Times:
    """Dates and times in ISO 8601, whichever way they are written; n stripped texts, missing where there is none.

    With `month_first`, the source is known to write the month first.

    >>> iso_times(pd.Series(["01/14/2025", "01/05/2025 7:30 PM ET", "Jan 5, 2025"])).text.tolist()
    ['2025-01-14', '2025-01-05T19:30:00-05:00', '2025-01-05']
    >>> iso_times(pd.Series(["01/05/2025"])).either_way.tolist(), iso_times(pd.Series(["1736800000000"])).text.tolist()
    ([True], ['2025-01-13T20:26:40Z'])
    """
    other = text.notna() & ~text.str.fullmatch(_PLAIN, na=False)
    zoneless = other & text.str.contains(_HALF, na=False)
    if not other.any():
        return Times(text, other, zoneless)
    codes, values = pd.factorize(text[other])
    numeric = [_NUMERIC.fullmatch(value) for value in values]
    order = "month" if month_first else _order([found for found in numeric if found])
    written = [
        (_numeric(found, order) if found else _named(value) or _since_1970(value)) or value
        for value, found in zip(values, numeric, strict=True)
    ]
    open_order = [found is not None and not order and found["one"] != found["two"] for found in numeric]
    place = text.index[other]
    iso = text.copy()
    iso[place] = pd.Series(written, dtype="str").reindex(codes).to_numpy()
    doubtful = pd.Series(False, text.index)
    doubtful[place] = pd.Series(open_order, dtype="bool").reindex(codes).to_numpy()
    return Times(iso, doubtful, zoneless)


def _order(found: list[re.Match[str]]) -> str:
    """Which part stands first in a column: "month", "day", or "" where nothing or both tell."""
    day = any(int(match["one"]) > _TWELVE for match in found)
    month = any(int(match["two"]) > _TWELVE for match in found)
    return "" if day == month else "day" if day else "month"


def _numeric(found: re.Match[str], order: str) -> str | None:
    if not order and found["one"] != found["two"]:
        return None
    if len(found["year"]) == 2 and (order == "day" or found["by"] != "/"):
        return None  # 23/10/24 may begin with the year
    month, day = (found["two"], found["one"]) if order == "day" else (found["one"], found["two"])
    year = found["year"] if len(found["year"]) == 4 else f"20{found['year']}"
    return _iso(found, int(year), int(month), int(day))


def _named(value: str) -> str | None:
    for pattern in _WRITTEN:
        if found := pattern.fullmatch(value):
            parts = found.groupdict()
            month = parts.get("month") or _MONTHS[parts["name"][:3].lower()]
            return _iso(found, int(parts["year"]), int(month), int(parts["day"]))
    return None


def _iso(found: re.Match[str], year: int, month: int, day: int) -> str | None:
    date = f"{year:04}-{month:02}-{day:02}"
    if found["hour"] is None:
        return date
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= _TWELVE:
            return None
        hour = hour % _TWELVE + (_TWELVE if half == "p" else 0)
    clock = f"{hour:02}:{found['minute']}:{found['second'] or '00'}"
    zone = (found["zone"] or "").upper()
    if zone == "ET":
        try:
            local = datetime.fromisoformat(f"{date}T{clock[:8]}").replace(tzinfo=ZoneInfo(EASTERN))
        except ValueError:
            return None
        zone = f"{local:%z}"
        return f"{date}T{clock}{zone[:3]}:{zone[3:]}"
    return f"{date}T{clock}{_OFFSETS.get(zone, zone)}"


def _since_1970(value: str) -> str | None:
    """Seconds, or thousandths, millionths or milliardths of them, since 1970, by the number of digits."""
    found = _EPOCH.fullmatch(value)
    if found is None:
        return None
    per_second = 10 ** (3 * ((len(found[1]) - 10) // 3))
    micros = int(found[1]) * 10**6 // per_second
    if per_second == 1 and found[2]:
        micros += int(found[2][:6].ljust(6, "0"))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return moment.replace(tzinfo=None).isoformat() + "Z"
