"""A process may die between any two calls of a promotion, or two may promote at once: one Production, old or new."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_integration.registry import ModelRegistry
from mlflow_integration.store.location import load_mlflow

from .conftest import candidate_maker

mlflow = load_mlflow()
HELPER = Path(__file__).with_name("crash_helper.py")


@pytest.fixture
def template(uri: str, tmp_path: Path) -> Path:
    """Version 1 in Production, version 2 in Staging, version 3 in none."""
    make, registry = candidate_maker(uri), ModelRegistry(uri)
    for _ in range(3):
        make("crash")
    registry.promote_model("crash", 1, "Production", override=True, reason="test")
    registry.promote_model("crash", 2, "Staging")
    copy = tmp_path / "template.db"
    shutil.copy(tmp_path / "store" / "mlflow.db", copy)
    return copy


def helper(*arguments: object) -> list[dict]:
    done = subprocess.run([sys.executable, HELPER, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line.get("code", 0) in (0, 77) for line in lines), done.stderr
    return lines


def check_reader(uri: str) -> int:
    """A reader finds exactly one Production version, by alias, by the registry and by MLflow's own stage."""
    client, registry = mlflow.MlflowClient(uri, registry_uri=uri), ModelRegistry(uri)
    holder = int(client.get_model_version_by_alias("crash", "Production").version)
    assert holder in (1, 2)
    assert registry.get_production_model("crash").version == holder
    listed = registry.list_models()
    assert listed.loc[listed["stage"] == "Production", "version"].tolist() == [holder]
    native = [v for v in client.search_model_versions("name='crash'") if v.current_stage == "Production"]
    assert len(native) == 1
    return holder


def recorded(uri: str) -> str:
    """What the store holds of the model: dying before a reading leaves what dying before the next call does."""
    client = mlflow.MlflowClient(uri, registry_uri=uri)
    model = client.get_registered_model("crash")
    entries = [json.loads(text).get("status") for key, text in sorted(model.tags.items())]
    versions = sorted(
        (int(v.version), v.current_stage, v.tags["stage"]) for v in client.search_model_versions("name='crash'")
    )
    return repr((sorted(dict(model.aliases).items()), entries, versions))


def check_mended(uri: str, holder: int) -> None:
    """History tells what happened, and the next promotion brings every copy in line."""
    client, registry = mlflow.MlflowClient(uri, registry_uri=uri), ModelRegistry(uri)
    entries = registry.transition_history("crash").query("version == 2 and to_stage == 'Production'")
    assert entries["status"].tolist() in ([["abandoned"], []] if holder == 1 else [["done"]])
    registry.promote_model("crash", 3, "Production", override=True, reason="test")
    listed = registry.list_models().set_index("version")["stage"].to_dict()
    assert listed == {1: "Archived", 2: "Staging" if holder == 1 else "Archived", 3: "Production"}
    versions = {int(v.version): v for v in client.search_model_versions("name='crash'")}
    assert {n: v.tags["stage"] for n, v in versions.items()} == listed
    assert {n: v.current_stage for n, v in versions.items()} == listed
    assert registry.rollback_model("crash", reason="test") == holder
    assert "moved outside" not in registry.transition_history("crash")["kind"].tolist()


@pytest.mark.slow
def test_whatever_call_a_promotion_dies_before_a_reader_finds_one_production_and_the_next_move_mends_the_rest(
    template, tmp_path
):
    stores = helper("kill", template, tmp_path)
    assert stores[-1]["code"] == 0, "the promotion never came to its end"
    assert len(stores) > 10
    holders, left_behind = [], {}
    for store in stores:
        uri = f"sqlite:///{store['database']}"
        holders.append(check_reader(uri))
        left_behind[recorded(uri)] = (uri, holders[-1])
    assert len(left_behind) > 5, "states that differ"
    for uri, holder in left_behind.values():
        check_mended(uri, holder)
    assert holders == sorted(holders), "the step from old to new happens once"
    assert set(holders) == {1, 2}


def test_two_processes_that_promote_at_once_leave_one_and_a_reader_never_finds_none(template, tmp_path):
    database = tmp_path / "race.db"
    shutil.copy(template, database)
    (outcome,) = helper("race", database, 2)
    assert outcome["codes"] == [0, 0]
    assert set(outcome["seen"]) <= {"1", "2", "3"}
    assert outcome["reads"] > 5
    registry = ModelRegistry(f"sqlite:///{database}")
    winner = registry.get_production_version("crash")
    assert winner in (2, 3)
    registry.promote_model("crash", winner, "Production")
    listed = registry.list_models().set_index("version")["stage"]
    assert listed.tolist().count("Production") == 1
    assert "moved outside" not in registry.transition_history("crash")["kind"].tolist()
