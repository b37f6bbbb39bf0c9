"""Look at what has been tracked: compare, rank, report, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import emit, emit_text, reported

app = typer.Typer(
    add_completion=False, help=__doc__, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)

Experiments = Annotated[
    list[str] | None, typer.Option("--experiment", "-e", help="Experiment; repeatable. Default: all.")
]
Where = Annotated[str, typer.Option(help="MLflow filter, e.g. \"tags.market = 'pra' and metrics.val_mae < 6\".")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", "-m", help="Metric; repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, typer.Option(help="Write the result to this .csv, .parquet or .json file.")]
Uri = Annotated[
    str | None, typer.Option(help="Store to use. Default: MLFLOW_TRACKING_URI, else mlflow.db at the root.")
]


@app.command()
def compare(
    run_ids: Annotated[list[str] | None, typer.Argument(help="Ids of runs to put side by side.")] = None,
    experiment: Experiments = None,
    metric: Metrics = None,
    where: Where = "",
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest runs to list.")] = 20,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Put runs side by side, or list the newest ones with their main metrics.

    Example: uv run scripts/mlflow/compare_experiments.py compare RUN_ID RUN_ID
    """
    from mlflow_integration import utils  # noqa: PLC0415 - keeps --help fast

    with reported():
        if run_ids:
            frame = utils.compare_runs(run_ids, metric, tracking_uri=tracking_uri)
            emit(frame, as_json=json, output=output, title="Runs side by side")
            return
        frame = utils.list_runs(experiment, metrics=metric, where=where, limit=limit, tracking_uri=tracking_uri)
        emit(frame, as_json=json, output=output, title="Newest runs", empty="No run yet.")


@app.command()
def best(
    experiment: Experiments = None,
    metric: Annotated[str, typer.Option("--metric", "-m", help="Metric to rank by.")] = "val_mae",
    top_n: Annotated[int, typer.Option("--top", "-n", min=1, help="How many.")] = 5,
    mode: Annotated[str | None, typer.Option(help="'min' or 'max', where the metric's name does not tell.")] = None,
    where: Where = "",
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Rank finished runs by one metric, with the number of runs tried and the best less its luck.

    Example: uv run scripts/mlflow/compare_experiments.py best --metric roi --where "tags.market = 'pra'"
    """
    from mlflow_integration import utils  # noqa: PLC0415 - keeps --help fast

    with reported():
        frame = utils.best_with_trials(experiment, metric, top_n, mode=mode, where=where, tracking_uri=tracking_uri)
        emit(frame, as_json=json, output=output, title=f"Best by {metric}", empty=f"No finished run has {metric}.")


@app.command()
def phases(
    experiment: Experiments = None,
    metric: Metrics = None,
    where: Where = "",
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Put the phases side by side: runs, best and median of each metric.

    Markets are not comparable with each other: name one with --where "tags.market = 'pra'".
    """
    from mlflow_integration import utils  # noqa: PLC0415 - keeps --help fast

    with reported():
        chosen = metric or list(utils.COMPARED_METRICS)
        frame = utils.compare_phases(experiment, chosen, where=where, tracking_uri=tracking_uri)
        if json or output:
            emit(frame, as_json=json, output=output)
        else:
            emit(utils.phases_by_metric(frame, chosen), title="Phases", empty="No phase has been set up yet.")


@app.command()
def report(
    experiment: Experiments = None,
    html: Annotated[bool, typer.Option("--html", help="One HTML file with plots instead of Markdown.")] = False,
    days: Annotated[float, typer.Option(min=0, help="How far back 'what changed' looks.")] = 7.0,
    output: Annotated[Path | None, typer.Option(help="Write it to this file; .html implies --html.")] = None,
    tracking_uri: Uri = None,
) -> None:
    """Write a report of experiments, models and gates.

    Example: uv run scripts/mlflow/compare_experiments.py report --output report.html
    """
    from mlflow_integration.report import generate_report  # noqa: PLC0415 - keeps --help fast

    with reported():
        style = "html" if html or (output and output.suffix == ".html") else "markdown"
        emit_text(generate_report(experiment, style=style, days=days, tracking_uri=tracking_uri), output)


@app.command()
def export(
    output: Annotated[Path, typer.Argument(help="File to write: .csv (opens in Excel), .parquet or .json.")],
    experiment: Experiments = None,
    where: Where = "",
    tracking_uri: Uri = None,
) -> None:
    """Write all runs with all parameters, metrics and tags to a file."""
    from mlflow_integration import utils  # noqa: PLC0415 - keeps --help fast
    from mlflow_integration.cli import note  # noqa: PLC0415

    with reported():
        count = utils.export_runs(output, experiment, where=where, tracking_uri=tracking_uri)
        note(f"{count:,} runs written to {output}")


if __name__ == "__main__":
    app()
