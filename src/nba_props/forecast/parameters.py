"""Parameters of the boosting libraries, checked by the libraries themselves: a misspelt one must not be ignored."""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np

from nba_props.errors import ConfigError, did_you_mean

Library = Literal["lightgbm", "xgboost"]

_SET_ELSEWHERE: Final = {
    **dict.fromkeys(("seed", "random_state"), "the seed of the configuration"),
    **dict.fromkeys(("num_threads", "nthread", "n_jobs"), "the project: one thread a fit, fits side by side"),
    **dict.fromkeys(("num_iterations", "num_boost_round"), "n_estimators"),
    "use_quantized_grad": "the project: LightGBM 4.7 grows worse trees with it on rows that share their bins",
    **dict.fromkeys(
        ("verbosity", "deterministic", "force_row_wise", "force_col_wise", "validate_parameters"), "the project"
    ),
}
_OTHER_NAMES: Final = {"eta": "learning_rate", "lambda": "reg_lambda"}
"""XGBoost's second names of parameters that have a default here: of two names for one thing only one counts."""
_BY_COLUMN: Final = {"monotone_constraints", "interaction_constraints", "feature_contri", "max_bin_by_feature"}
_LOCK: Final = threading.Lock()


def check_trees(value: object) -> int:
    """Return a number of trees; ConfigError unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        message = f"n_estimators must be a whole number of at least 1, got {value!r}."
        raise ConfigError(message)
    return int(value)


def check_parameters(library: Library, params: Mapping[str, Any]) -> None:
    """Refuse what the library ("lightgbm" or "xgboost") would not use as it was meant.

    One tree is fitted on a few invented rows with these parameters: the library then reports every value that it cannot
    use, and which parameters it knows. LightGBM silently ignores unknown names, and takes its own name of a parameter
    before any alias, whichever was meant; so only its own names are taken. ``n_estimators`` is not among them.

    Raises:
        ConfigError: An unknown parameter (with the nearest known one), one that is set elsewhere, or an unusable value.
    """
    for name in params:
        if name in _SET_ELSEWHERE:
            message = f"The parameter {name!r} is set by {_SET_ELSEWHERE[name]}."
            raise ConfigError(message)
        if library == "xgboost" and name in _OTHER_NAMES:
            message = f"The parameter {name!r} is called {_OTHER_NAMES[name]!r} here."
            raise ConfigError(message)
    tried = {name: value for name, value in params.items() if name not in _BY_COLUMN}
    try:
        key = json.dumps(tried, sort_keys=True, default=np.generic.item)  # numpy's numbers are numbers
    except TypeError as error:
        message = f"Parameters of {library} must be numbers, texts or lists of them: {error}."
        raise ConfigError(message) from error
    problem = _problem(library, key)
    if problem is not None:
        raise ConfigError(problem)


@lru_cache(maxsize=8)
def parameter_names(model: str) -> frozenset[str]:
    """The library's own names of the parameters of a booster, and ``n_estimators``; none of another model.

    >>> "num_leaves" in parameter_names("lightgbm"), "max_depth" in parameter_names("xgboost")
    (True, True)
    >>> sorted(parameter_names("ensemble"))
    []
    """
    trials = {"lightgbm": _lightgbm, "xgboost": _xgboost}
    if model not in trials:
        return frozenset()
    rows = np.random.default_rng(0).normal(size=(60, 2))
    with _LOCK:
        _, _, known = trials[model]({}, rows, np.arange(60.0) % 10)
    return frozenset({*known, "n_estimators"})


@lru_cache(maxsize=256)
def _problem(library: Library, params: str) -> str | None:
    """What is wrong with parameters, as JSON; None where nothing is."""
    wanted = json.loads(params)
    rows = np.random.default_rng(0).normal(size=(60, 2))
    target = np.arange(60.0) % 10
    trial = _lightgbm if library == "lightgbm" else _xgboost
    with _LOCK:
        said, unknown, known = trial(wanted, rows, target)
    if said is not None:
        first = said.strip().splitlines()[0].split(" at /")[0]
        return f"Parameters that {library} cannot use: {first.rstrip(' .')}."
    if unknown:
        listed = ", ".join(f"{name!r}{did_you_mean(name, known)}" for name in unknown)
        return f"Unknown parameters of {library}, by its own names: {listed}."
    return None


_Trial = tuple[str | None, list[str], set[str]]
"""What the library complains of, names it does not know, names it knows."""


def _lightgbm(params: dict[str, Any], rows: np.ndarray, target: np.ndarray) -> _Trial:
    import lightgbm

    fixed = {"verbosity": -1, "num_threads": 1}
    try:
        data = lightgbm.Dataset(rows, target, params={**params, **fixed})
        booster = lightgbm.train({**params, **fixed}, data, num_boost_round=1)
    except (lightgbm.basic.LightGBMError, ValueError, TypeError) as error:
        return str(error), [], set()
    known = set(re.findall(r"^\[(\w+):", booster.model_to_string(), flags=re.MULTILINE))
    return None, [name for name in params if name not in known], known


def _xgboost(params: dict[str, Any], rows: np.ndarray, target: np.ndarray) -> _Trial:
    import xgboost

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            data = xgboost.DMatrix(rows, target, nthread=1)
            booster = xgboost.train({**params, "nthread": 1, "validate_parameters": True}, data, num_boost_round=1)
    except (xgboost.core.XGBoostError, ValueError, TypeError) as error:
        return re.sub(r"^\[[\d:]+\] \S+: ", "", str(error)), [], set()
    unused = [re.search(r"Parameters: \{(.*)\} are not used", str(item.message)) for item in caught]
    unknown = [name for found in unused if found for name in re.findall(r'"([^"]+)"', found.group(1))]
    return None, unknown, set(re.findall(r'"(\w+)":"', booster.save_config()))
