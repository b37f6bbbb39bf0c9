"""Metric keys: what can be one, and the prefix of the stage that a metric was measured in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY: Final = re.compile(r"[a-z0-9_.]+(/[a-z0-9_.]+)*")
_LONGEST: Final = 250
_PREFIXED: Final = ("train_", "val_", "baseline_", "market_", "model_", "n_")
"""How keys begin that say for themselves what they were measured on."""


def check_metric_name(name: str) -> str:
    """Return `name` if it can be a metric key.

    >>> check_metric_name("fold/val_mae")
    'fold/val_mae'

    Raises:
        TrackingError: It is not of the form ``[a-z0-9_.]+`` with ``/`` between groups, or longer than 250 characters.
    """
    if not isinstance(name, str) or not _KEY.fullmatch(name) or len(name) > _LONGEST or set(name) <= {"."}:
        message = (
            f"{name!r} cannot be a metric name: use lower-case letters, digits, '_' and '.', and '/' between groups "
            f"(mae_tier1_stars, fold/val_mae), at most {_LONGEST} characters."
        )
        raise TrackingError(message)
    return name


def prefixed(name: str, prefix: str) -> str:
    """Return `name` with ``prefix_`` before it, unless it carries a prefix of its own or takes none.

    >>> prefixed("mae", "val"), prefixed("val_mae", "val"), prefixed("training_time", "train")
    ('val_mae', 'val_mae', 'training_time')
    """
    from nba_props.metrics.metric import METRICS

    takes_none = name in METRICS and METRICS[name].prefix is not None
    return name if takes_none or name.startswith(_PREFIXED) else f"{prefix}_{name}"


def all_prefixed(metrics: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return `metrics` under their names with prefix.

    >>> all_prefixed({"mae": 4.9, "n_features": 12}, "val")
    {'val_mae': 4.9, 'n_features': 12}

    Raises:
        TrackingError: Two of them get the same name, or a name cannot be one.
    """
    named: dict[str, Any] = {}
    for name, value in metrics.items():
        full = prefixed(check_metric_name(name), prefix)
        if full in named:
            message = f"Two of the metrics would both be stored as {full!r}."
            raise TrackingError(message)
        named[full] = value
    return named
