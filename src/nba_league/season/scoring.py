"""Points of a team given its expected counts: mean and variance, and the draw of its makes and free throws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nba_league.season.counts import AND_ONE, SCORING_TRIALS, Counts
from nba_props.arrays import Floats, Ints


def player_points(counts: Counts, pft: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Expected points in regulation given the scenario, [T, K, S]."""
    line = pft[:, :, None]
    points: npt.NDArray[np.float32] = (
        (2 + np.float32(AND_ONE) * line) * counts.made2 + 3 * counts.made3 + 2 * line * counts.trips
    )
    return points


def point_moments(counts: Counts, pft: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Mean and variance of a team's points in regulation given the scenario, each [T, S].

    The team's scoring trials are independent and alike, so the variance is that of one trial times their number:
    the sum over outcomes of (expected count * squared points), less the squared mean over the number of trials.
    """
    mean = player_points(counts, pft).sum(axis=1, dtype=np.float64)
    line = pft[:, :, None]
    square = (
        (4 + 5 * np.float32(AND_ONE) * line) * counts.made2 + 9 * counts.made3 + (2 * line + 2 * line**2) * counts.trips
    ).sum(axis=1, dtype=np.float64)
    return mean, square - mean**2 / SCORING_TRIALS


def scoring_chances(counts: Counts) -> Floats:
    """Chance of every outcome of one scoring trial, [T, 3 K + 1]: twos, threes, trips of each player, nothing."""
    expected = np.concatenate([counts.made2, counts.made3, counts.trips], axis=1)[:, :, 0].astype(np.float64)
    return with_nothing(expected / SCORING_TRIALS)


def with_nothing(chance: Floats) -> Floats:
    """Append the chance that nothing of it happens; a row that sums to more than 0.98 is scaled down to it."""
    chance = chance / np.maximum(chance.sum(axis=1, keepdims=True) / 0.98, 1)
    return np.append(chance, 1 - chance.sum(axis=1, keepdims=True), axis=1)


def draw_scoring(
    chance: Floats, pft: npt.NDArray[np.float32], trials: int, rng: np.random.Generator
) -> dict[str, Ints]:
    """Makes, free throws and points of every player, [T, K] each, from `trials` scoring trials a team."""
    made = rng.multinomial(trials, chance)
    made2, made3, trips = np.split(made[:, :-1], 3, axis=1)
    fta = 2 * trips + rng.binomial(made2, AND_ONE)
    ftm = rng.binomial(fta, pft)
    return {"made2": made2, "made3": made3, "fta": fta, "ftm": ftm, "pts": 2 * made2 + 3 * made3 + ftm}
