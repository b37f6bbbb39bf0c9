"""A small neural net as a scikit-learn regressor: the member of an ensemble that is made differently from trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from sklearn.compose import TransformedTargetRegressor

    from nba_props.arrays import Floats

_EPOCHS: Final = 12
_CLIP: Final = 3.0


def neural_net() -> TransformedTargetRegressor:
    """Two hidden layers of 64 and 32 on standardised, clipped features; squared errors of the standardised square root.

    Of the sizes, penalties and numbers of epochs tried on real PRA of 2022-23 and 2023-24, this one errs least: without
    the strong penalty, or with more epochs, it learns the noise.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    # No epoch gains as much as `tol` asks for, so a fit ends with its patience: after a fixed number of epochs, and
    # without the warning of one that was cut off.
    net = MLPRegressor(
        hidden_layer_sizes=(64, 32), alpha=10.0, batch_size=512, max_iter=1000, n_iter_no_change=_EPOCHS - 2, tol=1e9
    )
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -_CLIP, "a_max": _CLIP})
    root = FunctionTransformer(square_root, square, check_inverse=False)
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), clip, net),
        transformer=make_pipeline(root, StandardScaler()),
        check_inverse=False,
    )


def square_root(totals: Floats) -> Floats:
    """Roots (n) of totals (n), stat units; of what is below zero, zero."""
    return np.sqrt(np.maximum(totals, 0.0))


def square(roots: Floats) -> Floats:
    """Totals (n, stat units) of roots (n); of a root below zero, zero."""
    return np.square(np.maximum(roots, 0.0))
