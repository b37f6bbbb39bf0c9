"""Make the experiments of the four phases; run it as often as you like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import emit, note, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def setup(
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Experiment to make; repeatable. Default: the four phases.")
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="Store to use. Default: MLFLOW_TRACKING_URI, else mlflow.db at the project root.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the result to this .csv, .parquet or .json file.")] = None,
) -> None:
    """Make missing experiments, restore deleted ones, leave the others as they are.

    Example: uv run scripts/mlflow/setup_experiments.py
    """
    from mlflow_integration.store.location import resolve_store
    from mlflow_integration.utils import setup_experiments

    with reported():
        frame = setup_experiments(name, tracking_uri=tracking_uri)
        emit(frame, as_json=json, output=output, title=f"Experiments in {resolve_store(tracking_uri).label}")
        for restored in frame.loc[frame["outcome"] == "restored", "experiment"]:
            note(f"{restored} had been deleted: it is restored, with the runs it held.")


if __name__ == "__main__":
    app()
