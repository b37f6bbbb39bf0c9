"""The Odds API v4 as JSON: current or historical, one event, a list of them, or one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from nba_props.data.readers.side_rows import pair_sides
from nba_props.data.tables import stream as _stream
from nba_props.data.tables.formats import ODDS, Brought, Options, Reader, add
from nba_props.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nba_props.data.tables.formats import TableFile


_COLUMNS = (
    "event_id", "commence_time", "home_team", "away_team", "bookmaker", "market", "timestamp", "player_name", "side",
    "line", "price",
)  # fmt: skip


def _read(table: TableFile, _options: Options) -> Brought:
    try:
        rows = [row for envelope in _stream.read_json(table.path) for row in _rows(envelope)]
    except (KeyError, TypeError, AttributeError) as error:
        fix = "Save the answer of The Odds API v4 (event odds) as it came."
        raise DataError(table.source, f"an event has another shape ({error})", fix=fix) from error
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))  # an event whose props are not posted yet has none
    return pair_sides(frame.astype("str").mask(frame.isna()))


def _rows(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    data = envelope.get("data", envelope)
    for event in data if isinstance(data, list) else [data]:
        for book in event.get("bookmakers", []):
            for market in book["markets"]:
                seen = market.get("last_update") or book.get("last_update") or envelope.get("timestamp")
                for outcome in market["outcomes"]:
                    yield {
                        "event_id": event["id"], "commence_time": event["commence_time"],
                        "home_team": event["home_team"], "away_team": event["away_team"],
                        "bookmaker": book.get("title") or book["key"], "market": market["key"], "timestamp": seen,
                        "player_name": outcome.get("description"), "side": outcome["name"],
                        "line": outcome.get("point"), "price": outcome.get("price"),
                    }  # fmt: skip


add(Reader("The Odds API (historical)", ODDS, ("timestamp", "data"), _read, is_json=True))
add(Reader("The Odds API", ODDS, ("id", "commencetime", "hometeam", "awayteam", "bookmakers"), _read, is_json=True))
