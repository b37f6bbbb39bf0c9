"""Searching a store: every page of an answer, and the last model of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nba_props.metrics import plain_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_integration.values.types import AnyValue


def pages(search: Callable[..., AnyValue], **arguments: AnyValue) -> Iterator[AnyValue]:
    """Yield what a search method of the client finds, one request per page, and only as far as it is read."""
    token: str | None = None
    while True:
        page = search(**arguments, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def linked_model_ids(run: Run) -> set[str]:
    """Return the ids of the models that `run` has logged."""
    return {output.model_id for output in run.outputs.model_outputs} if run.outputs else set()


def with_plain_metrics(run: Run) -> Run:
    """The run with its metrics under their plain names, whatever folder of the UI they are kept in."""
    if not any("/" in key for key in run.data.metrics):
        return run
    from mlflow.entities import Metric, Param, Run, RunData, RunTag

    metrics = [Metric(key, value, 0, 0) for key, value in plain_metrics(run.data.metrics).items()]
    params = [Param(key, value) for key, value in run.data.params.items()]
    tags = [RunTag(key, value) for key, value in run.data.tags.items()]
    return Run(run.info, RunData(metrics, params, tags), run.inputs, run.outputs)


def last_model_id(client: MlflowClient, run: Run) -> str | None:
    """Return the id of the last model that `run` has logged; None where it logged none."""
    linked = linked_model_ids(run)
    if len(linked) < 2:
        return next(iter(linked), None)
    # MLflow gives the models of a run in no particular order.
    models = client.search_logged_models(
        [run.info.experiment_id],
        filter_string=f"source_run_id = '{run.info.run_id}'",
        order_by=[{"field_name": "creation_timestamp", "ascending": False}],
    )
    return next((model.model_id for model in models if model.model_id in linked), None)
