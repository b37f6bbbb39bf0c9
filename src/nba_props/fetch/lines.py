"""Prop lines of The Odds API v4: what is on offer now, or was at a moment before each tip.

Every answer is saved as it came; what is on disk is not requested again. Costs are those of the vendor's documentation:
an event's odds cost one credit per market and region now and ten in the past, a list of past events one, of the coming
events nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from nba_props.atomic import write_atomically
from nba_props.fetch.client import Answer, Client, Fetched, FetchError, MissingError, no_step

MARKETS: Final = ("player_points", "player_rebounds", "player_assists", "player_points_rebounds_assists")
_SPORT: Final = "sports/basketball_nba"
_EASTERN: Final = ZoneInfo("America/New_York")
_SLOT: Final = timedelta(minutes=10)
"""A fetch of current lines that is repeated within the same ten minutes resumes where it stopped."""


@dataclass(frozen=True)
class Wanted:
    """What to ask for.

    Attributes:
        markets: Market keys of the vendor.
        regions: Region keys of the vendor.
        leads: Minutes before the tip, for the past.
    """

    markets: Sequence[str] = MARKETS
    regions: Sequence[str] = ("us",)
    leads: Sequence[int] = (60,)

    def __post_init__(self) -> None:
        """Refuse what would ask for nothing.

        Raises:
            FetchError: No market, no region, or a lead that is not before the tip.
        """
        if not self.markets or not self.regions or not self.leads or min(self.leads) <= 0:
            message = "Give at least one market, one region and one lead of a minute or more before the tip."
            raise FetchError(message)

    @property
    def mark(self) -> str:
        """The part of a file's name that identifies the question: other markets or regions give another answer."""
        if (tuple(self.markets), tuple(self.regions)) == (MARKETS, ("us",)):
            return ""
        asked = json.dumps([sorted(self.markets), sorted(self.regions)])
        return "_" + hashlib.sha256(asked.encode()).hexdigest()[:8]

    @property
    def credits(self) -> int:
        """Credits of one event's odds now; ten times as many in the past."""
        return len(self.markets) * len(self.regions)


@dataclass(frozen=True)
class _Job:
    """One event at one moment: where to ask, with what, and where to save."""

    path: str
    parameters: dict[str, str]
    file: Path


