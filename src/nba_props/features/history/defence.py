"""What opponents allow, measured against what could be expected of the players they met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from nba_props.arrays import Bools, Floats, Ints
from nba_props.features.history.asof import Log, group_totals
from nba_props.features.history.fixtures import Fixtures
from nba_props.features.history.table import Table

ALLOWED: Final = ("pts", "reb", "ast", "pra")

_ROLES: Final = 3
_WEIGHT: Final = {"pts": 800.0, "reb": 320.0, "ast": 200.0, "pra": 1300.0}
"""Expected production at which a defence's own record and the neutral 1 count alike (about seven games)."""


def player_role(rates: Mapping[str, Floats]) -> Ints:
    """0 guard, 1 wing, 2 big: by how rebounds and assists divide, as of the game; a new player is a wing.

    The share is REB % / (REB % + AST %); the bounds gave each role a third of all minutes in 2021-22 and 2022-23.
    """
    reb, ast = rates["reb_pct"], rates["ast_pct"]
    share = np.nan_to_num(reb / (reb + ast), nan=0.41)
    return np.digitize(share, [0.33, 0.50]).astype(np.int64)


def allowed_ratios(
    table: Table, fixtures: Fixtures, rates: Mapping[str, Floats], role: Ints, met: Bools
) -> dict[str, Floats]:
    """Actual over expected production of the opponent's earlier visitors this season, all and of the player's role.

    Expected is the player's own per-36 rate (`shrunk_rates`) as of that game times the minutes he got, so neither a
    schedule of weak teams nor a player's minutes count as defence; players without an earlier game (`met`) are left
    out. Ratios are drawn towards 1. Keys: "pts", "role_pts", ...
    """
    minutes = table.stat["min"] / 36.0
    columns = []
    for name in ALLOWED:
        columns += [np.where(met, table.stat[name], 0.0), np.where(met, rates[f"{name}_per36"] * minutes, 0.0)]
    cells = group_totals(fixtures.row * _ROLES + role, len(fixtures.day) * _ROLES, np.column_stack(columns))
    by_defence = np.lexsort((fixtures.day, fixtures.opponent))
    log = Log(fixtures.opponent[by_defence], fixtures.day[by_defence], fixtures.season[by_defence])
    past = log.past(fixtures.opponent, fixtures.day)
    past = past.since(log.season_start(fixtures.opponent, fixtures.season))
    size, width = len(fixtures.day), len(columns)
    per_role = cells.reshape(size, _ROLES * width)[by_defence]
    running = log.running(per_role)
    seen = past.total(running).reshape(size, _ROLES, width)
    every = seen[:, 0] + seen[:, 1] + seen[:, 2]
    own = seen[fixtures.row, role]
    none = np.where(past.count > 0, 1.0, np.nan)[fixtures.row]
    out = {}
    for place, name in enumerate(ALLOWED):
        actual, expected, weight = 2 * place, 2 * place + 1, _WEIGHT[name]
        out[name] = none * ((every[:, actual] + weight) / (every[:, expected] + weight))[fixtures.row]
        out[f"role_{name}"] = none * (own[:, actual] + weight / 3.0) / (own[:, expected] + weight / 3.0)
    return out
