"""Box scores of whole seasons from stats.nba.com, by nba_api's LeagueGameLog."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from nba_props.atomic import write_atomically
from nba_props.fetch.client import BlockedError, Client, Fetched, FetchError, no_step

_BLOCKED: Final = (
    "stats.nba.com does not answer addresses of many data centres, and blocks fast clients: lengthen the pause or use "
    "another network. What was fetched is kept: run the same command again."
)


def fetch_game_logs(
    client: Client,
    folder: Path,
    seasons: Sequence[str],
    *,
    season_type: str = "Regular Season",
    refresh: bool = False,
    today: date | None = None,
    step: Callable[[int, int], None] = no_step,
) -> Fetched:
    """Save `player_game_logs_2024-25.csv` per season; a season on disk is not requested again.

    Args:
        client: Address, pause, time-out and tries; the requests themselves are nba_api's.
        folder: Where the files go.
        seasons: Such as `2024-25`.
        season_type: The league's name of a kind of game, such as `Regular Season` or `Playoffs`.
        refresh: Ask again for seasons that are not over.
        today: The day, the clock's by default.
        step: Told how many of how many are done.

    Raises:
        BlockedError: The server refuses, or does not answer after all tries.
        FetchError: A season that is none, has no games yet, or an answer that is not a game log.
    """
    day = today or datetime.now(UTC).date()
    files = {season: folder / _name(season, season_type) for season in dict.fromkeys(seasons)}
    todo = [s for s, file in files.items() if not file.exists() or (refresh and day < _end(s))]
    for number, season in enumerate(todo):
        for attempt in range(client.tries):
            if number or attempt:
                client.sleep(client.pause * 2**attempt)
            status, text = _ask(client, season, season_type)
            if status == 200:
                break
        else:
            answered = f"status {status}" if status else text
            message = f"{client.base_url} gave no game log of {season} in {client.tries} tries ({answered}). {_BLOCKED}"
            raise BlockedError(message)
        write_atomically(files[season], _as_csv(text, season))
        step(number + 1, len(todo))
    return Fetched(len(todo), len(files) - len(todo), files=tuple(str(file) for file in files.values()))


def _name(season: str, season_type: str) -> str:
    _end(season)
    kind = "" if season_type == "Regular Season" else "_" + season_type.lower().replace(" ", "_")
    return f"player_game_logs_{season}{kind}.csv"


def _end(season: str) -> date:
    """The day by which a season is over."""
    start, _, end = season.partition("-")
    if not (len(start) == 4 and start.isdigit() and end.isdigit() and f"{(int(start) + 1) % 100:02d}" == end):
        message = f"{season!r} is not a season; write it as 2024-25."
        raise FetchError(message)
    return date(2020, 11, 1) if season == "2019-20" else date(int(start) + 1, 8, 1)


def _ask(client: Client, season: str, season_type: str) -> tuple[int, str]:
    """Status and text of the answer; status 0 and the kind of error where there is none."""
    try:
        from nba_api.stats.endpoints import LeagueGameLog
        from nba_api.stats.library.http import NBAStatsHTTP
    except ImportError as error:
        message = "Fetching game logs needs nba_api, which is not installed: uv sync --extra nba."
        raise FetchError(message) from error
    from requests import RequestException

    query = LeagueGameLog(
        season=season, season_type_all_star=season_type, player_or_team_abbreviation="P", get_request=False
    )
    server = NBAStatsHTTP()
    server.base_url = client.base_url + "/{endpoint}"
    try:
        answer = server.send_api_request(query.endpoint, query.parameters, timeout=client.timeout)
    except RequestException as error:
        return 0, type(error).__name__
    return int(answer._status_code), str(answer.get_response())  # the library has no public way to the status


def _as_csv(text: str, season: str) -> bytes:
    try:
        table: dict[str, Any] = json.loads(text)["resultSets"][0]
        header, rows = list(table["headers"]), list(table["rowSet"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        message = (
            f"The answer for {season} is not a game log ({type(error).__name__}). Nothing of it was saved. {_BLOCKED}"
        )
        raise FetchError(message) from error
    if not rows:
        message = f"There are no games of {season} yet. Ask for earlier seasons."
        raise FetchError(message)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue().encode()
