"""Reason codes for quotes that should not be bet or averaged, from what could be known when each was seen.

No rule looks at a result. Rules on one quote use the other books' quotes of the same prop up to the same time stamp;
rules on a book use quotes observed up to the quote's own time stamp (`PICKEM_CONSTANT`) or on earlier days
(`BAD_BOOK_MONTH`), so that nothing a bettor could not have seen decides whether a price is bet.

The yardstick between books is the *centre* of a quote: the value at which the book's own two prices put even chances,
``line + (market_p_over - 0.5) / density`` with the density of the stat near its middle taken as ``0.4 / (1.5
sqrt(line))`` (the peak of a bell whose variance grows with the mean, as box-score counts do). It only has to be right
within a factor of two: it separates books that agree (within 0.02 in probability on real lines) from prices that
contradict the line (0.2 and more).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Bools, Floats, Ints
from nba_props.betting.frames import PROP_GROUP, group_codes, require_columns, utc_nanoseconds
from nba_props.betting.market.fair import fair_probability, hold
from nba_props.betting.market.peers import PeerGrid, PeerView

REASON_CODES: Final[dict[str, str]] = {
    "one_sided": "one of the two prices is missing: no fair probability can be had from it",
    "implausible_hold": "the two prices together leave the book a margin no market has",
    "stale_duplicate": "the same row again",
    "conflicting_prices": "the same book, line and time stamp with different prices: none can be trusted",
    "pickem_constant": "the book shows one price on both sides of nearly every row: only its lines mean anything",
    "bad_book_month": "the book's prices have contradicted the other books' for weeks",
    "alternate_line": "not the book's main line for the prop, or a lopsided price on a line far from the other books'",
    "far_line_wrong_way": "the line is far from the other books' median and the price points the wrong way",
    "price_off_market": "the price contradicts the other books' lines and prices",
    "stale_line": "an unchanged quote while the other books' lines have moved away",
    "no_peers": "no other book quotes the prop, though others quote the market: the quote cannot be checked",
}
"""Reason code -> meaning, in the order in which they are given when several apply."""

_BALANCE_DIGITS: Final = 9
_DAY: Final = 86_400_000_000_000
_PRICED: Final = ["line", "over_price", "under_price"]
_REQUIRED: Final = [*PROP_GROUP, "game_date", "bookmaker", *_PRICED, "observed_at"]


@dataclass(frozen=True)
class SanityConfig:
    """Thresholds of `flag_quotes`.

    Attributes:
        far_points: Distance from the other books' median line, in stat points, that counts as far...
        far_share: ... or this share of the line, whichever is larger.
        tolerance: Disagreement with the other books, in probability, that contradicts them.
        lopsided: Distance of a fair probability from 1/2 that marks an alternate line, where the line is far.
        min_hold: Least margin that can be true.
        max_hold: Largest margin that can be true.
        pickem_share: Share of a book's rows with one price on both sides that makes it a pick'em book.
        pickem_rows: Rows of a book needed for that verdict.
        book_days: Days looked back on for the verdict on a book.
        book_rows: Comparable rows needed for that verdict.
        book_share: Share of them that contradicts the other books and makes the book bad.
        max_age_hours: How long a book's quote stands when it is not seen again.
        require_peers: Flag quotes that no other book confirms or denies. Off by default: a single book is not a fault,
            and its props are the thin end of the market, which an honest evaluation keeps.
    """

    far_points: float = 1.0
    far_share: float = 0.04
    tolerance: float = 0.10
    lopsided: float = 0.10
    min_hold: float = -0.05
    max_hold: float = 0.25
    pickem_share: float = 0.95
    pickem_rows: int = 10
    book_days: int = 28
    book_rows: int = 20
    book_share: float = 0.20
    max_age_hours: float = 12.0
    require_peers: bool = False


def flag_quotes(quotes: pd.DataFrame, config: SanityConfig | None = None) -> pd.Series:
    """A reason code for every quote that should be left out of betting and of a consensus; '' for the good ones.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "game_date": pd.Timestamp("2024-01-05")}
    >>> quote = {"bookmaker": ["A", "B"], "line": 20.5, "over_price": [-110.0, -110.0], "under_price": [-110.0, np.nan]}
    >>> quotes = pd.DataFrame({**prop, **quote, "observed_at": pd.Timestamp("2024-01-05 20:00", tz="UTC")})
    >>> flag_quotes(quotes).tolist()
    ['', 'one_sided']

    Args:
        quotes: Quotes table (docs/contract.md), n rows, any order. Results are not looked at.
        config: Thresholds.

    Returns:
        Strings with the index of `quotes`: '' or a key of `REASON_CODES`, the first that applies in its order.

    Raises:
        DataError: A missing column or an impossible price.
    """
    config = config or SanityConfig()
    require_columns(quotes, _REQUIRED, "quotes")
    if quotes.empty:
        return pd.Series([], index=quotes.index, dtype="str", name="reason")
    market_p_over = fair_probability(quotes["over_price"], quotes["under_price"])
    margin = hold(quotes["over_price"], quotes["under_price"])
    flags: dict[str, Bools] = {"one_sided": np.isnan(market_p_over)}
    flags["implausible_hold"] = (margin < config.min_hold) | (margin > config.max_hold)
    flags["stale_duplicate"], flags["conflicting_prices"], alternate = _repeats(quotes, market_p_over)
    if "alternate" in quotes:  # marked by the source, or seen among all lines of the moment
        alternate |= quotes["alternate"].to_numpy(dtype=bool)
    flags["pickem_constant"] = _pickem(quotes, config)
    member = ~(flags["one_sided"] | flags["implausible_hold"] | flags["stale_duplicate"])
    member &= ~(flags["conflicting_prices"] | alternate)
    flags |= _against_peers(quotes, market_p_over, member, config)
    flags["alternate_line"] |= alternate
    flags["no_peers"] &= _others_in_market(quotes) if config.require_peers else np.False_
    chosen = np.select([flags[code] for code in REASON_CODES], list(REASON_CODES), default="")
    return pd.Series(chosen, index=quotes.index, dtype="str", name="reason")


def good_quotes(quotes: pd.DataFrame, config: SanityConfig | None = None) -> pd.DataFrame:
    """The quotes without a reason code, in their order, with a fresh index.

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "game_date": pd.Timestamp("2024-01-05"), "line": 20.5}
    >>> seen = pd.Timestamp("2024-01-05 20:00", tz="UTC")
    >>> prices = {"bookmaker": ["A", "B", "C"], "over_price": -110.0, "under_price": [-110.0, -108.0, np.nan]}
    >>> quotes = pd.DataFrame({**prop, **prices, "observed_at": seen})
    >>> good_quotes(quotes)["bookmaker"].tolist()  # C has one price only
    ['A', 'B']
    """
    return quotes[flag_quotes(quotes, config) == ""].reset_index(drop=True)


def quality_report(quotes: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Rows by book, calendar month of the game and reason code (only those that occur), largest share first.

    >>> quotes = pd.DataFrame({"bookmaker": ["A", "A"], "game_date": pd.to_datetime(["2024-01-05", "2024-01-06"])})
    >>> quality_report(quotes, pd.Series(["", "one_sided"])).to_dict("records")
    [{'bookmaker': 'A', 'month': '2024-01', 'reason': 'one_sided', 'rows': 1, 'share': 0.5}]

    Args:
        quotes: The table that was flagged, n.
        reasons: What `flag_quotes` gave for it, n.

    Returns:
        ``bookmaker``, ``month`` ("2023-11"), ``reason``, ``rows``, ``share`` (of the book's rows in that month).
    """
    table = pd.DataFrame(
        {
            "bookmaker": quotes["bookmaker"].to_numpy(),
            "month": quotes["game_date"].dt.strftime("%Y-%m").to_numpy(),
            "reason": reasons.to_numpy(),
        }
    )
    totals = table.groupby(["bookmaker", "month"]).size().rename("total")
    counts = table[table["reason"] != ""].groupby(["bookmaker", "month", "reason"]).size().rename("rows").reset_index()
    counts = counts.join(totals, on=["bookmaker", "month"])
    counts["share"] = counts["rows"] / counts.pop("total")
    return counts.sort_values(["share", "rows"], ascending=False, ignore_index=True)


