"""What reading costs over HTTP: 1,000 runs of 60 metrics, against one plain search for the same rows."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json, note, reported

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)

MAX_RATIO = 1.5
PHASES = ("Phase1_Foundation", "Phase2_Advanced", "Phase3_Calibration", "Phase4_Production")


def fill(database: Path, runs: int, metrics: int) -> None:
    """Put `runs` finished runs of `metrics` metrics each into a SQLite store, spread over the four phases."""
    import numpy as np
    from mlflow.entities import Metric, Param, RunTag

    from mlflow_integration.store.location import resolve_store
    from mlflow_integration.utils import setup_experiments

    client = resolve_store(database).client()
    ids = setup_experiments(PHASES, tracking_uri=database)["experiment_id"].tolist()
    names = ["val_mae", "roi", "sharpe_ratio", *(f"metric_{i:02d}" for i in range(metrics - 3))]
    values = np.random.default_rng(0).normal(5.0, 1.0, size=(runs, metrics))
    for number in range(runs):
        run = client.create_run(ids[number % len(ids)], run_name=f"run {number}").info.run_id
        client.log_batch(
            run,
            metrics=[Metric(name, float(value), 0, 0) for name, value in zip(names, values[number], strict=True)],
            params=[Param(f"parameter_{i}", str(i)) for i in range(10)],
            tags=[RunTag("market", "pra")],
        )
        client.set_terminated(run)


def timed(work: Callable[[], object], repeats: int) -> list[float]:
    """Return seconds of each repeat of `work`."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def measured(url: str, repeats: int) -> list[tuple[str, float, float, float, str | None, bool]]:
    """Time the plain searches and ours in turns."""
    from mlflow_integration import utils
    from mlflow_integration.store.location import resolve_store

    client = resolve_store(url).client()
    ids = [experiment.experiment_id for experiment in client.search_experiments() if experiment.name in PHASES]
    best = {"order_by": ["metrics.val_mae ASC"], "filter_string": "attributes.status = 'FINISHED'"}
    works: dict[str, tuple[Callable[[], object], str | None]] = {
        "plain search_runs, all rows": (lambda: client.search_runs(ids, max_results=1000), None),
        "compare_phases": (lambda: utils.compare_phases(tracking_uri=url), "plain search_runs, all rows"),
        "search_runs as a table": (lambda: utils.search_runs(PHASES, tracking_uri=url), "plain search_runs, all rows"),
        "plain search_runs, best 10": (lambda: client.search_runs(ids, max_results=10, **best), None),
        "get_best_runs, best 10": (
            lambda: utils.get_best_runs(PHASES, "val_mae", 10, tracking_uri=url),
            "plain search_runs, best 10",
        ),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats + 1):
        for name, (work, _base) in works.items():
            taken[name] += timed(work, 1)
    medians = {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}
    rows = []
    for name, (_work, base) in works.items():
        ratio = medians[name] / medians[base or name]
        limit = f"ratio < {MAX_RATIO}" if base else None
        rows.append(
            (name, medians[name] * 1000, min(taken[name][1:]) * 1000, ratio, limit, base is None or ratio < MAX_RATIO)
        )
    return rows


@app.command()
def measure(
    runs: Annotated[int, typer.Option(min=10, max=1000, help="Runs in the store.")] = 1000,
    metrics: Annotated[int, typer.Option(min=3, help="Metrics of each run.")] = 60,
    repeats: Annotated[int, typer.Option(min=1, help="How often each thing is timed.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Fill a temporary store, serve it, time reading; exit 1 if a ratio is over its limit."""
    import pandas as pd

    from mlflow_integration.store.server import local_server

    with reported(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        note(f"filling a store with {runs:,} runs of {metrics} metrics ...")
        fill(folder / "mlflow.db", runs, metrics)
        note("starting a server ...")
        with local_server(folder, database=folder / "mlflow.db") as url:
            rows = measured(url, repeats)
    frame = pd.DataFrame(rows, columns=["what", "median_ms", "best_ms", "ratio", "limit", "met"])
    if json:
        emit_json(frame.to_dict(orient="records"))
    else:
        emit(frame, title=f"Reading {runs:,} runs over HTTP, {repeats} times each")
    raise SystemExit(DONE if frame["met"].all() else REFUSED)


if __name__ == "__main__":
    app()
