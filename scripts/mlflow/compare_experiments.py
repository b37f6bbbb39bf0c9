"""Look at what has been tracked, and move registered models: compare, rank, report, promote, roll back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json, emit_text, note, reported

if TYPE_CHECKING:
    from mlflow_integration.registry import ModelRegistry

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
    from mlflow_integration import utils

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
    top_n: Annotated[int, typer.Option("--top", "-n", min=1, help="How many of each market.")] = 5,
    mode: Annotated[str | None, typer.Option(help="'min' or 'max', where the table of metrics does not tell.")] = None,
    where: Where = "",
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Rank the finished runs of each market by one metric, with the number of runs tried and the best less its luck.

    Example: uv run scripts/mlflow/compare_experiments.py best --metric roi --where "tags.market = 'pra'"
    """
    from mlflow_integration import utils

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
    """Put the phases side by side, market by market: runs and the best of each metric.

    --json and --output give the medians and the ids of the best runs too.
    """
    from mlflow_integration import utils
    from nba_props.metrics import headline_metrics

    with reported():
        chosen = metric or list(headline_metrics())
        frame = utils.compare_phases(experiment, chosen, where=where, tracking_uri=tracking_uri)
        if json or output:
            emit(frame, as_json=json, output=output)
        else:
            counts = ["experiment", "market", "runs", "finished", "failed"]
            best = {f"best_{name}": name for name in chosen}
            shown = frame.reindex(columns=[*counts, *best]).rename(columns=best)
            emit(shown, title="Phases, best of each metric", empty="No phase has been set up yet.")


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
    from mlflow_integration.reports.write import generate_report

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
    from mlflow_integration import utils

    with reported():
        count = utils.export_runs(output, experiment, where=where, tracking_uri=tracking_uri)
        note(f"{count:,} runs written to {output}")


@app.command()
def weekly(
    experiment: Experiments = None,
    days: Annotated[float, typer.Option(min=0, help="How far back to look.")] = 7.0,
    text: Annotated[bool, typer.Option("--report", help="The whole weekly report instead of the table.")] = False,
    json: Json = False,
    output: Annotated[
        Path | None, typer.Option(help="File: .md or .html for the report, .csv, .parquet or .json for the table.")
    ] = None,
    tracking_uri: Uri = None,
) -> None:
    """Tell what the last week brought.

    Example: uv run scripts/mlflow/compare_experiments.py weekly --output week.html
    """
    from mlflow_integration import utils

    with reported():
        if text or (output and output.suffix in {".md", ".html"}):
            style = "html" if output and output.suffix == ".html" else "markdown"
            written = utils.generate_weekly_report(experiment, style=style, days=days, tracking_uri=tracking_uri)
            emit_text(written, output)
            return
        frame = utils.get_weekly_summary(experiment, days=days, tracking_uri=tracking_uri)
        emit(frame, as_json=json, output=output, title=f"Last {days:g} days", empty="No run was started.")


@app.command()
def models(json: Json = False, output: Output = None, tracking_uri: Uri = None) -> None:
    """List registered models with the stage and gate verdict of each version."""
    with reported():
        frame = registry_of(tracking_uri).list_models()
        emit(frame, as_json=json, output=output, title="Registered models", empty="No model is registered.")


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    version: Annotated[int, typer.Argument(min=1, help="Version to promote.")],
    stage: Annotated[
        str, typer.Option(help="Staging or Production; without --force the gates decide on Production.")
    ] = ("Production"),
    gates: Annotated[str, typer.Option(help="Gate profile: plan, market, gates.toml or gates.toml:NAME.")] = "plan",
    force: Annotated[
        bool, typer.Option("--force", help="Promote without gates and without Staging; recorded.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Promote a version; exit 1 if the gates say no.

    Example: uv run scripts/mlflow/compare_experiments.py promote nba_props_pra 3 --gates market
    """
    from mlflow_integration.stages.promotion import promote_version

    with reported():
        outcome = promote_version(
            registry_of(tracking_uri), model, version, stage=stage, profile=gates, force=force, reason=reason
        )
        if json:
            emit_json(outcome.as_dict())
        else:
            if outcome.report is not None:
                emit(outcome.report.frame(), title=f"{model} version {version}, profile {outcome.report.profile}")
            print(outcome.text)
        raise SystemExit(DONE if outcome.done else REFUSED)


@app.command()
def rollback(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")],
    to_version: Annotated[int | None, typer.Option(help="Version to go back to. Default: the one before.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Put the previous Production version back."""
    with reported():
        version = registry_of(tracking_uri).rollback_model(model, reason=reason, to_version=to_version)
        if json:
            emit_json({"model": model, "production": version, "reason": reason})
        else:
            print(f"{model} version {version} is in Production.")


@app.command()
def history(
    model: Annotated[str, typer.Argument(help="Name of the registered model.")],
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Tell who moved which version when, and why."""
    with reported():
        frame = registry_of(tracking_uri).transition_history(model)
        emit(frame, as_json=json, output=output, title=f"Transitions of {model}", empty="No version has moved yet.")


@app.command()
def storage(
    experiment: Experiments = None, json: Json = False, output: Output = None, tracking_uri: Uri = None
) -> None:
    """Count the bytes stored by experiment and kind, projected for 100 experiments."""
    from mlflow_integration import utils

    with reported():
        frame = utils.storage_report(experiment, tracking_uri=tracking_uri)
        emit(frame, as_json=json, output=output, title="Storage", empty="Nothing is stored.")
        total, projected = int(frame["bytes"].sum()), int(frame["bytes_per_100"].sum())
        note(f"total {total:,} bytes; 100 such experiments {projected:,} bytes")


@app.command()
def cleanup(
    experiment: Experiments = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete them; without it they are only listed.")] = False,
    older_than_days: Annotated[float, typer.Option(min=0, help="Keep those that started within so many days.")] = 0.0,
    stale_hours: Annotated[float | None, typer.Option(min=1, help="Also runs RUNNING for longer than this.")] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """List (or delete) runs that failed or were killed."""
    from mlflow_integration import utils

    with reported():
        frame = utils.cleanup_failed_runs(
            experiment,
            dry_run=not delete,
            older_than_days=older_than_days,
            stale_hours=stale_hours,
            tracking_uri=tracking_uri,
        )
        emit(frame, as_json=json, output=output, title="Failed runs", empty="No failed run.")


@app.command()
def migrate(
    source: Annotated[Path, typer.Option(help="Old folder mlruns, or the one that holds it.")],
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Bring the runs of an old file store (mlruns/) over into a new store."""
    from mlflow_integration.store.old_stores import migrate_file_store

    with reported():
        done = migrate_file_store(source, tracking_uri)
        if json:
            emit_json(done)
        else:
            print(
                f"{done.runs:,} runs of {done.experiments:,} experiments and {done.models:,} models are in "
                f"{done.database}; {done.artifact_files:,} files copied, {done.duplicate_lines:,} repeated and "
                f"{done.non_finite_lines:,} non-finite metric lines left out.\nNow move {done.source} away."
            )


def registry_of(tracking_uri: str | None) -> ModelRegistry:
    """Open the registry."""
    from mlflow_integration.registry import ModelRegistry

    return ModelRegistry(tracking_uri)


if __name__ == "__main__":
    app()
