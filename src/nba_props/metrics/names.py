"""Metric keys: what can be one, and the prefix of the stage that a metric was measured in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from nba_props.errors import TrackingError
from nba_props.metrics.metric import METRICS, check_metric_name, find_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXED: Final = ("train_", "val_", "baseline_", "market_", "model_", "n_")
"""Prefixes of keys that already say what they were measured on."""


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


def stored_key(name: str) -> str:
    """The key under which a run keeps a metric: its name, under the folder that the table of metrics gives it.

    >>> stored_key("val_mae"), stored_key("mae_home"), stored_key("roi_ci_low"), stored_key("shoe_size")
    ('val_mae', 'segment/mae_home', 'interval/roi_ci_low', 'shoe_size')
    """
    folder = "" if "/" in name else _folder(name, len(METRICS))
    return f"{folder}/{name}" if folder else name


def plain_key(key: str) -> str:
    """The name of the metric that a run keeps under `key`; runs made before there were folders have the name itself.

    >>> plain_key("segment/mae_home"), plain_key("mae_home"), plain_key("calibration/val_mae")
    ('mae_home', 'mae_home', 'calibration/val_mae')
    """
    name = key.partition("/")[2]
    return name if name and stored_key(name) == key else key


def plain_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics as a run keeps them, under their plain names.

    >>> plain_metrics({"val_mae": 4.9, "segment/mae_home": 4.8})
    {'val_mae': 4.9, 'mae_home': 4.8}
    """
    return {plain_key(key): value for key, value in metrics.items()}


@lru_cache(maxsize=4096)
def _folder(name: str, _known: int) -> str:
    """Folder of a metric; remembered as long as no metric is added, since reading asks for it in every run."""
    entry = find_metric(name)
    return "" if entry is None else entry.folder
