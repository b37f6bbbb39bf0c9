"""Availability to players of the log: the player ids, and a report in which every row is accounted for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from nba_props.data.availability.table import COLUMNS
from nba_props.data.names import AMBIGUOUS, UNKNOWN, PlayerIndex
from nba_props.data.report import cause_table
from nba_props.data.tables.columns import missing_columns
from nba_props.data.tables.formats import first_year
from nba_props.errors import DataError

_LOG: Final = logging.getLogger(__name__)

CAUSES: Final[dict[str, str]] = {
    "matched": "a player of the team in that season's log",
    "elsewhere": "a player of the log, but not of that team in that season",
    "given_id": "the file gave the player's id",
    "duplicate": "repeats another row: same player, game day, time, status, reason and source",
    "unknown_name": "nobody of that name in the log (kept, without an id)",
    "ambiguous_name": "the name fits more than one player (kept, without an id)",
}
"""What becomes of an availability row -> the same in words. Every row has exactly one cause."""


@dataclass(frozen=True)
class AvailabilityReport:
    """Every availability row by what became of it; the counts add up to `rows`.

    `counts` and `examples` (the first row) are by cause, in the order of `CAUSES`; `spellings` counts the matched rows
    by how their names were found.
    """

    rows: int
    counts: Mapping[str, int]
    examples: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, int] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Tidy table, one row per cause: `cause`, `meaning`, `rows`, `share` of all rows, `example`."""
        return cause_table(self.counts, CAUSES, self.examples, self.rows)

    def __str__(self) -> str:
        """A few lines for people: every cause that happened, with an example."""
        lines = [f"Availability joined to the log: {self.rows:,} rows"]
        for cause, rows in self.counts.items():
            if rows:
                example = f"  e.g. {self.examples[cause]}" if cause in self.examples else ""
                lines.append(f"  {cause:<16} {rows:>8,} {rows / self.rows:>7.2%}  {CAUSES[cause]}{example}")
        if self.spellings:
            lines.append("  names found by: " + ", ".join(f"{rule} {n:,}" for rule, n in self.spellings.items()))
        return "\n".join(lines)


@dataclass(frozen=True)
class AvailabilityJoin:
    """The `availability` table with player ids, and what became of every row."""

    availability: pd.DataFrame
    report: AvailabilityReport


def join_availability(
    availability: pd.DataFrame, games: pd.DataFrame, *, aliases: Mapping[str, str] | None = None
) -> AvailabilityJoin:
    """Find the players of an `availability` table in the log, by name and team like those of odds.

    A player who missed the whole season so far has no game with the team; a name that only one player of the log has
    ever had is his nevertheless (`elsewhere`). Rows without a player are kept, without an id; exact repetitions are
    dropped.

    Args:
        availability: The `availability` table.
        games: The `games` table.
        aliases: Further spellings: name in the report -> name in the log.

    Returns:
        The table with `player_id`, in its order, and the report.

    Raises:
        DataError: A column is missing, or `games` has no rows.
    """
    source = "the availability table"
    missing = [name for name in COLUMNS if name not in availability]
    if missing:
        fix = "Give the table that load_availability returns."
        raise missing_columns(source, list(availability), missing, fix)
    if games.empty:
        games_source = "the games table"
        raise DataError(games_source, "it has no rows", fix="Load game logs of the seasons of the reports.")
    table = availability.reset_index(drop=True)
    index = PlayerIndex(games, aliases)
    keys = list(zip(season_of(table["game_date"]), table["team"], table["player"], strict=True))
    people = {key: _find(index, *key) for key in dict.fromkeys(keys)}
    found = pd.DataFrame([people[key] for key in keys], columns=["player", "cause", "rule"], index=table.index)
    player, cause, rule = found["player"].astype("int64"), found["cause"].astype("str"), found["rule"]
    given = table["player_id"].notna()
    cause = cause.mask(given, "given_id").mask(table.duplicated(), "duplicate")
    ids = table["player_id"].astype("Int64").fillna(player.where(player > 0).astype("Int64"))
    kept = cause != "duplicate"
    counts = cause.value_counts()
    report = AvailabilityReport(
        rows=len(table),
        counts={name: int(counts.get(name, 0)) for name in CAUSES},
        examples={
            name: _example(table.iloc[int(np.flatnonzero(cause == name)[0])])
            for name in CAUSES if name != "matched" and counts.get(name, 0)
        },
        spellings={str(name): int(n) for name, n in rule[cause == "matched"].value_counts().items()},
    )  # fmt: skip
    _LOG.info("%s", report)
    return AvailabilityJoin(table.assign(player_id=ids)[kept].reset_index(drop=True), report)


def season_of(day: pd.Series) -> pd.Series:
    """The season of each game day, by name.

    >>> season_of(pd.Series(pd.to_datetime(["2026-02-08", "2025-10-21", "2020-10-11"]))).tolist()
    ['2025-26', '2025-26', '2019-20']
    """
    start = first_year(day)
    return start.astype("str") + "-" + ((start + 1) % 100).astype("str").str.zfill(2)


def _find(index: PlayerIndex, season: str, team: str, player: str) -> tuple[int, str, str]:
    """Player id, cause, and the rule that found him."""
    found, rule = index.find(player, season, (team,))
    if found >= 0:
        return found, "elsewhere" if rule == "not with these teams" else "matched", rule
    if found == UNKNOWN:
        found = index.find_in_season(player, season, None)
    return found, {UNKNOWN: "unknown_name", AMBIGUOUS: "ambiguous_name"}.get(found, "elsewhere"), ""


def _example(row: pd.Series) -> str:
    return f"{row['player']}, {row['team']}, {row['game_date'].date()}, {row['status']} ({row['source']})"
