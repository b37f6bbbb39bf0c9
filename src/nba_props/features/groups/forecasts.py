"""Ready-made forecasts of the main markets: what a careful bettor would write down without a model."""

from __future__ import annotations

from typing import Final

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.asof import masked_ratio
from nba_props.features.history.context import Context

__all__: list[str] = []

_MARKETS: Final = ("pts", "reb", "ast", "pra")


@feature_group(
    "forecasts",
    tier=2,
    columns=[
        *((f"{name}_ewma_span_10", "all", f"EWMA of {name}, span 10 games") for name in _MARKETS),
        *((f"{name}_rate_x_minutes", "all", f"season's rate of {name} times expected minutes") for name in _MARKETS),
        *(
            (f"{name}_adjusted", "all", f"recent rate of {name} times expected minutes, pace and opponent's record")
            for name in _MARKETS
        ),
    ],
)
def forecasts(ctx: Context) -> dict[str, Floats]:
    """Rate times minutes, with and without the opponent."""
    row, rates = ctx.fixtures.row, ctx.team_rates
    pace = masked_ratio(rates["rival_pace"], rates["league_pace"])[row]
    out: dict[str, Floats] = {}
    for name in _MARKETS:
        form = masked_ratio(ctx.form[name, 30], ctx.form["min", 30]) * ctx.expected_minutes
        out[f"{name}_ewma_span_10"] = ctx.span_10[name]
        out[f"{name}_rate_x_minutes"] = ctx.rates[f"{name}_per36"] / 36.0 * ctx.expected_minutes
        out[f"{name}_adjusted"] = form * ctx.allowed[f"role_{name}"] * pace
    return out
