"""The gate `beats_production`: a new version against the one in Production, on identical rows, paired by night.

Errors of two models on one row are strongly correlated, and the rows of one night share games: the difference is taken
row by row, and whole nights are resampled. Rows that are not the same say nothing, so they are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlflow_integration.gates.gate import GATES, Answer, Verdict
from nba_props.metrics.bootstrap import MIN_NIGHTS, Interval, night_sums, ratio_interval
from nba_props.metrics.definitions import brier_score_rows, given_no_push, mae_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from nba_props.arrays import Floats

BEATS_PRODUCTION: Final = "beats_production"
_KEY: Final = ["game_id", "player_id"]
_NEEDED: Final = (*_KEY, "game_date", "actual", "predicted")
_PRICED: Final = ("line", "p_over", "p_under")


@dataclass(frozen=True)
class Challenge:
    """A new version against the one in Production.

    Attributes:
        production: The version in Production; None where there is none, or it is the version itself.
        score: ``brier`` where both price the same props at the same lines, else ``mae``.
        gain: Production minus the new version, so that above zero the new one is better, with its interval over nights.
        rows: Rows compared.
        refusal: Why the two cannot be compared; empty where they can.
    """

    production: int | None = None
    score: str = ""
    gain: Interval | None = None
    rows: int = 0
    refusal: str = ""


class Evidence(dict[str, float]):
    """The metrics a version is judged by, and what the registry knows besides.

    Args:
        metrics: Metric key to value.
        against: The comparison with the version in Production.
    """

    def __init__(self, metrics: Mapping[str, float], against: Challenge | None = None) -> None:
        super().__init__(metrics)
        self.against = against or Challenge()


def challenge(new: pd.DataFrame, old: pd.DataFrame, production: int, *, seed: int = 0) -> Challenge:
    """Compare the predictions of a new version with those of the version in Production.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"game_id": range(40), "player_id": 7, "actual": 20.0})
    >>> rows["game_date"] = pd.date_range("2024-01-01", periods=40)
    >>> found = challenge(rows.assign(predicted=19.0), rows.assign(predicted=16.0), 3)
    >>> found.score, found.gain.point, found.rows
    ('mae', 3.0, 40)

    Args:
        new: Predictions table of the new version (docs/contract.md), one row per player-game: ``game_id``,
            ``player_id``, ``game_date``, ``actual``, ``predicted`` and, where there are lines, ``line``, ``p_over``,
            ``p_under``.
        old: The same of the version in Production, in any order.
        production: Its number.
        seed: Of the bootstrap.

    Returns:
        The difference of the Brier scores where both price the same props, else of the absolute errors; a refusal where
        the rows, results or lines are not the same.
    """
    refusal = _refusal(new, old)
    if refusal:
        return Challenge(production, refusal=refusal)
    new, old = (table.sort_values(_KEY, ignore_index=True) for table in (new, old))
    for column in ("actual", "game_date", "line"):
        if column in new and not _same(new[column], old[column]).all():
            count = int((~_same(new[column], old[column])).sum())
            return Challenge(production, refusal=f"{column} differs in {count:,} of {len(new):,} rows")
    priced = _priced(new, old)
    if len(np.unique(np.asarray(new["game_date"], dtype="datetime64[D]")[priced])) >= MIN_NIGHTS:
        new, old = new[priced], old[priced]
        over = (new["actual"] > new["line"]).to_numpy(dtype="float64")
        losses = [brier_score_rows(given_no_push(table), over)[0] for table in (old, new)]
        score = "brier"
    else:
        losses = [mae_rows(new["actual"], table["predicted"])[0] for table in (old, new)]
        score = "mae"
    return Challenge(production, score, _gain(losses[0] - losses[1], new["game_date"], seed), len(new))


def _gain(difference: Floats, dates: ArrayLike, seed: int) -> Interval | None:
    nights, (total, rows) = night_sums(dates, difference, np.ones_like(difference))
    return ratio_interval(total, rows, seed=seed) if len(nights) >= MIN_NIGHTS else None


def _refusal(new: pd.DataFrame, old: pd.DataFrame) -> str:
    """Why two tables do not hold the same rows; empty where they do."""
    for name, table in (("the new version", new), ("the version in Production", old)):
        lacking = [column for column in _NEEDED if column not in table]
        if lacking:
            return f"the predictions of {name} lack {', '.join(lacking)}"
        if table.duplicated(_KEY).any():
            return f"a player-game appears twice in the predictions of {name}"
    shared = len(new[_KEY].merge(old[_KEY], on=_KEY))
    if not shared or not shared == len(new) == len(old):
        return f"{len(new):,} and {len(old):,} rows, of which {shared:,} are the same: judge both on the same data"
    if ("line" in new) != ("line" in old):
        return "only one of the two has lines"
    return ""


def _same(first: pd.Series, second: pd.Series) -> pd.Series:
    return (first == second) | (first.isna() & second.isna())


def _priced(new: pd.DataFrame, old: pd.DataFrame) -> np.ndarray:
    """Rows decided by the result (no push) with a probability in both tables."""
    if any(column not in table for table in (new, old) for column in _PRICED):
        return np.zeros(len(new), dtype=bool)
    decided = (new["line"].notna() & (new["actual"] != new["line"])).to_numpy()
    return np.asarray(decided & ~np.isnan(given_no_push(new)) & ~np.isnan(given_no_push(old)))


def beats_production(metrics: Mapping[str, float]) -> Answer:
    """Judge the comparison that comes with the metrics; where nothing is in Production there is nothing to beat."""
    against = metrics.against if isinstance(metrics, Evidence) else Challenge()
    if against.production is None:
        return Answer(Verdict.PASS, "not applicable: no other version is in Production")
    named = f"version {against.production}"
    if against.refusal:
        return Answer(Verdict.INSUFFICIENT, f"not comparable with {named} in Production: {against.refusal}")
    gain = against.gain
    if gain is None:
        return Answer(Verdict.INSUFFICIENT, f"under {MIN_NIGHTS} nights in common with {named} in Production")
    text = f"{against.score} {gain.point:+.3g} [{gain.low:+.3g}, {gain.high:+.3g}] better than {named} in Production"
    if gain.low > 0:
        return Answer(Verdict.PASS, "", gain.point)
    if gain.high < 0:
        return Answer(Verdict.FAIL, f"{text}: it is worse", gain.point)
    return Answer(Verdict.INSUFFICIENT, f"{text}: the two cannot be told apart", gain.point)


GATES.add(BEATS_PRODUCTION, beats_production)
