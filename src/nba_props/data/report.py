"""The join report: every odds row by what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.arrays import Ints

CAUSES: Final[dict[str, str]] = {
    "matched": "joined to a player-game",
    "void": "joined to a game the player did not appear in",
    "duplicate": "exact repetition of another row",
    "same_quote": "repeats a quote under another spelling of the player",
    "no_game": "no game of these teams on that day in the log",
    "ambiguous_date": "two games of these teams fit",
    "observed_after_game": "price seen after the day of the game",
    "unknown_name": "no such player on either team, or in the league that season",
    "ambiguous_name": "the name fits more than one player",
    "in_play": "price seen at or after the tip",
}
"""What becomes of an odds row -> the same in words. Every row has exactly one cause."""


class Cause(IntEnum):
    """Position of each cause in `CAUSES`."""

    MATCHED = 0
    VOID = 1
    DUPLICATE = 2
    SAME_QUOTE = 3
    NO_GAME = 4
    AMBIGUOUS_DATE = 5
    OBSERVED_AFTER_GAME = 6
    UNKNOWN_NAME = 7
    AMBIGUOUS_NAME = 8
    IN_PLAY = 9


@dataclass(frozen=True)
class JoinReport:
    """Every odds row by what became of it; the counts add up to `rows`.

    Attributes:
        matched, void, duplicate, same_quote, in_play: Rows per cause, see `CAUSES`.
        no_game, ambiguous_date, observed_after_game, unknown_name, ambiguous_name: Rows per cause as well.
        examples: Cause -> the first row it happened to.
        spellings: How the names of the joined rows were found -> rows.
        one_sided: Joined rows with a price missing.
        date_only: Joined rows whose time stamp is a bare date.
        swapped_venue: Joined rows whose home and away teams are the other way round in the log.
        tip_unknown: Joined rows without a tip time: whether they were in play is not known.
        utc_dated: Joined rows whose `game_date` is the UTC day, one later than the game's.
    """

    rows: int
    matched: int = 0
    void: int = 0
    duplicate: int = 0
    same_quote: int = 0
    no_game: int = 0
    ambiguous_date: int = 0
    observed_after_game: int = 0
    unknown_name: int = 0
    ambiguous_name: int = 0
    in_play: int = 0
    examples: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, int] = field(default_factory=dict)
    one_sided: int = 0
    date_only: int = 0
    swapped_venue: int = 0
    utc_dated: int = 0
    tip_unknown: int = 0

    def __post_init__(self) -> None:
        """Refuse a report that loses rows: its causes must add up to them (ValueError)."""
        total = sum(self.counts.values())
        if total != self.rows:
            message = f"the join report accounts for {total} of {self.rows} rows"
            raise ValueError(message)

    @property
    def counts(self) -> dict[str, int]:
        """Cause -> rows, in the order of `CAUSES`."""
        return {cause: int(getattr(self, cause)) for cause in CAUSES}

    @property
    def in_log(self) -> int:
        """Different rows seen before the tip whose game is in the log."""
        return self.rows - self.duplicate - self.same_quote - self.no_game - self.in_play

    @property
    def reachable(self) -> float:
        """Share of `in_log` that was joined to a player, voids included; NaN if no game is in the log."""
        return (self.matched + self.void) / self.in_log if self.in_log else float("nan")

    def frame(self) -> pd.DataFrame:
        """Tidy table, one row per cause: `cause`, `meaning`, `rows`, `share` of all rows, `example`."""
        return cause_table(self.counts, CAUSES, self.examples, self.rows)

    def __str__(self) -> str:
        """A few lines for people: every cause that happened, with an example."""
        lines = [
            f"Odds joined to games: {self.rows:,} rows, {self.in_log:,} different ones with a game in the log, "
            f"{self.reachable:.2%} of these joined"
        ]
        for cause, rows in self.counts.items():
            if rows:
                example = f"  e.g. {self.examples[cause]}" if cause in self.examples else ""
                lines.append(f"  {cause:<20} {rows:>10,} {rows / self.rows:>7.2%}  {CAUSES[cause]}{example}")
        if self.spellings:
            lines.append("  names found by: " + ", ".join(f"{rule} {rows:,}" for rule, rows in self.spellings.items()))
        notes = {
            "one side only": self.one_sided,
            "time stamp without an hour": self.date_only,
            "home and away swapped": self.swapped_venue,
            "game_date in UTC": self.utc_dated,
            "tip not known": self.tip_unknown,
        }
        noted = ", ".join(f"{note} {rows:,}" for note, rows in notes.items() if rows)
        return "\n".join(lines + ([f"  of the joined rows: {noted}"] if noted else []))


def cause_table(
    counts: Mapping[str, int], meanings: Mapping[str, str], examples: Mapping[str, str], total: int
) -> pd.DataFrame:
    """One row per cause: `cause`, `meaning`, `rows`, `share` of all `total` rows, `example`."""
    return pd.DataFrame(
        {
            "cause": list(counts),
            "meaning": [meanings[cause] for cause in counts],
            "rows": list(counts.values()),
            "share": [rows / total if total else float("nan") for rows in counts.values()],
            "example": [examples.get(cause, "") for cause in counts],
        }
    )


def build_report(
    odds: pd.DataFrame, cause: Ints, rules: NDArray[np.object_], joined: Ints, *, swapped: int, utc_dated: int
) -> JoinReport:
    """Count the rows by cause, with the first example of each.

    `cause` is the `Cause` of every row and `joined` the positions of the joined ones; `rules` says how the name of each
    of these was found. Of them, `swapped` have home and away swapped and `utc_dated` are dated in UTC.
    """
    counts = np.bincount(cause, minlength=len(CAUSES))
    examples = {
        name: _example(odds, int(np.flatnonzero(cause == code)[0]))
        for code, name in enumerate(CAUSES)
        if counts[code] and code != Cause.MATCHED
    }
    part = odds.iloc[joined]
    stamp = part["timestamp"]
    return JoinReport(
        rows=len(odds),
        **{name: int(counts[code]) for code, name in enumerate(CAUSES)},
        examples=examples,
        spellings={str(rule): int(rows) for rule, rows in pd.Series(rules).value_counts().items()},
        one_sided=int((part["over_price"].isna() | part["under_price"].isna()).sum()),
        date_only=int((stamp == stamp.dt.normalize()).sum()),
        swapped_venue=swapped,
        utc_dated=utc_dated,
        tip_unknown=int(part["tip"].isna().sum()),
    )


def _example(odds: pd.DataFrame, position: int) -> str:
    row = odds.iloc[position]
    day = row["timestamp"] if pd.isna(row["game_date"]) else row["game_date"]
    return f"{row['player_name']}, {row['away_team']} at {row['home_team']}, {str(day)[:10]}, {row['bookmaker']}"
