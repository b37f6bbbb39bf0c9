"""Gradient-boosted trees whose forecast is the conditional median, which is what a line is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd
import xgboost

from nba_props.errors import ConfigError, DataError
from nba_props.forecast.binning import BINNING, BinnedRows, binned_rows, labelled
from nba_props.forecast.parameters import Library, check_parameters, check_trees

_LATEST_ROWS = 24_000
"""Most rows that a shift is learnt from, the latest ones."""
_ROUNDS = 4
"""After which a shift moves by nothing that could be measured."""


class _Boosting:
    """What the two libraries have in common: parameters, target checks and the fitted state."""

    library: Library
    defaults: dict[str, Any]

    def __init__(self, params: dict[str, Any], *, seed: int = 0, threads: int = 1) -> None:
        self._params = {**self.defaults, **params}
        self._trees = check_trees(self._params.pop("n_estimators"))
        if params:
            check_parameters(self.library, self._params)
        self._seed = seed
        self._threads = threads
        self._names: list[str] = []

    @property
    def params(self) -> dict[str, Any]:
        """Every parameter the fit used, by the library's own names, plus ``n_estimators`` and ``seed``."""
        return {**self._params, "n_estimators": self._trees, "seed": self._seed}

    @property
    def n_estimators(self) -> int:
        """Trees in the model."""
        return self._trees

    def _ranked(self, gains: np.ndarray) -> pd.Series:
        total = gains.sum()
        shares = gains / total if total > 0 else gains
        return pd.Series(shares, index=self._names, name="importance").sort_values(ascending=False, kind="stable")


def lightgbm_settings(params: Mapping[str, Any], seed: int, threads: int) -> dict[str, Any]:
    """What LightGBM is given for a fit: deterministic, and with bins that can be shared.

    Whole-number gradients (``use_quantized_grad``) would take a fifth off a fit, but LightGBM 4.7 grows other, worse
    trees with them on rows whose bins come from other rows.
    """
    fixed = {"deterministic": True, "force_col_wise": True, "verbosity": -1}
    return {**BINNING, **params, "seed": seed, "num_threads": threads, **fixed}


TREES: Final[dict[str, Any]] = {
    "n_estimators": 150,
    "learning_rate": 0.07,
    "num_leaves": 16,
    "max_depth": 4,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.17,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "bin_construct_sample_cnt": 20_000,
}
"""How LightGBM grows trees here, whatever they forecast. Measured on the real box scores (docs/models.md): at the same
out-of-sample error a fit takes a ninth of one with 31 leaves, 255 bins and all columns."""


def room_for_leaves(params: Mapping[str, Any]) -> dict[str, Any]:
    """Lift the limit of depth if `num_leaves` needs more levels and ``max_depth`` is not given.

    >>> room_for_leaves({"num_leaves": 31}), room_for_leaves({"num_leaves": 7})
    ({'max_depth': -1}, {})
    """
    leaves = params.get("num_leaves")
    lifted = isinstance(leaves, int | np.integer) and leaves > 2 ** TREES["max_depth"] and "max_depth" not in params
    return {"max_depth": -1} if lifted else {}


