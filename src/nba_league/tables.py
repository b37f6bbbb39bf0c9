"""Arrays of a season to the tables that other parts know: games, truth and raw odds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from nba_league.lines.books import BOOKS, PHASES, Lines
from nba_league.season.report import STATUSES
from nba_league.season.set_up import Season
from nba_league.season.teams import Club
from nba_props.arrays import Ints
from nba_props.data.availability import INJURY_REPORT

FIRST_PLAYER_ID: Final = 9_000_001
"""Far from any number nba.com has given out."""
BOX_COLUMNS: Final = (
    "min", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts",
    "plus_minus",
)  # fmt: skip
_EASTERN: Final = "America/New_York"
_OPENING_MINUTE: Final = 10 * 60  # of the morning, and a little later book by book
_CLOSE_BEFORE_TIP: Final = 5
_FIRST_REPORT: Final = 9 * 60 + 30
_LAST_REPORT_BEFORE_TIP: Final = 30


def game_rows(
    season: Season, box: dict[str, Ints], means: dict[str, npt.NDArray[np.float64]], clubs: Sequence[Club]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The games table, the truth and the whereabouts of each row, aligned and sorted as the contract says."""
    schedule, pre = season.schedule, season.pre
    side, place = np.nonzero(box["min"] > 0)
    game = side // 2
    team = np.column_stack([schedule.home, schedule.away]).ravel()
    person = pre.person[side, place]
    order = np.lexsort((person, team[side], schedule.game_id[game], schedule.day[game]))
    side, place, game, person = side[order], place[order], game[order], person[order]
    points = box["pts"].sum(axis=1)
    abbreviation = _strings([club.abbreviation for club in clubs])
    games = pd.DataFrame(
        {
            "season": _strings([schedule.season]).take(np.zeros(len(side), dtype=np.int64)),
            "game_id": _strings(schedule.game_id.tolist()).take(game),
            "game_date": _dates(season)[game],
            "player_id": FIRST_PLAYER_ID + person,
            "team": abbreviation.take(team[side]),
            "opponent": abbreviation.take(team[side ^ 1]),
            "home": side % 2 == 0,
            "won": points[side] > points[side ^ 1],
            **{name: box[name][side, place].astype(np.float64) for name in BOX_COLUMNS},
        }
    )
    truth = pd.DataFrame(
        {
            "game_id": games["game_id"],
            "player_id": games["player_id"],
            **{name: values[side, place] for name, values in means.items()},
        }
    )
    return games, truth, pd.DataFrame({"side": side, "place": place})


def odds_rows(
    season: Season, lines: Lines, names: list[str], clubs: Sequence[Club], markets: Sequence[str]
) -> pd.DataFrame:
    """Raw odds in the columns of odds vendors, sorted by date, event, player, market, book and time."""
    schedule = season.schedule
    game = lines.side // 2
    tip = _tip_off(season)
    opening = _utc(season, np.full(len(schedule.day), _OPENING_MINUTE))
    lateness = np.array([7 * index for index in range(len(BOOKS))], dtype="timedelta64[m]")
    is_open = lines.phase == PHASES.index("open")
    before_tip = np.timedelta64(_CLOSE_BEFORE_TIP, "m")
    seen = np.where(is_open, opening[game] + lateness[lines.book], tip[game] - before_tip)
    club = _strings([each.name for each in clubs])
    return pd.DataFrame(
        {
            "game_date": _dates(season)[game],
            "player_name": _strings(names).take(season.players.player[lines.row]),
            "home_team": club.take(schedule.home[game]),
            "away_team": club.take(schedule.away[game]),
            "bookmaker": _strings([book.name for book in BOOKS]).take(lines.book),
            "market": _strings(list(markets)).take(lines.market),
            "line": lines.line,
            "over_price": lines.over,
            "under_price": lines.under,
            "timestamp": pd.DatetimeIndex(seen.astype("datetime64[us]")).tz_localize("UTC"),
            "source_date": tip[game].astype("datetime64[D]").astype("datetime64[us]"),
            "event_id": _event_ids(season).take(game),
        }
    )


def report_rows(season: Season, report: pd.DataFrame, names: list[str], clubs: Sequence[Club]) -> pd.DataFrame:
    """The injury report in the columns of the `availability` table (docs/contract.md), in order of time.

    Like the league's own, each report speaks of every game of its day: it comes out in the morning, and again half an
    hour before each tip with what is known by then.
    """
    morning = _utc(season, np.full(len(season.schedule.day), _FIRST_REPORT))
    final = _tip_off(season) - np.timedelta64(_LAST_REPORT_BEFORE_TIP, "m")
    times = pd.DataFrame({"day": np.tile(season.schedule.day, 2), "seen": np.concatenate([morning, final])})
    listed = report.assign(day=season.schedule.day[report["side"] // 2], final=final[report["side"] // 2])
    told = listed.merge(times.drop_duplicates(), on="day")
    told = told[told["last"] == (told["seen"] >= told["final"])]
    side, person = told["side"].to_numpy(), season.players.player[told["row"].to_numpy()]
    team = np.column_stack([season.schedule.home, season.schedule.away]).ravel()
    same = np.zeros(len(told), dtype=np.int64)
    table = pd.DataFrame(
        {
            "game_date": _dates(season)[side // 2],
            "team": _strings([club.abbreviation for club in clubs]).take(team[side]),
            "player": _strings(names).take(person),
            "player_id": pd.array(FIRST_PLAYER_ID + person, dtype="Int64"),
            "status": _strings(list(STATUSES)).take(told["status"].to_numpy()),
            "reason": _strings(["Injury/Illness"]).take(same),
            "reported_at": pd.DatetimeIndex(told["seen"].astype("datetime64[us]")).tz_localize("UTC"),
            "source": _strings([INJURY_REPORT]).take(same),
        }
    )
    return table.sort_values(["reported_at", "game_date", "team", "player_id"], kind="stable", ignore_index=True)


def _strings(values: list[str]) -> Any:  # noqa: ANN401 - a pandas string array, of which pandas has no public type
    """A string array that can be taken from by position, much faster than a column of Python strings."""
    return pd.array(values, dtype="str")


def _dates(season: Season) -> npt.NDArray[np.datetime64]:
    """US calendar day of every game."""
    return (season.schedule.start + season.schedule.day).astype("datetime64[us]")


def _utc(season: Season, minute: Ints) -> npt.NDArray[np.datetime64]:
    """UTC time of a minute after midnight, US Eastern, on the day of every game."""
    local = _dates(season) + minute.astype("timedelta64[m]")
    utc: npt.NDArray[np.datetime64] = (
        pd.DatetimeIndex(local).tz_localize(_EASTERN).tz_convert("UTC").tz_localize(None).to_numpy()
    )
    return utc


def _tip_off(season: Season) -> npt.NDArray[np.datetime64]:
    """UTC time of every tip-off."""
    return _utc(season, season.schedule.tip)


def _event_ids(season: Season) -> Any:  # noqa: ANN401 - as above
    """An identifier of the vendor's own for every game: 32 hexadecimal digits, as such feeds have them."""
    return _strings(
        [hashlib.md5(f"event {each}".encode(), usedforsecurity=False).hexdigest() for each in season.schedule.game_id]
    )
