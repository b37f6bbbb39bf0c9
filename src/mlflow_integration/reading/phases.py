"""The phases of the programme side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_integration.phases import PHASES
from mlflow_integration.reading.reader import Reader, by_market, metric_of, outcomes
from mlflow_integration.values.arguments import as_names
from nba_props.metrics import direction, headline_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run


def compare_phases(
    experiments: Sequence[str] | str | None = None,
    metrics: Sequence[str] | str | None = None,
    *,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Put phases side by side, market by market: number of runs, best and median of each metric over the finished ones.

    Args:
        experiments: Names of experiments; those of the four phases that exist by default.
        metrics: Metrics to compare, the headline ones by default; one whose direction is not known has no best.
        where: MLflow filter (``"tags.market = 'pra'"``).
        tracking_uri: The store.

    Returns:
        One row per experiment and market, since markets are not comparable with each other (one for an experiment
        without runs): ``experiment``, ``market`` (a dash where the runs say none), ``runs``, ``finished``, ``failed``,
        and per metric ``best_<metric>``, ``median_<metric>`` and ``best_<metric>_run``.
    """
    import pandas as pd

    reader = Reader(tracking_uri)
    present = reader.experiments(None)
    metrics = as_names(metrics or headline_metrics())
    chosen = as_names(experiments) if experiments else [name for name in PHASES if name in present.values()]
    names = reader.experiments(chosen) if experiments else {k: v for k, v in present.items() if v in chosen}
    runs = reader.runs(names, where=where)
    rows = []
    for experiment_id, name in sorted(names.items(), key=lambda pair: chosen.index(pair[1])):
        markets = by_market(run for run in runs if str(run.info.experiment_id) == experiment_id)
        for market, mine in (markets or {"–": []}).items():
            rows.append({"experiment": name, "market": market} | _phase_row(mine, metrics))
    return pd.DataFrame(rows)


def _phase_row(runs: list[Run], metrics: Sequence[str]) -> dict[str, Any]:
    finished = [run for run in runs if run.info.status == "FINISHED"]
    row: dict[str, Any] = {**outcomes(runs)}
    for metric in metrics:
        row |= _phase_metric([(metric_of(run, metric), run.info.run_id) for run in finished], metric)
    return row


def _phase_metric(pairs: list[tuple[float | None, str]], metric: str) -> dict[str, Any]:
    import numpy as np

    known = [(value, run_id) for value, run_id in pairs if value is not None]
    better = direction(metric)
    keys = (f"best_{metric}", f"median_{metric}", f"best_{metric}_run")
    if not known:
        return dict.fromkeys(keys)
    median = float(np.median([value for value, _ in known]))
    if better is None:
        return dict(zip(keys, (None, median, None), strict=True))
    value, run_id = (min if better == "min" else max)(known, key=lambda pair: pair[0])
    return dict(zip(keys, (value, median, run_id), strict=True))
