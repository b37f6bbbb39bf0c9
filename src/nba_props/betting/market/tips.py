"""The tip of each quote: what was seen at or after it is in play, and a close is seen shortly before it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from nba_props.betting.frames import group_codes, utc_times

CLOSE_WINDOW_MINUTES: Final = 60.0
"""A quote seen at most so long before the tip is a close."""


def before_tip(quotes: pd.DataFrame) -> pd.DataFrame:
    """The quotes that were seen before their tip, with ``observed_at`` and ``tip`` in UTC.

    >>> times = {"observed_at": ["2024-01-05 22:00", "2024-01-06 00:10"], "tip": "2024-01-06T00:10Z"}
    >>> before_tip(pd.DataFrame({"bookmaker": "A", **times}))["observed_at"].dt.hour.tolist()
    [22]

    Args:
        quotes: ``observed_at``, ``bookmaker`` and, where it is known, ``tip`` (UTC), n rows.

    Returns:
        The rows that are not in play, in their order and with their index. ``tip`` is NaT where it is unknown, and
        where a bookmaker's times are all bare dates: nothing can be said of how long before the tip those were seen.

    Raises:
        DataError: A value of ``observed_at`` or ``tip`` is not a time.
    """
    observed = utc_times(quotes["observed_at"], "quotes")
    if "tip" not in quotes:
        return quotes.assign(observed_at=observed, tip=pd.Series(pd.NaT, quotes.index, observed.dtype))
    tip = utc_times(quotes["tip"], "quotes").astype(observed.dtype)
    bare = (observed == observed.dt.normalize()).groupby(group_codes(quotes, ["bookmaker"])).transform("all")
    table = quotes.assign(observed_at=observed, tip=tip.mask(bare))
    return table[~(observed >= tip).to_numpy()]
