"""The best runs by one metric, with what the choice among so many is worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlflow_integration.reading.luck import deflated_best
from mlflow_integration.reading.reader import Reader, by_market, metric_of, model_uri_of, runs_frame
from mlflow_integration.values.arguments import at_least
from nba_props.errors import TrackingError
from nba_props.metrics import check_metric_name, resolve_direction, stored_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run

    from mlflow_integration.values.types import AnyValue


def get_best_runs(
    experiments: Sequence[str] | str | None = None,
    metric: str = "val_mae",
    top_n: int = 5,
    *,
    mode: str | None = None,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Return the best finished runs by `metric`, best first; the store does the sorting.

    Runs without the metric, or where it is not finite, are left out. Of equal values the earlier run comes first.

    Args:
        experiments: Names of experiments; all by default.
        metric: Metric key.
        top_n: How many.
        mode: ``"min"`` or ``"max"``; known from the metric's name by default.
        where: Further MLflow filter.
        tracking_uri: The store.

    Returns:
        As `search_runs`, with ``rank`` first; ties share a rank.

    Raises:
        TrackingError: The direction is not known, `top_n` is not positive, or no run has the metric and some have its
            out-of-sample twin: ``mae`` for ``val_mae``.
    """
    frame, _, _ = _best(experiments, metric, top_n, mode=mode, where=where, tracking_uri=tracking_uri)
    return frame


def _best(
    experiments: Sequence[str] | str | None,
    metric: str,
    top_n: int,
    *,
    mode: str | None = None,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> tuple[pd.DataFrame, list[Run], Reader]:
    """Return the table of the best runs, the runs in its order, and the open store."""
    at_least("top_n", top_n, 1)
    ascending = resolve_direction(check_metric_name(metric), mode) == "min"
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    finished = "attributes.status = 'FINISHED'"
    search: dict[str, Any] = {
        "where": f"{finished} and {where}" if where else finished,
        "order_by": [f"metrics.`{metric}` {'ASC' if ascending else 'DESC'}", "attributes.start_time ASC"],
    }
    if stored_key(metric) != metric:  # older runs keep it by its plain name, and the store can order by one key only
        search["order_by"] = ["attributes.start_time ASC"]
        found = [run for run in reader.runs(names, **search) if metric_of(run, metric) is not None]
        known = sorted(found, key=lambda run: run.data.metrics[metric], reverse=not ascending)[:top_n]
    else:
        runs = [run for run in reader.runs(names, limit=top_n, **search) if metric in run.data.metrics]
        # Runs without the metric, and those where it is NaN, come last, whatever the order; infinity may come first.
        known = [run for run in runs if metric_of(run, metric) is not None]
        if len(known) < len(runs):
            known = [run for run in reader.runs(names, **search) if metric_of(run, metric) is not None][:top_n]
    if not known:
        _refuse_misnamed(reader, names, metric)
    frame = runs_frame(known, names)
    column = f"metrics.{metric}"
    if column not in frame:
        frame[column] = None
    frame.insert(0, "rank", frame[column].rank(method="min", ascending=ascending).astype("int64"))
    return frame, known, reader


def _refuse_misnamed(reader: Reader, names: dict[str, str], metric: str) -> None:
    """Name the metric that was meant (TrackingError), where runs have that one and none has `metric`."""
    twin = f"val_{metric}"
    if any(metric_of(run, twin) is not None for run in reader.runs(names, limit=100)):
        message = f"No finished run has {metric!r}; did you mean {twin!r}, the same out of sample?"
        raise TrackingError(message)


def get_best_model(
    experiment: Sequence[str] | str | None = None, metric: str = "val_mae", top_n: int = 1, **options: AnyValue
) -> pd.DataFrame:
    """Return the best runs as `get_best_runs` does, each with its model.

    Returns:
        As `get_best_runs`, with ``model_uri`` for ``mlflow.pyfunc.load_model``: the last model that the run logged,
        missing where it logged none.
    """
    import pandas as pd

    frame, runs, reader = _best(experiment, metric, top_n, **options)
    uris = [model_uri_of(reader.client, run) for run in runs]
    frame.insert(1, "model_uri", pd.Series(uris, frame.index, dtype="object"))
    return frame


def best_with_trials(
    experiments: Sequence[str] | str | None = None,
    metric: str = "val_mae",
    top_n: int = 5,
    *,
    mode: str | None = None,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Return the best runs of each market as a short table, with what the choice among so many is worth.

    Returns:
        For each market the best `top_n`, since markets are not comparable with each other: ``market``, ``rank``,
        ``run_id``, ``run_name``, ``experiment``, the metric, ``n_predictions`` (rows the run was measured on; runs on
        different rows are not exactly comparable), ``runs_tried`` (finished runs of the market that have the metric)
        and ``deflated``: the metric less the luck of being the best of that many.
    """
    import pandas as pd

    at_least("top_n", top_n, 1)
    better = resolve_direction(check_metric_name(metric), mode)
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    runs = reader.runs(names, where=f"attributes.status = 'FINISHED'{f' and {where}' if where else ''}")
    if not any(metric_of(run, metric) is not None for run in runs):
        _refuse_misnamed(reader, names, metric)
    sign = 1.0 if better == "min" else -1.0
    columns = ["market", "rank", "run_id", "run_name", "experiment", metric, "n_predictions", "runs_tried", "deflated"]
    rows = []
    for market, tried in by_market(run for run in runs if metric_of(run, metric) is not None).items():
        values = [run.data.metrics[metric] for run in tried]
        best, deflated = deflated_best(values, metric, mode=better)
        for run in sorted(tried, key=lambda run: (sign * run.data.metrics[metric], run.info.start_time))[:top_n]:
            value = run.data.metrics[metric]
            rank = 1 + sum(sign * other < sign * value for other in values)
            about = run.info.run_id, run.info.run_name, names[str(run.info.experiment_id)]
            measured_on = run.data.metrics.get("n_predictions", math.nan)
            rows.append((market, rank, *about, value, measured_on, len(tried), deflated if value == best else None))
    return pd.DataFrame(rows, columns=columns)
