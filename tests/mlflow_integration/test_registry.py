"""The life of a version, against SQLite, read back through plain MLflow."""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from mlflow_integration import DEFAULT_PRODUCTION_CRITERIA, ModelRegistry, Stage
from mlflow_integration.gates import Gate, GateProfile
from mlflow_integration.store.location import fluent_store, load_mlflow
from mlflow_integration.utils import get_best_model
from nba_props.errors import PromotionError, StoreError, TrackingError, UnknownModelError

mlflow = load_mlflow()
GOOD = {"val_mae": 3.0, "roi": 0.06, "win_rate": 0.56, "calibration_error": 0.04, "sharpe_ratio": 1.2, "n_bets": 600}


@pytest.fixture
def name(request):
    return request.node.name[:150].replace("[", "-").replace("]", "")


def client(registry):
    return mlflow.MlflowClient(registry.store.uri, registry_uri=registry.store.uri)


def alias(registry, name, stage="Production"):
    held = client(registry).get_registered_model(name).aliases.get(stage)
    return None if held is None else int(held)


def stages(registry, name):
    return {int(v.version): v.tags["stage"] for v in client(registry).search_model_versions(f"name='{name}'")}


def native(registry, name):
    return {int(v.version): v.current_stage for v in client(registry).search_model_versions(f"name='{name}'")}


def test_a_version_carries_stage_market_and_fingerprint(registry, candidate, name):
    version = candidate(name, tags={"market": "pra", "data_fingerprint": "abc", "other": "x"})
    stored = client(registry).get_model_version(name, str(version))
    assert version == 1
    own = {key: value for key, value in stored.tags.items() if not key.startswith("model_")}
    assert own == {"stage": "None", "market": "pra", "data_fingerprint": "abc"}
    assert stored.source.startswith("models:/m-")


def test_of_several_models_of_a_run_one_is_named_to_be_registered_and_the_last_is_the_best_model(
    registry, tracker, name
):
    wrong = []
    for index in range(4):  # MLflow returns a run's models in random order
        with tracker.start_run(f"run-{index}") as run:
            tracker.log_validation_metrics({"mae": 9.0 - index})
            for constant in (1.0, 2.0, 3.0):
                model = DummyRegressor(strategy="constant", constant=constant).fit([[0.0]], [constant])
                last = tracker.log_model(model, input_example=np.zeros((2, 1)))
        with pytest.raises(UnknownModelError, match=f"logged 3 models: name one.*{last.model_id}"):
            registry.register_model(run.run_id, name)
        version = registry.register_model(run.run_id, name, model_id=last.model_id)
        wrong.append(float(registry.load_model(name, version).predict(np.zeros((1, 1)))[0]) != 3.0)
        best = get_best_model(tracker.experiment_name, tracking_uri=registry.store.uri)
        wrong.append(best["model_uri"].item() != last.model_uri)
    assert not any(wrong)


def test_tags_and_description_of_ones_own_join_them_but_the_stage_stays_ours(registry, candidate, name):
    candidate(name)
    run_id = client(registry).get_model_version(name, "1").run_id
    version = registry.register_model(
        run_id=run_id, model_name=name, tags={"by": "me", "stage": "Production"}, description="d"
    )
    stored = client(registry).get_model_version(name, str(version))
    assert version == 2
    own = {key: value for key, value in stored.tags.items() if not key.startswith("model_")}
    assert own == {"by": "me", "stage": "None"}
    assert stored.description == "d"


def test_a_run_without_a_model_and_a_run_that_is_not_there_are_refused(registry, tracker, name):
    with tracker.start_run("x") as run:
        pass
    with pytest.raises(UnknownModelError, match="logged no model"):
        registry.register_model(run.run_id, name)
    with pytest.raises(TrackingError, match="0" * 32):
        registry.register_model("0" * 32, name)
    with pytest.raises(UnknownModelError, match="cannot be a model name"):
        registry.register_model(run.run_id, "a/b'c")