def fetch_current(
    client: Client,
    folder: Path,
    wanted: Wanted,
    confirm: Callable[[int, str], bool],
    *,
    now: datetime | None = None,
    step: Callable[[int, int], None] = no_step,
) -> Fetched:
    """Save the odds of the coming events (as far as 36 hours ahead) as they are now.

    Args:
        client: With the key among its secrets (`apiKey`).
        folder: Where the answers go, a folder per game date.
        wanted: Markets and regions.
        confirm: Told the credits and what for; False stops before anything is spent.
        now: The moment, the clock's by default.
        step: Told how many of how many are done.

    Raises:
        FetchError: See `Client.get`; or an answer that is not a list of events.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    slot = datetime.fromtimestamp(moment.timestamp() // _SLOT.total_seconds() * _SLOT.total_seconds(), UTC)
    answer = client.get(f"/v4/{_SPORT}/events", {"dateFormat": "iso"})
    events = [event for event in _events(answer) if moment < _tip(event) < moment + timedelta(hours=36)]
    jobs = [_Job(f"/v4/{_SPORT}/events/{event['id']}/odds", {}, _file(folder, event, slot, wanted)) for event in events]
    return _fetch(client, jobs, wanted, wanted.credits, confirm, step)


def fetch_historical(
    client: Client,
    folder: Path,
    dates: Iterable[date],
    wanted: Wanted,
    confirm: Callable[[int, str], bool],
    *,
    step: Callable[[int, int], None] = no_step,
) -> Fetched:
    """Save the odds of past game dates as they were so many minutes before each tip.

    Args:
        client: With the key among its secrets (`apiKey`).
        folder: Where the answers go, a folder per game date.
        dates: US Eastern game dates.
        wanted: Markets, regions and leads.
        confirm: Told the credits and what for, first for the lists of events and then for their odds; False stops.
        step: Told how many of how many are done.

    Raises:
        FetchError: See `Client.get`; or an answer that is not a list of events.
    """
    days = sorted(set(dates))
    lists = {day: folder / f"{day}" / "events.json" for day in days}
    missing = [day for day in days if not lists[day].exists()]
    if missing and not confirm(len(missing), f"the lists of events of {len(missing)} dates"):
        return Fetched()
    left, spent = None, 0
    for day in missing:
        # Noon in New York: the day's games are all still to come.
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=_EASTERN)
        answer = client.get(f"/v4/historical/{_SPORT}/events", {"date": _iso(noon), "dateFormat": "iso"})
        _events(answer)
        write_atomically(lists[day], answer.body)
        spent, left = spent + (_count(answer, "x-requests-last") or 0), _count(answer, "x-requests-remaining")
    jobs = []
    for day in days:
        for event in _events(Answer(lists[day].read_bytes(), {})):
            tip = _tip(event)
            if tip.astimezone(_EASTERN).date() == day:
                for lead in wanted.leads:
                    moment = tip - timedelta(minutes=lead)
                    path = f"/v4/historical/{_SPORT}/events/{event['id']}/odds"
                    jobs.append(_Job(path, {"date": _iso(moment)}, _file(folder, event, moment, wanted)))
    done = _fetch(client, jobs, wanted, 10 * wanted.credits, confirm, step)
    used = None if done.credits_used is None and not missing else spent + (done.credits_used or 0)
    return replace(done, credits_used=used, credits_left=done.credits_left if done.credits_left is not None else left)


def _fetch(
    client: Client,
    jobs: Sequence[_Job],
    wanted: Wanted,
    credits_each: int,
    confirm: Callable[[int, str], bool],
    step: Callable[[int, int], None],
) -> Fetched:
    todo = [job for job in jobs if not job.file.exists()]
    cached = len(jobs) - len(todo)
    if todo and not confirm(credits_each * len(todo), f"the odds of {len(todo)} events"):
        return Fetched(cached=cached, files=tuple(str(job.file) for job in jobs if job.file.exists()))
    fixed = {
        "regions": ",".join(wanted.regions), "markets": ",".join(wanted.markets), "oddsFormat": "american",
        "dateFormat": "iso",
    }  # fmt: skip
    spent: int | None = None
    left: int | None = None
    gone = 0
    for number, job in enumerate(todo, 1):
        try:
            answer = client.get(job.path, {**job.parameters, **fixed})
        except MissingError:
            gone += 1  # the vendor drops events that are over
        else:
            _document(answer)
            write_atomically(job.file, answer.body)
            used, left = _count(answer, "x-requests-last"), _count(answer, "x-requests-remaining")
            spent = spent if used is None else (spent or 0) + used
        step(number, len(todo))
    files = tuple(str(job.file) for job in jobs if job.file.exists())
    return Fetched(len(todo) - gone, cached, gone, spent, left, files)


def _document(answer: Answer) -> Any:  # noqa: ANN401 - whatever the server sent
    try:
        return json.loads(answer.body)
    except ValueError as error:
        message = f"The server's answer is not JSON ({error}). Nothing of it was saved; run the same command again."
        raise FetchError(message) from None


def _events(answer: Answer) -> list[dict[str, Any]]:
    document = _document(answer)
    events = document.get("data") if isinstance(document, dict) else document
    if not isinstance(events, list) or not all(
        isinstance(event, dict) and {"id", "commence_time"} <= set(event) for event in events
    ):
        message = (
            "The server's answer is not a list of events. Nothing of it was saved; check the address and the options."
        )
        raise FetchError(message)
    return events


def _tip(event: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(event["commence_time"])).astimezone(UTC)
    except ValueError:
        message = f"The event {event['id']} has no tip-off time, but {event['commence_time']!r}."
        raise FetchError(message) from None


def _file(folder: Path, event: dict[str, Any], moment: datetime, wanted: Wanted) -> Path:
    name = "".join(c for c in str(event["id"]) if c.isalnum() or c in "-_")
    return folder / f"{_tip(event).astimezone(_EASTERN).date()}" / f"{name}_{moment:%Y%m%dT%H%MZ}{wanted.mark}.json"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _count(answer: Answer, header: str) -> int | None:
    text = answer.headers.get(header, "")
    return int(float(text)) if text.replace(".", "", 1).isdigit() else None
