"""How a forecaster of many trees learns: its error after each tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from nba_props.arrays import Ints
    from nba_props.forecast import Estimator

_MOST_ROWS: Final = 5_000


def learning_curves(
    estimator: Estimator, features: pd.DataFrame, target: pd.Series, *, known: int, tested: Ints
) -> dict[str, list[float]]:
    """Mean absolute error after each tree: ``learning_train_mae`` in sample, ``learning_val_mae`` out of sample.

    At most 5,000 evenly spaced rows of either kind are used, so the last value is near ``train_mae`` and the error of
    the fold, not equal to it.

    Args:
        estimator: Fitted on the first `known` rows.
        features: All rows.
        target: Their results (stat units).
        known: Rows it was fitted on.
        tested: Positions of the rows of its fold.

    Returns:
        One value per tree (stat units); empty for a model without trees.
    """
    staged = getattr(estimator, "staged", None)
    curves: dict[str, list[float]] = {}
    for name, rows in (("learning_train_mae", np.arange(known)), ("learning_val_mae", tested)):
        chosen = rows[:: -(-len(rows) // _MOST_ROWS)]
        after = None if staged is None else staged(features.iloc[chosen])
        if after is not None:
            curves[name] = np.abs(after - target.iloc[chosen].to_numpy()).mean(axis=1).tolist()
    return curves
