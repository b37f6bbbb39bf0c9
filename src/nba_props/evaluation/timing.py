"""When the lines of a market were seen: how long before the tip they were bet, and what is known of their closes."""

from __future__ import annotations

from typing import Final

import pandas as pd

from nba_props.betting import close_states, decision_quotes
from nba_props.betting.frames import PROP_GROUP
from nba_props.betting.market.tips import before_tip

_COUNTS: Final = {"close": "closes", "stale": "stale", "missed": "missed", "no tip": "no_tip"}


def closes_by_night(on_offer: pd.DataFrame, quotes: pd.DataFrame, window_minutes: float) -> pd.DataFrame:
    """Per night, what is known of the closes of the props that could be bet.

    >>> prop = {"game_date": pd.Timestamp("2024-01-05"), "game_id": "g", "player_id": 7, "market": "pts"}
    >>> times = pd.to_datetime(["2024-01-05 20:00", "2024-01-05 23:00"], utc=True)
    >>> seen = {"bookmaker": "A", "observed_at": times, "tip": pd.Timestamp("2024-01-05 23:30", tz="UTC")}
    >>> quotes = pd.DataFrame({**prop, **seen})
    >>> closes_by_night(quotes[:1], quotes, 60.0)[["props", "closes", "stale", "close_age_minutes"]].to_numpy().tolist()
    [[1.0, 1.0, 0.0, 30.0]]

    Args:
        on_offer: Quotes that could be bet (`decision_quotes`), with ``game_date``.
        quotes: The whole quotes table of the market, flagged rows out.
        window_minutes: How long before the tip a quote may have been seen to be a close.

    Returns:
        One row per night: ``game_date``, ``props`` (player, game and market), of these ``closes``, ``stale``,
        ``missed`` and ``no_tip`` (`nba_props.betting.CLOSE_STATES`), and ``close_age_minutes``, the median over the
        closes.
    """
    props = _props(on_offer)
    props = props.join(close_states(props, quotes, window_minutes))
    night = props.groupby("game_date")
    counts = {
        name: (props["close_state"] == state).groupby(props["game_date"]).sum() for state, name in _COUNTS.items()
    }
    age = props["close_age_minutes"].where(props["close_state"] == "close").groupby(props["game_date"]).median()
    return pd.DataFrame({"props": night.size(), **counts, "close_age_minutes": age}).reset_index()


def timing_metrics(on_offer: pd.DataFrame, quotes: pd.DataFrame, nights: pd.DataFrame) -> dict[str, float]:
    """When the props could be bet, and whether the market was looked at again.

    >>> prop = {"game_date": pd.Timestamp("2024-01-05"), "game_id": "g", "player_id": 7, "market": "pts"}
    >>> times = pd.to_datetime(["2024-01-05 20:00", "2024-01-05 23:00"], utc=True)
    >>> quotes = pd.DataFrame({**prop, "observed_at": times, "tip": pd.Timestamp("2024-01-05 23:30", tz="UTC")})
    >>> quotes = quotes.assign(bookmaker="A", line=20.5)
    >>> metrics = timing_metrics(quotes[:1], quotes, closes_by_night(quotes[:1], quotes, 60.0))
    >>> metrics["tip_coverage"], metrics["one_snapshot_share"], metrics["decision_lead_hours"]
    (1.0, 0.0, 3.5)

    Args:
        on_offer: Quotes that could be bet (`decision_quotes`).
        quotes: The whole quotes table of the market, flagged rows out.
        nights: Of `closes_by_night`.

    Returns:
        ``tip_coverage``, ``one_snapshot_share``, ``n_stale_closes``, ``n_missed_closes``, and ``decision_lead_hours``
        where a tip is known; nothing without props.
    """
    props = _props(on_offer)
    if props.empty:
        return {}
    seen = before_tip(quotes)
    last = seen.groupby(PROP_GROUP)["observed_at"].max()
    first = _props(decision_quotes(quotes, "open")).set_index(PROP_GROUP)["observed_at"]
    alone = (last <= first.reindex(last.index)).reindex(pd.MultiIndex.from_frame(props[PROP_GROUP]))
    lead = (props["tip"] - props["observed_at"]).dt.total_seconds() / 3600.0
    metrics = {
        "tip_coverage": float(props["tip"].notna().mean()),
        "one_snapshot_share": float(alone.mean()),
        "n_stale_closes": float(nights["stale"].sum()),
        "n_missed_closes": float(nights["missed"].sum()),
    }
    return metrics | ({"decision_lead_hours": float(lead.median())} if lead.notna().any() else {})


def _props(on_offer: pd.DataFrame) -> pd.DataFrame:
    """One row per prop, with the time of the last of its quotes that could be bet."""
    columns = ["game_date", *PROP_GROUP, "observed_at", "tip"]
    seen = before_tip(on_offer)[columns].sort_values("observed_at", kind="stable")
    return seen.drop_duplicates(PROP_GROUP, keep="last").sort_index().reset_index(drop=True)
