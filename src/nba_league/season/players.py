"""Who plays: careers that age, rates that belong together, clubs that trade, roles that change.

Levels and spreads were set so that the simulated box scores match the published marginals of four real seasons
(minutes, points, rebounds and assists by minutes tier); the script `compare_marginals.py` prints the two side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from nba_props.arrays import Floats, Ints

ROSTER: Final = 17
_FREE_AGENTS: Final = 3  # per club
MINUTES_CEILING: Final = 46.0
MINUTES_FLOOR: Final = 2.0
"""Minutes are `MINUTES_CEILING * logistic(role) - MINUTES_FLOOR`, never below 0: stars saturate, fringe players sit."""

RATES: Final = ("usage", "three", "trip", "p2", "p3", "pft", "ast", "oreb", "dreb", "tov", "stl", "blk", "pf")
"""Per-player rates: weight of shot attempts, share of threes, free-throw trips per attempt, makes per two, three and
free throw, then weights for assists, rebounds, turnovers, steals, blocks and fouls."""

# Rank in the league (0 worst, 1 best) and what goes with it.
_RANK: Final = (0.0, 0.27, 0.495, 0.662, 0.825, 0.932, 1.0)
_MINUTES: Final = (1.5, 7.74, 19.5, 23.7, 30.5, 35.1, 37.2)
_LEVEL: Final = {  # value at those ranks: log weights, or shares
    "usage": (-0.42, -0.39, -0.34, -0.27, -0.14, 0.08, 0.36),
    "three": (0.40, 0.41, 0.42, 0.42, 0.41, 0.38, 0.34),
    "trip": (-2.30, -2.36, -2.38, -2.36, -2.25, -2.02, -1.83),
    "p2": (0.510, 0.520, 0.530, 0.535, 0.537, 0.537, 0.537),
    "p3": (0.325, 0.335, 0.345, 0.352, 0.358, 0.363, 0.368),
    "pft": (0.700, 0.720, 0.740, 0.760, 0.780, 0.800, 0.825),
    "ast": (-0.50, -0.42, -0.32, -0.18, 0.04, 0.36, 0.76),
    "oreb": (0.25, 0.18, 0.10, 0.02, -0.08, -0.18, -0.30),
    "dreb": (0.02, 0.00, -0.02, -0.04, -0.05, -0.02, 0.05),
    "tov": (-0.08, -0.10, -0.10, -0.06, 0.06, 0.22, 0.38),
    "stl": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "blk": (0.10, 0.08, 0.05, 0.0, -0.05, -0.10, -0.15),
    "pf": (0.35, 0.25, 0.15, 0.05, -0.10, -0.25, -0.40),
}
# Loadings on size, creation and shooting, then the spread of what is the player's own. Same units as the level.
_LOADING: Final = {
    "usage": (-0.01, 0.13, 0.03, 0.16),
    "three": (-0.115, 0.01, 0.11, 0.09),
    "trip": (0.14, 0.10, -0.10, 0.34),
    "p2": (0.030, -0.012, 0.005, 0.030),
    "p3": (-0.008, 0.000, 0.018, 0.012),
    "pft": (-0.020, 0.015, 0.035, 0.045),
    "ast": (-0.26, 0.40, 0.00, 0.24),
    "oreb": (0.66, -0.06, -0.12, 0.30),
    "dreb": (0.36, 0.00, -0.02, 0.25),
    "tov": (-0.02, 0.22, -0.04, 0.22),
    "stl": (-0.08, 0.06, 0.00, 0.28),
    "blk": (0.48, -0.04, -0.04, 0.34),
    "pf": (0.10, 0.00, -0.02, 0.20),
}
_UNLIKE: Final = {  # how unlike players are, by rank, as a multiple of loadings and spread
    "usage": (1.25, 1.25, 1.06, 1.0, 1.0, 1.04, 1.04),
    "ast": (0.80, 0.80, 0.97, 1.0, 1.05, 1.09, 1.09),
    "oreb": (0.92, 0.92, 0.98, 1.0, 1.04, 1.06, 1.06),
    "dreb": (0.92, 0.92, 0.98, 1.0, 1.02, 1.02, 1.02),
}
_BOUNDS: Final = {"three": (0.0, 0.85), "p2": (0.38, 0.70), "p3": (0.22, 0.44), "pft": (0.45, 0.93)}
_SEASON_NOISE: Final = 0.25  # share of the own spread that is drawn anew every season

_STRATUM: Final = 24
_JUMPS: Final = 0.895  # lasting role changes a player and season
_JUMP_SD: Final = 0.395
_ROLE_SLOW: Final = (0.985, 0.23)  # autocorrelation a day, stationary SD
_SLOW_SCALE: Final = (1.65, 1.65, 1.08, 0.97, 0.70, 0.46, 0.26)  # by rank: stars keep their role
_TRUST: Final = (0.145, 0.145, 0.115, 0.074, 0.054, 0.034, 0.022)
"""What a night of one SD leaves in the role, by rank, on the logistic scale."""
TRUST_DAY: Final = 0.90  # autocorrelation a day
_FORM: Final = {"usage": 0.034, "ast": 0.057, "reb": 0.0}  # log rate, for a night of one SD
FORM_DAY: Final = 0.95  # autocorrelation a day
_FORM_SCALE: Final = {  # by rank, where it is not the same for all
    "usage": (2.3, 2.3, 1.7, 1.45, 1.1, 1.15, 1.2),
    "ast": (0.35, 0.35, 1.60, 1.80, 1.22, 0.80, 0.75),
}
_TRADES: Final = 36  # swaps of rotation players a season and 30 clubs
_SIGNINGS: Final = 110  # swaps of a fringe player with a free agent
_DEADLINE: Final = 113  # days after the start


@dataclass(frozen=True)
class SeasonPlayers:
    """The player pool of one season. Rows are players; columns of the two-dimensional arrays are days.

    `role` is the coach's valuation on the logistic minutes scale, before what he makes of the latest nights; `trust` is
    how much of a night's surprise stays in it (see `lasting`); `form` the same of the log of usage, assists and
    rebounds, `team` the club (-1: without one), `player` the index of the person over all seasons.
    """

    player: Ints
    age: Floats
    target: Floats
    rates: dict[str, Floats]
    role: Floats
    trust: Floats
    form: dict[str, Floats]
    team: Ints


class Population:
    """The pool of players, carried from season to season."""

    def __init__(self, n_teams: int, rng: np.random.Generator) -> None:
        self.n_teams = n_teams
        size = n_teams * (ROSTER + _FREE_AGENTS)
        self.player = np.arange(size)
        self.n_players = size
        self.age = np.clip(rng.gamma(9.0, 0.75, size) + 19.5, 19, 40)
        self.quality = rng.normal(0, 1, size)
        self.traits = _stratified(self.quality, 3, rng)
        self.own = _stratified(self.quality, len(RATES), rng)
        self.team = rng.permutation(np.arange(size) % n_teams)
        self._assign(rng)

    def advance(self, rng: np.random.Generator) -> None:
        """One summer: everybody is a year older, some leave, rookies come, clubs re-sort."""
        self.age = self.age + 1
        ageing = np.interp(self.age, (20, 23, 26, 29, 32, 36, 40), (0.34, 0.18, 0.06, 0.0, -0.12, -0.30, -0.50))
        self.quality = 0.97 * self.quality + ageing + rng.normal(0, 0.28, len(self.player))
        leaving = self.quality - 0.12 * np.maximum(self.age - 31, 0) + rng.normal(0, 0.45, len(self.player))
        out = np.argsort(leaving)[: max(len(self.player) // 9, 1)]
        self.player[out] = self.n_players + np.arange(len(out))
        self.n_players += len(out)
        self.age[out] = rng.uniform(19, 23.5, len(out))
        self.quality[out] = rng.normal(-0.75, 0.75, len(out))
        self.traits[out] = rng.normal(0, 1, (len(out), 3))
        self.own[out] = rng.normal(0, 1, (len(out), len(RATES)))
        self.team[out] = rng.integers(0, self.n_teams, len(out))
        self._assign(rng)

    def _assign(self, rng: np.random.Generator) -> None:
        """Deal the pool out in tiers of equal quality, one player of a tier to each club; who can, stays."""
        order = np.argsort(-(self.quality + rng.normal(0, 0.30, len(self.player))))
        for tier in order.reshape(-1, self.n_teams):
            clubs = self.team[tier]
            first = np.unique(clubs, return_index=True)[1]
            moving = np.setdiff1d(np.arange(self.n_teams), first)
            clubs[moving] = rng.permutation(np.setdiff1d(np.arange(self.n_teams), clubs[first]))
            self.team[tier] = clubs
        self.free = np.zeros(len(self.player), dtype=bool)
        self.free[order[self.n_teams * ROSTER :]] = True

    def season(self, n_days: int, rng: np.random.Generator) -> SeasonPlayers:
        """Rates, roles and clubs of every player for each day of one season; the clubs at its end are kept."""
        size = len(self.player)
        rank = np.empty(size)
        rank[np.argsort(self.quality)] = (np.arange(size) + 0.5) / size
        self.own = self.own * np.sqrt(1 - _SEASON_NOISE**2) + _SEASON_NOISE * _stratified(self.quality, len(RATES), rng)
        target = np.interp(rank, _RANK, _MINUTES)
        slow = np.interp(rank, _RANK, _SLOW_SCALE)[:, None]
        role = np.log((target + MINUTES_FLOOR) / (MINUTES_CEILING - MINUTES_FLOOR - target))[:, None] + slow * (
            _jumps(size, n_days, rng) + _drift(size, n_days, *_ROLE_SLOW, rng)
        )
        team = self._clubs(n_days, rng)
        self.team = np.where(team[:, -1] >= 0, team[:, -1], self.team)
        return SeasonPlayers(
            player=self.player.copy(),
            age=self.age.copy(),
            target=target,
            rates=_rates(rank, self.traits, self.own),
            role=role,
            trust=np.interp(rank, _RANK, _TRUST),
            form={
                name: kept * np.interp(rank, _RANK, _FORM_SCALE.get(name, np.ones(len(_RANK))))
                for name, kept in _FORM.items()
            },
            team=team,
        )

    def _clubs(self, n_days: int, rng: np.random.Generator) -> Ints:
        """Club of every player on every day: trades of like for like, fringe players waived for free agents."""
        team = np.repeat(np.where(self.free, -1, self.team)[:, None], n_days, axis=1)
        order = np.argsort(-self.quality)
        scale = self.n_teams / 30 * n_days / 174
        trades, signings = rng.poisson(_TRADES * scale), rng.poisson(_SIGNINGS * scale)
        deadline = min(_DEADLINE, n_days - 1)
        day = np.minimum(deadline - rng.integers(0, 2, trades) * rng.integers(0, 60, trades), deadline).clip(min=1)
        place = rng.integers(0, self.n_teams * 11, trades)
        other = np.clip(place + rng.integers(-self.n_teams, self.n_teams + 1, trades), 0, len(order) - 1)
        swaps = [(d, order[a], order[b], False) for d, a, b in zip(day, place, other, strict=True)]
        late = rng.integers(1, n_days, signings)
        fringe = order[rng.integers(self.n_teams * 12, self.n_teams * ROSTER, signings)]
        free = order[rng.integers(self.n_teams * 15, len(order), signings)]
        swaps += [(d, a, b, True) for d, a, b in zip(late, fringe, free, strict=True)]
        for start, one, two, signing in sorted(swaps):
            clubs = team[one, start], team[two, start]
            if clubs[0] == clubs[1] or (min(clubs) < 0) != signing:
                continue
            team[one, start:], team[two, start:] = clubs[1], clubs[0]
        return team


def _rates(rank: Floats, traits: Floats, own: Floats) -> dict[str, Floats]:
    """Every rate of every player: level by rank, traits, and what is the player's own."""
    rates = {}
    for column, name in enumerate(RATES):
        *loadings, spread = _LOADING[name]
        scale = np.interp(rank, _RANK, _UNLIKE.get(name, np.ones(len(_RANK))))
        value = np.interp(rank, _RANK, _LEVEL[name]) + scale * (traits @ np.array(loadings) + spread * own[:, column])
        rates[name] = np.clip(value, *_BOUNDS[name]) if name in _BOUNDS else np.exp(value)
    return rates


