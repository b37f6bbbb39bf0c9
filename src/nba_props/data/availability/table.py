"""The `availability` table: who was reported to play or not to play, and when that was said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pandas as pd
import pandera.pandas as pa

from nba_props.data.parse import utc_times
from nba_props.data.tables.validate import Origin, check_frame, rule, text_in_column, to_numbers
from nba_props.data.teams import team_code
from nba_props.data.times import EASTERN, iso_times
from nba_props.errors import DataError

STATUSES: Final = ("out", "doubtful", "questionable", "probable", "available")
"""From certainly out to certainly playing, in the words of the league's injury report."""
COLUMNS: Final = ("game_date", "team", "player", "player_id", "status", "reason", "reported_at", "source")
"""Columns of the `availability` table, in order."""
INJURY_REPORT: Final = "injury report"
"""Source of rows of the league's report. Each report replaces the one before it: a player no longer listed is fit."""

_SPELLINGS: Final = {
    "out": "inactive ofs outforseason outindefinitely dnp dnd nwt injuredreserve suspended suspension",
    "questionable": "gtd gametimedecision daytoday dtd",
    "available": "active playing healthy",
}
_STATUS_OF: Final = {status: status for status in STATUSES} | {
    spelling: status for status, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
_INSTANT: Final = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?"
_DAY: Final = r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
_ZONED: Final = r":\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FIRST_DAY: Final = pd.Timestamp("1946-01-01")

_CAUSES: Final = (
    ("coach's decision", r"coach"),
    ("rest", r"\brest\b|load management|injury management"),
    ("g league", r"g[ -]?league|two-way|on assignment"),
    ("personal", r"personal|bereavement|paternity"),
    ("suspension", r"suspen"),
    ("injury", r"injury|illness|sprain|strain|sore|surgery|fracture|contusion|concussion|tendin|tear|spasm|protocol"
               r"|inflammation|recovery|reconditioning|ankle|knee|back|hamstring|calf|foot|hip|shoulder|hand|wrist"),
    ("not with team", r"not with team|\bnwt\b|trade pending"),
)  # fmt: skip


def no_fixtures() -> pd.DataFrame:
    """The `fixtures` table without a row."""
    return pd.DataFrame(
        {
            "game_date": pd.Series(dtype="datetime64[us]"),
            "home": pd.Series(dtype="str"),
            "away": pd.Series(dtype="str"),
            "tip": pd.Series(dtype="datetime64[us, UTC]"),
        }
    )


@dataclass(frozen=True)
class AvailabilityReading:
    """What one or more files say.

    Attributes:
        availability: The table, see `COLUMNS`.
        not_submitted: Teams that had not reported yet: `game_date`, `team`, `reported_at`. Nothing is known of their
            players, which is not the same as having nobody out.
        fixtures: Games that the files name with their tip, see docs/contract.md; no row where they name none.
    """

    availability: pd.DataFrame
    not_submitted: pd.DataFrame
    fixtures: pd.DataFrame = field(default_factory=no_fixtures)


def absence(reason: str) -> str:
    """What kind of absence a reason is, in a word or two: injury and rest apart from the coach's decision.

    Returns:
        One of `coach's decision`, `rest`, `g league`, `personal`, `suspension`, `injury`, `not with team`, `other`.

    >>> absence("DNP - Coach's Decision"), absence("Injury/Illness - Right Calf; Strain"), absence("Rest - Rest")
    ("coach's decision", 'injury', 'rest')
    """
    text = reason.casefold().replace("’", "'")
    return next((kind for kind, pattern in _CAUSES if re.search(pattern, text)), "other")


def known_status(text: str) -> str | None:
    """The status meant by a spelling, None if it is not a status.

    >>> known_status("Game Time Decision"), known_status("OUT"), known_status("tired")
    ('questionable', 'out', None)
    """
    return _STATUS_OF.get(re.sub(r"[^a-z]", "", text.casefold()))


def canonical_availability(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Bring types, teams and statuses to their canonical form, then validate them.

    `frame` has `game_date`, `team`, `player`, `status`, `reported_at`, `source` and, where known, `player_id`,
    `reason`.

    Raises:
        DataError: A value is missing or impossible; names file, column, number of rows and the first ones.
    """
    frame = frame.assign(
        **{name: frame[name] if name in frame else pd.Series(None, frame.index, "str") for name in COLUMNS}
    )
    frame = to_numbers(frame, ["player_id"], origin)
    frame = frame.assign(
        game_date=days(frame, "game_date", origin),
        reported_at=instants(frame, "reported_at", origin),
        team=_known(frame, "team", origin),
        status=_known(frame, "status", origin),
        **{name: _clean(frame[name]) for name in ("player", "reason", "source")},
    )[list(COLUMNS)]
    check_frame(frame, AVAILABILITY, origin)
    return frame.assign(player_id=frame["player_id"].astype("Int64")).reset_index(drop=True)


def days(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Whole calendar days from `2026-02-08`, `02/08/2026` (the league's own way) or `Feb 8, 2026`. Missing is NaT.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame[column]
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        return raw.dt.tz_convert(EASTERN).dt.tz_localize(None).dt.normalize().astype("datetime64[us]")
    if pd.api.types.is_datetime64_dtype(raw.dtype):
        return raw.dt.normalize().astype("datetime64[us]")
    text = raw.astype("str").str.strip().mask(raw.isna()).astype("str")
    iso = iso_times(text, month_first=True).text.str.extract(f"^{_DAY}$")
    written = iso[0] + "-" + iso[1] + "-" + iso[2]
    found = pd.to_datetime(written, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    last = pd.Timestamp(pd.Timestamp.now(tz=EASTERN).year + 1, 12, 31)
    wrong = raw.notna() & ~found.between(_FIRST_DAY, last)
    if wrong.any():
        fix = "Write dates as 2023-10-24."
        raise text_in_column(
            frame, {column: frame.index[wrong]}, origin, "a whole date between 1946 and next year", fix
        )
    return found


def instants(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    """Instants in UTC from times with an hour; one without an offset is UTC. Missing is NaT.

    A bare date is refused: taken as its midnight, a report would be known hours before it was written.

    Raises:
        DataError: Anything else is in the column.
    """
    raw = frame[column]
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        aware = raw if isinstance(raw.dtype, pd.DatetimeTZDtype) else raw.dt.tz_localize("UTC")
        return aware.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    text = raw.astype("str").str.strip().mask(raw.isna()).astype("str")
    # Written otherwise it needs its time zone: reports are often dated by the clock on the wall.
    iso = iso_times(text).text
    text = text.where(~iso.str.contains(_ZONED, na=False), iso)
    wrong = text.notna() & ~text.str.fullmatch(_INSTANT).astype("boolean").fillna(value=False).astype(bool)
    if wrong.any():
        fix = "Write UTC times as 2026-02-08T20:30:00Z, with the hour; written otherwise they need a time zone."
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, "a time", fix)
    return utc_times(frame.assign(**{column: text.str.replace(r"\s?UTC$", "Z", regex=True)}), column, origin)


def next_midnight(day: pd.Series) -> pd.Series:
    """The UTC instant at which an Eastern day is over: what is only known after a game counts from then on."""
    return (day + pd.Timedelta(days=1)).dt.tz_localize(EASTERN).dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def _known(frame: pd.DataFrame, column: str, origin: Origin) -> pd.Series:
    look_up, wanted, fix = {
        "team": (team_code, "a team", "Write the team's full name or nba.com's abbreviation, such as BOS."),
        "status": (known_status, "a status", f"Use one of: {', '.join(STATUSES)}."),
    }[column]
    values = frame[column].dropna().unique()
    found = frame[column].map({value: look_up(str(value)) for value in values}).astype("str")
    wrong = found.isna() & frame[column].notna()
    if wrong.any():
        raise text_in_column(frame, {column: frame.index[wrong]}, origin, wanted, fix)
    return found


def _clean(column: pd.Series) -> pd.Series:
    text = column.astype("str").str.strip()
    return text.mask(column.isna() | (text == "")).astype("str")


def as_of(availability: pd.DataFrame, decision_time: datetime | pd.Series) -> pd.DataFrame:
    """What was known just before a moment: of every player, what the last report before it says.

    A report of the league replaces the one before it for all games of the day, so a player who is no longer listed is
    left out. Other sources are followed player by player. A report at exactly that moment comes too late.

    Args:
        availability: The `availability` table.
        decision_time: The moment (time-zone aware), or one for every row, on the index of `availability`; rows without
            one are left out.

    Returns:
        Rows of `availability`, at most one per game day, team and player, in their order, with a RangeIndex.

    Raises:
        DataError: The moment has no time zone.

    >>> table = pd.DataFrame({
    ...     "game_date": pd.Timestamp("2026-02-08"), "team": "BOS", "player": "Al Hartford", "player_id": 301,
    ...     "status": ["questionable", "out"], "reason": "Left Knee; Sprain", "source": "injury report",
    ...     "reported_at": pd.to_datetime(["2026-02-08T18:30Z", "2026-02-08T22:30Z"])})
    >>> as_of(table, pd.Timestamp("2026-02-08T22:00Z"))["status"].tolist()
    ['questionable']
    """
    moment = pd.Series(decision_time, availability.index)
    if len(moment) and not isinstance(moment.dtype, pd.DatetimeTZDtype):
        source = "the decision time"
        raise DataError(source, "it has no time zone", fix="Give UTC times, such as 2026-02-08T22:00:00Z.")
    moment = moment.astype("datetime64[us, UTC]")
    before = availability.assign(
        _last=_last_report(availability, moment), _row=range(len(availability)), _name=_person_key(availability)
    )[(availability["reported_at"] < moment).to_numpy()]
    superseded = (before["source"] == INJURY_REPORT) & (before["reported_at"] != before["_last"])
    kept = before[~superseded].sort_values(["reported_at", "_row"], kind="stable")
    last = kept.drop_duplicates(["game_date", "team", "_name"], keep="last").sort_values("_row")
    return last[list(availability.columns)].reset_index(drop=True)


def _person_key(availability: pd.DataFrame) -> pd.Series:
    """A key per person: his id, else his name."""
    name = availability["player"].str.casefold()
    return availability["player_id"].astype("str").where(availability["player_id"].notna(), name)


def _last_report(availability: pd.DataFrame, moment: pd.Series) -> pd.Series:
    """The last report of the row's source on the games of its day, before the row's moment."""
    keys = ["game_date", "source"]
    reports = availability[[*keys, "reported_at"]].drop_duplicates().sort_values("reported_at")
    reports = reports.assign(reported_at=reports["reported_at"].astype("datetime64[us, UTC]"))
    asked = availability[keys].assign(moment=moment, row=range(len(availability))).dropna(subset=["moment"])
    found = pd.merge_asof(
        asked.sort_values("moment"), reports, left_on="moment", right_on="reported_at", by=keys,
        allow_exact_matches=False,
    )  # fmt: skip
    return found.set_index("row")["reported_at"].reindex(range(len(availability))).set_axis(availability.index)


def _text(problem: str, fix: str) -> pa.Check:
    return rule(lambda s: s.map(lambda text: _CONTROL.search(text) is None), problem, fix)


AVAILABILITY: Final = pa.DataFrameSchema(
    {
        "game_date": pa.Column(),
        "team": pa.Column(str),
        "player": pa.Column(
            str,
            [
                rule(lambda s: s.str.contains(r"[^\W\d_]", regex=True), "not a name", "Fill in the name."),
                _text("the name holds control characters", "Remove them."),
            ],
        ),
        "player_id": pa.Column(
            float,
            rule(lambda s: (s > 0) & (s % 1 == 0) & (s < 2**53), "not a player id", "Use nba.com's player id."),
            nullable=True,
        ),
        "status": pa.Column(str, rule(lambda s: s.isin(STATUSES), "unknown status", f"Use: {', '.join(STATUSES)}.")),
        "reason": pa.Column(str, _text("the reason holds control characters", "Remove them."), nullable=True),
        "reported_at": pa.Column(),
        "source": pa.Column(str),
    }
)
"""The `availability` table as it comes in."""
