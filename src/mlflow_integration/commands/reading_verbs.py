"""Verbs that read runs: compare, best, phases, report, export, weekly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlflow_integration.cli import emit, emit_json, emit_text, note
from mlflow_integration.commands.options import Experiments, Json, Metrics, Output, Uri, Where
from mlflow_integration.values.show import number

if TYPE_CHECKING:
    import pandas as pd

_ID = 32
"""Characters of the id of a run; eight are shown, and are enough to name it."""


def compare(
    run_ids: Annotated[list[str] | None, typer.Argument(help="Ids of runs, or their first characters.")] = None,
    experiment: Experiments = None,
    metric: Metrics = None,
    where: Where = "",
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest runs to list.")] = 20,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Put runs side by side, the settings in which they differ first, or list the newest ones with their main metrics.

    Example: compare_experiments.py compare RUN_ID RUN_ID
    """
    from mlflow_integration.reading import search

    if run_ids:
        frame = search.compare_runs(run_ids, metric, tracking_uri=tracking_uri)
        if not (json or output):
            ids = {name: name[:8] for name in frame if len(name) == _ID}
            frame = frame.rename(columns=ids).assign(best=frame["best"].replace(ids))
            settings = search.compare_settings(run_ids, tracking_uri=tracking_uri).rename(columns=ids)
            emit(settings, title="Settings that differ", empty="The settings are the same.")
        emit(frame, as_json=json, output=output, title="Runs side by side")
        return
    frame = search.list_runs(experiment, metrics=metric, where=where, limit=limit, tracking_uri=tracking_uri)
    if not (json or output):
        frame = frame.assign(run_id=frame["run_id"].str[:8]).rename(columns={"run_id": "run", "run_name": "name"})
    emit(frame, as_json=json, output=output, title="Newest runs", empty="No run yet.")


def best(
    experiment: Experiments = None,
    metric: Annotated[str, typer.Option("--metric", "-m", help="Metric to rank by.")] = "val_mae",
    top_n: Annotated[int, typer.Option("--top", "-n", min=1, help="How many of each market.")] = 5,
    mode: Annotated[
        str | None, typer.Option(help="'min' or 'max', where the metric's name does not say which is better.")
    ] = None,
    where: Where = "",
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Rank each market's finished runs by one metric; show how many were tried, and the best less the luck of choosing.

    --json and --output give whole ids, experiments and the number of predictions too.

    Example: compare_experiments.py best --metric roi --where "tags.market = 'pra'"
    """
    from mlflow_integration.reading.best import best_with_trials
    from nba_props.metrics import metric_hint

    none = f"No finished run has {metric}{metric_hint(metric)}."
    frame = best_with_trials(experiment, metric, top_n, mode=mode, where=where, tracking_uri=tracking_uri)
    if not (json or output or frame.empty):
        shown = ["market", "rank", "run_id", "run_name", metric, "runs_tried", "deflated"]
        names = {"run_id": "run", "run_name": "name", "runs_tried": "tried"}
        frame = frame.assign(run_id=frame["run_id"].str[:8])[shown].rename(columns=names)
    emit(frame, as_json=json, output=output, title=f"Best by {metric}", empty=none)


def phases(
    experiment: Experiments = None,
    metric: Metrics = None,
    where: Where = "",
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Compare the phases market by market: how many runs, and the best of each metric.

    --json and --output give the medians and the ids of the best runs too.
    """
    from mlflow_integration.reading.phases import compare_phases
    from nba_props.metrics import headline_metrics

    chosen = metric or list(headline_metrics())
    frame = compare_phases(experiment, chosen, where=where, tracking_uri=tracking_uri)
    if json or output:
        emit(frame, as_json=json, output=output)
    else:
        counts = ["experiment", "market", "runs", "finished", "failed"]
        best = {f"best_{name}": name for name in chosen}
        shown = frame.reindex(columns=[*counts, *best]).rename(columns=best)
        emit(shown, title="Phases, best of each metric", empty="No phase has been set up yet.")


def report(
    experiment: Experiments = None,
    html: Annotated[bool, typer.Option("--html", help="One HTML file with plots instead of Markdown.")] = False,
    days: Annotated[float, typer.Option(min=0, help="How far back 'what changed' looks.")] = 7.0,
    output: Annotated[Path | None, typer.Option(help="Write it to this file; .html implies --html.")] = None,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Write a report of experiments, models and gates.

    --json gives the sections and their tables, without plots.

    Example: compare_experiments.py report --output report.html
    """
    from mlflow_integration.reports.sections import gather
    from mlflow_integration.reports.write import generate_report

    if json:
        emit_json(gather(experiment, tracking_uri=tracking_uri, days=days, images=False))
        return
    style = "html" if html or (output and output.suffix == ".html") else "markdown"
    emit_text(generate_report(experiment, style=style, days=days, tracking_uri=tracking_uri), output)


def export(
    output: Annotated[Path, typer.Argument(help="File to write: .csv (opens in Excel), .parquet or .json.")],
    experiment: Experiments = None,
    where: Where = "",
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Write all runs with all parameters, metrics and tags to a file."""
    from mlflow_integration.reading.search import export_runs

    count = export_runs(output, experiment, where=where, tracking_uri=tracking_uri)
    if json:
        emit_json({"runs": count, "output": str(output)})
    else:
        note(f"{count:,} runs written to {output}")


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
    """Summarise the last week.

    Example: compare_experiments.py weekly --output week.html
    """
    from mlflow_integration.reports.weekly import get_weekly_summary
    from mlflow_integration.reports.write import generate_weekly_report

    if text or (output and output.suffix in {".md", ".html"}):
        style = "html" if output and output.suffix == ".html" else "markdown"
        written = generate_weekly_report(experiment, style=style, days=days, tracking_uri=tracking_uri)
        emit_text(written, output)
        return
    frame = get_weekly_summary(experiment, days=days, tracking_uri=tracking_uri)
    frame = frame if json or output else _with_changes(frame)
    emit(frame, as_json=json, output=output, title=f"Last {days:g} days", empty="No run was started.")


def _with_changes(frame: pd.DataFrame) -> pd.DataFrame:
    """The summary for a terminal: each best with what changed beside it, without the counts that follow from others."""
    changes = [name for name in frame if name.endswith("_change")]
    shown = frame.copy()
    for change in changes:
        metric = change.removesuffix("_change")
        pairs = zip(frame[metric], frame[change].fillna(""), strict=True)
        shown[metric] = [f"{number(best)} {said}".rstrip() for best, said in pairs]
    return shown.drop(columns=[*changes, "finished", "sharpe_ratio"], errors="ignore")