def test_the_way_up_is_none_staging_production_and_back(registry, candidate, name):
    first, second = candidate(name), candidate(name)
    assert registry.promote_model(model_name=name, version=first, stage="Staging") is Stage.STAGING
    assert (alias(registry, name, "Staging"), alias(registry, name)) == (1, None)
    back = registry.promote_model(name, str(first), "production", override=True, reason="first")
    assert back is Stage.PRODUCTION
    assert (alias(registry, name, "Staging"), alias(registry, name)) == (None, 1)
    registry.promote_model(name, second, "Staging")
    registry.promote_model(name, second, "Production", override=True, reason="second", by="anna")
    assert stages(registry, name) == native(registry, name) == {1: "Archived", 2: "Production"}
    assert registry.get_production_version(name) == 2
    assert registry.rollback_model(model_name=name, reason="worse in use") == 1
    assert stages(registry, name) == native(registry, name) == {1: "Production", 2: "Archived"}
    assert registry.demote_model(name, 1, reason="look again") is Stage.STAGING
    assert registry.get_production_version(name) is None
    assert registry.demote_model(name, 1, reason="no") is Stage.NONE
    assert stages(registry, name) == native(registry, name) == {1: "None", 2: "Archived"}


def test_history_tells_who_when_from_where_to_where_and_why(registry, candidate, name, monkeypatch):
    monkeypatch.setenv("NBA_PROPS_USER", "bob")
    for _ in range(2):
        candidate(name)
    registry.promote_model(name, 1, "Staging", reason="looks good")
    registry.promote_model(name, 1, "Production", override=True, reason="no gates yet", by="anna")
    registry.promote_model(name, 2, "Production", override=True, reason="urgent")
    registry.rollback_model(name, reason="too hasty")
    history = registry.transition_history(name)
    assert history[
        ["by", "version", "from_stage", "to_stage", "reason", "override", "kind", "status"]
    ].values.tolist() == [
        ["bob", 1, "None", "Staging", "looks good", False, "change", "done"],
        ["anna", 1, "Staging", "Production", "no gates yet", True, "change", "done"],
        ["bob", 2, "None", "Production", "urgent", True, "change", "done"],
        ["bob", 1, "Archived", "Production", "too hasty", True, "rollback", "done"],
    ]
    assert history["previous"].tolist()[2:] == [1, 2]
    assert (pd.to_datetime(history["at"]).diff().dropna() >= pd.Timedelta(0)).all()


def test_skipping_staging_needs_an_override(registry, candidate, name):
    candidate(name)
    with pytest.raises(PromotionError, match="override=True"):
        registry.promote_model(name, 1, "Production")
    assert alias(registry, name) is None
    assert registry.transition_history(name).empty


def test_the_page_of_a_model_says_where_its_versions_stand_and_keeps_what_somebody_wrote(registry, candidate, name):
    first = candidate(name, val_mae=3.0)
    registry.client.update_registered_model(name, description="Rebounds, for the Friday slate.")
    registry.promote_model(name, first, "Staging", reason="looks good", by="analyst")
    text = registry.client.get_registered_model(name).description
    assert text.startswith("Rebounds, for the Friday slate.")
    assert f"Staging: version {first}" in text
    assert "| None | Staging | analyst | looks good |" in text


def test_a_second_profile_overwrites_no_report(registry, candidate, name):
    version = candidate(name, val_mae=3.0, roi=0.06)
    for profile in ("plan", "market"):
        registry.evaluate_for_production(name, version, profile=profile)
    record = registry.client.get_model_version(name, str(version))
    assert "### Gates: plan" in record.description
    assert "### Gates: market" in record.description
    folder = f"gates/{name}_v{version}"
    files = {file.path for file in registry.client.list_artifacts(record.run_id, folder) if file.path.endswith(".md")}
    assert files == {f"{folder}/gate_report_{profile}.md" for profile in ("plan", "market")}


def test_promoting_where_it_stands_already_changes_nothing_and_writes_no_history(registry, candidate, name):
    candidate(name)
    registry.promote_model(name, 1, "Staging")
    registry.promote_model(name, 1, "Staging")
    assert len(registry.transition_history(name)) == 1


def test_a_second_staging_version_sends_the_first_back_to_none(registry, candidate, name):
    for _ in range(2):
        candidate(name)
    registry.promote_model(name, 1, "Staging")
    registry.promote_model(name, 2, "Staging")
    assert stages(registry, name) == native(registry, name) == {1: "None", 2: "Staging"}
    assert registry.transition_history(name)["previous"].tolist()[1] == 1