def _repeats(quotes: pd.DataFrame, market_p_over: Floats) -> tuple[Bools, Bools, Bools]:
    """Exact duplicates, contradicting prices, and alternate lines within one book, prop and time stamp."""
    moment = [*PROP_GROUP, "bookmaker", "observed_at"]
    duplicate = quotes.duplicated([*moment, *_PRICED]).to_numpy()
    conflict = np.zeros(len(quotes), dtype=bool)
    rest = quotes[~duplicate]
    conflict[~duplicate] = rest.duplicated([*moment, "line"], keep=False).to_numpy()
    # The main line is the most balanced of a ladder; equally balanced lines: the lower. Unpriced ones cannot be main.
    usable = np.flatnonzero(~duplicate & ~conflict)
    keys = group_codes(quotes, moment)[usable]
    # Rounded, because -130/+100 and +100/-130 differ from balance equally, except in the last bits.
    imbalance = np.nan_to_num(np.abs(market_p_over[usable] - 0.5), nan=1.0).round(_BALANCE_DIGITS)
    order = usable[np.lexsort((quotes["line"].to_numpy()[usable], imbalance, keys))]
    alternate = np.zeros(len(quotes), dtype=bool)
    sorted_keys = np.sort(keys)
    alternate[order[1:][sorted_keys[1:] == sorted_keys[:-1]]] = True
    return duplicate, conflict, alternate


