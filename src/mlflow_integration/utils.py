"""Reading and keeping house: compare, rank, export, clean up. Everything is returned; nothing is printed.

An unknown experiment raises `UnknownExperimentError`, which names the ones that exist.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlflow_integration.phases import PHASES
from mlflow_integration.reading.comparison import side_by_side
from mlflow_integration.reading.housekeeping import RunConfig, cleanup_failed_runs, clone_run_config, storage_report
from mlflow_integration.reading.reader import Reader, by_market, metric_of, model_uri_of, runs_frame
from mlflow_integration.reports.weekly import get_weekly_summary
from mlflow_integration.reports.write import generate_report, generate_weekly_report
from mlflow_integration.store.experiments import ensure_experiment
from mlflow_integration.store.location import resolve_store
from mlflow_integration.values.arguments import as_names, at_least
from nba_props.errors import TrackingError
from nba_props.metrics import check_metric_name, direction, headline_metrics, resolve_direction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run

    from mlflow_integration.values.types import AnyValue

__all__ = [
    "RunConfig",
    "best_with_trials",
    "cleanup_failed_runs",
    "clone_run_config",
    "compare_phases",
    "compare_runs",
    "export_runs",
    "generate_report",
    "generate_weekly_report",
    "get_best_model",
    "get_best_runs",
    "get_weekly_summary",
    "list_runs",
    "search_runs",
    "setup_experiments",
    "storage_report",
]


def setup_experiments(
    names: Sequence[str] | str | None = None, *, tracking_uri: str | Path | None = None
) -> pd.DataFrame:
    """Make the experiments of the four phases (or others) where they are missing; any number of times.

    Args:
        names: Experiments; the four phases by default.
        tracking_uri: The store.

    Returns:
        One row per experiment: ``experiment``, ``experiment_id``, ``outcome`` (created, exists, or restored where it
        had been deleted), ``artifact_location``.
    """
    import pandas as pd

    store = resolve_store(tracking_uri)
    client = store.client()
    rows = []
    for name in as_names(names or list(PHASES)):
        experiment, outcome = ensure_experiment(client, store, name)
        wanted = PHASES[name].tags if name in PHASES else {}
        for key, value in wanted.items():  # an experiment made by an older release gets what has been added since
            if experiment.tags.get(key) != value:
                client.set_experiment_tag(experiment.experiment_id, key, value)
        rows.append((name, experiment.experiment_id, outcome, experiment.artifact_location))
    return pd.DataFrame(rows, columns=["experiment", "experiment_id", "outcome", "artifact_location"])


def search_runs(
    experiments: Sequence[str] | str | None = None,
    *,
    where: str = "",
    order_by: Sequence[str] = (),
    limit: int | None = None,
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Return runs as a table, however many there are (MLflow's own client stops silently at 1,000).

    Args:
        experiments: Names of experiments; all by default.
        where: MLflow filter, ``"metrics.val_mae < 6 and tags.market = 'pra'"``.
        order_by: MLflow order, ``["metrics.val_mae ASC"]``; newest first by default.
        limit: At most so many.
        tracking_uri: The store.

    Returns:
        One row per run; columns as in `runs_frame`.
    """
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    return runs_frame(reader.runs(names, where=where, order_by=order_by, limit=limit), names)


