"""What the command `verify_run` does between its options and its output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_integration.cli import DONE, REFUSED, emit_json, note, progress, say, show_table
from models.commands.results import fit_bars
from models.commands.training import load_input
from models.integrity import reproduce_run, verify_run
from models.integrity.compare import DIFFERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.data import TrainingData
    from models.integrity import IntegrityReport


def load_given(
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    season_stats: Path | None,
    format: str | None,  # noqa: A002 - the option's name
    availability: Sequence[Path] | None,
    fixtures: Sequence[Path] | None,
) -> TrainingData | None:
    """The files that were given; None where none were: the runs name their simulated league themselves.

    Errors are those of `load_input`.
    """
    if not any((data, odds, season_stats, format, availability, fixtures)):
        return None
    return load_input(data, odds, season_stats, 0, format, availability, fixtures)


def check_runs(
    run_ids: Sequence[str],
    data: TrainingData | None,
    *,
    reproduce: bool,
    workers: int,
    tracking_uri: str | None,
    as_json: bool,
) -> int:
    """Verify or reproduce runs one after the other and print what came of it; returns the exit code."""
    reports = []
    for run_id in dict.fromkeys(run_ids):
        if reproduce:
            with progress("fits") as bars:
                report = reproduce_run(run_id, data, tracking_uri=tracking_uri, workers=workers, on_fold=fit_bars(bars))
        else:
            report = verify_run(run_id, data, tracking_uri=tracking_uri)
        reports.append(report)
        if not as_json:
            _show(report)
    if as_json:
        emit_json([report.document() for report in reports])
    return DONE if all(report.holds for report in reports) else REFUSED


def _show(report: IntegrityReport) -> None:
    show_table(report.frame(), title=f"Run {report.run_id}")
    for check in report.checks:
        if check.reason:
            note(f"{check.name}: {check.reason}")
        elif check.verdict == DIFFERS:
            show_table(check.first, title=f"{check.name}: the first values that differ")
    if len(report.changes):
        show_table(report.changes, title="Not as it was when the run was made")
    say("Identical." if report.identical else "The same within the tolerance." if report.holds else "It differs.")
