"""Metrics that are added from outside: computed with the others of a run, and logged with them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nba_props.errors import ConfigError
from nba_props.metrics.metric import METRICS

if TYPE_CHECKING:
    import pandas as pd


def extra_metrics(predictions: pd.DataFrame, ledger: pd.DataFrame) -> dict[str, float]:
    """Every metric of the table that brings a function of its own; what cannot be computed is absent.

    Args:
        predictions: Out-of-sample predictions of the test folds (docs/contract.md).
        ledger: Bets of flat stakes (docs/contract.md); empty without lines that can be bet.

    Raises:
        ConfigError: A function gives something other than a finite number or None; names the metric.
    """
    found: dict[str, float] = {}
    for key, metric in METRICS.items():
        value = metric.compute(predictions, ledger) if metric.compute is not None else None
        if value is None:
            continue
        try:
            found[key] = float(value)
        except (TypeError, ValueError):
            found[key] = math.nan
        if not math.isfinite(found[key]):
            message = f"Metric {key!r} was computed as {value!r}; give a finite number, or None where there is none."
            raise ConfigError(message)
    return found
