"""Live metrics: the definitions of a backtest on settled cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats
from nba_props.metrics.bootstrap import MIN_NIGHTS, night_sums, ratio_interval
from nba_props.metrics.definitions import (
    Rows,
    brier_score_rows,
    clv_rows,
    given_no_push,
    mae_rows,
    roi_rows,
    win_rate_rows,
)

OUTCOME: Final[Mapping[str, float]] = {"won": 1.0, "lost": -1.0, "push": 0.0, "void": np.nan}


def live_metrics(props: pd.DataFrame, bets: pd.DataFrame, *, seed: int = 0) -> dict[str, float]:
    """What settled cards are worth, under ``live_`` names; what cannot be computed is absent.

    >>> props = pd.DataFrame({"game_date": ["2025-01-14"], "actual": [25.0], "projection": [23.0], "line": [24.5]})
    >>> props = props.assign(p_over=0.4, p_under=0.6, market_p_over=0.5)
    >>> money = {"profit": [0.9], "stake": [1.0], "clv": [0.02]}
    >>> bets = pd.DataFrame({"game_date": ["2025-01-14"], "result": ["won"], **money})
    >>> {name: round(value, 2) for name, value in live_metrics(props, bets).items()}
    {'live_mae': 2.0, 'live_n_projections': 1.0, 'live_brier': 0.36, 'live_n_props': 1.0, 'live_market_brier': 0.25,
     'live_roi': 0.9, 'live_win_rate': 1.0, 'live_clv': 0.02, 'live_profit': 0.9, 'live_n_bets': 1.0, 'live_n_voids':
     0.0}

    Args:
        props: One row per prop or projection: ``game_date``, ``actual`` (NaN: did not play), ``projection``, ``line``,
            ``p_over``, ``p_under``, ``market_p_over``.
        bets: One row per bet: ``game_date``, ``result``, ``profit``, ``stake``, ``clv``.
        seed: Of the bootstrap.

    Returns:
        ``live_mae``, ``live_brier``, ``live_market_brier``, ``live_roi``, ``live_win_rate``, ``live_clv``, each with
        ``_ci_low`` and ``_ci_high`` (95 %, by night) from 20 nights on; and counts.
    """
    found: dict[str, float] = {}
    known = props[props["actual"].notna()]
    dates = known["game_date"]
    found |= _ratio_metrics("mae", mae_rows(known["actual"], known["projection"]), dates, seed)
    found |= _count("projections", int(known["projection"].notna().sum()))
    decided = known[known["line"].notna() & known["p_over"].notna() & (known["actual"] != known["line"])]
    over = (decided["actual"] > decided["line"]).to_numpy("float64")
    found |= _ratio_metrics("brier", brier_score_rows(given_no_push(decided), over), decided["game_date"], seed)
    found |= _count("props", len(decided))
    market = brier_score_rows(decided["market_p_over"].to_numpy("float64"), over)
    found |= _ratio_metrics("market_brier", market, decided["game_date"], seed)
    outcome = bets["result"].map(OUTCOME).to_numpy("float64")
    money = [bets[name].to_numpy("float64") for name in ("profit", "stake")]
    found |= _ratio_metrics("roi", roi_rows(money[0], money[1], outcome), bets["game_date"], seed)
    found |= _ratio_metrics("win_rate", win_rate_rows(outcome), bets["game_date"], seed)
    found |= _ratio_metrics(
        "clv", clv_rows(np.where(np.isnan(outcome), np.nan, bets["clv"].to_numpy("float64"))), bets["game_date"], seed
    )
    found["live_profit"] = float(money[0].sum())
    found |= _count("bets", int((np.abs(outcome) == 1).sum())) | _count("voids", int((bets["result"] == "void").sum()))
    return found


def _count(name: str, number: int) -> dict[str, float]:
    return {f"live_n_{name}": float(number)}


def _ratio_metrics(name: str, rows: Rows, dates: pd.Series, seed: int) -> dict[str, float]:
    """A ratio of sums, with its interval by night where there are enough nights."""
    top, bottom = (np.asarray(part, dtype="float64") for part in rows)
    used = bottom > 0
    if not used.any():
        return {}
    tops: Floats
    nights, (tops, bottoms) = night_sums(dates.to_numpy()[used], top[used], bottom[used])
    found = {f"live_{name}": float(tops.sum() / bottoms.sum())}
    interval = ratio_interval(tops, bottoms, seed=seed) if len(nights) >= MIN_NIGHTS else None
    if interval is not None:
        found |= {f"live_{name}_ci_low": interval.low, f"live_{name}_ci_high": interval.high}
    return found
