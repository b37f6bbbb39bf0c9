"""What is known of a metric from its name: whether more or less of it is better, and which prefix it takes.

The names are those of the project's metric definitions; a metric that is not among them has no direction unless the
caller names one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from mlflow_integration.values.arguments import as_mapping
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping


Direction = Literal["min", "max"]

_NAME: Final = re.compile(r"[a-z0-9_.]+(/[a-z0-9_.]+)*")
_NEUTRAL: Final = frozenset(
    [
        "baseline_mae",
        "market_mae",
        "market_brier_score",
        "market_log_loss",
        "calibration_error_null",
        "breakeven_rate",
        "kelly_criterion",
        "turnover",
        "expected_roi",
        "clv_coverage",
        "training_time",
    ]
)
_MORE: Final = re.compile(
    r"(^|_|/)(r2|roi|yield|win_rate|clv|clv_line|sharpe(_ratio)?|profit|accuracy|auc|f1|precision|recall|growth)(_|/|$)"
)
_LESS: Final = re.compile(
    r"(^|_|/)(mae|rmse|mse|mape|loss|brier|brier_score|error|drawdown|mcb|p_value|crps|pinball)(_|/|$)"
)
_UNPREFIXED: Final = frozenset({"n_features", "n_estimators", "n_rows", "n_folds", "training_time", "mae_over_oracle"})
_OWN_PREFIX: Final = ("train_", "val_", "baseline_", "market_", "model_", "mae_skill", "n_")


def direction(metric: str) -> Direction | None:
    """Return whether less (``min``) or more (``max``) of `metric` is better; None where the name does not tell."""
    if metric in _NEUTRAL or metric.startswith(("n_", "baseline_", "market_")):
        return None
    # Named after an error, yet more is better: skill, discrimination, baseline minus variant.
    if "skill" in metric or "_difference" in metric or metric.endswith("_dsc"):
        return "max"
    if _LESS.search(metric):
        return "min"
    if _MORE.search(metric):
        return "max"
    return None


def resolve_direction(metric: str, mode: str | None = None) -> Direction:
    """Return the direction of `metric`, or the caller's own.

    Args:
        metric: Metric key.
        mode: ``"min"`` or ``"max"``; None takes it from the metric's name.

    Raises:
        TrackingError: The name does not tell and no mode is given, or the mode is none of the two.
    """
    if mode in ("min", "max"):
        return "min" if mode == "min" else "max"
    if mode is not None:
        message = f"mode must be 'min' or 'max', not {mode!r}."
        raise TrackingError(message)
    known = direction(metric)
    if known is None:
        message = (
            f"Whether more or less of {metric!r} is better is not known from its name: say mode='min' or mode='max'."
        )
        raise TrackingError(message)
    return known


def check_metric_name(name: str) -> str:
    """Return `name` if it can be a metric key.

    Raises:
        TrackingError: It is not of the form ``[a-z0-9_.]+`` with ``/`` between groups, or longer than 250 characters.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 250 or set(name) <= {"."}:
        message = (
            f"{name!r} can not be a metric name: use lower-case letters, digits, '_' and '.', and '/' between groups "
            "(mae_tier1_stars, fold/val_mae), at most 250 characters."
        )
        raise TrackingError(message)
    return name


def prefixed(name: str, prefix: str) -> str:
    """Return `name` with ``prefix_`` before it, unless it carries a prefix of its own or takes none."""
    if name in _UNPREFIXED or name.startswith(_OWN_PREFIX):
        return name
    return f"{prefix}_{name}"


def all_prefixed(metrics: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return `metrics` under their names with prefix.

    Raises:
        TrackingError: Two of them get the same name, or a name can not be one.
    """
    named: dict[str, Any] = {}
    for name, value in as_mapping("Metrics", metrics).items():
        full = prefixed(check_metric_name(name), prefix)
        if full in named:
            message = f"Two of the metrics would both be stored as {full!r}."
            raise TrackingError(message)
        named[full] = value
    return named
