"""Reading runs: all pages, any number, one request per page and never one per run."""

from __future__ import annotations

import gc
import json
import math
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.experiments import find_experiments
from mlflow_integration.store.location import resolve_store
from mlflow_integration.store.search import last_model_id, pages, with_plain_metrics
from mlflow_integration.values.arguments import as_names, at_least
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


PAGE: Final = 1000
WHOLE_ID: Final = 32
LEAST_ID: Final = 4
STORED_INFINITY: Final = 1.79e308
_FIXED: Final = ("run_id", "run_name", "experiment", "status", "start_time", "end_time", "parent_run_id")


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector from walking over what is being read.

    MLflow makes an object of every metric, parameter and tag. Of 2,000 runs with 60 metrics each, the collector takes
    more than half of the time, and finds nothing: all of it is still in use.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Reader:
    """An open store, for reading."""

    def __init__(self, tracking_uri: str | Path | None = None) -> None:
        self.store: Store = resolve_store(tracking_uri)
        self.client: MlflowClient = self.store.client(create=False)

    def experiments(self, names: Sequence[str] | str | None) -> dict[str, str]:
        """Return id to name of these experiments (of all for None), in order.

        Raises:
            UnknownExperimentError: One does not exist; names the ones that do.
        """
        found = find_experiments(self.client, names, self.store.uri)
        return {str(experiment.experiment_id): str(experiment.name) for experiment in found}

    def runs(
        self,
        experiment_ids: Iterable[str],
        *,
        where: str = "",
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Run]:
        """Return the runs of these experiments that are not deleted; filter and order are MLflow's."""
        at_least("limit", 0 if limit is None else limit, 0)
        ids = list(experiment_ids)
        if not ids:
            return []
        search = {"experiment_ids": ids, "filter_string": where, "order_by": as_names(order_by)}
        with store_errors("Searching runs", self.store.uri), collector_paused():
            size = PAGE if limit is None else min(PAGE, limit)
            found = islice(pages(self.client.search_runs, max_results=size, **search), limit)
            return [with_plain_metrics(run) for run in found]

    def run_ids(self, ids: Iterable[str]) -> list[str]:
        """Return whole ids of runs for ids as tables show them: the first characters, enough to identify a run.

        Raises:
            TrackingError: No run has such an id, or several have; names what was asked for.
        """
        wanted = list(dict.fromkeys(str(each).strip() for each in ids))
        short = [each for each in wanted if len(each) < WHOLE_ID]
        experiments = self.experiments(None) if short else {}
        whole: dict[str, str] = {}
        for each in short:
            listed = each.isalnum() and len(each) >= LEAST_ID
            where = f"attributes.run_id LIKE '{each.lower()}%'"
            found = self.runs(experiments, where=where, limit=2) if listed else []
            if len(found) != 1:
                several = f"Several ids begin with {each!r} in {self.store.label}; give more of the one meant."
                none = f"There is no run {each!r} in {self.store.label}; give {LEAST_ID} or more characters of an id."
                message = several if found else none
                raise TrackingError(message)
            whole[each] = str(found[0].info.run_id)
        return list(dict.fromkeys(whole.get(each, each) for each in wanted))


def market_of(run: Run) -> str:
    """Return the market in a run's tag or parameter; a dash where it has neither.

    Runs on simulated data have a market of their own, "pts SIMULATED", so that they are never ranked with real ones.
    Runs that knew from the box score who was absent have one too: "pts STAND-IN".
    """
    market = str(run.data.tags.get("market") or run.data.params.get("market") or "–")
    kind = " SIMULATED" if run.data.tags.get("data_kind", "").lower() == "simulated" else ""
    stand_in = " STAND-IN" if run.data.tags.get("availability", "").startswith("stand-in") else ""
    return f"{market}{kind}{stand_in}"


def metric_of(run: Run, metric: str) -> float | None:
    """Return a metric of a run; None where it is not finite (plain MLflow stores NaN, and infinity as 1.8e308)."""
    value = run.data.metrics.get(metric)
    return value if value is not None and math.isfinite(value) and abs(value) < STORED_INFINITY else None


LEAST_CLOSES: Final = 100
LEAST_COVERAGE: Final = 0.10
"""Closing line value of fewer bets with a close, or of a smaller share of the bets, is withheld."""


def shown_metric(run: Run, metric: str) -> float | None:
    """Return a metric of a run for a table; closing line value is withheld where too few bets have a close."""
    value, metrics = metric_of(run, metric), run.data.metrics
    if value is None or metric not in ("clv", "clv_ci_low", "clv_ci_high") or "clv_coverage" not in metrics:
        return value
    coverage = metrics["clv_coverage"]
    enough = coverage >= LEAST_COVERAGE and coverage * metrics.get("n_bets", 0.0) >= LEAST_CLOSES
    return value if enough else None


def values_of(runs: Iterable[Run], metric: str) -> list[float]:
    """Return the finite values of a metric over several runs."""
    return [value for value in (metric_of(run, metric) for run in runs) if value is not None]


def outcomes(runs: Iterable[Run]) -> dict[str, int]:
    """Return how many ``runs`` there are, how many of them ``finished`` and how many ``failed`` or were killed."""
    states = [run.info.status for run in runs]
    failed = states.count("FAILED") + states.count("KILLED")
    return {"runs": len(states), "finished": states.count("FINISHED"), "failed": failed}


def by_market(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return the runs of each market (`market_of`), markets in order of name."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(market_of(run), []).append(run)
    return dict(sorted(found.items()))


def model_uri_of(client: MlflowClient, run: Run) -> str | None:
    """Return the URI of the last model that `run` has logged; None where it logged none."""
    last = last_model_id(client, run)
    if last:
        return f"models:/{last}"
    logged = json.loads(run.data.tags.get("mlflow.log-model.history", "[]"))  # by MLflow before version 3
    return f"runs:/{run.info.run_id}/{logged[-1]['artifact_path']}" if logged else None


def runs_frame(runs: Iterable[Run], names: dict[str, str]) -> pd.DataFrame:
    """Return one row per run: fixed columns, then ``metrics.*``, ``params.*`` and ``tags.*``, each sorted.

    `names` gives the name of an experiment by its id.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for run in runs:
        info, data = run.info, run.data
        row: dict[str, Any] = {
            "run_id": info.run_id,
            "run_name": info.run_name,
            "experiment": names.get(str(info.experiment_id), str(info.experiment_id)),
            "status": info.status,
            "start_time": info.start_time,
            "end_time": info.end_time,
            "parent_run_id": data.tags.get("mlflow.parentRunId"),
        }
        row |= {f"metrics.{key}": value for key, value in data.metrics.items()}
        row |= {f"params.{key}": value for key, value in data.params.items()}
        row |= {f"tags.{key}": value for key, value in data.tags.items()}
        rows.append(row)
    seen: dict[str, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row))
    columns = [*_FIXED, *sorted(column for column in seen if column not in _FIXED)]
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("start_time", "end_time"):
        frame[column] = pd.to_datetime(pd.to_numeric(frame[column]), unit="ms", utc=True)
    return frame
