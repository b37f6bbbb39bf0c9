"""Which quotes were on offer at a moment, which ones closed, and what the books together said."""

from __future__ import annotations

from numbers import Real
from typing import Final, Literal

import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.betting.frames import PROP_GROUP, group_codes, group_median, require_columns
from nba_props.betting.market.fair import VigMethod, fair_probability, hold
from nba_props.betting.market.tips import before_tip
from nba_props.errors import ConfigError

Decision = Literal["open", "close"] | float

_MARKET_MOMENT: Final = [*PROP_GROUP, "bookmaker"]


def decision_quotes(
    quotes: pd.DataFrame,
    decision: Decision = "open",
    *,
    open_window_hours: float = 0.5,
    max_age_hours: float = 12.0,
) -> pd.DataFrame:
    """What could be bet at decision time: each book's latest quote of a prop that had been seen by then.

    Quotes seen at or after the tip are in play and never on offer.

    >>> times = pd.to_datetime(["2024-01-05 15:00", "2024-01-05 15:20", "2024-01-05 22:00"], utc=True)
    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "bookmaker": ["A", "B", "A"]}
    >>> quotes = pd.DataFrame({**prop, "line": [20.5, 20.5, 21.5], "observed_at": times})
    >>> decision_quotes(quotes, "open")["line"].tolist(), decision_quotes(quotes, "close")["line"].tolist()
    ([20.5, 20.5], [20.5, 21.5])

    Args:
        quotes: Quotes table (docs/contract.md), flagged rows already out.
        decision: "open": `open_window_hours` after the prop (player, game, market) was first quoted by anyone, so that
            books of one snapshot are together; "close": at its last quote; a number: that many hours before the tip,
            or, where it is not known, before the game's last quote of any prop, the best proxy of it in the data.
        open_window_hours: See above.
        max_age_hours: A quote not seen again for longer than this is taken to be gone.

    Returns:
        The chosen rows with ``observed_at`` and a ``decision_time`` column in UTC, in the order of `quotes`, fresh
        index. Where a book offered several lines at its latest time stamp all of them are there. ``observed_at <=
        decision_time`` always; props not yet quoted at their decision time and quotes without a time are left out.

    Raises:
        ConfigError: A decision that is neither a known word nor a non-negative number of hours.
        DataError: A missing column, or an ``observed_at`` that is not a time.
    """
    require_columns(quotes, [*_MARKET_MOMENT, "observed_at"], "quotes")
    quotes = before_tip(quotes)
    observed = quotes["observed_at"]
    group = group_codes(quotes, PROP_GROUP)
    if decision == "open":
        when = observed.groupby(group).transform("min") + pd.Timedelta(hours=open_window_hours)
    elif decision == "close":
        when = observed.groupby(group).transform("max")
    elif isinstance(decision, Real) and not isinstance(decision, bool) and 0 <= float(decision) < np.inf:
        last = observed.groupby(group_codes(quotes, ["game_id"])).transform("max")
        when = quotes["tip"].fillna(last) - pd.Timedelta(hours=float(decision))
    else:
        message = f"decision is {decision!r}; allowed: 'open', 'close', or hours before the tip (0 or more)."
        raise ConfigError(message)
    table = quotes.assign(decision_time=when)
    standing = (observed <= when) & (observed >= when - pd.Timedelta(hours=max_age_hours))
    return _latest(table[standing])


def closing_quotes(quotes: pd.DataFrame, *, window_minutes: float | None = None) -> pd.DataFrame:
    """Each book's last quote of every player, game and market before the tip.

    With `window_minutes`, a quote seen longer than that before a known tip is not a close: nobody looked again. Without
    it, or where the tip is not known, a book last seen more than an hour before the prop's last quote by anyone has no
    close: it had taken the prop down. Whether a bet can be compared with a close depends on when the bet was taken, see
    `closing_values`.

    >>> times = pd.to_datetime(["2024-01-05 15:00", "2024-01-05 15:20", "2024-01-05 22:00"], utc=True)
    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "bookmaker": ["A", "B", "A"]}
    >>> quotes = pd.DataFrame({**prop, "line": [20.5, 20.5, 21.5], "observed_at": times})
    >>> closing_quotes(quotes)[["bookmaker", "line"]].to_numpy().tolist()
    [['A', 21.5]]

    Returns:
        The chosen rows in the order of `quotes`, fresh index.

    Raises:
        DataError: A missing column, or an ``observed_at`` that is not a time.
    """
    require_columns(quotes, [*_MARKET_MOMENT, "observed_at"], "quotes")
    quotes = before_tip(quotes)
    last = quotes["observed_at"].groupby(group_codes(quotes, PROP_GROUP)).transform("max")
    start = last - pd.Timedelta(hours=1)
    if window_minutes is not None:
        start = (quotes["tip"] - pd.Timedelta(minutes=window_minutes)).fillna(start)
    return _latest(quotes[quotes["observed_at"] >= start])


