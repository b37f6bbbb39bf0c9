"""Play the games: one scenario each, then box scores that add up."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from nba_league.season.counts import (
    ASSISTED,
    DEAD_BALLS,
    MISS_TRIALS,
    OVERTIME_SHARE,
    SCORING_TRIALS,
    TURNOVER_TRIALS,
    Counts,
    expected_counts,
    other_side,
)
from nba_league.season.pregame import SCENARIOS, PreGame
from nba_league.season.scoring import draw_scoring, scoring_chances, with_nothing
from nba_league.season.set_up import LATE_EQUALISER
from nba_props.arrays import Floats, Ints

Box = dict[str, Ints]


_OVERTIME_TRIALS: Final = 8  # of scoring
_FOULS: Final = 19.2  # of a team in 48 minutes
_FOUL_LIMIT: Final = 6
_COURT: Final = 5


def play(pre: PreGame, rng: np.random.Generator, pick: Ints | None = None) -> Box:
    """Play every game once, in the scenarios given (one a game) or, without them, in any.

    Returns:
        Whole-number arrays [T, K] in the names of the games table, with `min` 0 for who did not appear; `overtimes`
        is [G].
    """
    pick = rng.integers(0, SCENARIOS, len(pre.overtime)) if pick is None else pick
    counts = expected_counts(pre, pick)
    scored, overtimes = _scores(counts, pre.rates["pft"], rng)
    extra = np.repeat(overtimes, 2)
    box: Box = {
        "min": _with_overtime(counts.minutes[:, :, 0].astype(np.float64), extra, rng),
        "fg3m": scored["made3"],
        "fgm": scored["made2"] + scored["made3"],
        "ftm": scored["ftm"],
        "fta": scored["fta"],
        "pts": scored["pts"],
    }
    miss2, miss3 = np.split(_draw([counts.miss2, counts.miss3], MISS_TRIALS, extra, rng), 2, axis=1)
    box["fg3a"] = box["fg3m"] + miss3
    box["fga"] = box["fgm"] + miss2 + miss3
    box["oreb"], box["dreb"] = _rebounds(counts, miss2 + miss3, rng)
    box["reb"] = box["oreb"] + box["dreb"]
    box["ast"] = _assists(scored, counts, pre.factor["ast"], rng)
    box["tov"] = _draw([counts.tov], TURNOVER_TRIALS, extra, rng)
    minutes = box["min"].astype(np.float64)
    box["stl"] = _credited(other_side(box["tov"].sum(axis=1)), counts.steal_share, rng)
    box["blk"] = _credited(other_side(miss2.sum(axis=1)), counts.block_share, rng)
    box["pf"] = _fouls(minutes * pre.rates["pf"], rng)
    box["plus_minus"] = _plus_minus(box["pts"].sum(axis=1), minutes, rng)
    box["overtimes"] = overtimes
    return box


def _scores(counts: Counts, pft: npt.NDArray[np.float32], rng: np.random.Generator) -> tuple[Box, Ints]:
    """Makes and free throws with as many overtimes as it takes to have a winner."""
    chance = scoring_chances(counts)
    scored = draw_scoring(chance, pft, SCORING_TRIALS, rng)
    _equalise(scored, rng)
    overtimes = np.zeros(len(chance) // 2, dtype=np.int64)
    shorter = with_nothing(chance[:, :-1] * (SCORING_TRIALS * OVERTIME_SHARE / _OVERTIME_TRIALS))
    while True:
        total = scored["pts"].sum(axis=1)
        level = np.flatnonzero(total[0::2] == total[1::2])
        if not len(level):
            return scored, overtimes
        sides = np.column_stack([2 * level, 2 * level + 1]).ravel()
        for name, more in draw_scoring(shorter[sides], pft[sides], _OVERTIME_TRIALS, rng).items():
            scored[name][sides] += more
        overtimes[level] += 1


def _equalise(scored: Box, rng: np.random.Generator) -> None:
    """Level half of the games at one point's difference by one free throw: the trailer's made, or the leader's missed.

    Either way with equal chance and whichever side leads, so that no player's expectation moves.
    """
    total = scored["pts"].sum(axis=1)
    lead = total[0::2] - total[1::2]
    games = np.flatnonzero((np.abs(lead) == 1) & (rng.random(len(lead)) < LATE_EQUALISER))
    for_trailer = rng.random(len(games)) < 0.5
    home_leads = lead[games] > 0
    side = 2 * games + np.where(for_trailer == home_leads, 1, 0)
    missed, made = scored["fta"][side] - scored["ftm"][side], scored["ftm"][side]
    pool = np.where(for_trailer[:, None], missed, made)
    able = pool.sum(axis=1) > 0
    drawn = (np.cumsum(pool, axis=1) > (rng.random(len(games)) * pool.sum(axis=1))[:, None]).argmax(axis=1)
    change = np.where(for_trailer, 1, -1)[able]
    for name in ("ftm", "pts"):
        scored[name][side[able], drawn[able]] += change


def _with_overtime(minutes: Floats, extra: Ints, rng: np.random.Generator) -> Ints:
    """Add 25 team minutes an overtime, in proportion to the minutes in regulation, in whole minutes."""
    running = np.cumsum(minutes, axis=1) * (25.0 * extra / 240.0)[:, None]
    running[:, -1] = 25.0 * extra
    cut = np.floor(running + rng.random((len(minutes), 1)))
    more = np.diff(cut, axis=1, prepend=0.0)
    return (minutes + more).astype(np.int64)


def _draw(expected: list[npt.NDArray[np.float32]], trials: int, extra: Ints, rng: np.random.Generator) -> Ints:
    """Counts of all players from `trials` trials a team (and 5/48 more an overtime)."""
    chance = with_nothing(np.concatenate(expected, axis=1)[:, :, 0].astype(np.float64) / trials)
    drawn: Ints = rng.multinomial(trials + extra * round(trials * OVERTIME_SHARE), chance)[:, :-1]
    return drawn


def _rebounds(counts: Counts, missed: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Deal the misses of each team out to both sides' rebounders; the rest are dead balls."""
    n_players = missed.shape[1]
    own, theirs = counts.oreb[:, :, 0].astype(np.float64), other_side(counts.dreb)[:, :, 0].astype(np.float64)
    each = np.concatenate([own, theirs], axis=1)
    each *= (1 - DEAD_BALLS) / each.sum(axis=1, keepdims=True)
    dealt = rng.multinomial(missed.sum(axis=1), with_nothing(each))
    return dealt[:, :n_players], other_side(dealt[:, n_players:-1])


