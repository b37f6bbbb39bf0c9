"""Probabilities at a line for every test fold, from a residual distribution fitted on earlier predictions only."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from nba_props.errors import NotEnoughDataError
from nba_props.forecast.walk_forward import WalkForwardResult
from nba_props.probability import (
    DISTRIBUTIONS,
    PredictiveDistribution,
    compare_distributions,
    minutes_tier,
    pit_bounds,
    pit_histogram,
)

PROBABILITIES: Final = ["p_over", "p_push", "p_under"]
_KEY: Final = ["game_id", "player_id"]
_MIN_PAST: Final = 200
_FALLBACK: Final = "conformal"


class FoldDistributions:
    """The residual distribution of every test fold.

    That of a fold is fitted on the out-of-sample predictions dated up to the fold's last training date: calibration
    folds and earlier test folds, never the fold itself.

    Args:
        result: Of `walk_forward`.
        name: Key of `DISTRIBUTIONS`, or "auto": the best on the calibration folds, which lie before all test folds
            ("conformal" where they are too few to compare on).

    Attributes:
        name: The distribution used.
        scores: What "auto" compared (`compare_distributions`); None where it did not.
    """

    def __init__(self, result: WalkForwardResult, name: str) -> None:
        self._predictions = result.predictions
        self._test = result.predictions[result.predictions["role"] == "test"]
        self._folds = result.folds[result.folds["role"] == "test"].set_index("fold")
        self._fitted: dict[int, PredictiveDistribution] = {}
        self.scores = _compared(result.predictions) if name == "auto" else None
        best = _FALLBACK if self.scores is None else str(self.scores["distribution"].iloc[0])
        self.name = best if name == "auto" else name

    def at(self, lines: pd.DataFrame) -> pd.DataFrame:
        """P(over), P(push) and P(under) for every line that has a test-fold forecast.

        Args:
            lines: ``game_id``, ``player_id``, ``line`` and anything else; n rows, several per player-game allowed.

        Returns:
            `lines` in its order with `PROBABILITIES` and ``fold``; NaN where the player-game has no test-fold forecast.

        Raises:
            NotEnoughDataError: Fewer than 200 earlier out-of-sample predictions before a fold that has lines.
        """
        columns = [*_KEY, "fold", "predicted", "mean_minutes"]
        known = lines[_KEY].merge(self._test[columns], how="left", on=_KEY, validate="m:1")
        known.index = lines.index
        table = lines.assign(fold=known["fold"], p_over=np.nan, p_push=np.nan, p_under=np.nan)
        for fold in sorted(known["fold"].dropna().unique()):
            rows = (known["fold"] == fold).to_numpy()
            probabilities = self._of(int(fold)).over_push_under(
                table.loc[rows, "line"].to_numpy(dtype="float64"),
                known.loc[rows, "predicted"].to_numpy(),
                groups=minutes_tier(known.loc[rows, "mean_minutes"]),
            )
            table.loc[rows, PROBABILITIES] = np.column_stack(probabilities)
        return table

    def pit(self) -> pd.DataFrame:
        """PIT histogram (`pit_histogram`) of the results of all test folds, each under its own fold's distribution.

        Raises:
            NotEnoughDataError: Fewer than 200 earlier out-of-sample predictions before a test fold.
        """
        bounds = [
            pit_bounds(self._of(int(fold)), rows["actual"], rows["predicted"], minutes_tier(rows["mean_minutes"]))
            for fold, rows in self._test.groupby("fold", sort=True)
        ]
        return pit_histogram(np.concatenate([low for low, _ in bounds]), np.concatenate([high for _, high in bounds]))

    def _of(self, fold: int) -> PredictiveDistribution:
        if fold not in self._fitted:
            past = self._predictions[self._predictions["game_date"] <= self._folds.loc[fold, "train_end"]]
            if len(past) < _MIN_PAST:
                message = (
                    f"Test fold {fold} has {len(past)} earlier out-of-sample predictions to learn the spread of "
                    f"results from; at least {_MIN_PAST} are needed. Add an earlier season or test a later one."
                )
                raise NotEnoughDataError(message)
            self._fitted[fold] = DISTRIBUTIONS[self.name]().fit(
                past["actual"].to_numpy(), past["predicted"].to_numpy(), groups=minutes_tier(past["mean_minutes"])
            )
        return self._fitted[fold]


def _compared(predictions: pd.DataFrame) -> pd.DataFrame | None:
    """Walk-forward scores on the calibration folds alone; None where they are too few."""
    early = predictions[predictions["role"] == "calibration"]
    try:
        return compare_distributions(
            early["actual"], early["predicted"], early["fold"], minutes_tier(early["mean_minutes"])
        )
    except NotEnoughDataError:
        return None
