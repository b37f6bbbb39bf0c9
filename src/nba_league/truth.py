"""The truth: conditional means and probabilities, exact averages over the scenarios of a night.

Given the scenario, what a player adds up to is a product of binomials: from each scoring trial he takes 0 to 3 points
or an assist, from each miss a rebound. Its probability-generating function is

    G(z) = (p0 + p1 z + p2 z^2 + p3 z^3)^N * (1 - r + r z)^M

and its coefficients follow from the linear recurrence that G' * A = G * B gives for the polynomials A and B of the
logarithmic derivative (Euler's recurrence for powers of a polynomial; Panjer's recursion is the same for one factor).

Two things are approximate, both far below a percentage point: overtime enters as its expected extra share of
everything, and offensive and defensive rebounds (binomials of unlike chances) as one binomial of equal mean and
variance.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

from nba_league.season.counts import (
    AND_ONE,
    MISS_TRIALS,
    OVERTIME_SHARE,
    SCORING_TRIALS,
    TURNOVER_TRIALS,
    Counts,
    expected_counts,
)
from nba_league.season.pregame import SCENARIOS, PreGame
from nba_league.season.scoring import player_points
from nba_props.arrays import Floats, Ints
from nba_props.errors import ConfigError
from nba_props.markets import MARKETS

_NODES: Final = 12  # scenarios are averaged in this many groups of like ones
_CHUNK: Final = 256
_TAIL: Final = 7.0  # standard deviations of the mixture after which nothing is left


class Night:
    """Expected counts of a set of games in all scenarios, ready to be asked for any of their players."""

    def __init__(self, pre: PreGame, counts: Counts | None = None) -> None:
        self.pre = pre
        self.counts: Counts = expected_counts(pre) if counts is None else counts
        longer = 1 + OVERTIME_SHARE * np.repeat(pre.overtime.astype(np.float64), 2)
        self.longer: Floats = longer[:, None]

    def appeared(self) -> Floats:
        """Share of the scenarios in which each player appears, [T, K]."""
        share: Floats = (self.pre.minutes > 0).sum(axis=2) / SCENARIOS
        return share

    def jumps(self, columns: Collection[str], side: Ints, place: Ints) -> list[Floats]:
        """Chances of 1, 2 and 3 from a scoring trial, each [n, S]."""
        counts = self.counts

        def of(values: npt.NDArray[np.float32]) -> Floats:
            return self._chance(values, SCORING_TRIALS, side, place)

        zero = np.zeros((len(side), SCENARIOS))
        one, two, three = zero, zero, zero
        if "pts" in columns:
            line = self.pre.rates["pft"][side, place].astype(np.float64)[:, None]
            made2, trips = of(counts.made2), of(counts.trips)
            one = 2 * line * (1 - line) * trips
            two = (1 - AND_ONE * line) * made2 + line**2 * trips
            three = AND_ONE * line * made2 + of(counts.made3)
        if "fg3m" in columns:
            one = one + of(counts.made3)
        if "ast" in columns:
            one = one + of(counts.ast)
        return [one, two, three]

    def misses(self, columns: Collection[str], side: Ints, place: Ints) -> tuple[Floats, Floats]:
        """Expected count and trials, each [n, S], of the one binomial that stands for all beside the scoring trials.

        With several (rebounds of own and of opponents' misses, steals beside blocks) it has the mean and the variance
        of their sum: with means m_i from n_i trials, (sum m_i)^2 / sum(m_i^2 / n_i) trials.
        """
        parts = []
        if "reb" in columns:
            own = self.counts.oreb[side, place].astype(np.float64)
            theirs = self.counts.dreb[side, place].astype(np.float64)
            both = self._chance(self.counts.oreb + self.counts.dreb, MISS_TRIALS, side, place) * MISS_TRIALS
            trials = MISS_TRIALS * (own + theirs) ** 2 / np.maximum(own**2 + theirs**2, 1e-12)
            parts.append((both, np.maximum(trials, MISS_TRIALS)))
        parts += [self._thinned(name, side, place) for name in ("tov", "stl", "blk") if name in columns]
        if not parts:
            return np.zeros((len(side), SCENARIOS)), np.ones((len(side), SCENARIOS))
        if len(parts) == 1:
            return parts[0]
        expected = np.sum([mean for mean, _ in parts], axis=0)
        spread = np.sum([mean**2 / trials for mean, trials in parts], axis=0)
        fewest = np.min([trials for _, trials in parts], axis=0)
        return expected, np.maximum(expected**2 / np.maximum(spread, 1e-12), fewest)

    def _chance(self, values: npt.NDArray[np.float32], trials: int, side: Ints, place: Ints) -> Floats:
        chance: Floats = values[side, place].astype(np.float64) * (self.longer[side] / trials)
        return chance

    def _thinned(self, column: str, side: Ints, place: Ints) -> tuple[Floats, Floats]:
        """Own turnovers, or steals or blocks of what the opponents lose: expected count and trials, [n, S]."""
        counts, longer = self.counts, self.longer[side]
        trials = MISS_TRIALS if column == "blk" else TURNOVER_TRIALS
        if column == "tov":
            expected = counts.tov[side, place]
        elif column == "stl":
            expected = counts.steal_share[side, place] * counts.tov[side ^ 1].sum(axis=1)
        else:
            expected = counts.block_share[side, place] * counts.miss2[side ^ 1].sum(axis=1)
        chance: Floats = expected.astype(np.float64) * longer / trials
        return chance * trials, np.full(chance.shape, float(trials))


def conditional_means(night: Night) -> dict[str, Floats]:
    """True means given everything known before tip-off and that the player appears, [T, K] each."""
    counts, pre = night.counts, night.pre
    scale = night.longer / np.maximum(night.appeared(), 1 / SCENARIOS) / SCENARIOS

    def mean(values: npt.NDArray[np.float32]) -> Floats:
        average: Floats = values.sum(axis=2, dtype=np.float64) * scale
        return average

    means = {
        "min": mean(counts.minutes),
        "pts": mean(player_points(counts, pre.rates["pft"])),
        "reb": mean(counts.oreb) + mean(counts.dreb),
        "ast": mean(counts.ast),
    }
    means["pra"] = means["pts"] + means["reb"] + means["ast"]
    return means


def market_mean(night: Night, market: str) -> Floats:
    """True mean of any market given that the player appears, [T, K]; 0 for places that nobody holds.

    Raises:
        ConfigError: The market is unknown, or its truth cannot be derived (`derivable_columns`).
    """
    side, place = np.nonzero(night.appeared() > 0)
    mean = np.zeros(night.appeared().shape)
    mean[side, place] = exceedance(night, market, side, place).sum(axis=1)
    return mean


def derivable_columns(market: str) -> tuple[str, ...]:
    """Columns from whose distributions that of the market follows exactly, or nearly so (see above).

    >>> derivable_columns("pra")
    ('pts', 'reb', 'ast')

    Raises:
        ConfigError: The market is unknown, is settled by a function, or adds up columns that the league does not draw
            or does not draw apart: then it has no known truth.
    """
    columns = MARKETS[market].columns
    known = ("pts", "reb", "ast", "fg3m", "stl", "blk", "tov")
    drawn_apart = len(set(columns)) == len(columns) and not {"pts", "fg3m"} <= set(columns)
    if columns and set(columns) <= set(known) and drawn_apart:
        return columns
    message = (
        f"The simulated league does not know the true distribution of market {market!r}: it does for sums of different "
        f"ones of {', '.join(known)} (not points and threes together). Use real data for this market."
    )
    raise ConfigError(message)


def exceedance(night: Night, market: str, side: Ints, place: Ints) -> Floats:
    """P(stat > k), k = 0, 1, ..., of players given by team-game and place, given that they appear.

    `place` is the player's place among the active players of his team-game (`side`).

    Returns:
        [n, top + 1], with a `top` beyond which nothing is left.

    Raises:
        ConfigError: If the market is unknown, or its truth cannot be derived (`derivable_columns`).
    """
    columns = derivable_columns(market)
    chances = night.jumps(columns, side, place)
    misses, trials = night.misses(columns, side, place)
    weight = (night.pre.minutes[side, place] > 0).astype(np.float64)
    mean = SCORING_TRIALS * (chances[0] + 2 * chances[1] + 3 * chances[2]) + misses
    nodes = _group(mean, weight, [*chances, misses, trials])
    nodes[3] = nodes[3] / np.maximum(nodes[4], 1)  # a group in which the player never appears has no trials
    return _by_size(nodes, mean, SCORING_TRIALS)


def _group(mean: Floats, weight: Floats, values: list[Floats]) -> list[Floats]:
    """Average like scenarios: [n, S] to [n, nodes] each, and the weight of every node last (rows sum to 1)."""
    order = np.argsort(mean, axis=1)
    shape = (len(mean), _NODES, SCENARIOS // _NODES)
    grouped = np.take_along_axis(weight, order, axis=1).reshape(shape)
    total = grouped.sum(axis=2)
    merged = [
        (np.take_along_axis(value, order, axis=1).reshape(shape) * grouped).sum(axis=2) / np.maximum(total, 1)
        for value in values
    ]
    return [*merged, total / total.sum(axis=1, keepdims=True)]


def _by_size(nodes: list[Floats], mean: Floats, trials: int) -> Floats:
    """Run the recurrence over chunks of players of like size, each as far as it needs to go."""
    centre = mean.mean(axis=1)
    reach = np.ceil(mean.max(axis=1) + _TAIL * np.sqrt(2.3 * mean.max(axis=1) + 1)).astype(np.int64)
    order = np.argsort(centre)
    above = np.zeros((len(mean), int(reach.max(initial=0)) + 1))
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        top = int(reach[chunk].max())
        mass = _mixture([node[chunk] for node in nodes], trials, top)
        above[chunk, : top + 1] = np.maximum(1 - np.cumsum(mass, axis=1), 0)
    return above


def _mixture(nodes: list[Floats], trials: int, top: int) -> Floats:
    """Probability of 0, 1, ..., `top` for the mixture over the nodes, [n, top + 1]."""
    one, two, three, miss, others, weight = nodes
    a, b = _recurrence(one, two, three, miss, trials, others)
    none = 1 - one - two - three
    term = none**trials * (1 - miss) ** others
    mass = np.empty((len(weight), top + 1))
    mass[:, 0] = (weight * term).sum(axis=1)
    recent = [term]
    for n in range(top):
        term = sum(((b[k] - a[k] * (n - k)) * past for k, past in enumerate(recent)), start=np.zeros_like(term)) / (
            n + 1
        )
        mass[:, n + 1] = np.einsum("ij,ij->i", weight, term)
        recent = [term, *recent][: len(b)]
    return mass


def _recurrence(
    one: Floats, two: Floats, three: Floats, miss: Floats, trials: int, others: Floats
) -> tuple[list[Floats], list[Floats]]:
    """Coefficients a_(k+1) / a_0 and b_k / a_0 of (n + 1) G_(n+1) = sum over k of (b_k - a_(k+1) (n - k)) G_(n-k).

    A = P R and B = N P' R + M r P with P = p0 + p1 z + p2 z^2 + p3 z^3 and R = 1 - r + r z. Terms that are zero for
    everybody (no threes in a market of rebounds) are left out.
    """
    none, keep = 1 - one - two - three, 1 - miss
    first = none * keep
    a = [
        one * keep + none * miss,
        two * keep + one * miss,
        three * keep + two * miss,
        three * miss,
    ]
    b = [
        trials * one * keep + others * miss * none,
        trials * (2 * two * keep + one * miss) + others * miss * one,
        trials * (3 * three * keep + 2 * two * miss) + others * miss * two,
        trials * 3 * three * miss + others * miss * three,
    ]
    needed = max((k + 1 for k in range(4) if a[k].any() or b[k].any()), default=1)
    return [value / first for value in a[:needed]], [value / first for value in b[:needed]]