def consensus(quotes: pd.DataFrame, method: VigMethod = "power") -> pd.DataFrame:
    """What the books together said about each player, game and market.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "bookmaker": ["A", "B", "C"]}
    >>> prop["line"] = [20.5, 20.5, 21.5]
    >>> quotes = pd.DataFrame({**prop, "over_price": [-110.0, 100.0, -110.0], "under_price": [-110.0, -120.0, -110.0]})
    >>> consensus(quotes).round(3)[["line", "market_p_over", "n_books", "n_at_line"]].to_dict("records")
    [{'line': 20.5, 'market_p_over': 0.488, 'n_books': 3, 'n_at_line': 2}]

    Args:
        quotes: One row per book of each prop (`decision_quotes` or `closing_quotes`).
        method: No-vig method.

    Returns:
        One row per (``game_id``, ``player_id``, ``market``), in order of first appearance: ``line`` (the most quoted
        one; among equally quoted ones the nearest to the median, then the lower), ``median_line``, ``market_p_over``
        (median over the books at ``line`` of the no-vig P(over), each from its own two prices; NaN if none has both),
        ``n_books``, ``n_at_line``, ``hold`` (median margin of the books at any line), and, where `quotes` has it,
        ``game_date``.

    Raises:
        DataError: A missing column or an impossible price.
    """
    require_columns(quotes, [*_MARKET_MOMENT, "line", "over_price", "under_price"], "quotes")
    group = group_codes(quotes, PROP_GROUP)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(group), prepend=-1))
    n = len(first)
    line = quotes["line"].to_numpy(dtype="float64")
    median_line = group_median(group, line, n)
    modal, n_at_line = modal_line(group, line, median_line, n)
    at_modal = line == modal[group]
    market_p_over = fair_probability(quotes["over_price"], quotes["under_price"], method)
    margin = hold(quotes["over_price"], quotes["under_price"])
    kept = [column for column in ("game_date", *PROP_GROUP) if column in quotes]
    table = quotes[kept].iloc[first].reset_index(drop=True)
    book = group_codes(quotes, _MARKET_MOMENT)
    return table.assign(
        line=modal,
        median_line=median_line,
        market_p_over=group_median(group[at_modal], market_p_over[at_modal], n),
        n_books=np.bincount(group[np.unique(book, return_index=True)[1]], minlength=n),
        n_at_line=n_at_line,
        hold=group_median(group, margin, n),
    )


def _latest(quotes: pd.DataFrame) -> pd.DataFrame:
    latest = quotes["observed_at"].groupby(group_codes(quotes, _MARKET_MOMENT)).transform("max")
    return quotes[quotes["observed_at"] == latest].reset_index(drop=True)


def modal_line(group: Ints, line: Floats, median: Floats, n_groups: int) -> tuple[Floats, Ints]:
    """Most quoted line of each group, and how often; among equals the one nearest the median, then the lower.

    >>> modal_line(np.zeros(3, dtype=int), np.array([20.5, 21.5, 21.5]), np.array([21.5]), 1)
    (array([21.5]), array([2]))
    """
    order = np.lexsort((line, group))
    code, value = group[order], line[order]
    new = np.r_[True, (code[1:] != code[:-1]) | (value[1:] != value[:-1])] if len(code) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(new)
    count = np.diff(np.r_[starts, len(code)])
    code, value = code[starts], value[starts]
    # Best last in each group, so that plain assignment keeps it: most quoted, nearest the median, lower.
    best = np.lexsort((-value, -np.abs(value - median[code]), count, code))
    modal, size = np.full(n_groups, np.nan), np.zeros(n_groups, dtype="int64")
    modal[code[best]], size[code[best]] = value[best], count[best]
    return modal, size
