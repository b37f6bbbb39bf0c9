"""What came to a stage without the registry is found, recorded and shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlflow_integration import ModelRegistry, Stage
from mlflow_integration.commands.compare_experiments import app
from mlflow_integration.stages.outside import outside_moves, recorded_holders
from mlflow_integration.stages.rules import Transition

from .test_registry import GOOD

FIELDCASE = Path(__file__).resolve().parents[3] / "shared" / "fieldcases" / "old_store_with_production_stage.py"


@pytest.fixture
def name(request):
    return request.node.name[:150].replace("[", "-").replace("]", "")


@pytest.fixture
def registry(shared_uri):
    return ModelRegistry(shared_uri, staging_nights=0)


def entry(number, version, move, **more):
    at = f"2025-01-01T00:00:0{number}.000+00:00"
    return Transition(f"transition.{number}", version, *move, at, "me", "", **more)


UP, STAGED = ("Staging", "Production"), ("None", "Staging")


def test_the_history_says_who_holds_what():
    history = [entry(1, 1, STAGED), entry(2, 1, UP), entry(3, 2, STAGED), entry(4, 2, UP, status="abandoned")]
    assert recorded_holders(history) == {"Production": 1, "Staging": 2}
    assert recorded_holders([*history, entry(5, 1, ("Production", "Staging"))]) == {"Staging": 1}


def test_of_two_moves_at_once_the_one_that_was_not_overtaken_counts():
    first = entry(1, 2, UP, confirmed="2025-01-01T00:00:09.000+00:00")
    second = entry(2, 3, UP, confirmed="2025-01-01T00:00:05.000+00:00")
    assert recorded_holders([first, second]) == {"Production": 2}
    assert recorded_holders([entry(1, 2, UP), entry(2, 3, UP, overtaken=True)]) == {"Production": 2}


def test_a_move_that_was_overtaken_has_left_its_stage_all_the_same():
    overtaken = entry(2, 2, UP, overtaken=True, confirmed="2025-01-01T00:00:09.000+00:00")
    winner = entry(3, 3, ("None", "Production"), confirmed="2025-01-01T00:00:08.000+00:00")
    history = [entry(1, 2, STAGED), overtaken, winner]
    assert recorded_holders(history) == {"Production": 3}
    assert outside_moves(history, {"Production": 3}) == []


def test_of_two_moves_that_overlapped_the_alias_says_which_came_last():
    """Both set the alias and then confirmed, in another order: nobody else moved it."""
    first = entry(1, 2, UP, confirmed="2025-01-01T00:00:05.000+00:00")
    second = entry(2, 3, UP, confirmed="2025-01-01T00:00:09.000+00:00")
    assert recorded_holders([first, second]) == {"Production": 3}
    assert outside_moves([first, second], {"Production": 2}) == []
    later = replace(second, at="2025-01-01T00:00:06.000+00:00")
    assert [found.version for found in outside_moves([first, later], {"Production": 2})] == [2]


def test_what_a_process_is_doing_at_this_moment_is_no_move_outside():
    moving = Transition.start(2, (Stage.STAGING, Stage.PRODUCTION), _why(), None)
    history = [entry(1, 1, UP)]
    assert outside_moves(history, {"Production": 2}, under_way=[moving]) == []
    assert [found.version for found in outside_moves(history, {"Production": 2})] == [2]


def _why():
    from mlflow_integration.stages.rules import Why

    return Why("me", "")


def test_an_alias_moved_by_hand_is_found_recorded_once_and_stays_a_finding_until_it_is_accepted(
    registry, candidate, name
):
    for _ in range(2):
        candidate(name, **GOOD)
    assert registry.promote_if_passing(name, 1)
    assert registry.audit(name).empty
    registry.client.set_registered_model_alias(name, "Production", "2")
    shown = registry.transition_history(name).iloc[-1]
    assert (shown["version"], shown["kind"], shown["status"]) == (2, "moved outside", "found")
    for _ in range(2):
        found = registry.audit(name)
        assert found[["version", "stage", "finding"]].values.tolist() == [[2, "Production", "moved outside"]]
    history = registry.transition_history(name)
    last = history.iloc[-1]
    assert (last["by"], last["from_stage"], last["previous"], last["status"]) == ("unknown", "None", 1, "done")
    assert list(history["kind"]).count("moved outside") == 1
    assert registry.list_models().query("model == @name").set_index("version")["how"][2].startswith("moved outside")
    registry.promote_model(name, 2, "Production", override=True, reason="checked by hand")
    assert registry.audit(name).empty
    assert registry.rollback_model(name, reason="back") == 1


def test_the_next_move_records_it_first(registry, candidate, name):
    for _ in range(3):
        candidate(name, **GOOD)
    registry.promote_model(name, 1, "Production", override=True, reason="first")
    registry.client.set_registered_model_alias(name, "Production", "2")
    registry.promote_model(name, 3, "Staging")
    assert registry.transition_history(name)[["version", "kind"]].values.tolist() == [
        [1, "change"],
        [2, "moved outside"],
        [3, "change"],
    ]


def test_an_alias_taken_away_is_found(registry, candidate, name):
    candidate(name)
    registry.promote_model(name, 1, "Production", override=True, reason="first")
    registry.client.delete_registered_model_alias(name, "Production")
    found = registry.audit(name)
    assert found["finding"].tolist() == ["moved outside"]
    assert "taken from version 1" in found["detail"].iloc[0]
    assert registry.audit(name).empty


def test_moves_of_the_registry_itself_are_never_found(registry, candidate, name):
    for _ in range(3):
        candidate(name, **GOOD)
    registry.promote_if_passing(name, 1)
    registry.promote_model(name, 2, "Staging")
    registry.promote_model(name, 3, "Staging")
    registry.promote_if_passing(name, 3)
    registry.demote_model(name, 3, reason="look again")
    registry.promote_model(name, 3, "Production")
    registry.rollback_model(name, to_version=1, reason="test")
    registry.archive_model(name, 1, override=True)
    registry.delete_model_version(name, 2)
    assert registry.audit(name).empty


def test_a_version_of_an_earlier_time_in_production_without_a_verdict_is_a_finding(registry, candidate, name):
    candidate(name)
    move = Transition.start(1, (Stage.STAGING, Stage.PRODUCTION), _why(), None).to_json().replace("pending", "done")
    registry.client.set_registered_model_tag(name, "transition.20240101T000000.000000Z-aaaaaaaa", move)
    registry.client.set_registered_model_alias(name, "Production", "1")
    assert registry.audit(name)["finding"].tolist() == ["without a verdict", "copy differs"]
    assert registry.audit(name)["finding"].tolist() == ["without a verdict"]


def test_mlflows_own_stage_set_by_another_client_is_told_and_brought_back(registry, candidate, name):
    candidate(name)
    registry.promote_model(name, 1, "Staging")
    method = type(registry.client).transition_model_version_stage
    getattr(method, "__wrapped__", method)(registry.client, name, "1", "Archived")
    assert registry.audit(name)["finding"].tolist() == ["copy differs"]
    assert registry.client.get_model_version(name, "1").current_stage == "Staging"
    assert registry.audit(name).empty


def plain_store(uri):
    """A model of plain MLflow: two versions in MLflow's own Production, one archived."""
    client = ModelRegistry(uri).store.client()
    client.create_registered_model("plain")
    method = type(client).transition_model_version_stage
    for number, stage in enumerate(("Archived", "Production", "Production", "Staging", "None"), start=1):
        client.create_model_version("plain", "folder", None)
        getattr(method, "__wrapped__", method)(client, "plain", str(number), stage)
    return client


