"""Closing line value: what the market said last about a bet that was taken before."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.betting.frames import PROP_GROUP, group_codes, group_median, results_of, utc_nanoseconds
from nba_props.betting.market.fair import VigMethod, fair_probability
from nba_props.betting.market.quotes import closing_quotes, consensus, modal_line
from nba_props.betting.market.shift import LineShift
from nba_props.errors import NotEnoughDataError

CLOSE_COLUMNS: Final = ["close_line", "close_q", "clv", "clv_line"]
"""What `closing_values` adds to a bet."""

_SHAPE_PROPS = 50_000
"""Settled props that a shape is learnt from: more of them would not change its 513 knots."""


def closing_values(
    bets: pd.DataFrame,
    quotes: pd.DataFrame,
    results: pd.DataFrame,
    method: VigMethod = "power",
    *,
    source: str = "quotes",
) -> pd.DataFrame:
    """The close of every bet, in line and in probability.

    A quote is a close of a bet only if it was observed after the price that was taken. The closing probability is the
    median over those books at the line taken; if none closed there it is moved from the closing line by `LineShift`,
    whose shape comes from the settled props of the market in `quotes` and `results` (a description of the past, used to
    judge bets, never to place them). With fewer settled props than that needs, ``close_q`` is NaN and so is ``clv``.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> prices = {"bookmaker": "A", "line": 20.5, "over_price": -130.0, "under_price": 110.0}
    >>> close = pd.DataFrame({**prop, **prices, "observed_at": pd.Timestamp("2024-01-05 23:00", tz="UTC")})
    >>> taken = {"side": "over", "line": 20.5, "decimal_odds": 2.0, "observed_at": pd.Timestamp("2024-01-05", tz="UTC")}
    >>> results = pd.DataFrame({**prop, "actual": [25.0]})
    >>> closing_values(pd.DataFrame({**prop, **taken}), close, results).round(3).to_dict("records")
    [{'close_line': 20.5, 'close_q': 0.545, 'clv': 0.091, 'clv_line': 0.0}]

    Args:
        bets: Ledger rows with ``side``, ``line``, ``decimal_odds``, ``observed_at`` and the prop's keys, n rows.
        quotes: The whole quotes table, flagged rows out.
        results: One row per prop (`split_results`).
        method: No-vig method.
        source: Name of the table, for errors.

    Returns:
        n rows, index of `bets`: ``close_line`` (most quoted closing line), ``close_q`` (fair closing probability of
        the side taken at the line taken, given no push), ``clv = decimal_odds * close_q - 1``, ``clv_line`` (points
        the line moved in the bet's favour: up for an over). NaN where there is no close.
    """
    closing = closing_quotes(quotes, source=source)
    bet, row = _pairs(bets, closing)
    n = len(bets)
    market_p_over = fair_probability(closing["over_price"], closing["under_price"], method, source=source)[row]
    line = closing["line"].to_numpy(dtype="float64")[row]
    taken = bets["line"].to_numpy(dtype="float64")
    close_line, _ = modal_line(bet, line, group_median(bet, line, n), n)
    at_taken, at_close = line == taken[bet], line == close_line[bet]
    taken_p_over = group_median(bet[at_taken], market_p_over[at_taken], n)
    close_p_over = group_median(bet[at_close], market_p_over[at_close], n)
    todo = np.flatnonzero(np.isnan(taken_p_over) & ~np.isnan(close_p_over))
    if len(todo):
        settled = consensus(_thinned(closing), method)
        settled = settled.assign(actual=results_of(settled, results))
        taken_p_over[todo] = _moved(bets.iloc[todo], close_p_over[todo], close_line[todo], settled)
    over = (bets["side"] == "over").to_numpy()
    close_q = np.where(over, taken_p_over, 1.0 - taken_p_over)
    return pd.DataFrame(
        {
            "close_line": close_line,
            "close_q": close_q,
            "clv": bets["decimal_odds"].to_numpy() * close_q - 1.0,
            "clv_line": np.where(over, close_line - taken, taken - close_line),
        },
        index=bets.index,
    )


def _pairs(bets: pd.DataFrame, closing: pd.DataFrame) -> tuple[Ints, Ints]:
    """Every (bet, closing quote of its prop observed after the price taken), as two arrays of positions."""
    taken = bets[PROP_GROUP].assign(bet=np.arange(len(bets)), taken_at=utc_nanoseconds(bets["observed_at"]))
    seen = closing[PROP_GROUP].assign(row=np.arange(len(closing)), seen_at=utc_nanoseconds(closing["observed_at"]))
    pairs = taken.merge(seen, on=PROP_GROUP)
    later = pairs[pairs["seen_at"] > pairs["taken_at"]]
    return later["bet"].to_numpy(), later["row"].to_numpy()


def _thinned(closing: pd.DataFrame) -> pd.DataFrame:
    """About `_SHAPE_PROPS` props of `closing` with all their quotes, the same ones in any order of rows."""
    n_props = int(group_codes(closing, PROP_GROUP).max(initial=0)) + 1
    if n_props <= _SHAPE_PROPS:
        return closing
    prop = pd.util.hash_pandas_object(closing[PROP_GROUP], index=False).to_numpy()
    return closing[prop % np.uint64(n_props // _SHAPE_PROPS + 1) == 0]


def _moved(bets: pd.DataFrame, close_p_over: Floats, close_line: Floats, settled: pd.DataFrame) -> Floats:
    """P(over) at the closing line, moved to the lines taken, market by market; all of shape n."""
    result = np.full(len(bets), np.nan)
    markets = bets["market"].to_numpy()
    taken = bets["line"].to_numpy(dtype="float64")
    for market in pd.unique(markets):
        history = settled[settled["market"] == market]
        rows = markets == market
        try:
            shift = LineShift.fit(history["actual"], history["line"])
        except NotEnoughDataError:
            continue  # stays NaN: an unknown close is absent, and clv_coverage says so
        result[rows] = shift.move(close_p_over[rows], close_line[rows], taken[rows])
    return result
