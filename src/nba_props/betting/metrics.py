"""Every betting number, from the ledger alone. What cannot be computed is absent, never NaN and never a substitute."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats
from nba_props.betting.daily import Daily, daily
from nba_props.betting.frames import require_columns
from nba_props.metrics.bootstrap import MIN_NIGHTS
from nba_props.metrics.definitions import clv, roi, win_rate

EDGE_SEGMENTS: Final = {"small": (0.02, 0.04), "medium": (0.04, 0.06), "large": (0.06, np.inf)}
"""Edge buckets, lower bound included."""

_REQUIRED: Final = [
    "game_date",
    "result",
    "profit",
    "stake",
    "bankroll",
    "decimal_odds",
    "edge",
    "ev",
    "kelly",
    "clv",
    "clv_line",
    "close_line",
]
_EDGE_NOISE = 1e-12


def betting_metrics(ledger: pd.DataFrame, *, game_nights: ArrayLike | None = None) -> dict[str, float]:
    """The betting and edge-segment metrics of docs/metrics.md, of a ledger of flat stakes.

    >>> money = {"result": ["won", "lost"], "profit": [1.0, -1.0], "stake": 1.0, "bankroll": [1001.0, 1000.0]}
    >>> closes = {"clv": 0.02, "clv_line": 0.5, "close_line": 20.5}
    >>> bets = {"decimal_odds": 2.0, "edge": 0.03, "ev": 0.05, "kelly": 0.05, **closes}
    >>> ledger = pd.DataFrame({"game_date": pd.to_datetime(["2024-01-01", "2024-01-02"]), **money, **bets})
    >>> metrics = betting_metrics(ledger)
    >>> [metrics[name] for name in ("n_bets", "roi", "win_rate", "breakeven_rate", "clv")]
    [2.0, 0.0, 0.5, 0.5, 0.02]

    Args:
        ledger: From `place_bets`.
        game_nights: Date of every night with games, for the season Sharpe ratio, which is absent without it: how much
            of a season was bet cannot be told from the bets alone.

    Returns:
        ``n_bets``, ``n_pushes``, ``turnover``, ``profit`` (units) always; ``roi``, ``win_rate``,
        ``breakeven_rate``, ``expected_roi``, ``kelly_criterion``, ``sharpe_ratio``, ``max_drawdown``,
        ``bankroll_growth``, ``clv``, ``clv_line``, ``clv_coverage``, ``close_age_minutes``, ``beat_close_rate`` and
        ``roi_edge_*`` with ``n_edge_*`` where they can be computed. Means are over the bets that were not void.

    Raises:
        DataError: A column of the ledger is missing.
    """
    require_columns(ledger, _REQUIRED, "ledger")
    days = daily(ledger)
    result = ledger["result"].to_numpy()
    metrics = {
        "n_bets": float(days.decided.sum()),
        "n_pushes": float((result == "push").sum()),
        "turnover": float(days.turnover.sum()),
        "profit": float(days.profit.sum()),
    }
    if metrics["n_bets"]:
        metrics["roi"] = roi(days.profit, days.turnover)
        metrics["win_rate"] = win_rate(days.wins, days.decided)
        metrics["breakeven_rate"] = float(days.breakeven.sum()) / metrics["n_bets"]
    placed = result != "void"
    if placed.any():
        metrics["expected_roi"] = float(ledger["ev"].to_numpy()[placed].mean())
        metrics["kelly_criterion"] = float(ledger["kelly"].to_numpy()[placed].mean())
    return metrics | _path_metrics(days, game_nights) | _closing_metrics(ledger, placed) | edge_segments(ledger)


def kelly_metrics(ledger: pd.DataFrame, *, game_nights: ArrayLike | None = None) -> dict[str, float]:
    """The numbers of a ledger of Kelly stakes, under ``kelly_`` names.

    >>> money = {"result": ["won", "lost"], "profit": [2.0, -1.0], "stake": [2.0, 1.0], "bankroll": [102.0, 101.0]}
    >>> closes = {"clv": 0.02, "clv_line": 0.5, "close_line": 20.5}
    >>> bets = {"decimal_odds": 2.0, "edge": 0.03, "ev": 0.05, "kelly": 0.05, **closes}
    >>> ledger = pd.DataFrame({"game_date": pd.to_datetime(["2024-01-01", "2024-01-02"]), **money, **bets})
    >>> metrics = kelly_metrics(ledger)
    >>> round(metrics["kelly_bankroll_growth"], 3), round(metrics["kelly_roi"], 3), metrics["kelly_turnover"]
    (0.01, 0.333, 3.0)

    Returns:
        ``kelly_bankroll_growth`` (final over starting bankroll, minus 1), ``kelly_roi``, ``kelly_n_bets``,
        ``kelly_turnover``, ``kelly_profit``, ``kelly_max_drawdown``, ``kelly_sharpe_ratio``, where computable.
    """
    metrics = betting_metrics(ledger, game_nights=game_nights)
    names = ("bankroll_growth", "max_drawdown", "n_bets", "profit", "roi", "sharpe_ratio", "turnover")
    return {f"kelly_{name}": metrics[name] for name in names if name in metrics}


def edge_segments(ledger: pd.DataFrame) -> dict[str, float]:
    """``roi_edge_<bucket>`` and ``n_edge_<bucket>`` (bets won or lost); an empty bucket gives nothing.

    >>> edge_segments(pd.DataFrame({"result": ["won"], "edge": [0.05], "profit": [0.9], "stake": [1.0]}))
    {'roi_edge_medium': 0.9, 'n_edge_medium': 1.0}
    """
    decided = ledger["result"].isin(["won", "lost"]).to_numpy()
    edge, profit, stake = (ledger[name].to_numpy(dtype="float64")[decided] for name in ("edge", "profit", "stake"))
    metrics: dict[str, float] = {}
    for name, (low, high) in EDGE_SEGMENTS.items():
        # An edge of exactly 0.04 is a difference of two floats; it belongs to the bucket it opens.
        inside = (edge >= low - _EDGE_NOISE) & (edge < high - _EDGE_NOISE)
        if inside.any():
            metrics[f"roi_edge_{name}"] = roi(profit[inside], stake[inside])
            metrics[f"n_edge_{name}"] = float(inside.sum())
    return metrics


def max_drawdown(equity: Floats) -> float:
    """Largest ``(peak - equity) / peak`` along a bankroll curve that includes its start, in [0, 1] (1: all lost).

    >>> max_drawdown(np.array([100.0, 120.0, 90.0, 130.0]))
    0.25
    """
    peak = np.maximum.accumulate(equity)
    return float(np.clip((peak - equity) / peak, 0.0, 1.0).max())


def _path_metrics(days: Daily, game_nights: ArrayLike | None) -> dict[str, float]:
    if not len(days.dates):
        return {}
    equity = np.r_[days.opening[0], days.opening + days.profit]
    metrics = {"max_drawdown": max_drawdown(equity), "bankroll_growth": float(equity[-1] / equity[0] - 1.0)}
    sharpe = sharpe_ratio(days.returns, days.per_season(game_nights))
    if sharpe is not None:
        metrics["sharpe_ratio"] = sharpe
    return metrics


def sharpe_ratio(returns: Floats | None, season_nights: float | None) -> float | None:
    """Mean over standard deviation (ddof 1) of daily returns, times sqrt(betting nights of a full season).

    None under `MIN_NIGHTS` nights, at zero variance, without `season_nights` (`Daily.per_season`), or where a lost
    bankroll leaves no returns.

    >>> round(sharpe_ratio(np.tile([0.02, -0.01], 50), 100.0), 2)  # mean 0.005, deviation 0.015
    3.32
    """
    if returns is None or season_nights is None or len(returns) < MIN_NIGHTS:
        return None
    deviation = float(returns.std(ddof=1))
    # Equal returns differ by rounding: a deviation of that size is not a variance.
    if deviation <= 1e-12 * max(1.0, float(np.abs(returns).max())):
        return None
    return float(returns.mean()) / deviation * float(np.sqrt(season_nights))


def _closing_metrics(ledger: pd.DataFrame, placed: NDArray[np.bool_]) -> dict[str, float]:
    if not placed.any():
        return {}
    bets = ledger[placed]
    metrics = {"clv_coverage": float(bets["close_line"].notna().mean())}
    if "close_state" in bets:  # a ledger of an earlier version has no such column
        age = bets["close_age_minutes"][(bets["close_state"] == "close").to_numpy()]
        metrics |= {"close_age_minutes": float(age.median())} if age.notna().any() else {}
    if bets["clv"].notna().any():
        known = bets["clv"].dropna().to_numpy()
        metrics["clv"] = clv(known)
        metrics["beat_close_rate"] = float((known > 0).mean())
    if bets["clv_line"].notna().any():
        metrics["clv_line"] = float(bets["clv_line"].mean())
    return metrics
