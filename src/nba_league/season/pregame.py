"""All that is settled before tip-off: who is active, in which role, against whom, and the ways the night may go.

Each game has `SCENARIOS` equally likely ways to go: whole-number minutes of everybody, pace, run of play, and each
player's usage, passing and rebounding on the night. One of them happens. As they are a finite set, every conditional
mean and probability is a plain average over the scenarios, exact and not estimated. Within a game each noise runs
through the same stratified quantiles in a random order, so that the average stays close to what the latent state
alone says and hides nothing a forecaster could not know.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from nba_league.season.players import MINUTES_CEILING, MINUTES_FLOOR
from nba_props.arrays import Floats32, Ints

ACTIVE: Final = 13
SCENARIOS: Final = 48
REGULATION: Final = 240.0
_NEWTON_STEPS: Final = 6
_TAILS: Final = 3.0  # degrees of freedom of the night's minutes
_FLATTENED: Final = (
    0.319  # how much of the differences in role a one-sided night (severity 1 above the mean) takes away
)
_GARBAGE: Final = 0.586  # and how much it lifts the end of the bench on the logistic scale
_GIVE: Final = 0.368
_DEPTH: Final = (0, 0, 0, 0, 0, 0, 0, 0, -0.404, -0.878, -1.496, -2, -2.4)
"""What the place in the rotation takes off the role: coaches play nine or ten."""


@dataclass(frozen=True)
class PreGame:
    """State of a season's games before tip-off.

    Axes: T team-games (row 2g is the home side of game g, row 2g+1 the away side), K active players, S scenarios.
    `row` is the player's row in the season's pool (-1: no player), `usual` the minutes of the role on such a night.
    `factor` are multipliers of the team-game (makes of twos and threes, free-throw trips, assists, offensive rebounds,
    turnovers), `pace` is shared by both sides. `minutes` and the indices `night` (usage, assists, rebounds) into
    `quantiles` are the scenarios, with the run of play `luck` (log makes). `overtime` is the expected number of
    overtimes of the game.
    """

    row: Ints
    person: Ints
    rates: dict[str, Floats32]
    role: Floats32
    usual: Floats32
    spread: Floats32
    factor: dict[str, Floats32]
    pace: Floats32
    luck: Floats32
    night: npt.NDArray[np.uint8]
    minutes: npt.NDArray[np.uint8]
    overtime: Floats32

    def take(self, games: Ints) -> PreGame:
        """The same state for some of the games (positions within the season), in the order given."""
        sides = np.column_stack([2 * games, 2 * games + 1]).ravel()
        cut: dict[str, object] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                cut[field.name] = {name: array[sides] for name, array in value.items()}
            elif field.name == "night":
                cut[field.name] = value[:, sides]
            elif field.name == "overtime":
                cut[field.name] = value[games]
            else:
                cut[field.name] = value[sides]
        return replace(self, **cut)  # type: ignore[arg-type]


def quantiles(sd: float) -> Floats32:
    """Stratified draws of a log-normal with mean exactly 1, one a scenario, ascending."""
    values = np.exp(sd * standard_normal())
    scaled: Floats32 = (values / values.mean()).astype(np.float32)
    return scaled


def standard_normal() -> npt.NDArray[np.float64]:
    """Midpoint quantiles of the standard normal, rescaled to variance 1."""
    values = ndtri((np.arange(SCENARIOS) + 0.5) / SCENARIOS)
    scaled: npt.NDArray[np.float64] = values / values.std()
    return scaled


def shuffled(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Scenario numbers in a random order of their own for every element of `shape` (scenarios on the last axis)."""
    order = np.broadcast_to(np.arange(SCENARIOS, dtype=np.uint8), (*shape, SCENARIOS))
    return rng.permuted(order, axis=-1)


def surprises() -> npt.NDArray[np.float64]:
    """Midpoint quantiles of Student's t, rescaled to variance 1: most nights go as planned, a few not at all."""
    values = stdtrit(_TAILS, (np.arange(SCENARIOS) + 0.5) / SCENARIOS)
    scaled: npt.NDArray[np.float64] = values / values.std()
    return scaled