class LightGBMEstimator(_Boosting):
    """LightGBM, histogram trees, deterministic: squared errors of the square root, moved to the median.

    The square root makes the spread of counts about equal at every level, so large totals do not rule the fit. A mean
    of roots, squared, still lies above the median of a count, so a constant is added to the root: the one with the
    least absolute error over the last training rows. It is written into the leaves of the first tree: the booster
    alone is the whole model. A forecast near zero can be a hair below it.

    With another ``objective``, such as ``regression_l1``, the forecast is what that objective asks for. Roots are then
    taken only if you set ``reg_sqrt``. If you ask for more than 16 ``num_leaves``, the limit of depth is lifted, unless
    you set ``max_depth``.

    Args:
        params: Overrides by LightGBM's own names, plus ``n_estimators``.
        seed: Random seed.
        threads: Threads; the forecasts do not depend on it.

    Raises:
        ConfigError: A parameter that LightGBM does not know or cannot use, or trees that cannot be moved to the median.
    """

    library = "lightgbm"
    defaults = {"objective": "regression", "reg_sqrt": True, **TREES}  # noqa: RUF012 - read only

    _booster: lightgbm.Booster

    def __init__(self, params: dict[str, Any], *, seed: int = 0, threads: int = 1) -> None:
        other = params.get("objective", self.defaults["objective"]) != self.defaults["objective"]
        own = {"reg_sqrt": False} if other else {}
        super().__init__({**own, **room_for_leaves(params), **params}, seed=seed, threads=threads)
        self._check_kind()

    def _check_kind(self) -> None:
        """Refuse trees that a constant in the first of them does not move, and leaves without contributions."""
        roots, boosting = self._params["reg_sqrt"], self._params.get("boosting")
        message = ""
        if not isinstance(roots, bool):
            message = f"reg_sqrt must be true or false, got {roots!r}."
        elif self._params.get("linear_tree"):
            message = "linear_tree has no place here: leaves that are linear models tell no reasons."
        elif roots and boosting in {"rf", "dart"}:
            message = f"boosting={boosting} cannot be moved to the median: it needs objective=regression_l1."
        if message:
            raise ConfigError(message)

    @property
    def native(self) -> lightgbm.Booster:
        """The fitted booster."""
        return self._booster

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n, k) and `target` (n, stat units), rows in time order.

        Raises:
            DataError: A total below zero, where roots are taken.
        """
        self.fit_binned(features, target, partial(binned_rows, features, len(features), len(features)))

    def fit_binned(self, features: pd.DataFrame, target: pd.Series, binned: BinnedRows) -> None:
        """`fit`, with rows that are binned already: those of `features` are the first of `binned`.

        Raises:
            DataError: A total below zero, where roots are taken.
        """
        totals = target.to_numpy(dtype="float64")
        if self._params["reg_sqrt"]:
            _check_roots(totals)
        self._names = list(features.columns)
        params = lightgbm_settings(self._params, self._seed, self._threads)
        data = labelled(binned(params), np.arange(len(features)), totals)
        booster = lightgbm.train(params, data, num_boost_round=self._trees, keep_training_booster=True)
        _move_to_median(booster, totals)
        self._booster = booster.model_from_string(booster.model_to_string()).free_dataset()

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""
        raw = self._booster.predict(features[self._names].to_numpy(), num_threads=self._threads)
        return np.asarray(raw, dtype="float64")

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """`lightgbm_contributions` of the booster (n, k; stat units)."""
        return lightgbm_contributions(self._booster, features[self._names].to_numpy(), threads=self._threads)

    def staged(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts after each tree (trees, n; stat units).

        Which leaves the rows fall into is asked once for all trees: to predict tree by tree reads the rows every time.
        """
        values, booster = features[self._names].to_numpy(), self._booster
        leaves = np.asarray(booster.predict(values, pred_leaf=True, num_threads=self._threads)).reshape(len(values), -1)
        parts = np.empty(leaves.shape[::-1])
        for tree, leaf in enumerate(leaves.T):
            added = [booster.get_leaf_output(tree, number) for number in range(int(leaf.max(initial=0)) + 1)]
            parts[tree] = np.asarray(added)[leaf]
        raw = parts.cumsum(axis=0)
        return _square(raw) if _forecasts_roots(booster) else raw

    def importances(self) -> pd.Series:
        """Share of total gain per feature, descending."""
        return self._ranked(np.asarray(self._booster.feature_importance("gain"), dtype="float64"))


def lightgbm_contributions(booster: lightgbm.Booster, values: np.ndarray, *, threads: int = 1) -> np.ndarray:
    """Part of each feature in each forecast (n, k; stat units): with the model's mean forecast they sum to it.

    Of a model of roots, which are squared (``|r| r``), the parts of the root are scaled: they sum to ``r - r0``, and
    ``|r| r - |r0| r0`` is ``(r - r0) (|r| + |r0|)`` where both have one sign, as they nearly always do.

    Source: Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees.

    Args:
        booster: A fitted one with one output.
        values: (n, k), columns as it was fitted on.
        threads: Threads.
    """
    raw = np.asarray(booster.predict(values, pred_contrib=True, num_threads=threads), dtype="float64")
    parts, start = raw[:, :-1], raw[:, -1]
    if not _forecasts_roots(booster):
        return parts
    root = start + parts.sum(axis=1)
    both = np.abs(root) + np.abs(start)
    squares = root**2 + start**2
    scale = np.where(root * start >= 0, both, np.divide(squares, both, out=np.zeros_like(both), where=both > 0))
    return np.asarray(parts * scale[:, None])


def _check_roots(totals: np.ndarray) -> None:
    below = int((totals < 0).sum())
    if below:
        problem = "a total below zero has no square root"
        fix = (
            "Forecast this market by model_params.objective=regression_l1 without reg_sqrt (in an ensemble: "
            "model_params.lightgbm.objective)."
        )
        raise DataError("the training rows", problem, fix=fix, count=below)  # noqa: EM101 - the table's name


def _forecasts_roots(booster: lightgbm.Booster) -> bool:
    """Whether the trees forecast square roots, which LightGBM squares; it does not take them for every objective."""
    return str(booster.dump_model(num_iteration=1)["objective"]).endswith(" sqrt")


