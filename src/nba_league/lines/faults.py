"""What real odds feeds get wrong, put into clean odds on purpose."""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from nba_league.lines.books import BOOKS

_PLAIN_NAMES: Final = 1  # book that writes names without accents and suffixes
_REVERSED: Final = 3  # book whose alternate lines have their prices the wrong way round
_REVERSED_DAYS: Final = 31
_REVERSED_SHARE: Final = 0.25  # of its props in that month
_DUPLICATES: Final = 0.005
_LETTERS: Final = str.maketrans("øłđ", "old")  # letters that do not come apart into a base and an accent
_SUFFIX: Final = r" (?:Jr\.|II|III|IV)$"


def add_faults(odds: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The odds of one season with faults: reversed alternate lines, standing voids, plain names, duplicates."""
    if odds.empty:
        return odds
    odds = pd.concat([odds, _reversed_alternates(odds, rng), _standing_voids(odds)], ignore_index=True)
    plain = (odds["bookmaker"] == BOOKS[_PLAIN_NAMES].name).to_numpy()
    names = odds["player_name"].where(~plain, _without_accents(odds["player_name"]))
    odds = odds.assign(player_name=names)
    twice = odds[rng.random(len(odds)) < _DUPLICATES]
    keys = ["game_date", "event_id", "player_name", "market", "bookmaker", "timestamp", "line"]
    return pd.concat([odds, twice], ignore_index=True).sort_values(keys, kind="stable", ignore_index=True)


def _reversed_alternates(odds: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Extra closing lines two and more points away, priced as if they were on the other side of the main line."""
    first = odds["game_date"].min() + pd.Timedelta(days=30)
    month = odds["game_date"].between(first, first + pd.Timedelta(days=_REVERSED_DAYS))
    closing = odds["timestamp"] == odds.groupby("event_id")["timestamp"].transform("max")
    pool = odds[month & closing & (odds["bookmaker"] == BOOKS[_REVERSED].name) & (odds["line"] >= 6)]
    pool = pool[rng.random(len(pool)) < _REVERSED_SHARE]
    shift = rng.choice([-4.0, -3.0, -2.0, 2.0, 3.0, 4.0], size=len(pool))
    lower, higher = np.minimum(np.abs(shift), 4) * 20 + 110, np.minimum(np.abs(shift), 4) * 15 + 95
    over_costs = shift > 0  # a higher line pays less for the over: the wrong way round
    return pool.assign(
        line=pool["line"] + shift,
        over_price=np.where(over_costs, -lower, higher),
        under_price=np.where(over_costs, higher, -lower),
    )


def _standing_voids(odds: pd.DataFrame) -> pd.DataFrame:
    """Props of late scratches that nobody took down: their opening prices once more, at closing time."""
    closing = odds.groupby("event_id")["timestamp"].transform("max")
    key = ["event_id", "player_name"]
    withdrawn = (odds["timestamp"] == closing).groupby([odds[name] for name in key]).transform("sum") == 0
    return odds[withdrawn].assign(timestamp=closing[withdrawn])


def _without_accents(names: pd.Series) -> npt.NDArray[np.object_]:
    """Names as a careless feed writes them."""
    plain = {
        name: unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode("ascii")
        for name in names.unique()
    }
    careless: npt.NDArray[np.object_] = names.map(plain).str.replace(_SUFFIX, "", regex=True).to_numpy()
    return careless
