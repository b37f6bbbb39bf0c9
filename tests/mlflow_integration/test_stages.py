"""Stages without a store: rules, and history settled from the facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_integration.stages.rules import (
    Stage,
    Transition,
    Why,
    check_move,
    effective_stage,
    previous_production,
    read_history,
)
from nba_props.errors import PromotionError


def entry(number, version, to, *, previous=None, status="done", kind="change"):
    return Transition(f"transition.{number}", version, "Staging", to, "t", "me", "", previous, False, kind, status)


def stored(*entries):
    return {one.key: one.to_json() for one in entries}


@pytest.mark.parametrize("text", ["Production", "production", "PRODUCTION", Stage.PRODUCTION])
def test_stages_are_understood_in_any_case(text):
    assert Stage.parse(text) is Stage.PRODUCTION


def test_an_unknown_stage_names_the_known_ones():
    with pytest.raises(PromotionError, match="None, Staging, Production, Archived"):
        Stage.parse("live")


@pytest.mark.parametrize("current", [Stage.NONE, Stage.ARCHIVED])
def test_production_is_reached_over_staging_unless_overridden(current):
    with pytest.raises(PromotionError, match="override=True"):
        check_move("m", 1, current, Stage.PRODUCTION, override=False)
    check_move("m", 1, current, Stage.PRODUCTION, override=True)
    check_move("m", 1, current, Stage.STAGING, override=False)
    check_move("m", 1, Stage.STAGING, Stage.PRODUCTION, override=False)


@pytest.mark.parametrize("target", [Stage.NONE, Stage.ARCHIVED])
def test_down_is_not_a_promotion(target):
    with pytest.raises(PromotionError, match="demote_model|archive_model"):
        check_move("m", 1, Stage.PRODUCTION, target, override=True)


def test_production_to_staging_is_a_demotion():
    with pytest.raises(PromotionError, match="demote_model"):
        check_move("m", 1, Stage.PRODUCTION, Stage.STAGING, override=True)


def test_the_alias_outweighs_the_tag():
    assert effective_stage(2, {"Production": 2}, "None") is Stage.PRODUCTION
    assert effective_stage(1, {"Production": 2}, "Production") is Stage.ARCHIVED
    assert effective_stage(1, {}, "Staging") is Stage.NONE
    assert effective_stage(1, {"Production": 1, "Staging": 1}, "Staging") is Stage.PRODUCTION
    assert effective_stage(1, {}, None) is Stage.NONE


def test_an_unconfirmed_entry_happened_if_its_version_holds_the_alias():
    tags = stored(entry(1, 1, "Production"), entry(2, 2, "Production", previous=1, status="pending"))
    assert [e.status for e in read_history(tags, {"Production": 2})] == ["done", "done"]
    assert [e.status for e in read_history(tags, {"Production": 1})] == ["done", "abandoned"]


def test_an_unconfirmed_entry_happened_if_a_later_one_found_its_version_there():
    dead = entry(2, 2, "Production", previous=1, status="pending")
    found = stored(entry(1, 1, "Production"), dead, entry(3, 3, "Production", previous=2))
    assert [e.status for e in read_history(found, {"Production": 3})] == ["done", "done", "done"]
    missed = stored(entry(1, 1, "Production"), dead, entry(3, 3, "Production", previous=1))
    assert [e.status for e in read_history(missed, {"Production": 3})] == ["done", "abandoned", "done"]


def test_rolling_back_twice_goes_back_further_and_never_to_what_was_left():
    history = [entry(n, n, "Production") for n in (1, 2, 3)]
    assert previous_production(history, 3, [1, 2, 3]) == 2
    history.append(entry(4, 2, "Production", kind="rollback"))
    assert previous_production(history, 2, [1, 2, 3]) == 1
    history.append(entry(5, 1, "Production", kind="rollback"))
    assert previous_production(history, 1, [1, 2, 3]) is None


def test_a_version_put_into_production_by_hand_is_gone_back_to_though_no_entry_tells_of_it():
    history = [entry(1, 1, "Production"), entry(2, 3, "Production", previous=2)]
    assert previous_production(history, 3, [1, 2, 3]) == 2
    history.append(entry(3, 2, "Production", previous=3, kind="rollback"))
    assert previous_production(history, 2, [1, 2, 3]) == 1


@pytest.mark.parametrize("target", ["Staging", "Archived"])
def test_a_version_taken_out_of_production_is_not_gone_back_to(target):
    history = [entry(1, 1, "Production"), entry(2, 2, "Production", previous=1)]
    history.append(replace(entry(3, 2, target), from_stage="Production"))
    assert previous_production(history, None, [1, 2]) == 1
    history.append(entry(4, 2, "Production"))
    history.append(entry(5, 3, "Production", previous=2))
    assert previous_production(history, 3, [1, 2, 3]) == 2


def test_deleted_and_abandoned_versions_are_not_gone_back_to():
    history = [entry(1, 1, "Production"), entry(2, 2, "Production"), entry(3, 3, "Production")]
    assert previous_production(history, 3, [1, 3]) == 1
    history[1] = replace(history[1], status="abandoned")
    assert previous_production(history, 3, [1, 2, 3]) == 1


def test_entries_carry_unique_keys_that_sort_by_time():
    made = [
        Transition.start(1, (Stage.NONE, Stage.STAGING), Why("me", "why", override=True), previous=None)
        for _ in range(50)
    ]
    assert len({one.key for one in made}) == 50
    assert [one.key[:33] for one in made] == sorted(one.key[:33] for one in made)
    assert read_history(stored(made[0]), {"Staging": 1})[0] == replace(made[0], status="done")
