"""Bookmakers: opening and closing prices of every prop, and how far the opening ones are off.

A book believes the true distribution stretched by a factor: belief mean over true mean. At the close the factor
differs from 1 by a little noise. At the opening the book leans on the season's plain average, which is slow to see a
new role, an opponent or an absence, and has noise of its own and in common with the other books. All of it is
multiplied by `inefficiency`: at 0 both prices are the truth, but for rounding and the margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from nba_league.season.set_up import Season
from nba_league.truth import Night, exceedance, market_mean
from nba_props.arrays import Floats, Ints
from nba_props.markets import MARKETS

Box = dict[str, Ints]


class Book(NamedTuple):
    """A bookmaker: share of the props on offer, margin, and the step prices are rounded to."""

    name: str
    coverage: float
    hold: float
    step: int


BOOKS: Final = (
    Book("Copperline", 0.92, 0.058, 1),
    Book("Harbor Street", 0.80, 0.064, 5),
    Book("Northgate", 0.70, 0.052, 1),
    Book("Pinewood Sports", 0.55, 0.068, 5),
    Book("Velvet Ace", 0.42, 0.061, 1),
)
PHASES: Final = ("open", "close")
_LEAST_MINUTES: Final = 18.0
_STALE: Final = (0.60, 0.04)  # share of the season average in the belief, by phase
_COMMON: Final = (0.08, 0.02)  # noise in standard deviations of the result: of all books together
_OWN: Final = (0.08, 0.03)  # and of each book
_STRETCH: Final = (0.45, 1.80)
_PRIOR_GAMES: Final = 4.0  # weight of the opinion held before the season
_WHOLE_LINES: Final = 0.08
_LOPSIDED: Final = 0.24  # props with a side below this fair probability are not offered


@dataclass(frozen=True)
class Lines:
    """Prices of one season, flat: one element a prop, book and phase.

    `side` is the team-game the prop is on, `row` the player's row in the season's pool, `market`, `book` and `phase`
    index the markets asked for, `BOOKS` and `PHASES`.
    """

    side: Ints
    row: Ints
    market: Ints
    book: Ints
    phase: Ints
    line: Floats
    over: Floats
    under: Floats


def post_lines(
    season: Season,
    night: Night,
    box: Box,
    means: dict[str, Floats],
    *,
    markets: Sequence[str],
    inefficiency: float,
    rng: np.random.Generator,
) -> Lines:
    """Opening and closing prices of all books for one season.

    Players expected to play 18 minutes and more are offered. Late scratches get an opening price made from their last
    game and no closing price; it is void. Both prices of the rare player whom the coach then leaves on the bench are
    void too.
    """
    side, place = np.nonzero(means["min"] >= _LEAST_MINUTES)
    scratched = season.scratched[means["min"][season.scratched[:, 1], season.scratched[:, 2]] >= _LEAST_MINUTES]
    tonight = np.concatenate([side, scratched[:, 0]])
    side, place = np.concatenate([side, scratched[:, 1]]), np.concatenate([place, scratched[:, 2]])
    open_only = np.arange(len(side)) >= len(side) - len(scratched)
    shape = (len(side), len(markets), len(BOOKS), len(PHASES))
    line, over, under = np.empty(shape), np.empty(shape), np.empty(shape)
    for index, market in enumerate(markets):
        above = exceedance(night, market, side, place)
        truth = _true_mean(night, means, market)
        naive = _season_average(season, box, truth, market)[side, place]
        stretch = _stretch(above, naive, inefficiency, rng)
        line[:, index], fair = _offer(above, stretch, rng)
        over[:, index], under[:, index] = _prices(fair)
    offered = rng.random(shape[:3]) < np.array([book.coverage for book in BOOKS])
    keep = np.isfinite(over) & offered[:, :, :, None]
    keep[open_only, :, :, PHASES.index("close")] = False
    order = np.argsort(tonight, kind="stable")
    prop, market_index, book, phase = np.nonzero(keep[order])
    chosen = order[prop]
    at = (chosen, market_index, book, phase)
    return Lines(
        side=tonight[chosen],
        row=season.pre.row[side[chosen], place[chosen]],
        market=market_index,
        book=book,
        phase=phase,
        line=line[at],
        over=over[at],
        under=under[at],
    )


def _true_mean(night: Night, means: dict[str, Floats], market: str) -> Floats:
    """True mean of the market, [T, K]: a sum of known means, or from its distribution."""
    parts = MARKETS[market].columns
    if market in means:
        return means[market]
    if set(parts) <= means.keys():
        total: Floats = np.sum([means[part] for part in parts], axis=0)
        return total
    return market_mean(night, market)


def _season_average(season: Season, box: Box, truth: Floats, market: str) -> Floats:
    """Average of the season's earlier games, [T, K], started from the opinion held before the player's first one."""
    parts = MARKETS[market].columns
    result = np.sum([box[part] for part in parts], axis=0).astype(np.float64)
    played = box["min"] > 0
    row = np.where(season.pre.row >= 0, season.pre.row, 0)
    side, place = np.nonzero(played)
    who = row[side, place]
    order = np.lexsort((side, who))
    who, value = who[order], result[side, place][order]
    first = np.append(True, who[1:] != who[:-1])
    start = np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
    total = np.cumsum(value) - value
    total -= total[start]
    games = np.arange(len(who)) - start
    opinion = truth[side, place][order][start]
    average = np.array(truth)
    average[side[order], place[order]] = (total + _PRIOR_GAMES * opinion) / (games + _PRIOR_GAMES)
    return average


def _moments(above: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation from the exceedance probabilities P(X > k)."""
    k = np.arange(above.shape[1])
    mean = above.sum(axis=1)
    return mean, np.sqrt(np.maximum((above * (2 * k + 1)).sum(axis=1) - mean**2, 1e-9))


