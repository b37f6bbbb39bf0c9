"""Small neural nets as one scikit-learn regressor: the member of an ensemble that is made differently from trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from nba_props.arrays import Floats

_EPOCHS: Final = 8
_CLIP: Final = 3.0
_NETS: Final = 4


def neural_net() -> Pipeline:
    """The mean of four nets with hidden layers of 64 and 32; squared errors of the standardised square root.

    Their inputs are the features, medians in place of missing values, and a column of yes and no for each that can be
    missing, all standardised and clipped. Nets that differ in their seed alone err on other games: their mean needs
    less of a penalty than one of them.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import BaggingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    # No epoch gains as much as `tol` asks for, so a fit ends with its patience: after a fixed number of epochs, and
    # without the warning of one that was cut off.
    net = MLPRegressor(
        hidden_layer_sizes=(64, 32), alpha=3.0, batch_size=512, max_iter=1000, n_iter_no_change=_EPOCHS - 2, tol=1e9
    )
    nets = BaggingRegressor(net, n_estimators=_NETS, bootstrap=False)
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -_CLIP, "a_max": _CLIP})
    root = FunctionTransformer(square_root, square, check_inverse=False)
    of_root = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), clip, nets),
        transformer=make_pipeline(root, StandardScaler()),
        check_inverse=False,
    )
    return make_pipeline(SimpleImputer(strategy="median", add_indicator=True), of_root)


def square_root(totals: Floats) -> Floats:
    """Roots (n) of totals (n), stat units; of what is below zero, zero."""
    return np.sqrt(np.maximum(totals, 0.0))


def square(roots: Floats) -> Floats:
    """Totals (n, stat units) of roots (n); of a root below zero, zero."""
    return np.square(np.maximum(roots, 0.0))