def _move_to_median(booster: lightgbm.Booster, totals: np.ndarray) -> None:
    """Add the `root_shift` of the last training rows to what a model of squared errors of roots forecasts.

    Args:
        booster: Trained a moment ago, with its training rows.
        totals: Of the training rows (n, stat units).
    """
    first = booster.dump_model(num_iteration=1)
    if first["objective"] != "regression sqrt":
        return
    forecasts: list[np.ndarray] = []

    def keep(predicted: np.ndarray, _: lightgbm.Dataset) -> tuple[str, float, bool]:
        forecasts.append(predicted)
        return "kept", 0.0, False

    booster.eval_train(keep)  # the booster knows its forecasts of the training rows: to predict them takes far longer
    last = slice(-_LATEST_ROWS, None)
    made = forecasts[0][last]
    shift = root_shift(np.sign(made) * np.sqrt(np.abs(made)), totals[last])
    for leaf in range(first["tree_info"][0]["num_leaves"]):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + shift)


def root_shift(roots: np.ndarray, totals: np.ndarray) -> float:
    """The constant that, added to `roots` (n), makes their squares the best forecast of `totals` (n) in absolute error.

    The slope of ``|(r + c)**2 - y|`` in `c` is ``2 (r + c)`` with the sign of ``r + c - sqrt(y)``, so `c` is the median
    of ``sqrt(y) - r``, weighted by ``r + c``: found in a few rounds. A root that ends below zero has no weight.

    >>> root_shift(np.array([2.0, 2.0, 2.0, 2.0]), np.array([1.0, 2.25, 2.25, 16.0]))
    -0.5

    Args:
        roots: Forecasts of the square root.
        totals: What happened, none below zero.
    """
    true = np.sqrt(totals)
    shift = 0.0
    for _ in range(_ROUNDS):
        weights = np.maximum(roots + shift, np.finfo("float64").tiny)
        shift = float(np.quantile(true - roots, 0.5, weights=weights, method="inverted_cdf"))
    return shift


def _square(roots: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(roots) * roots)


class XGBoostEstimator(_Boosting):
    """XGBoost, histogram trees.

    Args:
        params: Overrides by XGBoost's own names, plus ``n_estimators``.
        seed: Random seed.
        threads: Threads; the forecasts do not depend on it.

    Raises:
        ConfigError: A parameter that XGBoost does not know or cannot use.
    """

    library = "xgboost"
    defaults = {  # noqa: RUF012 - read only
        "objective": "reg:absoluteerror",
        "n_estimators": 150,
        "learning_rate": 0.1,
        "max_depth": 4,
        "min_child_weight": 50,
        "subsample": 0.7,
        "colsample_bytree": 0.3,
        "reg_lambda": 1.0,
        "max_bin": 64,
        "tree_method": "hist",
    }

    _booster: xgboost.Booster

    @property
    def native(self) -> xgboost.Booster:
        """The fitted booster."""
        return self._booster

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n, k) and `target` (n, stat units)."""
        from threadpoolctl import ThreadpoolController

        self._names = list(features.columns)
        params = {**self._params, "seed": self._seed, "nthread": self._threads}
        # The binning of XGBoost 3 does not keep to its own nthread. Only OpenMP is selected: a limiter sets back every
        # library it holds when it ends, so BLAS, limited elsewhere meanwhile, must not be among them.
        with ThreadpoolController().select(user_api="openmp").limit(limits=self._threads):
            data = xgboost.QuantileDMatrix(
                features.to_numpy(),
                target.to_numpy(),
                feature_names=self._names,
                max_bin=int(self._params["max_bin"]),
                nthread=self._threads,
            )
        self._booster = xgboost.train(params, data, num_boost_round=self._trees)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""
        data = xgboost.DMatrix(features[self._names].to_numpy(), feature_names=self._names, nthread=self._threads)
        return np.asarray(self._booster.predict(data), dtype="float64")

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Part of each feature in each forecast (n, k; stat units): with the model's mean forecast they sum to it."""
        data = xgboost.DMatrix(features[self._names].to_numpy(), feature_names=self._names, nthread=self._threads)
        return np.asarray(self._booster.predict(data, pred_contribs=True), dtype="float64")[:, :-1]

    def staged(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts after each tree (trees, n; stat units)."""
        data = xgboost.DMatrix(features[self._names].to_numpy(), feature_names=self._names, nthread=self._threads)
        after = [self._booster.predict(data, iteration_range=(0, tree + 1)) for tree in range(self._trees)]
        return np.asarray(after, dtype="float64")

    def importances(self) -> pd.Series:
        """Share of total gain per feature, descending; features no split uses have 0."""
        gains = self._booster.get_score(importance_type="total_gain")
        return self._ranked(np.array([float(gains.get(name, 0.0)) for name in self._names]))
