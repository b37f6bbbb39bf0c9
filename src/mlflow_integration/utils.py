"""Reading and keeping house: compare, rank, export, clean up. Everything is returned; nothing is printed.

An unknown experiment raises `UnknownExperimentError`, which names the ones that exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlflow_integration._checks import as_names, at_least
from mlflow_integration._comparison import side_by_side
from mlflow_integration._experiments import ensure_experiment
from mlflow_integration._housekeeping import RunConfig, cleanup_failed_runs, clone_run_config, storage_report
from mlflow_integration._reading import Reader, model_uri_of, runs_frame
from mlflow_integration._weekly import get_weekly_summary
from mlflow_integration.metric_names import check_metric_name, direction, resolve_direction
from mlflow_integration.phases import PHASES
from mlflow_integration.report import generate_report, generate_weekly_report
from mlflow_integration.store import resolve_store
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from mlflow_integration._types import AnyValue

__all__ = [
    "COMPARED_METRICS",
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
    "phases_by_metric",
    "search_runs",
    "setup_experiments",
    "storage_report",
]

COMPARED_METRICS: Final = (
    "val_mae",
    "mae_skill",
    "roi",
    "win_rate",
    "clv",
    "calibration_error",
    "brier_score",
    "sharpe_ratio",
)


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
    import pandas as pd  # noqa: PLC0415 - pandas is lazy here

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
    wanted = [f"metrics.{name}" for name in as_names(metrics or COMPARED_METRICS)]
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

    Runs without the metric are left out. Of equal values the earlier run comes first.

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
        TrackingError: The direction is not known, or `top_n` is not positive.
    """
    at_least("top_n", top_n, 1)
    ascending = resolve_direction(check_metric_name(metric), mode) == "min"
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    finished = "attributes.status = 'FINISHED'"
    runs = reader.runs(
        names,
        where=f"{finished} and {where}" if where else finished,
        order_by=[f"metrics.`{metric}` {'ASC' if ascending else 'DESC'}", "attributes.start_time ASC"],
        limit=top_n,
    )
    # Runs without the metric come last, whatever the order.
    frame = runs_frame([run for run in runs if metric in run.data.metrics], names)
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
    import pandas as pd  # noqa: PLC0415 - pandas is lazy here

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
    """Return the best runs as a short table, with what the choice among so many is worth.

    Returns:
        ``rank``, ``run_id``, ``run_name``, ``experiment``, ``market``, the metric, ``runs_tried`` (finished runs that
        have the metric) and ``deflated``: the metric less the luck of being the best of that many.
    """
    import pandas as pd  # noqa: PLC0415 - pandas is lazy here

    from mlflow_integration._selection import deflated_best  # noqa: PLC0415

    at_least("top_n", top_n, 1)
    better = resolve_direction(check_metric_name(metric), mode)
    frame = search_runs(
        experiments,
        where=f"attributes.status = 'FINISHED'{f' and {where}' if where else ''}",
        tracking_uri=tracking_uri,
    )
    column = f"metrics.{metric}"
    columns = ["rank", "run_id", "run_name", "experiment", "market", metric, "runs_tried", "deflated"]
    if column not in frame:
        return pd.DataFrame(columns=columns)
    known = frame[frame[column].notna()].rename(columns={column: metric, "tags.market": "market"})
    known = known.sort_values([metric, "start_time"], ascending=[better == "min", True], kind="stable")
    best, deflated = deflated_best(known[metric].tolist(), metric, mode=better)
    top = known.head(top_n).reindex(columns=columns)
    top["rank"] = top[metric].rank(method="min", ascending=better == "min").astype("int64")
    top["runs_tried"] = len(known)
    top["deflated"] = [deflated if value == best else None for value in top[metric]]
    return top.reset_index(drop=True)


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
    metrics: Sequence[str] | str = COMPARED_METRICS,
    *,
    where: str = "",
    tracking_uri: str | Path | None = None,
) -> pd.DataFrame:
    """Put phases side by side: how many runs, and the best and median of each metric over the finished ones.

    Args:
        experiments: Names of experiments; those of the four phases that exist by default.
        metrics: Metrics to compare; one whose direction is not known has no best.
        where: MLflow filter (``"tags.market = 'pra'"``): markets are not comparable with each other.
        tracking_uri: The store.

    Returns:
        One row per experiment: ``experiment``, ``runs``, ``finished``, ``failed``, and per metric ``best_<metric>``,
        ``median_<metric>`` and ``best_<metric>_run``.
    """
    import pandas as pd  # noqa: PLC0415 - pandas is lazy here

    reader = Reader(tracking_uri)
    present = reader.experiments(None)
    metrics = as_names(metrics)
    chosen = as_names(experiments) if experiments else [name for name in PHASES if name in present.values()]
    names = reader.experiments(chosen) if experiments else {k: v for k, v in present.items() if v in chosen}
    runs = reader.runs(names, where=where)
    rows = []
    for experiment_id, name in sorted(names.items(), key=lambda pair: chosen.index(pair[1])):
        mine = [run for run in runs if str(run.info.experiment_id) == experiment_id]
        finished = [run for run in mine if run.info.status == "FINISHED"]
        failed = sum(run.info.status in ("FAILED", "KILLED") for run in mine)
        row: dict[str, Any] = {"experiment": name, "runs": len(mine), "finished": len(finished), "failed": failed}
        for metric in metrics:
            row |= _phase_metric([(run.data.metrics.get(metric), run.info.run_id) for run in finished], metric)
        rows.append(row)
    return pd.DataFrame(rows)


def _phase_metric(pairs: list[tuple[float | None, str]], metric: str) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 - numpy is lazy here

    known = [(value, run_id) for value, run_id in pairs if value is not None and np.isfinite(value)]
    better = direction(metric)
    keys = (f"best_{metric}", f"median_{metric}", f"best_{metric}_run")
    if not known:
        return dict.fromkeys(keys)
    median = float(np.median([value for value, _ in known]))
    if better is None:
        return dict(zip(keys, (None, median, None), strict=True))
    value, run_id = (min if better == "min" else max)(known, key=lambda pair: pair[0])
    return dict(zip(keys, (value, median, run_id), strict=True))


def phases_by_metric(comparison: pd.DataFrame, metrics: Sequence[str] = COMPARED_METRICS) -> pd.DataFrame:
    """Turn the result of `compare_phases` for reading: one row per figure, one column per phase."""
    import pandas as pd  # noqa: PLC0415 - pandas is lazy here

    kinds = [f"{kind}_{metric}" for metric in metrics for kind in ("best", "median")]
    figures = ["runs", "finished", "failed", *(name for name in kinds if name in comparison)]
    if comparison.empty:
        return pd.DataFrame(columns=["figure"])
    turned = comparison.set_index("experiment")[figures].astype("float64").T
    kept = turned.dropna(how="all").rename_axis(None, axis=1)
    return kept.rename_axis("figure").reset_index()


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
    from mlflow_integration._export import write_frame  # noqa: PLC0415 - pandas is lazy here

    frame = search_runs(experiments, where=where, tracking_uri=tracking_uri)
    write_frame(frame, path)
    return len(frame)