def test_a_production_that_only_mlflows_own_stage_knows_is_read_and_taken_over_with_a_record(uri):
    client, registry = plain_store(uri), ModelRegistry(uri)
    assert registry.get_production_version("plain") == 3
    assert client.get_registered_model("plain").aliases == {}, "reading writes nothing"
    found = registry.audit()
    assert found[["version", "stage", "finding"]].values.tolist() == [
        [3, "Production", "taken over"],
        [4, "Staging", "taken over"],
    ]
    aliases = client.get_registered_model("plain").aliases
    assert {alias: int(version) for alias, version in aliases.items()} == {"Production": 3, "Staging": 4}
    stages = registry.list_models().set_index("version")["stage"].to_dict()
    assert stages == {1: "Archived", 2: "Archived", 3: "Production", 4: "Staging", 5: "None"}
    assert registry.transition_history("plain")["kind"].tolist() == ["taken over", "taken over"]


def test_registering_here_does_not_lose_the_production_of_a_plain_model(uri, candidate):
    from .conftest import candidate_maker

    plain_store(uri)
    assert candidate_maker(uri)("plain") == 6
    assert ModelRegistry(uri).get_production_version("plain") == 3


@pytest.mark.skipif(not FIELDCASE.exists(), reason=f"there is no {FIELDCASE.name} beside the checkout")
def test_an_old_store_with_a_production_stage_keeps_it_when_it_is_brought_over(tmp_path):
    old = tmp_path / "old"
    for folder in ("metrics", "params", "tags", "artifacts/model"):
        (old / "mlruns/0/aaaabbbbccccddddeeeeffff00001111" / folder).mkdir(parents=True)
    (old / "mlruns/models/props/version-1").mkdir(parents=True)
    subprocess.run([sys.executable, FIELDCASE], cwd=old, check=True)
    uri = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"
    done = CliRunner().invoke(app, ["migrate", "--source", str(old), "--tracking-uri", uri])
    assert done.exit_code == 0, done.output
    assert "props version 1 is in Production: taken over from MLflow's own stage Production" in done.stdout
    registry = ModelRegistry(uri)
    assert registry.get_production_version("props") == 1
    assert registry.transition_history("props")["kind"].tolist() == ["taken over"]
