"""The one table of metrics: key, meaning, direction, prefix, unit, headline or not, group.

The definitions (`nba_props.metrics.definitions`) and the bootstrap over nights (`nba_props.metrics.bootstrap`) need
numpy and are imported where they are used.
"""

from nba_props.metrics.extra import extra_metrics
from nba_props.metrics.metric import (
    METRICS,
    Direction,
    Metric,
    add_metric,
    check_metric_name,
    direction,
    find_metric,
    headline_metrics,
    metric_hint,
    resolve_direction,
)
from nba_props.metrics.names import all_prefixed, plain_key, plain_metrics, prefixed, stored_key

__all__ = [
    "METRICS",
    "Direction",
    "Metric",
    "add_metric",
    "all_prefixed",
    "check_metric_name",
    "direction",
    "extra_metrics",
    "find_metric",
    "headline_metrics",
    "metric_hint",
    "plain_key",
    "plain_metrics",
    "prefixed",
    "resolve_direction",
    "stored_key",
]
