"""Set up one season: clubs' strengths, active players of every game, and the scenarios of every night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from nba_league.season.availability import Availability, availability
from nba_league.season.counts import Counts, expected_counts, mean_over_scenarios
from nba_league.season.players import FORM_DAY, RATES, ROSTER, TRUST_DAY, Population, SeasonPlayers, lasting
from nba_league.season.pregame import (
    ACTIVE,
    SCENARIOS,
    PreGame,
    Tonight,
    depth_chart,
    play_minutes,
    shuffled,
    solve_minutes,
    standard_normal,
    surprises,
)
from nba_league.season.schedule import Schedule
from nba_league.season.scoring import point_moments
from nba_props.arrays import Floats, Ints

LATE_EQUALISER: Final = 0.5
"""Share of games at one point's difference that a late free throw levels: real teams play for the tie."""
_FEWEST: Final = 9
_SPREAD_AT: Final = (0, 8, 16, 24, 30, 34, 38)  # minutes a night by role
_SPREAD: Final = (0.64, 0.699, 0.613, 0.491, 0.462, 0.523, 0.565)
_STRENGTH: Final = {  # SD between clubs of the log multiplier; the first is the club's own, the others its opponents'
    "attack": 0.034,
    "make2": 0.036,
    "make3": 0.032,
    "trip": 0.080,
    "ast": 0.055,
    "oreb": 0.060,
    "tov": 0.060,
    "pace": 0.022,
}
_STRENGTH_DAY: Final = 0.995  # autocorrelation a day
_HOME: Final = 0.0095
_TIRED: Final = -0.012
_PACE_SD: Final = 0.042
_LUCK_SD: Final = 0.030
_SCRATCHES: Final = 0.36  # share of first nights out that come too late for the opening line


@dataclass(frozen=True)
class Season:
    """One season ready to be played.

    `counts` are the expected counts in all scenarios. `fit` says who can play on which day (rows are players).
    `scratched` has a row for every late scratch: the team-game
    missed, and the team-game and place of the player's last appearance before it.
    """

    players: SeasonPlayers
    schedule: Schedule
    pre: PreGame
    pick: Ints
    counts: Counts
    fit: npt.NDArray[np.bool_]
    scratched: Ints


def set_up(population: Population, schedule: Schedule, rng: np.random.Generator) -> Season:
    """Everything that is known or latent before each game of the season; nothing is played yet."""
    players = population.season(schedule.n_days, rng)
    fit = availability(players, schedule, rng)
    sides = np.column_stack([schedule.home, schedule.away]).ravel()
    day = np.repeat(schedule.day, 2)
    surprise = rng.integers(0, SCENARIOS, (1 + len(players.form), *players.role.shape), dtype=np.uint8)
    players, form = _with_the_past(players, surprise, _on_duty(players, fit, sides, day))
    row, role = _active(players, fit, sides, day)
    tonight = Tonight(rng.integers(0, SCENARIOS, len(schedule.day)), surprise[:, row, day[:, None]])
    factor, pace = _factors(schedule, population.n_teams, rng)
    rates = _rates_on(players, form, row, day)
    pre = _scenarios(row, players.player[row], rates, role, factor, pace, tonight, rng)
    counts = expected_counts(pre)
    pre = replace(pre, overtime=_overtime(counts, rates["pft"]))
    scratched = _late_scratches(players, fit, pre, sides, day, rng)
    return Season(players, schedule, pre, tonight.pick, counts, fit.fit, scratched)


def _on_duty(players: SeasonPlayers, fit: Availability, sides: Ints, day: Ints) -> npt.NDArray[np.bool_]:
    """Whether each player is fit and his club plays, by day."""
    playing = np.zeros((int(sides.max()) + 2, players.team.shape[1]), dtype=bool)
    playing[sides, day] = True  # the last row stays empty: players without a club have team -1
    on_duty: npt.NDArray[np.bool_] = playing[players.team, np.arange(players.team.shape[1])] & fit.fit
    return on_duty


