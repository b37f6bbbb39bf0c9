"""The week: planned on Monday, documented on Friday, and held against what was run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlflow_integration import NBAPropsTracker, utils
from mlflow_integration.reports.week_plan import iso_week
from nba_props.errors import TrackingError

NOW = datetime.now(UTC)
WEEK = iso_week(NOW.date())


@pytest.fixture
def planned(uri):
    utils.plan_week(
        "Phase2_Advanced", planned=["phase2/opponent_features"], goals=["Does pace help?"], tracking_uri=uri
    )
    return uri


def test_what_is_planned_on_monday_is_still_there_on_friday(planned):
    plan = utils.plan_week("Phase2_Advanced", findings=["It does not."], tracking_uri=planned)
    assert (plan.goals, plan.findings) == (("Does pace help?",), ("It does not.",))
    frame = utils.get_week_plan(tracking_uri=planned)
    assert frame["kind"].tolist() == ["planned", "goal", "finding"]
    assert set(frame["week"]) == {WEEK}


def test_planned_is_held_against_done(planned):
    assert utils.get_week_plan(tracking_uri=planned)["done"].dropna().tolist() == [0]
    tracker = NBAPropsTracker("Phase2_Advanced", tracking_uri=planned)
    for recipe in ("phase2/opponent_features", "phase2/temporal_features"):
        with (
            tracker.start_run(tags={"recipe": recipe, "answer": "mae_difference +0.1: no evidence"}),
            tracker.start_run("a trial of it", tags={"recipe": recipe}, nested=True),
        ):
            pass
    assert utils.get_week_plan(tracking_uri=planned)["done"].dropna().tolist() == [1]
    report = utils.generate_weekly_report(tracking_uri=planned)
    assert "## Planned and done" in report
    assert "mae_difference +0.1: no evidence" in report


def test_the_note_of_the_experiment_holds_the_week_below_what_it_said_before(planned):
    client = NBAPropsTracker("Phase2_Advanced", tracking_uri=planned).client
    note = client.get_experiment_by_name("Phase2_Advanced").tags["mlflow.note.content"]
    assert note.startswith("Better means")
    assert f"### Week {WEEK}" in note
    assert "- Does pace help?" in note


def test_a_week_that_is_none_is_refused(uri):
    with pytest.raises(TrackingError, match="write it as 2026-W48"):
        utils.plan_week("Phase2_Advanced", goals=["x"], week="next", tracking_uri=uri)
