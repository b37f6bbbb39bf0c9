"""An outside season table, joined with the season before the game's only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from nba_props.errors import DataError

if TYPE_CHECKING:
    from nba_props.features._asof import FloatArray
    from nba_props.features._table import Table

__all__ = ["PREFIX", "previous_season_stats"]

PREFIX: Final = "previous_"
_SOURCE: Final = "season_stats"
_KEY: Final = ["player_id", "season"]


def _season_before(season: str) -> str:
    """The name of the season before: 2022-23 for 2023-24."""
    year = int(season[:4])
    return f"{year - 1}-{year % 100:02d}"


def previous_season_stats(table: Table, season_stats: pd.DataFrame) -> dict[str, FloatArray]:
    """Every numeric column of `season_stats` for the player's previous season, as `previous_<column>`.

    A table of a whole season knows its last game, so a row of 2023-24 sees the 2022-23 line and nothing of its own
    season; a player without a line in that one season gets NaN, whatever older lines there are. Columns of text or
    truth values (names, teams) are no features.

    Raises:
        DataError: If a key column is missing, or a player has several lines for one season.
    """
    missing = [column for column in _KEY if column not in season_stats.columns]
    if missing:
        raise DataError(_SOURCE, f"missing columns {', '.join(missing)}", mend="Key it by player_id and season.")
    twice = season_stats.duplicated(_KEY, keep=False)
    if twice.any():
        shown = season_stats.loc[twice, _KEY].head().to_string()
        mend = "Give one line per player and season (for a traded player, the total)."
        problem = "several lines for one player and season"
        raise DataError(_SOURCE, problem, mend=mend, count=int(twice.sum()), rows=shown)
    numbers = season_stats.select_dtypes("number").columns.difference(_KEY, sort=False)
    keyed = season_stats.set_index(_KEY)[numbers]
    before = np.array([_season_before(name) for name in table.season_names], dtype=object)
    wanted = pd.MultiIndex.from_arrays([table.player_ids[table.player], before[table.season]], names=_KEY)
    found = keyed.reindex(wanted).to_numpy(dtype=np.float64)
    return {f"{PREFIX}{name}": found[:, place] for place, name in enumerate(numbers)}