def _active(players: SeasonPlayers, fit: Availability, sides: Ints, day: Ints) -> tuple[Ints, Floats]:
    """The 13 fit players of the highest role for every team-game (fewer: row -1, role -inf)."""
    n_teams, n_days = int(sides.max()) + 1, players.team.shape[1]
    order = np.argsort(players.team, axis=0, kind="stable")  # players without a club come first
    rostered = order[-n_teams * ROSTER :].reshape(n_teams, ROSTER, n_days)
    squad = rostered[sides, :, day]
    can_play = fit.fit[squad, day[:, None]]
    can_play |= can_play.sum(axis=1, keepdims=True) < _FEWEST  # an emergency: the walking wounded play
    role = players.role[squad, day[:, None]] + fit.ramp[squad, day[:, None]]
    role = np.where(can_play, role, -np.inf)
    best = np.argsort(-role, axis=1, kind="stable")[:, :ACTIVE]
    role = np.take_along_axis(role, best, axis=1)
    return np.where(np.isfinite(role), np.take_along_axis(squad, best, axis=1), -1), role


def _with_the_past(
    players: SeasonPlayers, surprise: npt.NDArray[np.uint8], on_duty: npt.NDArray[np.bool_]
) -> tuple[SeasonPlayers, dict[str, Floats]]:
    """Roles, and log deviations of usage, assists and rebounds, on each day as the earlier nights have left them."""
    minutes, *nights = surprise
    role = players.role + lasting(players.trust, TRUST_DAY, np.where(on_duty, surprises()[minutes], 0.0))
    form = {
        name: lasting(kept, FORM_DAY, np.where(on_duty, standard_normal()[night], 0.0))
        for (name, kept), night in zip(players.form.items(), nights, strict=True)
    }
    return replace(players, role=role), form


def _rates_on(
    players: SeasonPlayers, paths: dict[str, Floats], row: Ints, day: Ints
) -> dict[str, npt.NDArray[np.float32]]:
    """Rates of the active players with the day's form; 0 weight for an empty place."""
    there = row >= 0
    rates = {name: players.rates[name][row] for name in RATES}
    form = {name: np.exp(path[row, day[:, None]]) for name, path in paths.items()}
    rates["usage"] = rates["usage"] * form["usage"]
    rates["ast"] = rates["ast"] * form["ast"]
    rates["oreb"], rates["dreb"] = rates["oreb"] * form["reb"], rates["dreb"] * form["reb"]
    return {name: np.where(there, value, 0).astype(np.float32) for name, value in rates.items()}


def _factors(
    schedule: Schedule, n_teams: int, rng: np.random.Generator
) -> tuple[dict[str, npt.NDArray[np.float32]], Floats]:
    """Multipliers of each team-game: opponent's defence by statistic, own attack, home, tiredness; and the pace."""
    strength = {}
    for name, sd in _STRENGTH.items():
        noise = rng.normal(0, sd, (n_teams, schedule.n_days))
        noise[:, 1:] *= np.sqrt(1 - _STRENGTH_DAY**2)
        strength[name] = lfilter([1.0], [1.0, -_STRENGTH_DAY], noise, axis=1)
    own = np.column_stack([schedule.home, schedule.away]).ravel()
    other = np.column_stack([schedule.away, schedule.home]).ravel()
    day = np.repeat(schedule.day, 2)
    log_make = (
        strength["attack"][own, day]
        + np.tile([_HOME, -_HOME], len(schedule.day))
        + _TIRED * (schedule.rest.ravel() == 1)
        - _TIRED / 2 * (schedule.rest[:, ::-1].ravel() == 1)
    )
    factor = {name: np.exp(strength[name][other, day]) for name in ("trip", "ast", "oreb", "tov")}
    factor["make2"] = np.exp(log_make + strength["make2"][other, day])
    factor["make3"] = np.exp(log_make + strength["make3"][other, day])
    pace = np.exp(strength["pace"][own, day] + strength["pace"][other, day])
    return {name: value.astype(np.float32) for name, value in factor.items()}, pace


