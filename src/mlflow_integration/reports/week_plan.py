"""The plan of a week: set on Monday, its findings written on Friday, kept as tags of an experiment."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.experiments import ensure_experiment
from mlflow_integration.store.location import resolve_store
from mlflow_integration.values.markdown import with_section
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlflow.entities import Run

PREFIX: Final = "week."
NOTE: Final = "mlflow.note.content"
_LONGEST: Final = 4000


@dataclass(frozen=True)
class WeekPlan:
    """What one week is for.

    Attributes:
        week: ISO week, "2026-W48".
        experiment: Name of the experiment it is kept with.
        planned: Recipes, or names of runs, to be run.
        goals: What the week is to find out.
    """

    week: str
    experiment: str
    planned: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The week as lists, for the note of the experiment."""
        parts = (("Planned", self.planned), ("Goals", self.goals), ("Findings", self.findings))
        return "\n\n".join(
            f"{title}:\n\n" + "\n".join(f"- {text}" for text in texts) for title, texts in parts if texts
        )


def iso_week(day: date) -> str:
    """The ISO week of a day.

    >>> iso_week(date(2026, 11, 28))
    '2026-W48'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def week_before(week: str) -> str:
    """The week before; `parse_week` says what a week looks like.

    >>> week_before("2026-W01")
    '2025-W52'
    """
    return iso_week(parse_week(week) - timedelta(days=7))


def parse_week(week: str) -> date:
    """Monday of a week.

    >>> parse_week("2026-W48")
    datetime.date(2026, 11, 23)

    Raises:
        TrackingError: The text names no ISO week.
    """
    try:
        return datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=UTC).date()
    except ValueError as error:
        message = f"{week!r} is not a week; write it as 2026-W48."
        raise TrackingError(message) from error


def read_plans(tags: Mapping[str, str], experiment: str) -> dict[str, WeekPlan]:
    """The plans among the tags of an experiment, by week."""
    found = {}
    for key, text in sorted(tags.items()):
        if key.startswith(PREFIX):
            week, content = key.removeprefix(PREFIX), json.loads(text)
            found[week] = WeekPlan(week, experiment, **{name: tuple(texts) for name, texts in content.items()})
    return found


def plan_week(
    experiment: str,
    *,
    planned: Sequence[str] = (),
    goals: Sequence[str] = (),
    findings: Sequence[str] = (),
    week: str | None = None,
    tracking_uri: str | Path | None = None,
) -> WeekPlan:
    """Add to the plan of a week; entries that are there already stay, and none is written twice.

    Args:
        experiment: Experiment it is kept with; created where it does not exist.
        planned: Recipes or names of runs.
        goals: Goals.
        findings: Findings.
        week: ISO week; the present one by default.
        tracking_uri: The store.

    Raises:
        TrackingError: The text names no week, or the plan is too long for a tag of an experiment.
    """
    name = week or iso_week(datetime.now(UTC).date())
    parse_week(name)
    store = resolve_store(tracking_uri)
    client = store.client()
    found, _ = ensure_experiment(client, store, experiment)
    old = read_plans(found.tags, experiment).get(name, WeekPlan(name, experiment))
    new = WeekPlan(
        name,
        experiment,
        tuple(dict.fromkeys((*old.planned, *planned))),
        tuple(dict.fromkeys((*old.goals, *goals))),
        tuple(dict.fromkeys((*old.findings, *findings))),
    )
    content = {key: value for key, value in asdict(new).items() if key in ("planned", "goals", "findings")}
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > _LONGEST:
        message = f"The plan of {name} has {len(text):,} characters; {_LONGEST:,} are kept. Say it in fewer words."
        raise TrackingError(message)
    with store_errors(f"Writing the plan of {name}", store.uri):
        client.set_experiment_tag(found.experiment_id, f"{PREFIX}{name}", text)
        noted = with_section(found.tags.get(NOTE, ""), f"Week {name}", new.markdown())
        client.set_experiment_tag(found.experiment_id, NOTE, noted)
    return new


def week_rows(plans: Iterable[WeekPlan], runs: Sequence[Run]) -> list[tuple[str, str, str, str, int | None]]:
    """Week, experiment, kind (planned, goal, finding), text, and for planned ones the finished runs of that week."""
    rows: list[tuple[str, str, str, str, int | None]] = []
    for plan in plans:
        rows += [(plan.week, plan.experiment, "planned", name, _done(name, plan.week, runs)) for name in plan.planned]
        rows += [(plan.week, plan.experiment, "goal", text, None) for text in plan.goals]
        rows += [(plan.week, plan.experiment, "finding", text, None) for text in plan.findings]
    return rows


def _done(name: str, week: str, runs: Sequence[Run]) -> int:
    """How many runs of the planned recipe or name finished in a week; those within another run are not counted."""
    monday = datetime.combine(parse_week(week), datetime.min.time(), UTC)
    first, last = (moment.timestamp() * 1000 for moment in (monday, monday + timedelta(days=7)))
    short = name.rpartition("/")[2]
    return sum(
        run.info.status == "FINISHED"
        and "mlflow.parentRunId" not in run.data.tags
        and first <= run.info.start_time < last
        and (run.data.tags.get("recipe", "").rpartition("/")[2] == short or short in (run.info.run_name or ""))
        for run in runs
    )
