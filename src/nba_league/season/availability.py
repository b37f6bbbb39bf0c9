"""Who is fit: absences of a night, a week or a season, rest nights, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nba_league.season.players import SeasonPlayers
from nba_league.season.schedule import Schedule

# Mean number a season, then median days and log SD of the length.
_KNOCKS: Final = (2.627, 2, 0.2)
_STRAINS: Final = (1.5, 6.0, 0.50)
_INJURIES: Final = (0.75, 25.0, 0.90)
_FRAILTY: Final = 0.55  # log SD between players
_REST_SHARE: Final = 0.09  # of second nights of a back-to-back, for players of 30 minutes and more
_RAMP_DAYS: Final = 8  # short minutes for the first days after a long absence
_RAMP: Final = -0.445


@dataclass(frozen=True)
class Availability:
    """`fit` says who can play on which day (rows are players), `ramp` how far the role is cut on the way back."""

    fit: npt.NDArray[np.bool_]
    ramp: npt.NDArray[np.float64]


def availability(players: SeasonPlayers, schedule: Schedule, rng: np.random.Generator) -> Availability:
    """Absences of one season, independent of what happens in its games."""
    size, n_days = players.role.shape
    frailty = np.exp(rng.normal(0, _FRAILTY, size) - _FRAILTY**2 / 2)
    out = np.zeros((size, n_days + 1), dtype=np.int64)
    back = np.zeros((size, n_days + 1), dtype=np.int64)
    for mean, median, spread in (_KNOCKS, _STRAINS, _INJURIES):
        count = rng.poisson(mean * frailty * n_days / 174)
        who = np.repeat(np.arange(size), count)
        start = rng.integers(-min(int(median), 20), n_days, len(who))
        length = np.maximum(np.round(np.exp(rng.normal(np.log(median), spread, len(who)))), 1).astype(np.int64)
        end = start + length
        _mark(out, who, start, end)
        if median > 2:
            _mark(back, who, end, end + _RAMP_DAYS)
    fit = np.cumsum(out[:, :-1], axis=1) == 0
    fit &= ~_rest_nights(players, schedule, rng)
    ramp = np.where(np.cumsum(back[:, :-1], axis=1) > 0, _RAMP, 0.0)
    return Availability(fit=fit, ramp=ramp)


def _mark(
    steps: npt.NDArray[np.int64], who: npt.NDArray[np.int64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> None:
    """Add 1 from `start` to before `end` (as a difference series, to be summed along the days)."""
    last = steps.shape[1] - 1
    np.add.at(steps, (who, np.clip(start, 0, last)), 1)
    np.add.at(steps, (who, np.clip(end, 0, last)), -1)


def _rest_nights(players: SeasonPlayers, schedule: Schedule, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Regulars, mostly older ones, sit out some second nights of a back-to-back."""
    size, n_days = players.role.shape
    double = np.zeros((players.team.max() + 1, n_days), dtype=bool)
    for side, teams in enumerate((schedule.home, schedule.away)):
        second = schedule.rest[:, side] == 1
        double[teams[second], schedule.day[second]] = True
    chance = _REST_SHARE * np.clip((players.target - 22) / 8, 0, 1) * np.interp(players.age, (22, 28, 35), (0.5, 1, 2))
    tired = double[np.maximum(players.team, 0), np.arange(n_days)] & (players.team >= 0)
    rested: npt.NDArray[np.bool_] = tired & (rng.random((size, n_days)) < chance[:, None])
    return rested