def _scenarios(
    row: Ints,
    person: Ints,
    rates: dict[str, npt.NDArray[np.float32]],
    role: Floats,
    factor: dict[str, npt.NDArray[np.float32]],
    pace: Floats,
    tonight: Tonight,
    rng: np.random.Generator,
) -> PreGame:
    """Draw the scenarios of every game, given its state."""
    teams, games = len(row), len(row) // 2
    normal = standard_normal()
    role32 = role.astype(np.float32)
    chart = depth_chart(role32)
    usual = solve_minutes(chart[:, :, None], chart)
    spread = np.interp(usual[:, :, 0], _SPREAD_AT, _SPREAD).astype(np.float32)
    typical = PreGame(
        row=row,
        person=np.where(row >= 0, person, -1),
        rates=rates,
        role=role32,
        usual=usual[:, :, 0],
        spread=spread,
        factor=factor,
        pace=pace.astype(np.float32)[:, None],
        luck=np.zeros((teams, 1), dtype=np.float32),
        night=np.full((3, *row.shape, 1), SCENARIOS // 2, dtype=np.uint8),
        minutes=np.round(usual).astype(np.uint8),
        overtime=np.zeros(games, dtype=np.float32),
    )
    mean, _ = point_moments(expected_counts(typical), rates["pft"])
    luck = _LUCK_SD * normal[shuffled((teams,), rng)]
    edge = (mean - mean.reshape(-1, 2, 1)[:, ::-1].reshape(mean.shape)) + 113.0 * (
        luck - luck.reshape(games, 2, SCENARIOS)[:, ::-1].reshape(luck.shape)
    )
    one_sided = np.abs(edge) / 9 - 0.9 + np.repeat(np.abs(normal[shuffled((games,), rng)]) - 0.8, 2, axis=0)
    tempo = np.repeat(np.exp(_PACE_SD * normal[shuffled((games,), rng)]), 2, axis=0)
    return replace(
        typical,
        pace=(pace[:, None] * tempo).astype(np.float32),
        luck=luck.astype(np.float32),
        night=np.stack([tonight.shuffled(one, rng) for one in range(1, len(tonight.surprise))]),
        minutes=play_minutes(role32, spread, one_sided.astype(np.float32), tonight, rng),
    )


def _overtime(counts: Counts, pft: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Expected number of overtimes of each game: a level score, or one point levelled late; then level again."""
    mean, variance = point_moments(counts, pft)
    lead = mean[0::2] - mean[1::2]
    total = variance[0::2] + variance[1::2]

    def chance(points: float) -> Floats:
        density: Floats = np.exp(-((lead - points) ** 2) / (2 * total)) / np.sqrt(2 * np.pi * total)
        return density

    level = chance(0) + LATE_EQUALISER * (chance(1) + chance(-1))
    again = 1 / np.sqrt(2 * np.pi * total * 5 / 48)
    expected: npt.NDArray[np.float32] = (level / (1 - again)).mean(axis=1).astype(np.float32)
    return expected


def _late_scratches(
    players: SeasonPlayers,
    fit: Availability,
    pre: PreGame,
    sides: Ints,
    day: Ints,
    rng: np.random.Generator,
) -> Ints:
    """Regulars who are out tonight, who played their club's last game, and of whom nobody had heard in the morning."""
    expected = mean_over_scenarios(pre.minutes)
    regular = np.argwhere((pre.row >= 0) & (expected >= 18))
    game = regular[:, 0]
    player = pre.row[game, regular[:, 1]]
    following = np.full(len(sides), -1)
    for team in range(int(sides.max()) + 1):
        games = np.flatnonzero(sides == team)
        following[games[:-1]] = games[1:]
    upcoming = following[game]
    tonight = day[upcoming]
    out = (
        (upcoming >= 0)
        & ~fit.fit[player, tonight]
        & (players.team[player, tonight] == sides[game])
        & ~(pre.row[upcoming] == player[:, None]).any(axis=1)
        & (rng.random(len(game)) < _SCRATCHES)
    )
    return np.column_stack([upcoming[out], game[out], regular[out, 1]])