def list_runs(
    experiments: Sequence[str] | str | None = None,
    *,
    metrics: Sequence[str] | None = None,
    where: str = "",
    limit: int = 20,
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Return the newest runs with a few metrics each, newest first.

    Args:
        experiments: Names of experiments; all by default.
        metrics: Metrics to show; the main ones that any of the runs has by default.
        where: MLflow filter.
        limit: How many.
        tracking_uri: The store.
    """
    frame = search_runs(
        experiments, where=where, order_by=["attributes.start_time DESC"], limit=limit, tracking_uri=tracking_uri
    )
    wanted = [f"metrics.{name}" for name in as_names(metrics or headline_metrics())]
    shown = wanted if metrics else [name for name in wanted if name in frame]
    market = [name for name in ("tags.market",) if name in frame]
    table = frame.reindex(columns=["run_id", "run_name", "experiment", "status", "start_time", *market, *shown])
    table["start_time"] = table["start_time"].dt.strftime("%Y-%m-%d %H:%M")
    return table.rename(columns=lambda name: str(name).removeprefix("metrics.").removeprefix("tags."))


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
        mode: ``"min"`` or ``"max"``; known from the table of metrics by default.
        where: Further MLflow filter.
        tracking_uri: The store.

    Returns:
        As `search_runs`, with ``rank`` first; ties share a rank.

    Raises:
        TrackingError: The direction is not known, or `top_n` is not positive.
    """
    at_least("top_n", top_n, 1)
    ascending = resolve_direction(check_metric_name(metric), mode) == "min"
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    finished = "attributes.status = 'FINISHED'"
    search: dict[str, Any] = {
        "where": f"{finished} and {where}" if where else finished,
        "order_by": [f"metrics.`{metric}` {'ASC' if ascending else 'DESC'}", "attributes.start_time ASC"],
    }
    runs = [run for run in reader.runs(names, limit=top_n, **search) if metric in run.data.metrics]
    # Runs without the metric, and those where it is NaN, come last, whatever the order; infinity may come first.
    known = [run for run in runs if metric_of(run, metric) is not None]
    if len(known) < len(runs):
        known = [run for run in reader.runs(names, **search) if metric_of(run, metric) is not None][:top_n]
    frame = runs_frame(known, names)
    column = f"metrics.{metric}"
    if column not in frame:
        frame[column] = None
    frame.insert(0, "rank", frame[column].rank(method="min", ascending=ascending).astype("int64"))
    return frame


def get_best_model(
    experiment: Sequence[str] | str | None = None, metric: str = "val_mae", top_n: int = 1, **options: AnyValue
) -> pd.DataFrame:
    """Return the best runs as `get_best_runs` does, each with its model.

    Returns:
        As `get_best_runs`, with ``model_uri`` for ``mlflow.pyfunc.load_model``: the last model that the run logged,
        missing where it logged none.
    """
    import pandas as pd

    frame = get_best_runs(experiment, metric, top_n, **options)
    reader = Reader(options.get("tracking_uri"))
    listed = ", ".join(f"'{run_id}'" for run_id in frame["run_id"])
    runs = reader.runs(reader.experiments(None), where=f"attributes.run_id IN ({listed})") if listed else []
    uris = {run.info.run_id: model_uri_of(reader.client, run) for run in runs}
    frame.insert(1, "model_uri", pd.Series([uris[run_id] for run_id in frame["run_id"]], frame.index, dtype="object"))
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

    from mlflow_integration.reading.luck import deflated_best

    at_least("top_n", top_n, 1)
    better = resolve_direction(check_metric_name(metric), mode)
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    runs = reader.runs(names, where=f"attributes.status = 'FINISHED'{f' and {where}' if where else ''}")
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


def compare_runs(
    run_ids: Sequence[str], metrics: Sequence[str] | None = None, *, tracking_uri: str | Path | None = None
) -> pd.DataFrame:
    """Put runs side by side.

    Args:
        run_ids: Ids of two or more runs, of any experiments.
        metrics: Metrics to compare; all that any of them has by default.
        tracking_uri: The store.

    Returns:
        One row per metric; a column per run (its id), then ``direction`` (``min``, ``max`` or missing) and ``best``:
        the id of the better run, missing where the direction is not known, a value is missing, or the best is shared.

    Raises:
        TrackingError: A run does not exist, or none has one of the metrics asked for.
    """
    wanted = list(dict.fromkeys(as_names(run_ids)))
    if not wanted:
        message = "Name the runs to compare, by their ids."
        raise TrackingError(message)
    reader = Reader(tracking_uri)
    listed = ", ".join(f"'{run_id}'" for run_id in wanted if run_id.isalnum())
    runs = reader.runs(reader.experiments(None), where=f"attributes.run_id IN ({listed})") if listed else []
    by_id = {run.info.run_id: dict(run.data.metrics) for run in runs}
    lacking = [run_id for run_id in wanted if run_id not in by_id]
    if lacking:
        message = f"There is no run {', '.join(map(repr, lacking))} in {reader.store.label}."
        raise TrackingError(message)
    names = as_names(metrics) if metrics else sorted({name for values in by_id.values() for name in values})
    return side_by_side({run_id: by_id[run_id] for run_id in wanted}, names)


def compare_phases(
    experiments: Sequence[str] | str | None = None,
    metrics: Sequence[str] | str | None = None,
    *,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Put phases side by side, market by market: how many runs, best and median of each metric of the finished ones.

    Args:
        experiments: Names of experiments; those of the four phases that exist by default.
        metrics: Metrics to compare, the headline ones of the table by default; one whose direction is not known has no
            best.
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
    failed = sum(run.info.status in ("FAILED", "KILLED") for run in runs)
    row: dict[str, Any] = {"runs": len(runs), "finished": len(finished), "failed": failed}
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


def export_runs(
    path: Path,
    experiments: Sequence[str] | str | None = None,
    *,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> int:
    """Write runs to a file.

    Args:
        path: ``.csv`` (with a byte order mark and text that no spreadsheet takes for a formula), ``.parquet`` or
            ``.json``.
        experiments: Names of experiments; all by default.
        where: MLflow filter.
        tracking_uri: The store.

    Returns:
        Number of runs written.

    Raises:
        TrackingError: The ending names no known format, or the file can not be written.
    """
    from mlflow_integration.reading.export import write_frame

    frame = search_runs(experiments, where=where, tracking_uri=tracking_uri)
    write_frame(frame, path)
    return len(frame)
