"""Runs and models that a dead process left unfinished: found by the mark of the process, and closed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.experiments import active_experiments
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.processes import PROCESS_TAG, is_alive, machine_mark
from mlflow_integration.store.search import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import LoggedModel, Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


REASON: Final = "The process ended before the run did."
STALE_REASON: Final = "Marked by hand: it had been RUNNING for longer than a run takes."
_swept: set[str] = set()


@dataclass(frozen=True)
class Abandoned:
    """What dead processes of this machine left unfinished in a store.

    Attributes:
        runs: Runs that are RUNNING.
        models: Logged models that are PENDING.
    """

    runs: tuple[Run, ...]
    models: tuple[LoggedModel, ...]


def find_abandoned(
    client: MlflowClient, uri: str, experiment_ids: Sequence[str] | None = None, *, started_before: int | None = None
) -> Abandoned:
    """Find what processes of this machine left unfinished in these experiments (all by default); nothing is changed.

    What runs on another machine is not judged from here, and neither is a run without a mark (plain MLflow's). Runs
    that started before `started_before` (milliseconds since 1970) are taken as well, whoever they belong to.
    """
    ids = experiment_ids
    if ids is None:
        ids = [str(experiment.experiment_id) for experiment in active_experiments(client, uri)]
    if not ids:
        return Abandoned((), ())
    load_mlflow()
    from mlflow.entities import LoggedModelStatus

    with store_errors("Looking for runs of dead processes", uri):
        running = pages(
            client.search_runs, experiment_ids=ids, filter_string="attributes.status = 'RUNNING'", max_results=1000
        )
        runs = tuple(run for run in running if _is_dead(run.data.tags) or _is_older(run, started_before))
        # The database keeps the status as a number, and MLflow compares it with what the filter says.
        where = f"status = '{LoggedModelStatus.PENDING.to_int()}'"
        pending = pages(client.search_logged_models, experiment_ids=list(ids), filter_string=where, max_results=100)
        models = tuple(model for model in pending if _is_dead(model.tags))
    return Abandoned(runs, models)


def close_abandoned(client: MlflowClient, uri: str) -> Abandoned:
    """Mark KILLED the runs, and FAILED the models, that `find_abandoned` finds in the whole store.

    Returns:
        What was marked.
    """
    found = find_abandoned(client, uri)
    mark(client, uri, found)
    return found


def mark(client: MlflowClient, uri: str, found: Abandoned) -> None:
    """Mark runs KILLED, with the reason, and models FAILED."""
    with store_errors("Marking what dead processes left", uri):
        for run in found.runs:
            reason = REASON if _is_dead(run.data.tags) else STALE_REASON
            client.set_tag(run.info.run_id, "failure_reason", reason)
            client.set_terminated(run.info.run_id, "KILLED", end_time=int(time.time() * 1000))
        for model in found.models:
            client.finalize_logged_model(model.model_id, "FAILED")


def close_abandoned_once(client: MlflowClient, store: Store) -> None:
    """Do what `close_abandoned` does, at the first call of this process for this store."""
    if store.uri not in _swept:
        _swept.add(store.uri)
        close_abandoned(client, store.uri)


def _is_dead(tags: dict[str, str]) -> bool:
    mark = tags.get(PROCESS_TAG, "")
    return mark.startswith(f"{machine_mark()}:") and not is_alive(mark)


def _is_older(run: Run, started_before: int | None) -> bool:
    return started_before is not None and run.info.start_time < started_before
