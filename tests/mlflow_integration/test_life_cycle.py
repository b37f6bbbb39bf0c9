"""No way into Production without a passing verdict, a passed test in Staging, or an override with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlflow_integration import GateProfile, ModelRegistry, Stage
from mlflow_integration.gates import Gate
from mlflow_integration.gates.report import PLAUSIBLE
from mlflow_integration.logging.items import Document, Table
from mlflow_integration.logging.sink import Sink
from nba_props.errors import PromotionError, TrackingError

from .test_registry import GOOD

MARKET = {
    "mae_skill": 0.05,
    "mae_skill_vs_market": 0.0,
    "brier_skill_vs_market": 0.01,
    "brier_gain_vs_market_ci_low": 0.0001,
    "roi_ci_low": 0.01,
}


@pytest.fixture
def name(request):
    return request.node.name[:150].replace("[", "-").replace("]", "")


@pytest.fixture
def registry(shared_uri):
    return ModelRegistry(shared_uri, staging_nights=0)


def tags(registry, name, version=1):
    return registry.client.get_model_version(name, str(version)).tags


def artifact(registry, name, version, path, folder):
    run_id = registry.client.get_model_version(name, str(version)).run_id
    return Path(registry.client.download_artifacts(run_id, path, str(folder))).read_text(encoding="utf-8")


def keep(registry, name, version, *items):
    run_id = registry.client.get_model_version(name, str(version)).run_id
    Sink(registry.client, registry.store.uri).write(run_id, items)


def nights(count, error=1.0, start="2025-01-01"):
    """Settled forecasts: five a night, all wrong by `error`."""
    days = np.repeat(pd.date_range(start, periods=count), 5)
    return pd.DataFrame({"game_date": days, "actual": 10.0, "predicted": 10.0 - error})


# -- verdicts ---------------------------------------------------------------------------------------------------------


def test_a_version_whose_verdict_is_fail_or_missing_does_not_come_into_production(registry, candidate, name):
    candidate(name, **{**GOOD, "roi": -0.1})
    registry.promote_model(name, 1, "Staging")
    with pytest.raises(PromotionError, match="no passing verdict: profile plan has not judged it yet"):
        registry.promote_model(name, 1, "Production")
    registry.evaluate_for_production(name, 1)
    with pytest.raises(PromotionError, match=r"profile plan says fail \(roi\).*override=True .* with a reason"):
        registry.promote_model(name, 1, "Production")
    assert registry.get_production_version(name) is None


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_override_needs_a_reason(registry, candidate, name, reason):
    candidate(name)
    for stage in ("Staging", "Production"):
        with pytest.raises(PromotionError, match="needs a reason"):
            registry.promote_model(name, 1, stage, override=True, reason=reason)
    assert registry.transition_history(name).empty


def test_an_override_is_shown_where_versions_are_listed(registry, candidate, name):
    candidate(name)
    registry.promote_model(name, 1, "Production", override=True, reason="the season starts tonight")
    listed = registry.list_models().set_index("model").loc[name]
    assert listed["how"] == "override: the season starts tonight"
    assert registry.audit(name).empty, "it has a reason"


def test_a_version_that_failed_its_own_profile_does_not_pass_by_another_one(registry, candidate, name):
    version = candidate(name, **GOOD, clv_ci_low=-0.01, **MARKET)
    assert not registry.promote_if_passing(name, version, profile="market")
    again = registry.promote_if_passing(name, version)
    assert (again.report.profile, again.stage) == ("market", Stage.NONE), "a plain promotion judges by its own profile"
    other = registry.promote_if_passing(name, version, profile="plan")
    assert other.report.passed
    assert not other
    assert other.stage is Stage.NONE
    assert "profile market says fail (clv_ci_low)" in other.reason
    kept = tags(registry, name)
    assert (kept["gate_profile"], kept["gate_verdict"], kept["gate_verdict_plan"]) == ("market", "fail", "pass")


def test_the_profile_given_at_registration_is_the_versions_own(registry, candidate, name):
    candidate(name, **GOOD)
    run_id = registry.client.get_model_version(name, "1").run_id
    version = registry.register_model(run_id, name, gate_profile="market")
    assert registry.evaluate_for_production(name, version, record=False).profile == "market"
    decision = registry.promote_if_passing(name, version, profile="plan")
    assert "profile market has not judged it yet" in decision.reason
    with pytest.raises(TrackingError, match="registry's own"):
        registry.register_model(run_id, name, tags={"gate_verdict": "pass"})


def test_a_version_of_another_profile_replaces_production_only_if_it_passes_that_ones_too(registry, candidate, name):
    candidate(name, **GOOD, clv_ci_low=0.01, **MARKET)
    assert registry.promote_if_passing(name, 1, profile="market")
    candidate(name, **GOOD)
    decision = registry.promote_if_passing(name, 2, profile="plan")
    assert decision.report.passed
    assert decision.stage is Stage.NONE
    assert "version 1 is in Production under profile market" in decision.reason
    assert registry.get_production_version(name) == 1


def test_a_profile_from_elsewhere_is_rebuilt_from_the_report_it_left(shared_uri, registry, candidate, name):
    mine = GateProfile("mine", (Gate("val_mae", "<", 3.5, "upper"),), {"pra": (Gate("val_mae", "<", 7.0),)})
    candidate(name, tags={"market": "pra"}, val_mae=6.0, val_mae_ci_high=3.1)
    assert ModelRegistry(shared_uri, profiles={"mine": mine}).evaluate_for_production(name, 1, profile="mine")
    report = registry.evaluate_for_production(name, 1, record=False)
    assert (report.profile, [r.gate for r in report.results]) == ("mine", [PLAUSIBLE, *mine.for_market("pra")])


def test_criteria_by_hand_are_remembered_too(registry, candidate, name):
    candidate(name, val_mae=3.0)
    assert registry.evaluate_for_production(name, 1, {"val_mae": 3.5})
    assert registry.evaluate_for_production(name, 1, record=False).summary == "pass: all 2 gates of profile custom"


def test_a_dry_run_writes_nothing(registry, candidate, name):
    candidate(name, **GOOD)
    before = tags(registry, name)
    assert registry.evaluate_for_production(name, 1, record=False)
    assert tags(registry, name) == before
    run_id = registry.client.get_model_version(name, "1").run_id
    assert registry.client.list_artifacts(run_id) == []


def test_a_second_version_or_profile_writes_over_no_report(registry, candidate, name, tmp_path):
    candidate(name, **GOOD)
    run_id = registry.client.get_model_version(name, "1").run_id
    registry.register_model(run_id, name)
    registry.evaluate_for_production(name, 1)
    registry.evaluate_for_production(name, 2, {"val_mae": 0.1})
    registry.evaluate_for_production(name, 1, profile="market")
    first = json.loads(artifact(registry, name, 1, "gate_report.json", tmp_path))
    assert (first["version"], first["profile"], first["verdict"]) == (1, "plan", "pass")
    written = {
        entry.path
        for version in (1, 2)
        for entry in registry.client.list_artifacts(run_id, f"gates/{name}_v{version}")
        if entry.path.endswith(".md")
    }
    assert {path.split("gates/")[1] for path in written} == {
        f"{name}_v1/gate_report_plan.md",
        f"{name}_v1/gate_report_market.md",
        f"{name}_v2/gate_report_custom.md",
    }
    text = artifact(registry, name, 2, f"gates/{name}_v2/gate_report_custom.md", tmp_path)
    assert "**fail**" in text
    assert "| val_mae | 3 | &lt; 0.1 | fail | val_mae = 3, wanted &lt; 0.1 |" in text


def test_a_failed_evaluation_leaves_the_verdict_under_which_a_version_stands_in_production(
    registry, candidate, name, tmp_path
):
    candidate(name, **GOOD)
    assert registry.promote_if_passing(name, 1)
    keep(registry, name, 1, Document("gate_metrics.json", {"metrics": {**GOOD, "roi": -0.2}}))
    assert not registry.evaluate_for_production(name, 1)
    kept = tags(registry, name)
    assert (kept["gate_verdict"], kept["recheck_verdict"]) == ("pass", "fail")
    content = json.loads(artifact(registry, name, 1, f"gates/{name}_v1/gate_report_plan.json", tmp_path))
    assert content["verdict"] == "pass"
    assert registry.audit(name).empty


def test_a_version_that_was_rolled_back_says_so_and_comes_back_by_an_override_only(registry, candidate, name):
    for _ in range(2):
        candidate(name, **GOOD)
        assert registry.promote_if_passing(name, registry.list_models().query("model == @name")["version"].max())
    registry.rollback_model(name, reason="worse in use")
    assert tags(registry, name, 2)["gate_verdict"] == "rolled back"
    assert tags(registry, name, 1)["gate_verdict"] == "pass"
    decision = registry.promote_if_passing(name, 2)
    assert decision.report.passed
    assert not decision
    assert "was rolled back" in decision.reason
    assert "worse in use" in decision.reason
    assert tags(registry, name, 2)["gate_verdict"] == "rolled back"
    registry.promote_model(name, 2, "Production", override=True, reason="it was the feed")
    assert registry.get_production_version(name) == 2


def test_the_report_of_a_degradation_is_kept_with_the_run_and_as_tags(registry, candidate, name, tmp_path):
    for _ in range(2):
        candidate(name, val_mae=2.0)
        version = int(registry.list_models().query("model == @name")["version"].max())
        registry.promote_model(name, version, "Production", override=True, reason="test")
    report, back = registry.rollback_if_degraded(name, nights(30, error=4.0))
    assert (report.degraded, back) == (True, 1)
    kept = tags(registry, name, 2)
    assert (kept["degradation"], kept["gate_verdict"]) == ("degraded", "rolled back")
    path = f"gates/{name}_v2/degradation_{kept['degradation_checked_at'][:10]}"
    content = json.loads(artifact(registry, name, 2, f"{path}.json", tmp_path))
    assert content["metrics"][0]["live"] == 4.0
    assert "| val_mae | 4 | 4 to 4 | 2.1 | 30 | degraded |" in artifact(registry, name, 2, f"{path}.md", tmp_path)


def test_a_rollback_to_a_version_that_never_was_in_production_is_recorded_as_an_override(registry, candidate, name):
    for _ in range(2):
        candidate(name)
    registry.promote_model(name, 1, "Production", override=True, reason="first")
    registry.promote_model(name, 2, "Staging")
    registry.rollback_model(name, to_version=2, reason="nothing else left")
    assert registry.transition_history(name)[["kind", "override"]].values.tolist()[-1] == ["rollback", True]


# -- Staging ----------------------------------------------------------------------------------------------------------


def test_a_version_that_passes_its_gates_waits_in_staging_for_settled_nights(shared_uri, candidate, name):
    registry = ModelRegistry(shared_uri)
    candidate(name, **GOOD)
    decision = registry.promote_if_passing(name, 1)
    assert not decision
    assert decision.stage is Stage.STAGING
    assert "no settled night in Staging yet; 20 are required" in decision.reason
    report = registry.record_staging_nights(name, 1, nights(12))
    assert (report.verdict, report.nights) == ("insufficient evidence", 12)
    assert "has 12 settled nights in Staging" in registry.promote_if_passing(name, 1).reason
    with pytest.raises(PromotionError, match="12 settled nights"):
        registry.promote_model(name, 1, "Production")
    assert registry.record_staging_nights(name, 1, nights(25))
    assert registry.promote_if_passing(name, 1).stage is Stage.PRODUCTION
    reason = registry.transition_history(name)["reason"].iloc[-1]
    assert reason == "gates: pass (profile plan); Staging: pass over 25 nights"


def test_a_version_that_is_worse_in_staging_stays_there(shared_uri, candidate, name, tmp_path):
    registry = ModelRegistry(shared_uri)
    candidate(name, **GOOD)
    registry.promote_if_passing(name, 1)
    assert registry.record_staging_nights(name, 1, nights(25, error=4.5)).verdict == "fail"
    decision = registry.promote_if_passing(name, 1)
    assert decision.stage is Stage.STAGING
    assert "did not pass its test in Staging (fail)" in decision.reason
    assert "val_mae | 4.5" in artifact(registry, name, 1, f"gates/{name}_v1/staging_report.md", tmp_path)


def test_the_nights_a_run_kept_out_of_its_gates_are_the_test_in_staging(shared_uri, candidate, name, tmp_path):
    registry = ModelRegistry(shared_uri)
    candidate(name, **{**GOOD, "val_mae": 99.0})
    keep(
        registry,
        name,
        1,
        Document("gate_metrics.json", {"until": "2024-12-31", "metrics": GOOD}),
        Table("staging_replay.csv", nights(20)),
    )
    decision = registry.promote_if_passing(name, 1)
    assert decision
    assert decision.report.results[1].value == 3.0, "the gates read the nights before"
    kept = tags(registry, name)
    assert (kept["staging_verdict"], kept["staging_nights"]) == ("pass", "20")
    assert kept["staging_source"].startswith("replay")
    assert kept["staging_window"] == "2025-01-01 to 2025-01-20"


def test_no_night_in_staging_is_asked_for_on_purpose_and_recorded(registry, candidate, name):
    candidate(name, **GOOD)
    assert registry.promote_if_passing(name, 1, staging_nights=0)
    assert tags(registry, name)["staging_verdict"] == "waived"
    assert registry.transition_history(name)["reason"].iloc[-1].endswith("test waived (staging_nights=0)")


def test_only_a_version_in_staging_is_tested_there(registry, candidate, name):
    candidate(name, **GOOD)
    with pytest.raises(PromotionError, match="only a version in Staging"):
        registry.record_staging_nights(name, 1, nights(20))
    for wrong in (-1, 2.5, "many"):
        with pytest.raises(TrackingError, match="staging_nights"):
            registry.promote_if_passing(name, 1, staging_nights=wrong)