def _stretch(above: Floats, naive: Floats, inefficiency: float, rng: np.random.Generator) -> Floats:
    """Belief mean over true mean of every book and phase, [n, books, phases]."""
    mean, sd = _moments(above)
    something = np.where(mean > 0, mean, 1.0)  # of a player who never scores, the distribution is 0 all the same
    stale = ((naive - mean) / something)[:, None, None] * np.array(_STALE)
    common = rng.normal(size=(len(mean), 1, len(PHASES))) * np.array(_COMMON)
    own = rng.normal(size=(len(mean), len(BOOKS), len(PHASES))) * np.array(_OWN)
    stretch: Floats = 1 + inefficiency * (stale + (sd / something)[:, None, None] * (common + own))
    return np.clip(stretch, *_STRETCH)


def _offer(above: Floats, stretch: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Lines nearest to each book's median, and the fair chance of the over (pushes aside) as the book sees it."""
    median = _median(above)[:, None, None] * stretch
    whole = (rng.random(len(above)) < _WHOLE_LINES)[:, None, None]
    line = np.where(whole, np.maximum(np.round(median), 1), np.maximum(np.round(median - 0.5), 0) + 0.5)
    half = np.where(whole, 0.5, 0.0)
    over = _interpolated_exceedance(above, (line + half) / stretch)
    under = 1 - _interpolated_exceedance(above, (line - half) / stretch)
    fair = over / (over + under)
    return line, np.where((fair > _LOPSIDED) & (fair < 1 - _LOPSIDED), fair, np.nan)


def _median(above: Floats) -> Floats:
    """Where the exceedance, drawn straight between the half points, crosses one half."""
    last = np.maximum((above < 0.5).argmax(axis=1), 0)
    rows = np.arange(len(above))
    before = np.where(last > 0, above[rows, np.maximum(last - 1, 0)], 1.0)
    crossing: Floats = last - 0.5 + (before - 0.5) / (before - above[rows, last])
    return crossing


def _interpolated_exceedance(above: Floats, point: Floats) -> Floats:
    """Exceedance at any point, straight between the half points k + 0.5, where it is P(X > k)."""
    padded = np.column_stack([np.ones(len(above)), above, np.zeros(len(above))])
    position = np.clip(point + 0.5, 0, padded.shape[1] - 1.001)
    left = position.astype(np.int64)
    rows = np.arange(len(above))[:, None, None]
    low, high = padded[rows, left], padded[rows, left + 1]
    believed: Floats = low + (high - low) * (position - left)
    return believed


def _prices(fair: Floats) -> tuple[Floats, Floats]:
    """American prices of both sides: fair chances raised by the book's margin, in whole steps outside -100 to 100."""
    hold = np.array([book.hold for book in BOOKS])[:, None]
    step = np.array([book.step for book in BOOKS])[:, None]

    def american(chance: Floats) -> Floats:
        implied = chance * (1 + hold)
        price = np.where(implied > 0.5, -100 * implied / (1 - implied), 100 * (1 - implied) / implied)
        price = np.sign(price) * np.maximum(np.round(np.abs(price) / step) * step, 100)
        return np.where(price == -100, 100.0, price)

    return american(fair), american(1 - fair)
