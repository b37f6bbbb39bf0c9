"""Expected box-score counts of every player in every scenario, and the trials they are drawn from.

A team's night is a fixed number of scoring trials, each ending in one player's two, three, trip to the line, or in
nothing; assists depend on the makes, rebounds on the misses of both sides. Counts of one player are therefore binomial
given the scenario, which is what makes the truth computable (see `nba_league.truth`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from nba_league.season.pregame import SCENARIOS, PreGame, quantiles
from nba_props.arrays import Floats32

Scalar = TypeVar("Scalar", bound=np.generic)


SCORING_TRIALS: Final = 72
"""Fewer than a team's possessions: a team's points vary less (SD 12.6) than independent possessions would make them."""
MISS_TRIALS: Final = 72
TURNOVER_TRIALS: Final = 480
OVERTIME_SHARE: Final = 5 / 48
AND_ONE: Final = 0.07  # free throw added to a made two
ASSISTED: Final = (0.53, 0.83)  # of made twos and threes
DEAD_BALLS: Final = 0.066  # misses nobody is credited with
_ACTIONS: Final = 98.9  # shots and trips to the line of a team in 48 minutes
_OFFENSIVE: Final = 0.226  # of a team's own misses
_TURNOVERS: Final = 13.2
_STEALS: Final = 0.58  # of the opponents' turnovers
_BLOCKS: Final = 0.20  # of their missed twos
_EAGER: Final = (0.25, 0.20, 0.08)
"""On a good night a player plays longer: shots, passes and rebounds a minute go with this power of the ratio of
minutes to usual minutes."""
_REGULAR: Final = 24.0  # usual minutes below which it fades: the bench's minutes depend on others
NIGHT_SD: Final = (0.11, 0.14, 0.15)
"""Log SD of a player's usage, assists and rebounds on the night, beyond what the minutes bring."""


@dataclass(frozen=True)
class Counts:
    """Expected counts in regulation, all [T, K, S] (S = 1 once a scenario is picked), and the minutes behind them.

    `passing` are the weights by which assists are dealt, `steal_share` and `block_share` the chance of each player to
    be credited with a turnover or a missed two of the opponents.
    """

    minutes: Floats32
    made2: Floats32
    made3: Floats32
    trips: Floats32
    miss2: Floats32
    miss3: Floats32
    ast: Floats32
    passing: Floats32
    oreb: Floats32
    dreb: Floats32
    tov: Floats32
    steal_share: Floats32
    block_share: Floats32


def other_side(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """Rows of the opponents: 2g and 2g+1 change places."""
    return values.reshape(-1, 2, *values.shape[1:])[:, ::-1].reshape(values.shape)


def expected_counts(pre: PreGame, pick: npt.NDArray[np.int64] | None = None) -> Counts:
    """Expected counts given the scenario, for all scenarios or (with `pick`, one a game) for the one that happens."""
    minutes, night, luck, pace = _scenario(pre, pick)
    factor = {name: value[:, None, None] for name, value in pre.factor.items()}
    rate = {name: value[:, :, None] for name, value in pre.rates.items()}
    usage, passing_night, glass = (quantiles(sd)[index] for sd, index in zip(NIGHT_SD, night, strict=True))
    shooting, creating, rebounding = _weighted_minutes(minutes, pre.usual[:, :, None])
    weight = shooting * rate["usage"] * usage
    actions = np.float32(_ACTIONS) * pace * weight / weight.sum(axis=1, keepdims=True)
    shots = actions / (1 + rate["trip"] * factor["trip"])
    threes = shots * rate["three"]
    made3 = threes * rate["p3"] * (factor["make3"] * luck)
    made2 = (shots - threes) * rate["p2"] * (factor["make2"] * luck)
    passing = creating * rate["ast"] * passing_night
    miss2, miss3 = np.maximum(shots - threes - made2, 0), np.maximum(threes - made3, 0)
    oreb, dreb = _rebounds(rebounding * glass, rate, factor["oreb"], (miss2 + miss3).sum(axis=1, keepdims=True))
    turnovers = minutes * rate["tov"]
    steals, blocks = minutes * rate["stl"], minutes * rate["blk"]
    return Counts(
        minutes=minutes,
        made2=made2,
        made3=made3,
        trips=actions - shots,
        miss2=miss2,
        miss3=miss3,
        ast=_assists(made2, made3, passing, factor["ast"]),
        passing=passing,
        oreb=oreb,
        dreb=dreb,
        tov=np.float32(_TURNOVERS) * pace * factor["tov"] * turnovers / turnovers.sum(axis=1, keepdims=True),
        steal_share=np.float32(_STEALS) * steals / steals.sum(axis=1, keepdims=True),
        block_share=np.float32(_BLOCKS) * blocks / blocks.sum(axis=1, keepdims=True),
    )


def _weighted_minutes(minutes: Floats32, usual: Floats32) -> tuple[Floats32, Floats32, Floats32]:
    """Minutes weighted by how much there is of a player in them: in shots, passes and rebounds."""
    relative = np.log(np.clip(minutes / np.maximum(usual, 4), 0.25, 2.0)) * np.minimum(usual / np.float32(_REGULAR), 1)
    shots, passes, rebounds = (minutes * np.exp(np.float32(power) * relative) for power in _EAGER)
    return shots, passes, rebounds


def _scenario(
    pre: PreGame, pick: npt.NDArray[np.int64] | None
) -> tuple[Floats32, npt.NDArray[np.uint8], Floats32, Floats32]:
    """Minutes [T, K, S], night indices [3, T, K, S], makes by luck and pace [T, 1, S], of all or picked ones."""
    minutes, night, luck, pace = pre.minutes, pre.night, pre.luck, pre.pace
    if pick is not None:
        index = np.repeat(pick, 2)
        minutes = np.take_along_axis(minutes, index[:, None, None], axis=2)
        night = np.take_along_axis(night, index[None, :, None, None], axis=3)
        luck, pace = (np.take_along_axis(values, index[:, None], axis=1) for values in (luck, pace))
    return minutes.astype(np.float32), night, np.exp(luck)[:, None, :], pace[:, None, :]


def _assists(made2: Floats32, made3: Floats32, passing: Floats32, factor: Floats32) -> Floats32:
    """A make of k is assisted by j with probability theta * passing_j / (sum of passing - passing_k), j not k."""
    assisted = (np.float32(ASSISTED[0]) * made2 + np.float32(ASSISTED[1]) * made3) * factor
    per_weight = assisted / np.maximum(passing.sum(axis=1, keepdims=True) - passing, 1e-6)
    expected: Floats32 = passing * (per_weight.sum(axis=1, keepdims=True) - per_weight)
    return expected


def _rebounds(
    presence: Floats32, rate: dict[str, Floats32], factor: Floats32, misses: Floats32
) -> tuple[Floats32, Floats32]:
    """Offensive rebounds of the own misses and defensive ones of the opponents' that they did not get themselves."""
    own, theirs = presence * rate["oreb"], presence * rate["dreb"]
    share = np.float32(_OFFENSIVE) * factor
    left = other_side(misses * (1 - np.float32(DEAD_BALLS) - share))
    return (
        misses * share * own / own.sum(axis=1, keepdims=True),
        left * theirs / theirs.sum(axis=1, keepdims=True),
    )


def mean_over_scenarios(values: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Average over the (equally likely) scenarios, in double precision."""
    average: npt.NDArray[np.float64] = values.sum(axis=2, dtype=np.float64) / SCENARIOS
    return average
