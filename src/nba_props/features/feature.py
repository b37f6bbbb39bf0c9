"""The names of the features, and the groups that make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nba_props.arrays import Floats
from nba_props.errors import ConfigError
from nba_props.features.history.context import Context
from nba_props.plugins import Registry

Tier = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature table.

    Attributes:
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


GROUPS: Final[Registry[Group]] = Registry(
    "feature group",
    home=[
        f"nba_props.features.groups.{name}"
        for name in ("availability", "core", "forecasts", "minutes", "schedule", "teams", "temporal")
    ],
)
"""The feature groups by name; `feature_group` adds one."""

Maker = Callable[[Context], Mapping[str, Floats]]


def feature_group(name: str, *, tier: Tier, columns: Iterable[tuple[str, str, str]]) -> Callable[[Maker], Maker]:
    """Register a function as the maker of a group's columns.

    The function gets the `Context` of a games table and returns one float array (n player-games, in the order of
    `Context.table`) for each column. Everything it says of a game must come from games of strictly earlier dates:
    use `Context.career` and `Context.season`.

    Args:
        name: Name by which recipes switch the group on or off.
        tier: 1 core performance, 2 context, 3 temporal.
        columns: (name, look-back, description) of each column.

    Raises:
        ConfigError: There is such a group already.
    """
    features = tuple(Feature(column, tier, name, look_back, text) for column, look_back, text in columns)

    def register(make: Maker) -> Maker:
        GROUPS.add(name, Group(name, features, make))
        return make

    return register


def registered() -> tuple[Group, ...]:
    """All groups in the order of the catalogue: by tier."""
    return tuple(sorted((group for _, group in GROUPS.items()), key=lambda group: group.features[0].tier))


def select(groups: Iterable[str] | None) -> tuple[Group, ...]:
    """The named groups in catalogue order; all of them for None.

    Raises:
        ConfigError: For an unknown group, naming the nearest known one, and for an empty selection.
    """
    if groups is None:
        return registered()
    wanted = {GROUPS[name].name for name in ([groups] if isinstance(groups, str) else groups)}
    if not wanted:
        message = f"No feature group is switched on; known groups: {', '.join(GROUPS)}."
        raise ConfigError(message)
    return tuple(group for group in registered() if group.name in wanted)
