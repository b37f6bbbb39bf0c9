"""The features in the few families that reasons are given in."""

from __future__ import annotations

from typing import Final

from nba_props.features.build import catalogue

_OWN_FORM: Final = "own form"
_TONIGHT: Final = "line-up"

_FAMILIES: Final = {
    "forecasts": _OWN_FORM,
    "line_up": _TONIGHT,
    "line_up_share": _TONIGHT,
    "line_up_form": _TONIGHT,
    "line_up_role_form": _TONIGHT,
    "line_up_change": _TONIGHT,
    "teammates": _TONIGHT,
    "minutes": "minutes",
    "absence": "minutes",
    "schedule": "schedule",
    "travel": "schedule",
    "opponent": "opponent",
    "pace": "pace",
}
"""Groups of tier 2; a group of your own is a family by its own name."""


def feature_families() -> dict[str, str]:
    """Feature to family: what a player has shown is his own form, everything else belongs to its subject.

    >>> families = feature_families()
    >>> families["pts_mean_5"], families["out_min"], families["days_rest"]
    ('own form', 'line-up', 'schedule')
    """
    return {
        feature.name: _FAMILIES.get(feature.group, feature.group) if feature.tier == 2 else _OWN_FORM
        for feature in catalogue()
    }


def feature_texts() -> dict[str, str]:
    """Feature to what it says, with its unit."""
    return {feature.name: feature.description for feature in catalogue()}
