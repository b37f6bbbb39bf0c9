"""Tier 3: the recent course of a player's games, over the ends of seasons."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.asof import masked_ratio
from nba_props.features.history.context import BASE, Context
from nba_props.features.history.ewma import HALF_LIVES
from nba_props.features.history.windows import WINDOWS

__all__: list[str] = []

_LAGS: Final = (1, 3, 5, 7)


@feature_group(
    "lags",
    tier=3,
    columns=[(f"{name}_lag_{lag}", f"{lag} games", f"{name} {lag} games ago") for name in BASE for lag in _LAGS],
)
def lags(ctx: Context) -> dict[str, Floats]:
    """Single earlier games."""
    return {f"{name}_lag_{lag}": ctx.career.lag(ctx.table.stat[name], lag) for name in BASE for lag in _LAGS}


def _windowed(kind: str, text: str) -> list[tuple[str, str, str]]:
    return [
        (f"{name}_{kind}_{window}", f"{window} games", f"{text} of {name} over the last {window} games")
        for name in BASE
        for window in WINDOWS
    ]


def _of_windows(ctx: Context, kind: str) -> dict[str, Floats]:
    return {f"{name}_{kind}_{window}": ctx.windows[name][kind, window] for name in BASE for window in WINDOWS}


@feature_group("rolling", tier=3, columns=_windowed("mean", "mean"))
def rolling(ctx: Context) -> dict[str, Floats]:
    """Means over windows of games."""
    return _of_windows(ctx, "mean")


@feature_group("medians", tier=3, columns=_windowed("median", "median"))
def medians(ctx: Context) -> dict[str, Floats]:
    """Medians over windows of games."""
    return _of_windows(ctx, "median")


_SHOTS: Final = ("fga", "fg3a", "fta")
_SHOT_LIFE: Final = 7


@feature_group(
    "ewma",
    tier=3,
    columns=[
        *(
            (f"{name}_ewma_{life}", "all", f"exponentially weighted {name}, half-life {life} games")
            for name in BASE
            for life in HALF_LIVES
        ),
        *(
            (f"{name}_ewma_{_SHOT_LIFE}", "all", f"exponentially weighted {name}, half-life {_SHOT_LIFE} games")
            for name in _SHOTS
        ),
        (f"usage_ewma_{_SHOT_LIFE}", "all", f"usage of weighted sums, half-life {_SHOT_LIFE} games, %"),
    ],
)
def ewma(ctx: Context) -> dict[str, Floats]:
    """Exponentially weighted means."""
    out = {f"{name}_ewma_{life}": ctx.form[name, life] for name in BASE for life in HALF_LIVES}
    out |= {f"{name}_ewma_{_SHOT_LIFE}": ctx.form[name, _SHOT_LIFE] for name in _SHOTS}
    usage = masked_ratio(ctx.form["plays", _SHOT_LIFE], ctx.form["floor_plays", _SHOT_LIFE])
    return out | {f"usage_ewma_{_SHOT_LIFE}": 100.0 * usage}


@feature_group(
    "trend",
    tier=3,
    columns=[(f"{name}_trend", "20 games", f"mean {name} of the last 5 games less that of 20") for name in BASE],
)
def trend(ctx: Context) -> dict[str, Floats]:
    """Short form minus long form."""
    return {f"{name}_trend": ctx.windows[name]["mean", 5] - ctx.windows[name]["mean", 20] for name in BASE}


@feature_group(
    "volatility",
    tier=3,
    columns=[
        *_windowed("sd", "standard deviation"),
        *((f"{name}_cv_20", "20 games", f"standard deviation over mean of {name}, last 20 games") for name in BASE),
        *((f"{name}_jump_10", "10 games", f"mean change of {name} from game to game, either way") for name in BASE),
    ],
)
def volatility(ctx: Context) -> dict[str, Floats]:
    """How unsteady the player is."""
    career, stat, windows = ctx.career, ctx.table.stat, ctx.windows
    steps = np.column_stack([np.abs(stat[name] - career.lag(stat[name], 1)) for name in BASE])
    recent = career.recent(10)
    jumps = recent.total(ctx.players.running(np.where((career.count == 0)[:, None], 0.0, steps)))
    changes = np.minimum(recent.count, career.count - 1).astype(np.float64)
    out = _of_windows(ctx, "sd")
    out |= {f"{name}_cv_20": masked_ratio(windows[name]["sd", 20], windows[name]["mean", 20]) for name in BASE}
    return out | {f"{name}_jump_10": masked_ratio(jumps[:, place], changes) for place, name in enumerate(BASE)}


@feature_group(
    "streaks",
    tier=3,
    columns=[
        *((f"{name}_streak", "all", f"games in a row over (+) or under (-) his own median {name}") for name in BASE),
        *((f"{name}_over_median_10", "10 games", f"share of games over his own median {name}") for name in BASE),
    ],
)
def streaks(ctx: Context) -> dict[str, Floats]:
    """Runs of good and bad games, each judged by the player's own median of the 20 games before that game."""
    out: dict[str, Floats] = {}
    recent = ctx.career.recent(10)
    judged = np.minimum(recent.count, ctx.career.count - 1).astype(np.float64)
    for name in BASE:
        side = np.nan_to_num(np.sign(ctx.table.stat[name] - ctx.windows[name]["median", 20]))
        place = np.arange(len(side))
        change = (np.diff(side, prepend=np.nan) != 0) | (place == ctx.career.origin)
        length = place - np.maximum.accumulate(np.where(change, place, 0)) + 1
        over = recent.total(ctx.players.running((side > 0)[:, None].astype(np.float64)))[:, 0]
        out[f"{name}_streak"] = ctx.career.lag(side * length, 1)
        out[f"{name}_over_median_10"] = masked_ratio(over, judged)
    return out