def test_production_is_neither_archived_nor_deleted_by_mistake(registry, candidate, name):
    for _ in range(2):
        candidate(name)
    registry.promote_model(name, 1, "Production", override=True, reason="test")
    with pytest.raises(PromotionError, match="is in Production"):
        registry.archive_model(name, 1)
    with pytest.raises(PromotionError, match="is in Production"):
        registry.delete_model_version(name, 1)
    assert registry.archive_model(name, 2, reason="old") is Stage.ARCHIVED
    registry.delete_model_version(name, 2, reason="never used")
    assert stages(registry, name) == {1: "Production"}
    assert registry.transition_history(name)["reason"].tolist()[-1] == "deleted: never used"
    assert registry.archive_model(name, 1, override=True) is Stage.ARCHIVED
    assert alias(registry, name) is None


@pytest.mark.parametrize("version", [1])
def test_demoting_what_is_in_no_stage_is_refused(registry, candidate, name, version):
    candidate(name)
    with pytest.raises(PromotionError, match="only Staging and Production"):
        registry.demote_model(name, version, reason="x")


def test_rolling_back_needs_a_reason_and_somewhere_to_go(registry, candidate, name):
    for _ in range(3):
        candidate(name)
    registry.promote_model(name, 1, "Production", override=True, reason="test")
    with pytest.raises(PromotionError, match="needs a reason"):
        registry.rollback_model(name, reason=" ")
    with pytest.raises(PromotionError, match="no earlier Production version"):
        registry.rollback_model(name, reason="x")
    with pytest.raises(PromotionError, match="in Production already"):
        registry.rollback_model(name, reason="x", to_version=1)
    with pytest.raises(UnknownModelError, match="has no version 9; it has: 1, 2, 3"):
        registry.rollback_model(name, reason="x", to_version=9)
    assert registry.rollback_model(name, reason="x", to_version=3) == 3


def test_what_does_not_exist_is_named_with_what_does(registry, candidate, name):
    candidate(name)
    with pytest.raises(UnknownModelError, match=f"There are: .*{name}"):
        registry.promote_model("nothing", 1, "Staging")
    with pytest.raises(UnknownModelError, match="it has: 1"):
        registry.promote_model(name, 7, "Staging")
    with pytest.raises(UnknownModelError, match="no version in Production"):
        registry.get_production_model(name)
    with pytest.raises(PromotionError, match="the stages are"):
        registry.promote_model(name, 1, "live")


def test_a_version_that_passes_goes_over_staging_into_production(registry, candidate, name):
    candidate(name, tags={"market": "reb"}, **GOOD)
    decision = registry.promote_if_passing(name, 1, staging_nights=0)
    assert decision
    assert decision.stage is Stage.PRODUCTION
    assert registry.transition_history(name)[["from_stage", "to_stage"]].values.tolist() == [
        ["None", "Staging"],
        ["Staging", "Production"],
    ]
    tags = client(registry).get_model_version(name, "1").tags
    assert (tags["gate_verdict"], tags["gate_profile"], tags["gate_failed"]) == ("pass", "plan", "none")


def test_a_version_that_fails_stays_where_it_is_and_says_why(registry, candidate, name):
    candidate(name, **{**GOOD, "roi": -0.02})
    registry.promote_model(name, 1, "Staging")
    decision = registry.promote_if_passing(name, 1)
    assert not decision
    assert decision.stage is Stage.STAGING
    assert "roi = -0.02, wanted > 0.05" in decision.reason
    tags = client(registry).get_model_version(name, "1").tags
    assert (tags["stage"], tags["gate_verdict"], tags["gate_failed"]) == ("Staging", "fail", "roi")


def test_the_report_is_kept_with_the_run(registry, candidate, name):
    version = candidate(name, tags={"market": "pra"}, val_mae=3.0)
    report = registry.evaluate_for_production(model_name=name, version=version, criteria=DEFAULT_PRODUCTION_CRITERIA)
    assert not report
    run_id = client(registry).get_model_version(name, "1").run_id
    with tempfile.TemporaryDirectory() as folder:
        path = client(registry).download_artifacts(run_id, "gate_report.json", folder)
        content = json.loads(Path(path).read_text())
    assert content["verdict"] == "fail"
    assert content["market"] == "pra"
    assert [row["verdict"] for row in content["gates"]] == ["pass", "pass", "fail", "fail", "fail", "fail", "fail"]
    assert content["gates"][2]["reason"] == "roi is missing"


