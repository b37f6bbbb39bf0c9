"""Tier 2: who of the regulars is known to be out tonight, and what that leaves to the player.

Measured on real games, nothing else lowers the error as much: docs/features.md has the figures.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nba_props.arrays import Floats
from nba_props.features.feature import feature_group
from nba_props.features.history.context import Context
from nba_props.features.history.ewma import decay_of_half_life, ewma
from nba_props.features.history.line_up import CONTEXT, FORM, SHARE, USUAL
from nba_props.features.history.role_form import ROLE_FORM

AVAILABILITY_GROUPS: Final = ("line_up", "line_up_share", "line_up_form", "line_up_role_form", "line_up_change")
"""The groups that depend on absences; the others are the same whoever is out."""

_WORDS: Final = {"min": "minutes", "pts": "points", "reb": "rebounds", "ast": "assists", "pra": "PRA"}
_TEXT: Final = {
    **{
        f"{name}_{part}": f"expected {_WORDS[part]} of the {whose}"
        for name, whose in (
            ("out", "regulars who are out"),
            ("newly_out", "regulars who are out and played the last game"),
            ("back", "regulars who are back"),
        )
        for part in ("min", "pts", "reb", "ast")
    },
    "available_min": "expected minutes of the team-mates who are there",
    "scaled_min": "expected minutes if all who are there share 240",
    "min_above": "expected minutes of the team-mates there who play more than he does",
    **{f"available_rank_{part}": f"his place by expected {_WORDS[part]} among those who are there"
       for part in ("min", "pts", "reb", "ast")},
    "min_over_fifth": "his expected minutes less those of the fifth of the team-mates who are there",
    "out_overlap": "expected minutes of the regulars who are out, those of a role like his most",
}  # fmt: skip


@feature_group("line_up", tier=2, columns=[(name, "season", _TEXT[name]) for name in CONTEXT])
def tonight(ctx: Context) -> dict[str, Floats]:
    """What tonight's line-up leaves to the player."""
    return {name: ctx.line_up[name] for name in CONTEXT}


_SHARE_TEXT: Final = {
    **{f"available_{part}": f"expected {_WORDS[part]} of the team-mates who are there"
       for part in ("pts", "reb", "ast")},
    **{f"scaled_{part}": f"his {_WORDS[part]} if all who are there share the team's season mean"
       for part in ("pts", "reb", "ast", "pra")},
}  # fmt: skip


@feature_group("line_up_share", tier=2, columns=[(name, "season", _SHARE_TEXT[name]) for name in SHARE])
def share(ctx: Context) -> dict[str, Floats]:
    """The player's share of what the team produces, among those who are there tonight."""
    return {name: ctx.line_up[name] for name in SHARE}


@feature_group(
    "line_up_form",
    tier=2,
    columns=[
        (f"form_{name}", "season", f"mean {_WORDS[name]} of his games with a line-up like tonight's") for name in FORM
    ],
)
def form(ctx: Context) -> dict[str, Floats]:
    """What the player did in line-ups like tonight's."""
    return {f"form_{name}": ctx.line_up[f"form_{name}"] for name in FORM}


_ROLE_FORM_TEXT: Final = {
    "role_form_min": "mean minutes of his games with team-mates of his role there and out as tonight",
    "role_form_games": "how many such games there are, by weight",
    **{f"role_form_beyond_{part}": f"{_WORDS[part]} beyond expectation in such games"
       for part in ("min", "pts", "reb", "ast")},
}  # fmt: skip


@feature_group("line_up_role_form", tier=2, columns=[(name, "season", _ROLE_FORM_TEXT[name]) for name in ROLE_FORM])
def role_form(ctx: Context) -> dict[str, Floats]:
    """What the player did when those of his role were there, or missing, as tonight."""
    return {name: ctx.line_up[name] for name in ROLE_FORM}


@feature_group(
    "line_up_change",
    tier=2,
    columns=[
        (f"{name}_change", "all", f"{_TEXT[name]}: tonight less the usual, half-life {USUAL} games") for name in CONTEXT
    ],
)
def change(ctx: Context) -> dict[str, Floats]:
    """What is unusual about tonight's line-up."""
    known = np.isfinite(ctx.line_up[CONTEXT[0]])
    series = {name: np.where(known, ctx.line_up[name], 0.0) for name in CONTEXT} | {"known": known.astype(np.float64)}
    decay = decay_of_half_life(USUAL)
    means = ewma(ctx.career, series, [decay])
    share = np.where(means["known", decay] > 0.0, means["known", decay], np.nan)
    return {f"{name}_change": ctx.line_up[name] - means[name, decay] / share for name in CONTEXT}
