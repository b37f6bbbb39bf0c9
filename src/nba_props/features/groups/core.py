"""Tier 1: what a player does when he plays, season to date."""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.asof import masked_ratio
from nba_props.features.history.context import Context
from nba_props.features.history.rates import RATES

__all__: list[str] = []

_SHRUNK: Final = "season, shrunk to all"
_MIX: Final = ("fg3a_rate", "ft_rate", "fg3_pct", "fg2_pct", "ft_pct", "ast_tov_ratio")
_PER36: Final = tuple(rate.name for rate in RATES if rate.name.endswith("_per36"))
_CORE: Final = tuple(rate.name for rate in RATES if rate.name not in {*_MIX, *_PER36})
_TEXT: Final = {rate.name: rate.text for rate in RATES}


def _columns(names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [(name, _SHRUNK, _TEXT[name]) for name in names]


def _pick(ctx: Context, names: tuple[str, ...]) -> dict[str, Floats]:
    return {name: ctx.rates[name] for name in names}


@feature_group("core_rates", tier=1, columns=_columns(_CORE))
def core_rates(ctx: Context) -> dict[str, Floats]:
    """Usage, scoring efficiency and shares of what there was to get while on the floor."""
    return _pick(ctx, _CORE)


@feature_group("core_per36", tier=1, columns=_columns(_PER36))
def core_per36(ctx: Context) -> dict[str, Floats]:
    """Production per 36 minutes."""
    return _pick(ctx, _PER36)


@feature_group("shot_mix", tier=1, columns=_columns(_MIX))
def shot_mix(ctx: Context) -> dict[str, Floats]:
    """Which shots a player takes and how they fall."""
    return _pick(ctx, _MIX)


_MEANS: Final = ("pts", "reb", "ast", "pra", "min", "fg3m", "stl", "blk", "tov")


@feature_group(
    "season_to_date",
    tier=1,
    columns=[
        *((f"{name}_season_mean", "season", f"mean {name} per game this season") for name in _MEANS),
        ("games_season", "season", "games played this season"),
        ("games_career", "all", "games played over all seasons of the table"),
    ],
)
def season_to_date(ctx: Context) -> dict[str, Floats]:
    """Plain means of the season so far."""
    total = ctx.season.total(ctx.box_running)
    count = ctx.season.count.astype(np.float64)
    out = {
        f"{name}_season_mean": masked_ratio(total[:, place], count)
        for place, name in enumerate(ctx.box_columns)
        if name in _MEANS
    }
    return out | {"games_season": count, "games_career": ctx.career.count.astype(np.float64)}


_BEFORE: Final = ("pts", "reb", "ast", "min")


@feature_group(
    "previous_season",
    tier=1,
    columns=[
        *(
            (f"{name}_previous_season_mean", "previous season", f"mean {name} in his latest earlier season")
            for name in _BEFORE
        ),
        ("games_previous_season", "previous season", "games played in his latest earlier season"),
    ],
)
def previous_season(ctx: Context) -> dict[str, Floats]:
    """Plain means of the last season in which the player appeared before this one; NaN in his first."""
    earlier = ctx.career.until(ctx.season.start)
    latest = np.maximum(earlier.end - 1, 0)
    past = earlier.since(ctx.season.start[latest])
    total = past.total(ctx.box_running)
    count = np.where(earlier.count > 0, past.count, np.nan)
    out = {
        f"{name}_previous_season_mean": masked_ratio(total[:, place], count)
        for place, name in enumerate(ctx.box_columns)
        if name in _BEFORE
    }
    return out | {"games_previous_season": count}
