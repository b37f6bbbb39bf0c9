"""What the features are called, and which group makes them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nba_props.arrays import Floats
from nba_props.errors import ConfigError
from nba_props.features.history.context import Context

Tier = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature table.

    Attributes:
        name: Column name.
        tier: 1 core performance, 2 context, 3 temporal.
        group: Name by which recipes switch it on or off.
        look_back: What it looks back on: "10 games", "season", "all", "schedule" and so on.
        description: What it says, with its unit.
    """

    name: str
    tier: Tier
    group: str
    look_back: str
    description: str


@dataclass(frozen=True, slots=True)
class Group:
    """A pure function and the columns it declares."""

    name: str
    features: tuple[Feature, ...]
    make: Callable[[Context], Mapping[str, Floats]]


_REGISTRY: Final[dict[str, Group]] = {}

Maker = Callable[["Context"], Mapping[str, "Floats"]]


def declare(name: str, *, tier: Tier, columns: Iterable[tuple[str, str, str]]) -> Callable[[Maker], Maker]:
    """Register a function as the maker of a group's columns, given as (name, look-back, description)."""
    features = tuple(Feature(column, tier, name, look_back, text) for column, look_back, text in columns)

    def register(make: Maker) -> Maker:
        _REGISTRY[name] = Group(name, features, make)
        return make

    return register


def registered() -> tuple[Group, ...]:
    """All groups in the order of the catalogue: by tier."""
    return tuple(sorted(_REGISTRY.values(), key=lambda group: group.features[0].tier))


def select(groups: Iterable[str] | None) -> tuple[Group, ...]:
    """The named groups in catalogue order; all of them for None.

    Raises:
        ConfigError: For an unknown group, naming the nearest known one, and for an empty selection.
    """
    if groups is None:
        return registered()
    wanted = {groups} if isinstance(groups, str) else set(groups)
    if not wanted:
        message = f"No feature group is switched on; known groups: {', '.join(_REGISTRY)}."
        raise ConfigError(message)
    for name in sorted(wanted - _REGISTRY.keys()):
        near = difflib.get_close_matches(name, _REGISTRY, n=1, cutoff=0.0)[0]
        message = f"Unknown feature group {name!r}; did you mean {near!r}? Known groups: {', '.join(_REGISTRY)}."
        raise ConfigError(message)
    return tuple(group for group in registered() if group.name in wanted)
