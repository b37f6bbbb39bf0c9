"""Runs of any experiments: searched, listed, put side by side, exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_integration.reading.comparison import side_by_side
from mlflow_integration.reading.export import write_frame
from mlflow_integration.reading.reader import Reader, runs_frame, shown_metric
from mlflow_integration.values.arguments import as_names
from nba_props.errors import TrackingError
from nba_props.metrics import headline_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run


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
        limit: At most this many.
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
    """Return the newest runs with a few metrics each, newest first; closing line value of few closes is withheld.

    Args:
        experiments: Names of experiments; all by default.
        metrics: Metrics to show; the main ones that any of the runs has by default.
        where: MLflow filter.
        limit: How many.
        tracking_uri: The store.
    """
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    runs = reader.runs(names, where=where, order_by=["attributes.start_time DESC"], limit=limit)
    frame = runs_frame(runs, names)
    if "metrics.clv" in frame:
        frame["metrics.clv"] = [shown_metric(run, "clv") for run in runs]
    wanted = [f"metrics.{name}" for name in as_names(metrics or headline_metrics())]
    shown = wanted if metrics else [name for name in wanted if name in frame]
    market = [name for name in ("tags.market",) if name in frame]
    table = frame.reindex(columns=["run_id", "run_name", "experiment", "status", "start_time", *market, *shown])
    table["start_time"] = table["start_time"].dt.strftime("%Y-%m-%d %H:%M")
    return table.rename(columns=lambda name: str(name).removeprefix("metrics.").removeprefix("tags."))


def compare_runs(
    run_ids: Sequence[str], metrics: Sequence[str] | None = None, *, tracking_uri: str | Path | None = None
) -> pd.DataFrame:
    """Put runs side by side.

    Args:
        run_ids: Ids of two or more runs, of any experiments; the first characters are enough.
        metrics: Metrics to compare; all that any of them has by default.
        tracking_uri: The store.

    Returns:
        One row per metric, headline ones first; a column per run (its id), then ``direction`` (``min``, ``max`` or
        missing) and ``best``: the id of the better run, missing where the direction is not known, a value is missing,
        or the best is shared.

    Raises:
        TrackingError: A run does not exist, or none has one of the metrics asked for.
    """
    by_id = {run_id: dict(run.data.metrics) for run_id, run in _named_runs(run_ids, tracking_uri).items()}
    every = sorted({name for values in by_id.values() for name in values})
    first = [name for name in headline_metrics() if name in every]
    names = as_names(metrics) if metrics else list(dict.fromkeys([*first, *every]))
    return side_by_side(by_id, names)


def compare_settings(run_ids: Sequence[str], *, tracking_uri: str | Path | None = None) -> pd.DataFrame:
    """Return the settings in which runs differ.

    Args:
        run_ids: Ids of runs, of any experiments; the first characters are enough.
        tracking_uri: The store.

    Returns:
        One row per setting: ``setting``, and a column per run (its id), missing where that has none.

    Raises:
        TrackingError: A run does not exist.
    """
    import pandas as pd

    params = {run_id: run.data.params for run_id, run in _named_runs(run_ids, tracking_uri).items()}
    rows = [
        {"setting": name, **{run_id: each.get(name) for run_id, each in params.items()}} for name in differing(params)
    ]
    return pd.DataFrame(rows, columns=["setting", *params])


def differing(params: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Names of the settings that are not the same in all of them.

    >>> differing({"a": {"seed": "1", "vig": "power"}, "b": {"seed": "2", "vig": "power", "leaves": "31"}})
    ['leaves', 'seed']
    """
    names = sorted({name for each in params.values() for name in each})
    return [name for name in names if len({each.get(name) for each in params.values()}) > 1]


def _named_runs(run_ids: Sequence[str], tracking_uri: str | Path | None) -> dict[str, Run]:
    """Runs by whole id, in the order in which they were named."""
    wanted = list(dict.fromkeys(as_names(run_ids)))
    if not wanted:
        message = "Name the runs to compare, by their ids."
        raise TrackingError(message)
    reader = Reader(tracking_uri)
    wanted = reader.run_ids(wanted)
    listed = ", ".join(f"'{run_id}'" for run_id in wanted if run_id.isalnum())
    runs = reader.runs(reader.experiments(None), where=f"attributes.run_id IN ({listed})") if listed else []
    by_id = {run.info.run_id: run for run in runs}
    lacking = [run_id for run_id in wanted if run_id not in by_id]
    if lacking:
        message = f"There is no run {', '.join(map(repr, lacking))} in {reader.store.label}."
        raise TrackingError(message)
    return {run_id: by_id[run_id] for run_id in wanted}


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
        TrackingError: The ending names no known format, or the file cannot be written.
    """
    frame = search_runs(experiments, where=where, tracking_uri=tracking_uri)
    write_frame(frame, path)
    return len(frame)
