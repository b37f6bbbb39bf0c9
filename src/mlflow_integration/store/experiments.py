"""Experiments by name: created once, found again, restored if they were deleted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from mlflow_integration.phases import PHASES, experiment_tags
from mlflow_integration.store.artifact_root import check_artifacts_are_shared
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow, resolve_store
from mlflow_integration.store.search import pages
from mlflow_integration.values.arguments import as_names
from nba_props.errors import TrackingError, UnknownExperimentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Experiment
    from mlflow.tracking import MlflowClient

    from mlflow_integration.store.location import Store


_log = logging.getLogger(__name__)

Outcome = Literal["created", "exists", "restored"]


def check_experiment_name(name: str) -> str:
    """Return `name` if it can be an experiment's.

    Raises:
        TrackingError: It is not text, is empty, or has line breaks or other control characters.
    """
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        message = f"{name!r} cannot be the name of an experiment: it must be one line of text."
        raise TrackingError(message)
    return name


def ensure_experiment(
    client: MlflowClient, store: Store, name: str, *, artifact_location: str | None = None
) -> tuple[Experiment, Outcome]:
    """Return the experiment `name`, made or restored if necessary, and what was done."""
    mlflow = load_mlflow()
    check_experiment_name(name)
    with store_errors(f"Setting up experiment {name!r}", store.uri):
        found = client.get_experiment_by_name(name)
        if found is not None:
            check_artifacts_are_shared(store, found)
        else:
            location = artifact_location or store.artifact_location(name)
            try:
                made = client.create_experiment(name, artifact_location=location, tags=experiment_tags(name))
            except mlflow.exceptions.MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                # Another process made it between our two calls.
                found = client.get_experiment_by_name(name)
                if found is None:
                    raise
                check_artifacts_are_shared(store, found)
                return found, "exists"
            return client.get_experiment(made), "created"
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
            _log.warning("Experiment %s had been deleted; it is restored, with the runs it held.", name)
            return client.get_experiment(found.experiment_id), "restored"
    return found, "exists"


def active_experiments(client: MlflowClient, uri: str = "") -> list[Experiment]:
    """Return all experiments that are not deleted, in the order they were made."""
    with store_errors("Listing the experiments", uri):
        found = list(pages(client.search_experiments, max_results=1000))
    return sorted(found, key=lambda experiment: (experiment.creation_time or 0, experiment.experiment_id))


def find_experiments(client: MlflowClient, names: Sequence[str] | str | None, uri: str = "") -> list[Experiment]:
    """Return the experiments of these names, in this order; all of them for None.

    Raises:
        UnknownExperimentError: One does not exist; names the ones that do.
    """
    present = active_experiments(client, uri)
    if names is None:
        return present
    wanted = as_names(names)
    by_name = {experiment.name: experiment for experiment in present}
    for name in wanted:
        if name not in by_name:
            message = f"There is no experiment {name!r}. There are: {', '.join(sorted(by_name)) or 'none'}."
            raise UnknownExperimentError(message)
    return [by_name[name] for name in wanted]


def setup_experiments(
    names: Sequence[str] | str | None = None, *, tracking_uri: str | Path | None = None
) -> pd.DataFrame:
    """Make the experiments of the four phases (or others) that are missing; it may be run any number of times.

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