def _assists(scored: Box, counts: Counts, factor: npt.NDArray[np.float32], rng: np.random.Generator) -> Ints:
    """Some makes are assisted, each by a team mate of the scorer in proportion to his passing."""
    chance2, chance3 = (share * factor.astype(np.float64)[:, None] for share in ASSISTED)
    assisted = rng.binomial(scored["made2"], chance2) + rng.binomial(scored["made3"], np.minimum(chance3, 1))
    passing = counts.passing[:, :, 0].astype(np.float64)
    weight = np.repeat(passing[:, None, :], passing.shape[1], axis=1)
    weight[:, np.arange(passing.shape[1]), np.arange(passing.shape[1])] = 0
    weight /= weight.sum(axis=2, keepdims=True)
    dealt: Ints = rng.multinomial(assisted, weight).sum(axis=1)
    return dealt


def _credited(events: Ints, share: npt.NDArray[np.float32], rng: np.random.Generator) -> Ints:
    """Credit each of the opponents' events to a player by his share, or to nobody."""
    dealt: Ints = rng.multinomial(events, with_nothing(share[:, :, 0].astype(np.float64)))
    return dealt[:, :-1]


def _fouls(weight: Floats, rng: np.random.Generator) -> Ints:
    """Personal fouls, six at most."""
    expected = _FOULS * weight / weight.sum(axis=1, keepdims=True)
    fouls: Ints = rng.binomial(_FOUL_LIMIT, np.minimum(expected / _FOUL_LIMIT, 0.95))
    return np.where(weight > 0, fouls, 0)


def _plus_minus(points: Ints, minutes: Floats, rng: np.random.Generator) -> Ints:
    """Margin while on court: each player's share of the margin by minutes, with noise; sums to 5 times the margin."""
    margin = (points - other_side(points)).astype(np.float64)
    length = minutes.sum(axis=1, keepdims=True) / _COURT
    noise = rng.normal(0, 1, minutes.shape) * np.sqrt(np.maximum(minutes * (1.15 * length - minutes), 0) / length) * 2.6
    share = minutes / minutes.sum(axis=1, keepdims=True)
    value = margin[:, None] * minutes / length + noise - noise.sum(axis=1, keepdims=True) * share
    running = np.cumsum(value, axis=1)
    running[:, -1] = margin * _COURT
    cut = np.diff(np.floor(running + rng.random((len(margin), 1))), axis=1, prepend=0.0)
    return cut.astype(np.int64)
