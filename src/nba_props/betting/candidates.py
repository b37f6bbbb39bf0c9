"""Every side of every quote as a candidate bet, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from nba_props.arrays import Floats, Ints
from nba_props.betting.frames import PROP_GROUP, as_numbers, group_codes, group_median, nights, require_columns
from nba_props.betting.market.fair import VigMethod, fair_probability
from nba_props.betting.market.implied import ImpliedSigma
from nba_props.betting.market.prices import american_to_decimal
from nba_props.betting.stakes import expected_value, kelly_fraction
from nba_props.betting.strategy import BettingConfig
from nba_props.errors import DataError

_NEEDED: Final = [
    *PROP_GROUP,
    "game_date",
    "bookmaker",
    "line",
    "over_price",
    "under_price",
    "observed_at",
    "p_over",
    "p_push",
    "p_under",
]
_CARRIED: Final = ["game_date", *PROP_GROUP, "bookmaker", "line", "observed_at"]
_SUM_TOLERANCE = 1e-6
_SOURCE: Final = "priced quotes"


def market_probability(quotes: pd.DataFrame, method: VigMethod, *, source: str = "quotes") -> Floats:
    """``market_p_over``, the no-vig P(over | no push), at each quote's line: the median over the books at that line.

    A line that one book alone shows is judged by the other books: the line their prices imply, and how far results
    fall from it (`ImpliedSigma.first_guess`), say what they would make of this one. Only where no other book quotes the
    prop is it the book's own; NaN where no book has both prices.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "bookmaker": ["A", "B", "C"]}
    >>> even = [-110.0, 100.0, -110.0]
    >>> quotes = pd.DataFrame({**prop, "line": [20.5, 20.5, 18.5], "over_price": even, "under_price": even})
    >>> market_probability(quotes, "power").round(2).tolist()
    [0.5, 0.5, 0.61]
    """
    own = fair_probability(quotes["over_price"], quotes["under_price"], method, source=source)
    rung = group_codes(quotes, [*PROP_GROUP, "line"])
    n = int(rung.max(initial=-1)) + 1
    market_p_over = group_median(rung, own, n)[rung]
    pairs = np.unique(np.column_stack([rung, group_codes(quotes, ["bookmaker"])])[~np.isnan(own)], axis=0)
    alone = np.flatnonzero((np.bincount(pairs[:, 0], minlength=n)[rung] == 1) & ~np.isnan(own))
    others = _by_others(quotes, own, alone)
    market_p_over[alone] = np.where(np.isnan(others), market_p_over[alone], others)
    return market_p_over


def _by_others(quotes: pd.DataFrame, own: Floats, alone: Ints) -> Floats:
    """P(over | no push) at the lines of the rows `alone` (positions, k) as the other books' quotes imply it; k."""
    line = quotes["line"].to_numpy(dtype="float64")
    sigma = np.full(len(quotes), np.nan)
    for market in quotes["market"].unique():
        rows = (quotes["market"] == market).to_numpy()
        sigma[rows] = ImpliedSigma.first_guess(market).at(line[rows])
    keys = pd.DataFrame({"prop": group_codes(quotes, PROP_GROUP), "book": group_codes(quotes, ["bookmaker"])})
    sought = keys.iloc[alone].assign(row=np.arange(len(alone)))
    shown = keys.assign(implied=line + sigma * ndtri(own))[~np.isnan(own)]
    pairs = sought.merge(shown, on="prop", suffixes=("", "_other"))
    pairs = pairs[pairs["book"] != pairs["book_other"]]
    implied = group_median(pairs["row"].to_numpy(), pairs["implied"].to_numpy(), len(alone))
    level: Floats = ndtr((implied - line[alone]) / sigma[alone])
    return level


def candidate_bets(
    priced: pd.DataFrame,
    method: VigMethod,
    *,
    least_edge: float = -np.inf,
    least_ev: float = -np.inf,
) -> pd.DataFrame:
    """Both sides of every quote that can be priced, as one table (see `nba_props.betting.strategy`).

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"], "game_date": "2024-01-05", "bookmaker": "A"}
    >>> quote = {"line": 20.5, "over_price": 100.0, "under_price": 100.0, "observed_at": "2024-01-05 20:00"}
    >>> priced = pd.DataFrame({**prop, **quote, "p_over": 0.625, "p_push": 0.0, "p_under": 0.375})
    >>> candidate_bets(priced, "power")[["side", "p", "q", "edge", "ev", "kelly"]].round(3).to_numpy().tolist()
    [['over', 0.625, 0.5, 0.125, 0.25, 0.25], ['under', 0.375, 0.5, -0.125, -0.25, -0.25]]

    Args:
        priced: Priced quotes: decision quotes with ``p_over``, ``p_push``, ``p_under`` (sum 1; NaN without a forecast).
        method: No-vig method.
        least_edge: Sides with a smaller edge are left out: none of the strategies takes them.
        least_ev: The same for the expected value.

    Raises:
        DataError: A missing column, date or line, an impossible price, or probabilities that do not sum to 1.
    """
    require_columns(priced, _NEEDED, _SOURCE)
    priced = priced.assign(
        game_date=nights(priced["game_date"], _SOURCE),
        line=as_numbers(priced, "line", _SOURCE, missing=False),
    )
    p_over, p_push, p_under = _probabilities(priced)
    market_p_over = market_probability(priced, method, source=_SOURCE)
    sides = []
    for side, win, lose, q, column in (
        ("over", p_over, p_under, market_p_over, "over_price"),
        ("under", p_under, p_over, 1.0 - market_p_over, "under_price"),
    ):
        odds = american_to_decimal(priced[column], source=_SOURCE)
        # A line beyond every possible result is a certain push: there is no conditional probability, and no bet.
        chance = np.divide(win, win + lose, out=np.full_like(win, np.nan), where=win + lose > 0)
        edge, value = chance - q, expected_value(win, lose, odds)
        # A comparison with NaN is false: sides without a price, a forecast or a market probability fall out here.
        usable = np.flatnonzero((edge >= least_edge) & (value >= least_ev))
        columns = {
            "side": side,
            "price": priced[column].to_numpy(dtype="float64")[usable],
            "decimal_odds": odds[usable],
            "p": chance[usable],
            "p_push": p_push[usable],
            "q": q[usable],
            "edge": edge[usable],
            "ev": value[usable],
            "kelly": kelly_fraction(chance[usable], odds[usable]),
        }
        sides.append(priced[_CARRIED].iloc[usable].assign(**columns))
    return pd.concat(sides, ignore_index=True)


