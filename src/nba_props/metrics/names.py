"""Metric keys: what can be one, and the prefix of the stage that a metric was measured in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nba_props.errors import TrackingError
from nba_props.metrics.metric import METRICS, check_metric_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXED: Final = ("train_", "val_", "baseline_", "market_", "model_", "n_")
"""How keys begin that say for themselves what they were measured on."""


def prefixed(name: str, prefix: str) -> str:
    """Return `name` with ``prefix_`` before it, unless it carries a prefix of its own or takes none.

    >>> prefixed("mae", "val"), prefixed("val_mae", "val"), prefixed("training_time", "train")
    ('val_mae', 'val_mae', 'training_time')
    """
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
