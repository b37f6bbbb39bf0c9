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
from nba_props.betting.market.tips import CLOSE_WINDOW_MINUTES, before_tip
from nba_props.errors import NotEnoughDataError

CLOSE_COLUMNS: Final = ["close_line", "close_q", "clv", "clv_line", "close_state", "close_age_minutes"]
"""What `closing_values` adds to a bet."""

CLOSE_STATES: Final[dict[str, str]] = {
    "close": "seen within the window before the tip",
    "stale": "the last quote is older than that: no closing value",
    "missed": "nothing was seen after the price taken: no closing value",
    "no tip": "the tip is not known: the last quote counts as the close",
}
"""What is known of the close of a bet -> the same in words."""

_SHAPE_PROPS = 50_000
"""Settled props that a shape is learnt from: more would not change its 513 knots."""


def closing_values(
    bets: pd.DataFrame,
    quotes: pd.DataFrame,
    results: pd.DataFrame,
    method: VigMethod = "power",
    *,
    window_minutes: float | None = None,
) -> pd.DataFrame:
    """The close of every bet, in line and in probability.

    A quote is a close of a bet only if it was observed after the price that was taken and before the tip, and within
    the window where one is given (`closing_quotes`). The closing probability is the
    median over those books at the line taken; if none closed there it is moved from the closing line by `LineShift`,
    whose shape comes from the settled props of the market in `quotes` and `results` (a description of the past, used to
    judge bets, never to place them). With fewer settled props than that needs, ``close_q`` is NaN and so is ``clv``.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> prices = {"bookmaker": "A", "line": 20.5, "over_price": -130.0, "under_price": 110.0}
    >>> close = pd.DataFrame({**prop, **prices, "observed_at": pd.Timestamp("2024-01-05 23:00", tz="UTC")})
    >>> taken = {"side": "over", "line": 20.5, "decimal_odds": 2.0, "observed_at": pd.Timestamp("2024-01-05", tz="UTC")}
    >>> results = pd.DataFrame({**prop, "actual": [25.0]})
    >>> close["tip"] = pd.Timestamp("2024-01-05 23:30", tz="UTC")
    >>> closed = closing_values(pd.DataFrame({**prop, **taken}), close, results).round(3)
    >>> closed[["close_line", "close_q", "clv", "clv_line"]].to_dict("records"), closed["close_state"].tolist()
    ([{'close_line': 20.5, 'close_q': 0.545, 'clv': 0.091, 'clv_line': 0.0}], ['close'])

    Args:
        bets: Ledger rows with ``side``, ``line``, ``decimal_odds``, ``observed_at`` and the prop's keys, n rows.
        quotes: The whole quotes table, flagged rows out.
        results: One row per prop (`split_results`).
        method: No-vig method.
        window_minutes: How long before a known tip a quote may have been seen to be a close; None: any time. A run and
            a backtest give 60.

    Returns:
        n rows, index of `bets`: ``close_line`` (most quoted closing line), ``close_q`` (fair closing probability of
        the side taken at the line taken, given no push), ``clv = decimal_odds * close_q - 1``, ``clv_line`` (points
        the line moved in the bet's favour: up for an over); NaN where there is no close. And the columns of
        `close_states`.
    """
    closing = closing_quotes(quotes, window_minutes=window_minutes)
    bet, row = _pairs(bets, closing)
    n = len(bets)
    market_p_over = fair_probability(closing["over_price"], closing["under_price"], method)[row]
    line = closing["line"].to_numpy(dtype="float64")[row]
    taken = bets["line"].to_numpy(dtype="float64")
    close_line, _ = modal_line(bet, line, group_median(bet, line, n), n)
    at_taken, at_close = line == taken[bet], line == close_line[bet]
    taken_p_over = group_median(bet[at_taken], market_p_over[at_taken], n)
    close_p_over = group_median(bet[at_close], market_p_over[at_close], n)
    todo = np.flatnonzero(np.isnan(taken_p_over) & ~np.isnan(close_p_over))
    if len(todo):
        settled = consensus(_sample_props(closing), method)
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
    ).join(close_states(bets, quotes, window_minutes))


def close_states(
    bets: pd.DataFrame,
    quotes: pd.DataFrame,
    window_minutes: float | None = CLOSE_WINDOW_MINUTES,
) -> pd.DataFrame:
    """What is known of the close of every bet, and how long before the tip the last quote was seen.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> times = {"observed_at": pd.to_datetime(["2024-01-05 20:00Z"]), "tip": pd.Timestamp("2024-01-05 23:30Z")}
    >>> quotes = pd.DataFrame({**prop, "bookmaker": "A", "line": 20.5, **times})
    >>> bet = pd.DataFrame({**prop, "observed_at": pd.to_datetime(["2024-01-05 19:00Z"])})
    >>> close_states(bet, quotes).to_dict("records")
    [{'close_state': 'stale', 'close_age_minutes': 210.0}]

    Args:
        bets: ``observed_at`` (of the price taken) and the prop's keys, n rows.
        quotes: The whole quotes table, flagged rows out.
        window_minutes: How long before the tip a quote may have been seen to be a close.

    Returns:
        n rows, index of `bets`: ``close_state`` (see `CLOSE_STATES`) and ``close_age_minutes``, from the last quote
        after the price taken to the tip (NaN where there is none, or no tip).
    """
    seen = before_tip(quotes)
    bet, row = _pairs(bets, seen)
    age = (seen["tip"] - seen["observed_at"]).dt.total_seconds().to_numpy()[row] / 60.0
    later = pd.Series(age).groupby(bet).agg(["size", "min"]).reindex(range(len(bets)))
    last, found = later["min"].to_numpy(), later["size"].notna().to_numpy()
    within = last <= (np.inf if window_minutes is None else window_minutes)
    state = np.select([~found, np.isnan(last), within], ["missed", "no tip", "close"], "stale")
    return pd.DataFrame({"close_state": pd.array(state, dtype="str"), "close_age_minutes": last}, index=bets.index)


def _pairs(bets: pd.DataFrame, closing: pd.DataFrame) -> tuple[Ints, Ints]:
    """Every (bet, closing quote of its prop observed after the price taken), as two arrays of positions."""
    taken = bets[PROP_GROUP].assign(bet=np.arange(len(bets)), taken_at=utc_nanoseconds(bets["observed_at"]))
    seen = closing[PROP_GROUP].assign(row=np.arange(len(closing)), seen_at=utc_nanoseconds(closing["observed_at"]))
    pairs = taken.merge(seen, on=PROP_GROUP)
    later = pairs[pairs["seen_at"] > pairs["taken_at"]]
    return later["bet"].to_numpy(), later["row"].to_numpy()


def _sample_props(closing: pd.DataFrame) -> pd.DataFrame:
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