def _stratified(quality: Floats, columns: int, rng: np.random.Generator) -> Floats:
    """Standard normal draws, [players, columns], spread evenly among players of about the same quality.

    There are only some hundred regulars: plain draws would make the spread between stars a matter of the seed.
    """
    size = len(quality)
    filled = np.full(-(-size // _STRATUM) * _STRATUM, size)  # the last stratum is filled up with nobody
    filled[:size] = np.argsort(-quality)
    strata = filled.reshape(-1, _STRATUM)
    place = rng.permuted(np.broadcast_to(np.arange(_STRATUM)[:, None], (*strata.shape, columns)), axis=1)
    values = np.empty((size + 1, columns))
    values[strata] = ndtri((place + rng.random(place.shape)) / _STRATUM)
    return values[:size]


def _drift(size: int, n_days: int, phi: float, sd: float, rng: np.random.Generator) -> Floats:
    """Stationary first-order autoregression by day, one row a player."""
    noise = rng.normal(0, sd, (size, n_days)) * np.sqrt(1 - phi**2)
    noise[:, 0] /= np.sqrt(1 - phi**2)
    path: Floats = lfilter([1.0], [1.0, -phi], noise, axis=1)
    return path


def lasting(kept: Floats, day: float, surprise: Floats) -> Floats:
    """What is left of the surprises of earlier nights, [players, days].

    A night above expectation lifts those after it, fading from day to day. This is the innovations form of a
    first-order autoregression: what moves fast, of roles and of form, is made of surprises of past games only, and
    nothing about tonight is settled that no game has shown.

    Args:
        kept: Part kept by each player of a surprise of one standard deviation, [players].
        day: Share left a day later.
        surprise: Standardised surprise of each day, 0 without a game, [players, days].
    """
    left: Floats = lfilter([0.0, 1.0], [1.0, -day], kept[:, None] * surprise, axis=1)
    return left


def _jumps(size: int, n_days: int, rng: np.random.Generator) -> Floats:
    """Role changes that last: a compound Poisson path, one row a player."""
    hit = rng.random((size, n_days)) < _JUMPS / 174
    return np.cumsum(np.where(hit, rng.normal(0, _JUMP_SD, (size, n_days)), 0.0), axis=1)
