"""Season calendars and fixtures: real start and end days, an all-star break, home and away in equal numbers.

A season runs from the Tuesday of 18 to 24 October to the Sunday 173 days later, as the four seasons from 2021-22 did.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nba_league.season.teams import Club
from nba_props.errors import ConfigError

FULL_SEASON: Final = 82
_SEASON_DAYS: Final = 174
_SLATE_WEIGHT: Final = (0.95, 0.70, 1.30, 0.50, 1.30, 1.05, 0.95)  # Monday to Sunday: relative number of games
_END_GAME: Final = 12  # on the last dates nothing counts but the games a team still has to play
_TIPS: Final = (19 * 60, 19 * 60 + 30, 20 * 60, 21 * 60, 22 * 60)
_WEST_TIP_SHARES: Final = (0.04, 0.10, 0.24, 0.30, 0.32)
_EAST_TIP_SHARES: Final = (0.42, 0.38, 0.20, 0.00, 0.00)
_MATINEES: Final = (13 * 60, 15 * 60 + 30, 18 * 60)


@dataclass(frozen=True)
class Schedule:
    """The games of one season, in order of day; `home` and `away` are indices of clubs.

    `rest` has a row for every game and a column for each side: days since the side's last game, 9 at most (and at the
    start of the season). `tip` is in minutes after midnight, US Eastern.
    """

    season: str
    start: np.datetime64
    n_days: int
    day: npt.NDArray[np.int64]
    home: npt.NDArray[np.int64]
    away: npt.NDArray[np.int64]
    tip: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]
    game_id: npt.NDArray[np.str_]


def season_start(season: str) -> dt.date:
    """First day of a season written "2023-24"; ConfigError for another form."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", season)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        message = f"A season is written like '2023-24', got {season!r}."
        raise ConfigError(message)
    first = dt.date(int(found[1]), 10, 18)
    return first + dt.timedelta(days=(1 - first.weekday()) % 7)


def build_schedule(season: str, clubs: Sequence[Club], n_games: int, rng: np.random.Generator) -> Schedule:
    """Fixtures of one season: every club plays `n_games`, half of them at home (one more or less if odd).

    Raises:
        ConfigError: If the season's name is malformed or `n_games` is outside 2 to 82.
    """
    if not 2 <= n_games <= FULL_SEASON:
        message = f"n_games must lie between 2 and {FULL_SEASON}, got {n_games}."
        raise ConfigError(message)
    start = season_start(season)
    days = _playing_days(start, n_games)
    slate = _slate_sizes(start, days, len(clubs), n_games)
    west = np.array([club.west for club in clubs])
    day, first, second = _fixtures(days, slate, west, n_games, rng)
    home, away = _venues(first, second, len(clubs), rng)
    weekday = (start.weekday() + day) % 7
    year = start.year % 100
    return Schedule(
        season=season,
        start=np.datetime64(start, "D"),
        n_days=int(days[-1]) + 1,
        day=day,
        home=home,
        away=away,
        tip=_tip_times(west[home], weekday, rng),
        rest=_rest(day, home, away, len(clubs)),
        game_id=np.array([f"002{year:02d}{number:05d}" for number in range(1, len(day) + 1)]),
    )


def _playing_days(start: dt.date, n_games: int) -> npt.NDArray[np.int64]:
    """Days (since the start) with games: all but Thanksgiving, Christmas Eve and the all-star break."""
    year = start.year
    thanksgiving = dt.date(year, 11, 22) + dt.timedelta(days=(3 - dt.date(year, 11, 22).weekday()) % 7)
    all_star = dt.date(year + 1, 2, 15) + dt.timedelta(days=(6 - dt.date(year + 1, 2, 15).weekday()) % 7)
    closed = {thanksgiving, dt.date(year, 12, 24)} | {all_star + dt.timedelta(days=k) for k in range(-2, 4)}
    open_days = [k for k in range(_SEASON_DAYS) if start + dt.timedelta(days=k) not in closed]
    wanted = max(round(len(open_days) * n_games / FULL_SEASON), n_games)
    return np.array(open_days[:wanted], dtype=np.int64)


def _slate_sizes(start: dt.date, days: npt.NDArray[np.int64], n_teams: int, n_games: int) -> npt.NDArray[np.int64]:
    """Number of games on every playing day; everybody plays on the last one."""
    most = n_teams // 2
    left = most * n_games - most
    size = np.array(_SLATE_WEIGHT)[(start.weekday() + days[:-1]) % 7]
    for _ in range(20):
        size = np.minimum(size * left / size.sum(), most)
    steps = np.diff(np.round(np.cumsum(size) * left / size.sum()), prepend=0).astype(np.int64)
    spill = int(np.maximum(steps - most, 0).sum())  # rounding may put one game too many on a full day
    steps = np.minimum(steps, most)
    for index in np.argsort(steps, kind="stable")[:spill]:
        steps[index] += 1
    return np.append(steps, most)


