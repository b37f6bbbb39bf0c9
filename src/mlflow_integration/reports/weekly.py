"""The week: what was run, what improved, what moved, what failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mlflow_integration.reading.reader import Reader, market_of, outcomes, values_of
from mlflow_integration.reports.sections import (
    BEST,
    RANKED,
    ReportData,
    Section,
    TableData,
    answers_section,
    best_before_and_now,
    best_rows,
    changes_section,
    compared,
    models_section,
    since_when,
    started,
    summary_section,
)
from mlflow_integration.reports.week_plan import iso_week, read_plans, week_before, week_rows
from mlflow_integration.stages.records import RegistryStore
from mlflow_integration.store.experiments import find_experiments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Run


WEEK: Final = 7.0
LIVE: Final = ("n_bets", "roi", "roi_ci_low", "roi_ci_high", "clv", "mae", "brier", "market_brier")
"""Live metrics of the report, without ``live_``."""


def get_weekly_summary(
    experiments: Sequence[str] | str | None = None,
    *,
    days: float = WEEK,
    tracking_uri: str | Path | None = None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """Return the results of the last week, by experiment and market.

    Args:
        experiments: Names of experiments; all by default.
        days: How far back to look.
        tracking_uri: The store.
        now: The present, for tests.

    Returns:
        One row per experiment and market with a run in the week: ``experiment``, ``market``, ``runs``, ``finished``,
        ``failed``, and for each ranked metric ``<metric>`` (best of the week), ``<metric>_before`` (best until then)
        and ``<metric>_change`` (first, better, no better).
    """
    import pandas as pd

    since = since_when(days, now)
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in reader.runs(names):
        groups.setdefault((names[str(run.info.experiment_id)], market_of(run)), []).append(run)
    rows = []
    for (name, market), mine in sorted(groups.items()):
        fresh = [run for run in mine if started(run) >= since]
        if fresh:
            row: dict[str, object] = {"experiment": name, "market": market, **outcomes(fresh)}
            for metric in RANKED:
                row |= _week_of(mine, since, metric)
            rows.append(row)
    fixed = ["experiment", "market", "runs", "finished", "failed"]
    moving = [f"{metric}{ending}" for metric in RANKED for ending in ("", "_before", "_change")]
    return (
        pd.DataFrame(rows, columns=[*fixed, *moving]).dropna(axis=1, how="all") if rows else pd.DataFrame(columns=fixed)
    )


def _week_of(runs: Sequence[Run], since: datetime, metric: str) -> dict[str, object]:
    finished = [run for run in runs if run.info.status == "FINISHED"]
    new = values_of([run for run in finished if started(run) >= since], metric)
    old = values_of([run for run in finished if started(run) < since], metric)
    if not new:
        return {}
    before, best, _, change = best_before_and_now(old, new, metric)
    return {metric: best, f"{metric}_before": before, f"{metric}_change": change}


def gather_week(
    experiments: Sequence[str] | str | None = None,
    *,
    days: float = WEEK,
    tracking_uri: str | Path | None = None,
) -> ReportData:
    """Read the content of the weekly report."""
    reader = Reader(tracking_uri)
    names = reader.experiments(experiments)
    present = datetime.now(UTC)
    since = since_when(days, present)
    runs = reader.runs(names)
    fresh = [run for run in runs if started(run) >= since]
    finished = [run for run in runs if run.info.status == "FINISHED"]
    records = RegistryStore(reader.store, reader.client)
    changes = changes_section(finished, records, since, days)
    sections = (
        summary_section(finished, changes, records),
        _plan_section(reader, runs, since, present),
        answers_section(fresh),
        _activity_section(fresh, names),
        _week_best_section([run for run in fresh if run.info.status == "FINISHED"]),
        compared(changes),
        _failures_section([run for run in fresh if run.info.status in ("FAILED", "KILLED")]),
        *_live_sections(finished),
        models_section(records),
    )
    subtitle = f"{reader.store.label}, {since:%Y-%m-%d} to {present:%Y-%m-%d}. {len(fresh):,} of {len(runs):,} runs."
    shown = tuple(section for section in sections if not section.is_empty)
    return ReportData("Weekly report", subtitle, shown)


def get_week_plan(week: str | None = None, *, tracking_uri: str | Path | None = None) -> pd.DataFrame:
    """Return what was planned and found in a week and in the one before, over all experiments.

    Args:
        week: ISO week; the present one by default.
        tracking_uri: The store.

    Returns:
        ``week``, ``experiment``, ``kind`` (planned, goal, finding), ``text``, ``done``: finished runs in that week of
        what was planned.
    """
    import pandas as pd

    reader = Reader(tracking_uri)
    name = week or iso_week(datetime.now(UTC).date())
    wanted = (week_before(name), name)
    rows = _plan_rows(reader, reader.runs(reader.experiments(None)), wanted)
    frame = pd.DataFrame(rows, columns=["week", "experiment", "kind", "text", "done"])
    return frame.astype({"done": "Int64"})


def _plan_rows(
    reader: Reader, runs: Sequence[Run], weeks: Sequence[str]
) -> list[tuple[str, str, str, str, int | None]]:
    """Rows of the plans of these weeks, in their order."""
    plans = [
        plan
        for experiment in find_experiments(reader.client, None, reader.store.uri)
        for plan in read_plans(experiment.tags, str(experiment.name)).values()
        if plan.week in weeks
    ]
    return week_rows(sorted(plans, key=lambda plan: weeks.index(plan.week)), runs)


def _plan_section(reader: Reader, runs: Sequence[Run], since: datetime, until: datetime) -> Section:
    """Planned against done, for every week that the report covers."""
    weeks = list(
        dict.fromkeys(iso_week((until - timedelta(days=day)).date()) for day in range((until - since).days, -1, -1))
    )
    rows = _plan_rows(reader, runs, weeks)
    columns = ("week", "experiment", "kind", "text", "runs done")
    return Section("Planned and done", table=TableData(columns, tuple(rows)))


def _activity_section(fresh: Sequence[Run], names: dict[str, str]) -> Section:
    rows = []
    for experiment_id, name in names.items():
        mine = [run for run in fresh if str(run.info.experiment_id) == experiment_id]
        if mine:
            running = sum(run.info.status == "RUNNING" for run in mine)
            rows.append((name, *outcomes(mine).values(), running))
    columns = ("experiment", "runs", "finished", "failed", "running")
    return Section("Activity", "" if rows else "No run was started.", TableData(columns, tuple(rows)))


def _week_best_section(fresh: Sequence[Run]) -> Section:
    rows = best_rows(fresh)
    text = "Each best is the best of so many runs of the week; the deflated figure takes off the luck of that choice."
    return Section(
        "Best of the week", text if rows else "No finished run has a ranked metric.", TableData(BEST, tuple(rows))
    )


def _live_sections(finished: Sequence[Run]) -> tuple[Section, ...]:
    """The results of settled cards and the monitor's last verdict on each market; nothing without a ledger."""
    ledgers = [run for run in finished if run.data.tags.get("live_kind") == "ledger"]
    rows = []
    for run in ledgers:
        metrics, tags = run.data.metrics, run.data.tags
        verdicts = [
            f"{key.removeprefix('verdict_')}: {tags[key]}" for key in sorted(tags) if key.startswith("verdict_")
        ]
        shown = (metrics.get(f"live_{name}") for name in LIVE)
        rows.append((run.info.run_name, tags.get("data_kind"), *shown, ", ".join(verdicts) or "not looked at yet"))
    if not rows:
        return ()
    columns = ("ledger", "data", *LIVE, "monitor")
    return (Section("Live", "All settled cards.", TableData(columns, tuple(rows))),)


def _failures_section(failed: Sequence[Run]) -> Section:
    rows = tuple((run.info.run_name, run.info.status, run.data.tags.get("failure_reason")) for run in failed)
    return Section("Failures", table=TableData(("run", "status", "reason"), rows))