def chosen_bets(candidates: pd.DataFrame, config: BettingConfig) -> pd.DataFrame:
    """The candidates that pass the strategy's filters, one per group: highest EV, then odds, book name, line, side.

    At one line and side the highest EV is the best price across books.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "game_date": "2024-01-05", "observed_at": "2024-01-05"}
    >>> sides = {"bookmaker": ["A", "B"], "side": "over", "line": 20.5, "decimal_odds": [1.9, 2.0], "edge": 0.05}
    >>> candidates = pd.DataFrame({**prop, **sides, "ev": [0.04, 0.1]})
    >>> chosen_bets(candidates, BettingConfig())["bookmaker"].tolist()
    ['B']
    """
    kept = candidates[config.keep()(candidates)]
    by = PROP_GROUP if config.one_per == "prop" else ["game_date", "player_id"]
    group = group_codes(kept, by)
    best = kept.iloc[_first_by_value(kept, group)]
    return best.sort_values(["game_date", "observed_at", *PROP_GROUP], kind="stable", ignore_index=True)


def bets_by_rule(priced: pd.DataFrame, strategies: Iterable[BettingConfig]) -> dict[BettingConfig, pd.DataFrame]:
    """The bets of every strategy, by `BettingConfig.rule`: strategies that differ in their stakes alone share them.

    Candidates are made once per no-vig method.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"], "game_date": "2024-01-05", "bookmaker": "A"}
    >>> quote = {"line": 20.5, "over_price": 100.0, "under_price": 100.0, "observed_at": "2024-01-05 20:00"}
    >>> priced = pd.DataFrame({**prop, **quote, "p_over": 0.625, "p_push": 0.0, "p_under": 0.375})
    >>> found = bets_by_rule(priced, [BettingConfig(), BettingConfig(min_edge=0.2)])
    >>> [bets["side"].tolist() for bets in found.values()]
    [['over'], []]
    """
    rules = list(dict.fromkeys(config.rule for config in strategies))
    bets: dict[BettingConfig, pd.DataFrame] = {}
    for vig in dict.fromkeys(rule.vig for rule in rules):
        users = [rule for rule in rules if rule.vig == vig]
        least_edge, least_ev = min(rule.min_edge for rule in users), min(rule.min_ev for rule in users)
        candidates = candidate_bets(priced, vig, least_edge=least_edge, least_ev=least_ev)
        bets |= {rule: chosen_bets(candidates, rule) for rule in users}
    return bets


def _first_by_value(kept: pd.DataFrame, group: Ints) -> Ints:
    """Positions of the best candidate of each group; only rare ties for the highest EV are fully ordered."""
    value = kept["ev"].to_numpy()
    top = np.full(int(group.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(top, group, value)
    best = np.flatnonzero(value == top[group])
    shared = np.bincount(group[best], minlength=len(top))[group[best]] > 1
    tied = best[shared]
    rows, code = kept.iloc[tied], group[tied]
    book = rows["bookmaker"].rank(method="dense").to_numpy()
    keys = (rows["side"] == "under", rows["line"], book, -rows["decimal_odds"], code)
    order = np.lexsort(tuple(np.asarray(key) for key in keys))
    first = np.r_[True, code[order][1:] != code[order][:-1]] if len(order) else np.zeros(0, dtype=bool)
    chosen: Ints = np.r_[best[~shared], tied[order[first]]]
    return chosen


def _probabilities(priced: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    over, push, under = (as_numbers(priced, name, _SOURCE) for name in ("p_over", "p_push", "p_under"))
    off = np.abs(over + push + under - 1.0) > _SUM_TOLERANCE
    off |= (over < 0) | (push < 0) | (under < 0)
    if off.any():
        shown = priced.loc[off, ["p_over", "p_push", "p_under"]].head(5).to_string(index=False)
        raise DataError(
            _SOURCE,
            "p_over, p_push and p_under are not three probabilities that sum to 1",
            fix="Give NaN in all three where there is no forecast.",
            count=int(off.sum()),
            rows=shown,
        )
    return over, push, under