@dataclass(frozen=True)
class Tonight:
    """What will happen.

    `pick` is the scenario of each game, [G]; `surprise` each active player's quantile of minutes, usage, assists and
    rebounds, [4, T, K].
    """

    pick: Ints
    surprise: npt.NDArray[np.uint8]

    def shuffled(self, one: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Scenario numbers of one of the surprises in random order, [T, K, S], the one to come in the scenario to come.

        As surprise and scenario are drawn evenly and apart from each other, the orders are as random as those of
        `shuffled`: they do not reveal which scenario happens.
        """
        surprise = self.surprise[one, :, :, None]
        order = shuffled(surprise.shape[:2], rng)
        at = np.repeat(self.pick, 2)[:, None, None]
        found = (order == surprise).argmax(axis=2)[:, :, None]
        np.put_along_axis(order, found, np.take_along_axis(order, at, axis=2), axis=2)
        np.put_along_axis(order, at, surprise, axis=2)
        return order


def play_minutes(
    role: Floats32, spread: Floats32, severity: Floats32, tonight: Tonight, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Whole minutes of every active player in every scenario; each team's sum to 240.

    The coach's valuation varies by `spread`; a one-sided night draws starters and bench together and empties the end of
    the bench. Rounding is systematic: running sums are cut at a random offset, which is unbiased for each player.

    Args:
        role: Valuation on the logistic scale, [T, K], best first; -inf for an empty place.
        spread: Standard deviation of the valuation on the night, [T, K].
        severity: How one-sided the night is, [T, S], about standard normal; 0 is the average night.
        tonight: What will happen.
        rng: Source of the noise.
    """
    noise = surprises().astype(np.float32)[tonight.shuffled(0, rng)]
    chart = depth_chart(role)
    deep = chart[:, :, None]
    garbage = np.float32(_GARBAGE) * severity[:, None, :] * (np.arange(ACTIVE) >= 9)[None, :, None]
    flat = np.clip(1 - np.float32(_FLATTENED) * severity, 0.3, 1.5)[:, None, :]
    played = solve_minutes(deep * flat + garbage + spread[:, :, None] * noise, chart)
    running = np.cumsum(played, axis=1)
    running *= np.float32(REGULATION) / running[:, -1:, :]
    # Sums of floats may be slightly off 240, which must not become a minute more or less for an empty last place.
    running[running > np.float32(REGULATION - 1e-3)] = REGULATION
    running[:, -1, :] = REGULATION
    running += rng.random((role.shape[0], 1, SCENARIOS), dtype=np.float32)
    return np.diff(np.floor(running), axis=1, prepend=np.float32(0)).astype(np.uint8)


def depth_chart(role: Floats32) -> Floats32:
    """Roles with what the place in the rotation takes off; empty places far below any other."""
    placed = np.where(np.isfinite(role), role, -30) + np.array(_DEPTH)
    chart: Floats32 = placed.astype(np.float32)
    return chart


def solve_minutes(valued: Floats32, role: Floats32) -> Floats32:
    """Minutes from valuations [T, K, S]: one shift for each team makes them sum to 240 (Newton's method).

    The shift is what absences of team mates come to; it moves the bench more than the starters, whose minutes hardly
    depend on who else is there. `role` is the depth chart, [T, K].
    """
    give = np.clip(1 - np.float32(_GIVE) * role, 0.25, 1.6)[:, :, None]
    shift = np.full((valued.shape[0], 1, valued.shape[2]), 0.1, dtype=np.float32)
    minutes = valued
    for _ in range(_NEWTON_STEPS):
        share = 1 / (1 + np.exp(-(valued + shift * give)))
        minutes = MINUTES_CEILING * share - MINUTES_FLOOR
        slope = np.where(minutes > 0, MINUTES_CEILING * share * (1 - share) * give, 0).sum(axis=1, keepdims=True)
        minutes = np.maximum(minutes, 0)
        shift = shift + np.clip((REGULATION - minutes.sum(axis=1, keepdims=True)) / np.maximum(slope, 5.0), -1, 1)
    return minutes
