"""Make the experiments of the four phases; run it as often as you like."""

from __future__ import annotations

from typing import Annotated

import typer

from mlflow_integration.cli import emit, note
from mlflow_integration.commands.options import Json, Output, Uri, command, new_app

app = new_app(__doc__)


@command(app)
def setup(
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Experiment to make; repeatable. Default: the four phases.")
    ] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Make missing experiments, restore deleted ones, leave the others as they are.

    Example: setup_experiments.py
    """
    from mlflow_integration.store.abandoned import close_abandoned_once
    from mlflow_integration.store.experiments import setup_experiments
    from mlflow_integration.store.location import resolve_store

    frame = setup_experiments(name, tracking_uri=tracking_uri)
    store = resolve_store(tracking_uri)
    close_abandoned_once(store.client(), store)
    emit(frame, as_json=json, output=output, title=f"Experiments in {store.label}")
    for restored in frame.loc[frame["outcome"] == "restored", "experiment"]:
        note(f"{restored} had been deleted: it is restored, with the runs it held.")


def main() -> None:
    """Run the command."""
    app()