def test_the_exceptions_of_the_versions_market_apply(shared_uri, candidate, name):
    profile = GateProfile("mine", (Gate("val_mae", "<", 3.5),), {"pra": (Gate("val_mae", "<", 6.2),)})
    registry = ModelRegistry(shared_uri, profiles={"mine": profile})
    candidate(name, tags={"market": "pra"}, val_mae=6.0)
    candidate(name, tags={"market": "pts"}, val_mae=6.0)
    assert registry.evaluate_for_production(name, 1, profile="mine")
    assert not registry.evaluate_for_production(name, 2, profile="mine")


@pytest.mark.parametrize("tags", [{"": "x"}, {" ": "x"}, {"k" * 251: "x"}, {"k": "x" * 100_001}, {3: "x"}])
def test_tags_that_can_not_be_stored_leave_no_model_behind(registry, tracker, name, tags):
    with tracker.start_run(name) as run:
        tracker.log_model(DummyRegressor(strategy="constant", constant=1.0).fit([[0.0]], [1.0]))
    with pytest.raises(TrackingError, match="tag"):
        registry.register_model(run.run_id, name, tags)
    assert name not in [model.name for model in client(registry).search_registered_models()]


def test_the_history_holds_no_password(registry, candidate, name):
    candidate(name)
    registry.promote_model(name, 1, "Staging", reason="as postgresql://bob:hunter2@db/x says, password=hunter2")
    assert registry.transition_history(name)["reason"].tolist() == ["as postgresql://bob:***@db/x says, password=***"]


def test_a_version_whose_run_was_deleted_passes_no_gate(registry, candidate, name):
    candidate(name, **GOOD)
    assert registry.evaluate_for_production(name, 1)
    client(registry).delete_run(registry.get_model_info(name, 1).run_id)
    assert not registry.evaluate_for_production(name, 1)


@pytest.mark.parametrize("versions", ["12", 2, [1, 1]])
def test_one_version_can_not_be_compared(registry, candidate, name, versions):
    candidate(name, roi=0.1)
    candidate(name, roi=0.2)
    with pytest.raises(TrackingError, match="two or more"):
        registry.compare_models(name, versions)
    assert registry.compare_models(name, [1, 2], "roi")["metric"].tolist() == ["roi"]


def test_versions_are_compared_by_the_direction_of_each_metric(registry, candidate, name):
    candidate(name, val_mae=6.0, roi=0.02, n_bets=100, only_first=1.0)
    candidate(name, val_mae=5.5, roi=0.01, n_bets=100, clv=0.1)
    table = registry.compare_models(name, [1, 2]).set_index("metric")
    assert list(table.index) == ["n_bets", "roi", "val_mae"]
    assert table.loc["val_mae", ["v1", "v2", "best", "change"]].tolist() == [6.0, 5.5, "v2", "better"]
    assert table.loc["roi", ["best", "change"]].tolist() == ["v1", "worse"]
    assert table.loc["n_bets", ["best", "change"]].isna().all()
    with pytest.raises(TrackingError, match="two or more"):
        registry.compare_models(name, [1, 1])
    with pytest.raises(TrackingError, match="None of v1, v2 has val_mea; they have: clv, n_bets"):
        registry.compare_models(name, [1, 2], metrics=["roi", "val_mea"])


def test_everything_known_of_a_version_comes_in_one_object(registry, candidate, name):
    candidate(name, tags={"market": "pra"}, val_mae=5.0)
    registry.promote_model(name, 1, "Production", override=True, reason="test")
    info = registry.get_production_model(name)
    assert (info.version, info.stage, info.metrics, info.tags["market"]) == (
        1,
        Stage.PRODUCTION,
        {"val_mae": 5.0},
        "pra",
    )
    assert registry.get_model_info(name, 1) == info
    listed = registry.list_models().set_index("model").loc[name]
    assert (listed["version"], listed["stage"], listed["market"]) == (1, "Production", "pra")


