"""Props of one player and game that can not all be true are put right: lines in order, sums over their parts.

Points, rebounds and assists are not negative, so a combined stat is at least each of its parts: PRA >= PR >= PTS.
Hence ``P(PRA >= t) >= P(PTS >= s)`` whenever ``s >= t``; and within one market P(over) falls as the line rises.
Forecasts of separate models break that here and there. The smallest correction upwards that holds everywhere is the
upper envelope: the probability of reaching t is the largest that any part, or the market itself, gives to reaching t
or more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.arrays import Floats, Ints
from nba_props.errors import DataError
from nba_props.markets import MARKETS

_NEEDED: Final = ["game_id", "player_id", "market", "line", "p_over", "p_push", "p_under"]


def coherent_probabilities(props: pd.DataFrame) -> pd.DataFrame:
    """Make P(over), P(push), P(under) of all markets and lines of each player-game consistent with each other.

    Args:
        props: ``game_id``, ``player_id``, ``market``, ``line``, ``p_over``, ``p_push``, ``p_under``; any other columns.
            Rows without a forecast (NaN) are left alone.

    Returns:
        A copy with the three probabilities corrected; they still sum to 1. Applying it again changes nothing.

    Raises:
        DataError: A missing column.
    """
    missing = [column for column in _NEEDED if column not in props.columns]
    if missing:
        source = "props"
        raise DataError(source, f"missing columns {', '.join(missing)}", mend="See docs/contract.md.", count=len(props))
    line = props["line"].to_numpy(dtype="float64")
    over = props["p_over"].to_numpy(dtype="float64")
    at_least = over + props["p_push"].to_numpy(dtype="float64")
    rows = np.flatnonzero(~np.isnan(at_least))
    code = props.groupby(["game_id", "player_id"], sort=False).ngroup().to_numpy()[rows]
    market, parts = _market_codes(props["market"].to_numpy()[rows])
    # Two statements a row: the result reaches the line (push or over), and it passes the line (over).
    reach = np.r_[np.ceil(line[rows]), np.floor(line[rows]) + 1.0]
    raised = _envelope(np.r_[code, code], np.r_[market, market], reach, np.r_[at_least[rows], over[rows]], parts)
    new_at_least, new_over = at_least.copy(), over.copy()
    new_at_least[rows], new_over[rows] = raised[: len(rows)], raised[len(rows) :]
    return props.assign(p_over=new_over, p_push=new_at_least - new_over, p_under=1.0 - new_at_least)


def _market_codes(markets: NDArray[np.object_]) -> tuple[Ints, NDArray[np.bool_]]:
    """Code of each row's market, and whether market i is the same as or a part of market j."""
    names, code = np.unique(markets.astype(str), return_inverse=True)
    sets = [frozenset(MARKETS.get(name, (name,))) for name in names]
    return code, np.array([[left <= right for right in sets] for left in sets])


def _envelope(group: Ints, market: Ints, reach: Floats, chance: Floats, parts: NDArray[np.bool_]) -> Floats:
    """For every statement the largest chance among its group's statements that imply it."""
    raised = chance.copy()
    for target in range(len(parts)):
        wanted = market == target
        implied = parts[market, target]
        # In order of the group, then of falling thresholds; ties: statements before the questions asked of them.
        asked = np.flatnonzero(wanted)
        said = np.flatnonzero(implied)
        rows = np.r_[said, asked]
        is_asked = np.r_[np.zeros(len(said), dtype=bool), np.ones(len(asked), dtype=bool)]
        order = np.lexsort((is_asked, -reach[rows], group[rows]))
        # A running maximum within groups, over ranks of the chances: whole numbers keep the groups apart exactly.
        levels, level = np.unique(chance[rows], return_inverse=True)
        base = (len(levels) + 1) * np.cumsum(np.r_[False, np.diff(group[rows][order]) != 0])
        best = np.maximum.accumulate(np.where(is_asked, 0, level + 1)[order] + base) - base
        answers = is_asked[order]
        asked_in_order = rows[order][answers]
        # A market implies itself, so every question has been answered at least by its own statement.
        raised[asked_in_order] = levels[best[answers] - 1]
    return raised
