"""Verbs of housekeeping: storage, cleanup, upgrade, replay, migrate, move."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit, emit_json, note, progress, say
from mlflow_integration.commands.options import Experiments, Json, Output, Uri
from mlflow_integration.commands.registry_verbs import registry_of


def storage(
    experiment: Experiments = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Count the stored bytes by experiment and kind, with a projection to 100 experiments."""
    from mlflow_integration.reading.housekeeping import storage_report

    frame = storage_report(experiment, tracking_uri=tracking_uri)
    emit(frame, as_json=json, output=output, title="Storage", empty="Nothing is stored.")
    total, projected = int(frame["bytes"].sum()), int(frame["bytes_per_100"].sum())
    note(f"total {total:,} bytes; 100 such experiments {projected:,} bytes")


def cleanup(
    experiment: Experiments = None,
    mark: Annotated[
        bool, typer.Option("--mark", help="Mark RUNNING runs whose process is gone as KILLED; deletes nothing.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete them; without it they are only listed.")] = False,
    older_than_days: Annotated[float, typer.Option(min=0, help="Keep runs that started within this many days.")] = 0.0,
    stale_hours: Annotated[
        float | None, typer.Option(min=1, help="Runs that have been RUNNING for longer count as dead.")
    ] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """List (or mark, or delete) runs that failed, were killed, or whose process is gone.

    Example: compare_experiments.py cleanup --mark
    """
    from mlflow_integration.reading.housekeeping import cleanup_failed_runs

    frame = cleanup_failed_runs(
        experiment,
        dry_run=not delete,
        mark_dead=mark,
        older_than_days=older_than_days,
        stale_hours=stale_hours,
        tracking_uri=tracking_uri,
    )
    emit(frame, as_json=json, output=output, title="Failed and dead runs", empty="No failed or dead run.")


def upgrade(json: Json = False, tracking_uri: Uri = None) -> None:
    """Upgrade a store that an older MLflow made; a backup is made beside it first."""
    from mlflow_integration.store.upgrade import upgrade_store

    done = upgrade_store(tracking_uri)
    if json:
        emit_json(done)
    elif done.backup is None:
        say(f"{done.database} is up to date (schema {done.after}); nothing was changed.")
    else:
        say(f"{done.database} is upgraded from schema {done.before} to {done.after}.\nAs it was before: {done.backup}")


def replay(json: Json = False, output: Output = None, tracking_uri: Uri = None) -> None:
    """Send what runs logged while their server was unreachable; exit 1 if any of it is refused.

    Example: compare_experiments.py replay
    """
    import pandas as pd

    from mlflow_integration.logging.spool import Replayed, replay_spools
    from mlflow_integration.store.location import resolve_store

    store = resolve_store(tracking_uri)
    done = list(replay_spools(store, store.client()))
    columns = list(Replayed.__dataclass_fields__)
    frame = pd.DataFrame([[getattr(each, name) for name in columns] for each in done], columns=columns)
    frame["spool"] = frame["spool"].map(str)
    emit(frame, as_json=json, output=output, title="Replayed", empty="Nothing waits to be sent.")
    raise SystemExit(DONE if all(each.sent for each in done) else REFUSED)


def migrate(
    source: Annotated[Path, typer.Option(help="The old mlruns folder, or the folder that holds it.")],
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Import the runs of an old file store (mlruns/) into a new store."""
    from mlflow_integration.store.old_stores import migrate_file_store

    done = migrate_file_store(source, tracking_uri)
    taken = registry_of(f"sqlite:///{done.database}").audit()
    if json:
        emit_json(done)
    else:
        say(
            f"{done.runs:,} runs of {done.experiments:,} experiments and {done.models:,} models are in "
            f"{done.database}; {done.artifact_files:,} files copied, {done.duplicate_lines:,} repeated and "
            f"{done.non_finite_lines:,} non-finite metric lines left out.\nNow move {done.source} away."
        )
        for row in taken.itertuples():
            print(f"{row.model} version {row.version} is in {row.stage}: {row.detail}.")


def move(
    to: Annotated[str, typer.Option("--to", help="New, empty database: postgresql://... or sqlite:///....")],
    artifacts: Annotated[
        str | None,
        typer.Option(help="Where its artifacts go: folder, s3://..., mlflow-artifacts:/. Default: beside SQLite."),
    ] = None,
    keep_artifacts: Annotated[bool, typer.Option("--keep-artifacts", help="Leave them where they are.")] = False,
    through: Annotated[
        str | None, typer.Option(help="Server that mlflow-artifacts: addresses go through: http://host:5000.")
    ] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Copy the whole store into another database, artifacts too, and compare both.

    The same command resumes a move that was interrupted.

    Example: compare_experiments.py move --to postgresql://mlflow@db/mlflow --artifacts s3://runs
    """
    import pandas as pd

    from mlflow_integration.moving import move_store

    with progress("folders") as bar:
        done = move_store(
            to,
            tracking_uri,
            artifacts=artifacts,
            keep_artifacts=keep_artifacts,
            server=through,
            on_folder=lambda many, of: bar.update(bar.task_ids[0], completed=many, total=of),
        )
    rows = [(name, content.rows, content.digest) for name, content in sorted(done.tables.items())]
    frame = pd.DataFrame(rows, columns=["table", "rows", "digest"])
    emit(frame, as_json=json, output=output, title=f"The same in {done.source} and {done.target}")
    state = "was there already" if done.already else "is copied"
    note(f"It {state}; {done.files:,} files in {done.folders:,} folders, the same on both sides.")
