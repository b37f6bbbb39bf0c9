"""The league's injury reports: those of every hour of a day, or the last before each tip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from nba_props.atomic import write_atomically
from nba_props.fetch.client import BlockedError, Client, Fetched, FetchError, MissingError, no_step

PATTERN: Final = "/referee/injury/Injury-Report_%Y-%m-%d_%I_%M%p.pdf"
"""Name of a report, every quarter of an hour since 23 December 2025; directives of strftime, Eastern."""
OLD_PATTERN: Final = "/referee/injury/Injury-Report_%Y-%m-%d_%I%p.pdf"
"""Before that one an hour, written at half past and named without minutes."""

_EASTERN: Final = ZoneInfo("America/New_York")
_CHANGED: Final = date(2025, 12, 23)
_REFUSALS: Final = 5
"""This many refusals in a row mean a block, not missing files."""
_SETTLED: Final = timedelta(days=1)


def hourly(dates: Iterable[date]) -> list[datetime]:
    """Half past every hour of game dates, from 11 in the morning Eastern to 11 at night."""
    return [datetime.combine(day, time(hour, 30), _EASTERN) for day in sorted(set(dates)) for hour in range(11, 23)]


def before_tips(tips: Iterable[datetime], lead: timedelta = timedelta(minutes=15)) -> list[datetime]:
    """The last report that is out so long before each tip.

    >>> before_tips([datetime(2026, 2, 9, 0, 40, tzinfo=UTC)])[0].strftime("%d %H:%M")
    '08 19:15'
    """
    found = set()
    for tip in tips:
        moment = (tip - lead).astimezone(_EASTERN)
        if moment.date() >= _CHANGED:
            moment = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
        else:
            moment = (moment - timedelta(minutes=30)).replace(minute=30, second=0, microsecond=0)
        found.add(moment)
    return sorted(found)


def fetch_reports(
    client: Client,
    folder: Path,
    moments: Sequence[datetime],
    *,
    pattern: str | None = None,
    now: datetime | None = None,
    step: Callable[[int, int], None] = no_step,
) -> Fetched:
    """Save reports; those on disk, and those known not to exist, are not requested again.

    Args:
        client: Of the server of the reports.
        folder: Where they go.
        moments: When they were written.
        pattern: Path of a report with directives of strftime (Eastern); by default the league's of that date.
        now: The moment, the clock's by default; later reports are not requested.
        step: Told how many of how many are done.

    Raises:
        BlockedError: The server refuses everything.
        FetchError: See `Client.get`; or an answer that is not a PDF.
    """
    moment_now = now or datetime.now(UTC)
    past = [moment.astimezone(_EASTERN) for moment in moments if moment < moment_now]
    files = {moment: folder / f"Injury-Report_{moment:%Y-%m-%d_%I_%M%p}.pdf" for moment in past}
    todo = [moment for moment in past if not files[moment].exists() and not _marker(files[moment]).exists()]
    refused: list[datetime] = []
    fetched = missing = 0
    for number, moment in enumerate(todo, 1):
        path = moment.strftime(pattern or (PATTERN if moment.date() >= _CHANGED else OLD_PATTERN))
        try:
            answer = client.get(path)
        except MissingError:
            missing += 1
            _mark(files[moment], moment, moment_now)
        except BlockedError:
            # The store of the reports answers 403 for files that it does not have, too.
            missing += 1
            refused.append(moment)
            if not fetched and len(refused) >= _REFUSALS:
                raise
        else:
            if not answer.body.startswith(b"%PDF"):
                message = (
                    f"{client.base_url}{path} is not a PDF. Nothing of it was saved; check the address and its pattern."
                )
                raise FetchError(message)
            write_atomically(files[moment], answer.body)
            fetched += 1
        step(number, len(todo))
    if fetched:
        for moment in refused:
            _mark(files[moment], moment, moment_now)
    there = tuple(str(file) for file in files.values() if file.exists())
    return Fetched(fetched, len(past) - len(todo), missing, files=there)


def _marker(file: Path) -> Path:
    return file.with_suffix(".missing")


def _mark(file: Path, moment: datetime, now: datetime) -> None:
    """Remember that a report does not exist, once it cannot come any more."""
    if now - moment > _SETTLED:
        write_atomically(_marker(file), b"")
