"""The verb for the week's plan: what is planned, what for, and what was found."""

from __future__ import annotations

from typing import Annotated

import typer

from mlflow_integration.cli import emit
from mlflow_integration.commands.options import Json, Output, Uri

Texts = list[str] | None


def plan(
    experiment: Annotated[
        str, typer.Option("--experiment", "-e", help="Experiment that the plan is kept with.")
    ] = "Phase1_Foundation",
    run: Annotated[Texts, typer.Option("--run", help="Recipe or name of a run that is planned; repeatable.")] = None,
    goal: Annotated[Texts, typer.Option(help="What the week is to find out; repeatable.")] = None,
    finding: Annotated[Texts, typer.Option(help="What the week found; repeatable.")] = None,
    week: Annotated[str | None, typer.Option(help="ISO week, such as 2026-W48. Default: the current one.")] = None,
    json: Json = False,
    output: Output = None,
    tracking_uri: Uri = None,
) -> None:
    """Plan the week, record its findings, and show this week and the last.

    Without --run, --goal and --finding nothing is written.

    Example: compare_experiments.py plan --run phase2/opponent_features --goal "Does pace help?"
    """
    from mlflow_integration.reports.week_plan import plan_week
    from mlflow_integration.reports.weekly import get_week_plan

    if run or goal or finding:
        plan_week(
            experiment,
            planned=run or (),
            goals=goal or (),
            findings=finding or (),
            week=week,
            tracking_uri=tracking_uri,
        )
    frame = get_week_plan(week, tracking_uri=tracking_uri)
    emit(frame, as_json=json, output=output, title="The week, and the one before", empty="Nothing is planned.")