def _pickem(quotes: pd.DataFrame, config: SanityConfig) -> Bools:
    """Rows of a book whose two-sided quotes so far (this time stamp included) nearly all carry one price twice."""
    two_sided = (quotes["over_price"].notna() & quotes["under_price"].notna()).to_numpy()
    equal = two_sided & (quotes["over_price"] == quotes["under_price"]).to_numpy()
    book = group_codes(quotes, ["bookmaker", "market"])
    seen = _running_total(two_sided, book, quotes)
    same = _running_total(equal, book, quotes)
    constant: Bools = two_sided & (seen >= config.pickem_rows) & (same >= config.pickem_share * seen)
    return constant


def _running_total(mask: Bools, group: Ints, quotes: pd.DataFrame) -> Floats:
    """How many rows of the group had `mask` up to each row's time stamp, that time stamp included."""
    times = utc_nanoseconds(quotes["observed_at"])
    order = np.lexsort((times, group))
    ordered, times = group[order], times[order]
    total = np.cumsum(mask[order])
    start = np.searchsorted(ordered, ordered, side="left")
    base = np.where(start > 0, total[np.maximum(start - 1, 0)], 0)
    last = np.r_[(ordered[1:] != ordered[:-1]) | (times[1:] != times[:-1]), True]
    ends = np.flatnonzero(last)
    at_end = ends[np.searchsorted(ends, np.arange(len(order)))]
    result = np.empty(len(order), dtype="float64")
    result[order] = total[at_end] - base
    return result


def _others_in_market(quotes: pd.DataFrame) -> Bools:
    """Whether a second bookmaker had quoted the market anywhere by each row's time stamp."""
    market = quotes["market"]
    first = quotes.groupby(["market", "bookmaker"])["observed_at"].min().reset_index()
    second = first.sort_values("observed_at").groupby("market")["observed_at"].nth(1)
    starts = dict(zip(first.loc[second.index, "market"], second, strict=True))
    begins = pd.to_datetime(market.map(starts), utc=True)
    known: Bools = (begins <= quotes["observed_at"]).to_numpy()
    return known


def _against_peers(
    quotes: pd.DataFrame, market_p_over: Floats, member: Bools, config: SanityConfig
) -> dict[str, Bools]:
    line = quotes["line"].to_numpy(dtype="float64")
    density = 0.4 / np.maximum(1.0, 1.5 * np.sqrt(np.maximum(line, 0.0)))
    settings = {"tolerance": config.tolerance, "max_age_hours": config.max_age_hours}
    grid = PeerGrid(quotes, market_p_over, density, member, **settings)
    bad_book = np.zeros(len(quotes), dtype=bool)
    # A bad book must not judge the others: judge, drop, judge again.
    for _ in range(2):
        view = grid.view(trusted=~bad_book)
        bad_book = _bad_books(quotes, _contradicts(view), member & (view.count >= 2), config)
    view = grid.view(trusted=~bad_book)
    contradicts = _contradicts(view)
    far = np.maximum(config.far_points, config.far_share * line)
    distance = line - view.line
    is_far = np.abs(distance) >= far
    lopsided = np.abs(market_p_over - 0.5) >= config.lopsided
    wrong_way = is_far & contradicts & ((market_p_over - 0.5) * distance > 0)
    moved = np.abs(view.line - view.previous_line) >= far
    return {
        "alternate_line": member & (np.abs(distance) >= 2 * far) & lopsided & ~wrong_way,
        "bad_book_month": bad_book,
        "far_line_wrong_way": member & wrong_way,
        "price_off_market": member & contradicts & (view.count >= 2),
        "stale_line": member & view.unchanged & moved & is_far,
        "no_peers": member & (view.count == 0),
    }


def _contradicts(view: PeerView) -> Bools:
    """Most of the other books are contradicted. A majority, not a median: two bad books that agree pull a median."""
    outvoted: Bools = 2 * view.against > view.count
    return outvoted


def _bad_books(quotes: pd.DataFrame, contradicts: Bools, comparable: Bools, config: SanityConfig) -> Bools:
    """Rows of books that contradicted the others in too large a share of their rows of the days before."""
    book = group_codes(quotes, ["bookmaker", "market"])
    stamps = utc_nanoseconds(quotes["observed_at"]) // _DAY
    wrong = comparable & contradicts
    daily = pd.DataFrame({"book": book, "day": stamps, "n": comparable, "wrong": wrong})
    daily = daily.groupby(["book", "day"], as_index=False)[["n", "wrong"]].sum()
    key = daily["book"].to_numpy() * 1_000_000 + daily["day"].to_numpy()
    seen = np.r_[0, np.cumsum(daily["n"].to_numpy())]
    wrongs = np.r_[0, np.cumsum(daily["wrong"].to_numpy())]
    rows = book * 1_000_000 + stamps
    # Days from book_days before up to and without the row's own day; the day number keeps the books apart.
    low, high = np.searchsorted(key, rows - config.book_days), np.searchsorted(key, rows)
    n, bad = seen[high] - seen[low], wrongs[high] - wrongs[low]
    verdict: Bools = (n >= config.book_rows) & (bad >= config.book_share * n)
    return verdict
