"""Walk-forward folds: always by date, never by row or by player, with a gap between training and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from nba_props.errors import ConfigError, NotEnoughDataError

RetrainStep = Literal["weekly", "monthly", "season", "once"]
Role = Literal["calibration", "test"]
_Block = tuple[pd.Timestamp, pd.Timestamp]
_CALIBRATION_BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """One step of a walk-forward: train on everything up to `train_end`, predict `test_start` to `test_end`.

    Attributes:
        index: Position among the folds of its role, from 0.
        role: ``"calibration"`` folds come before the first test season and only feed residual distributions and
            calibrators; ``"test"`` folds are what is reported.
        train_end: Last date that may be trained on (inclusive).
        test_start: First date predicted (inclusive).
        test_end: Last date predicted (inclusive).
    """

    index: int
    role: Role
    train_end: pd.Timestamp
    test_start: pd.Timestamp
    test_end: pd.Timestamp

    def test_mask(self, dates: pd.Series) -> np.ndarray:
        """Rows of `dates` (game dates, n) this fold predicts, as a boolean array of n."""
        return np.asarray((dates >= self.test_start) & (dates <= self.test_end))


def walk_forward_folds(
    dates: pd.Series,
    seasons: pd.Series,
    *,
    first_test_season: str | None = None,
    step: RetrainStep | int = "monthly",
    gap_days: int = 1,
) -> list[Fold]:
    """Expanding-window folds over the game dates.

    Args:
        dates: Game date of every row, n, any order.
        seasons: Season name of every row ("2023-24"), n.
        first_test_season: First season that is predicted; the last one when not given.
        step: How often the model is fitted again: calendar weeks or months, once a season, a number of days, or only
            once before the first test date.
        gap_days: Whole days left out between the last training date and the first test date (results settle late).

    Returns:
        Calibration folds (over the season before the first test season, or over its second half where nothing
        comes before it), then test folds; both in time order.

    Raises:
        ConfigError: The season is not in the data, or step or gap is out of range.
        NotEnoughDataError: There is no season before the first test season.
    """
    if gap_days < 0 or (isinstance(step, int) and step < 1):
        message = f"gap_days must be >= 0 and step >= 1 day, got gap_days={gap_days}, step={step}."
        raise ConfigError(message)
    days = pd.DataFrame({"date": dates, "season": seasons}).drop_duplicates().sort_values("date")
    names = list(days["season"].unique())
    first = first_test_season or names[-1]
    if first not in names:
        message = f"first_test_season {first!r} is not in the data; seasons there: {', '.join(names)}."
        raise ConfigError(message)
    position = names.index(first)
    if position == 0:
        message = (
            f"No season before {first}: a walk-forward needs at least one whole season to train on. "
            f"Add an earlier season or test a later one (seasons there: {', '.join(names)})."
        )
        raise NotEnoughDataError(message)
    calibration = _calibration_blocks(days, names[:position])
    later = days[days["season"].isin(names[position:])]
    spans = [later] if step == "once" else [rows for _, rows in later.groupby("season", sort=False)]
    test = [block for rows in spans for block in _blocks(rows["date"], step)]
    gap = pd.Timedelta(days=gap_days + 1)
    roles: tuple[tuple[Role, list[_Block]], ...] = (("calibration", calibration), ("test", test))
    return [
        Fold(index, role, train_end=block[0] - gap, test_start=block[0], test_end=block[1])
        for role, blocks in roles
        for index, block in enumerate(blocks)
    ]


def _calibration_blocks(days: pd.DataFrame, before: Sequence[str]) -> list[_Block]:
    """Blocks of the last season before the test: whole where one comes before it, else its second half."""
    dates = days.loc[days["season"] == before[-1], "date"].to_numpy()
    if len(before) == 1:
        dates = dates[len(dates) // 2 :]
    parts = [part for part in np.array_split(dates, _CALIBRATION_BLOCKS) if len(part)]
    return [(pd.Timestamp(part[0]), pd.Timestamp(part[-1])) for part in parts]


def _blocks(dates: pd.Series, step: RetrainStep | int) -> list[_Block]:
    """First and last game date of each retraining period of one season."""
    if step in {"season", "once"}:
        key = pd.Series(0, index=dates.index)
    elif isinstance(step, int):
        key = (dates - dates.min()).dt.days // step
    else:
        key = dates.dt.to_period({"weekly": "W", "monthly": "M"}[step])
    spans = dates.groupby(key).agg(["min", "max"])
    return [(pd.Timestamp(row["min"]), pd.Timestamp(row["max"])) for _, row in spans.iterrows()]
