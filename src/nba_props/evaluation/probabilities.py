"""Probabilities at a line for every test fold, from a residual distribution fitted on earlier predictions only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from nba_props.distribution import minutes_tier
from nba_props.errors import NotEnoughDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from nba_props.distribution import PredictiveDistribution
    from nba_props.evaluation.walk_forward import WalkForwardResult

__all__ = ["PROBABILITIES", "add_probabilities"]

PROBABILITIES: Final = ["p_over", "p_push", "p_under"]
_KEY: Final = ["game_id", "player_id"]
_MIN_PAST: Final = 200


def add_probabilities(
    lines: pd.DataFrame, result: WalkForwardResult, make: Callable[[], PredictiveDistribution]
) -> pd.DataFrame:
    """P(over), P(push) and P(under) for every line that has a test-fold forecast.

    The distribution of a fold is fitted on the out-of-sample predictions dated up to the fold's last training date:
    calibration folds and earlier test folds, never the fold itself.

    Args:
        lines: ``game_id``, ``player_id``, ``line`` and anything else; n rows, several per player-game allowed.
        result: Of `walk_forward`.
        make: Returns a fresh distribution.

    Returns:
        `lines` in its order with `PROBABILITIES` and ``fold``; NaN where the player-game has no test-fold forecast.

    Raises:
        NotEnoughDataError: Fewer than 200 earlier out-of-sample predictions before a fold that has lines.
    """
    predictions = result.predictions
    test = predictions[predictions["role"] == "test"]
    known = lines[_KEY].merge(test[[*_KEY, "fold", "predicted", "mean_minutes"]], how="left", on=_KEY, validate="m:1")
    known.index = lines.index
    table = lines.assign(fold=known["fold"], p_over=np.nan, p_push=np.nan, p_under=np.nan)
    folds = result.folds[result.folds["role"] == "test"].set_index("fold")
    for fold in sorted(known["fold"].dropna().unique()):
        past = predictions[predictions["game_date"] <= folds.loc[fold, "train_end"]]
        if len(past) < _MIN_PAST:
            message = (
                f"Test fold {int(fold)} has {len(past)} earlier out-of-sample predictions to learn the spread of "
                f"results from; at least {_MIN_PAST} are needed. Add an earlier season or test a later one."
            )
            raise NotEnoughDataError(message)
        distribution = make()
        distribution.fit(
            past["actual"].to_numpy(), past["predicted"].to_numpy(), groups=minutes_tier(past["mean_minutes"])
        )
        rows = (known["fold"] == fold).to_numpy()
        probabilities = distribution.over_push_under(
            table.loc[rows, "line"].to_numpy(dtype="float64"),
            known.loc[rows, "predicted"].to_numpy(),
            groups=minutes_tier(known.loc[rows, "mean_minutes"]),
        )
        table.loc[rows, PROBABILITIES] = np.column_stack(probabilities)
    return table