def _fixtures(
    days: npt.NDArray[np.int64],
    slate: npt.NDArray[np.int64],
    west: npt.NDArray[np.bool_],
    n_games: int,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Who meets whom on which day; the teams furthest behind play, tired ones mostly do not."""
    n_teams = len(west)
    played = np.zeros(n_teams)
    last = np.full((2, n_teams), -9)  # the last two days played
    target = np.where(west[:, None] == west[None, :], 3.45, 2.0)
    doubles = np.zeros(n_teams)  # back-to-backs so far, to spread them evenly
    met = np.zeros((n_teams, n_teams))
    games: list[tuple[int, int, int]] = []
    share = np.cumsum(slate) / slate.sum()
    for index, (day, size) in enumerate(zip(days.tolist(), slate.tolist(), strict=True)):
        behind = share[index] * n_games - played
        if index < len(days) - _END_GAME:
            after_game = last[0] == day - 1
            tired = after_game * (0.22 + 0.08 * (doubles - doubles.mean())) + (after_game & (last[1] >= day - 3)) * 0.9
            behind = behind - tired + rng.normal(0, 0.5, n_teams)
        else:
            behind = n_games - played + rng.random(n_teams) * 0.5
        chosen = np.argsort(-behind, kind="stable")[: 2 * size]
        played[chosen] += 1
        doubles[chosen] += last[0, chosen] == day - 1
        last[1, chosen], last[0, chosen] = last[0, chosen], day
        games += [(day, a, b) for a, b in _pair(rng.permutation(chosen), met, target, rng)]
    table = np.array(games, dtype=np.int64)
    return table[:, 0], table[:, 1], table[:, 2]


def _pair(
    chosen: npt.NDArray[np.int64],
    met: npt.NDArray[np.float64],
    target: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Pair the teams of one day, those first that have met least for what they should; updates `met`."""
    waiting = chosen.tolist()
    pairs = []
    while waiting:
        team = waiting.pop()
        owed = met[team, waiting] / target[team, waiting] + rng.random(len(waiting)) * 0.15
        other = waiting.pop(int(owed.argmin()))
        met[team, other] += 1
        met[other, team] += 1
        pairs.append((team, other))
    return pairs


def _venues(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], n_teams: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Orient every game so that each team is at home in half of its games.

    Closed walks through all games, each oriented along its walk, enter and leave every team equally often (Euler).
    Teams with an odd number of games are tied to a team that does not exist, which makes every degree even.
    """
    edges = list(zip(first.tolist(), second.tolist(), strict=True))
    degree = np.bincount(np.concatenate([first, second]), minlength=n_teams)
    edges += [(int(team), n_teams) for team in np.flatnonzero(degree % 2)]
    around: list[list[tuple[int, int]]] = [[] for _ in range(n_teams + 1)]
    for edge in rng.permutation(len(edges)).tolist():
        a, b = edges[edge]
        around[a].append((b, edge))
        around[b].append((a, edge))
    home = np.full(len(edges), -1)
    for origin in range(n_teams + 1):
        team = origin
        while True:
            while around[team] and home[around[team][-1][1]] >= 0:
                around[team].pop()
            if not around[team]:
                break
            other, edge = around[team].pop()
            home[edge] = team
            team = other
    home = home[: len(first)]
    return home, np.where(home == first, second, first)


def _rest(
    day: npt.NDArray[np.int64], home: npt.NDArray[np.int64], away: npt.NDArray[np.int64], n_teams: int
) -> npt.NDArray[np.int64]:
    """Days since each side's last game, 9 at most."""
    rest = np.full((len(day), 2), 9, dtype=np.int64)
    for team in range(n_teams):
        rows, sides = np.nonzero(np.column_stack([home, away]) == team)
        rest[rows[1:], sides[1:]] = np.minimum(np.diff(day[rows]), 9)
    return rest


def _tip_times(
    west_home: npt.NDArray[np.bool_], weekday: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Tip-off in minutes after midnight, US Eastern; matinees at weekends only."""
    evening = np.where(
        west_home,
        rng.choice(_TIPS, size=len(weekday), p=_WEST_TIP_SHARES),
        rng.choice(_TIPS, size=len(weekday), p=_EAST_TIP_SHARES),
    )
    matinee = (weekday >= 5) & (rng.random(len(weekday)) < 0.35)
    return np.where(matinee, rng.choice(_MATINEES, size=len(weekday)), evening)