def test_the_model_in_production_is_loaded_by_its_stage(registry, tracker, name):
    from sklearn.linear_model import LinearRegression

    features = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
    for slope in (2.0, 3.0):
        with tracker.start_run("x"):
            fitted = LinearRegression().fit(features, features["a"] * slope)
            logged = tracker.log_model(fitted, "sklearn", input_example=features, registered_model_name=name)
    assert (logged.registered_model_name, logged.version) == (name, 2)
    registry.promote_model(name, 1, "Production", override=True, reason="test")
    registry.promote_model(name, 2, "Staging")
    np.testing.assert_allclose(registry.load_model(name).predict(features), features["a"] * 2)
    np.testing.assert_allclose(registry.load_model(name, stage="Staging").predict(features), features["a"] * 3)
    np.testing.assert_allclose(registry.load_model(name, 2).predict(features), features["a"] * 3)
    with pytest.raises(UnknownModelError, match="name one by its number"):
        registry.load_model(name, stage="Archived")
    with fluent_store(registry.store.uri):
        for form in (f"models:/{name}@Production", f"models:/{name}/Production"):
            np.testing.assert_allclose(mlflow.pyfunc.load_model(form).predict(features), features["a"] * 2)


def test_a_stale_tag_of_a_process_that_died_is_not_believed_and_is_mended(registry, candidate, name):
    for _ in range(2):
        candidate(name)
    registry.promote_model(name, 2, "Production", override=True, reason="test")
    client(registry).set_model_version_tag(name, "1", "stage", "Production")
    assert registry.get_model_info(name, 1).stage is Stage.ARCHIVED
    registry.promote_model(name, 2, "Production")
    assert stages(registry, name) == {1: "Archived", 2: "Production"}


def test_two_promoters_in_threads_leave_one_production_and_readers_always_find_one(shared_uri, candidate, name):
    for _ in range(3):
        candidate(name)
    ModelRegistry(shared_uri).promote_model(name, 1, "Production", override=True, reason="test")
    seen, errors, done = set(), [], threading.Event()

    def read():
        reader = ModelRegistry(shared_uri)
        while not done.is_set():
            seen.add(reader.get_production_version(name))

    def promote(version):
        registry = ModelRegistry(shared_uri)
        try:
            for _ in range(3):
                registry.promote_model(name, version, "Production", override=True, reason="test", by=f"t{version}")
        except TrackingError as error:
            errors.append(error)

    threads = [threading.Thread(target=promote, args=(version,)) for version in (2, 3)]
    watcher = threading.Thread(target=read)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    registry = ModelRegistry(shared_uri)
    assert errors == []
    assert seen <= {1, 2, 3}
    winner = registry.get_production_version(name)
    registry.promote_model(name, winner, "Production")
    final = stages(registry, name)
    assert final[winner] == "Production"
    assert list(final.values()).count("Production") == 1
    assert list(native(registry, name).values()).count("Production") == 1
    assert "moved outside" not in registry.transition_history(name)["kind"].tolist()
    assert registry.audit(name).empty


def test_reading_a_registry_that_does_not_exist_makes_no_store(tmp_path):
    with pytest.raises(StoreError, match="no store"):
        ModelRegistry(tmp_path / "none.db").list_models()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.not_over_http
def test_the_logged_model_names_every_version_it_became(registry, candidate):
    """Its page in `mlflow ui` links them; a server writes the tag itself, a database leaves it to the client."""
    version = candidate("linked")
    client = registry.client
    model_id = client.get_model_version("linked", str(version)).source.removeprefix("models:/")
    run_id = client.get_model_version("linked", str(version)).run_id
    registry.register_model(run_id, "linked_too")
    named = json.loads(client.get_logged_model(model_id).tags["mlflow.modelVersions"])
    assert named == [{"name": "linked", "version": "1"}, {"name": "linked_too", "version": "1"}]


@pytest.mark.not_over_http
def test_a_model_that_plain_mlflow_gave_a_name_with_a_quote_hides_no_other(uri):
    registry = ModelRegistry(uri)
    registry.client.create_registered_model("O'Neil")
    registry.client.create_model_version("O'Neil", "folder", None)
    assert registry.list_models()["model"].tolist() == ["O'Neil"]
    assert registry.promote_model("O'Neil", 1, "Staging") is Stage.STAGING


def test_rolling_back_if_degraded_is_about_the_production_version_only(registry):
    with pytest.raises(TrackingError, match="Production version"):
        registry.rollback_if_degraded("any", None, version=3)


@pytest.mark.parametrize("wrong", [None, 5, ""])
def test_what_is_no_name_of_a_model_is_refused(registry, wrong):
    with pytest.raises(UnknownModelError, match="not the name of a model"):
        registry.get_model_info(wrong)
