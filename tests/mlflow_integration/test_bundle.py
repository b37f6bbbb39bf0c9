"""A version that comes into Production is a folder to deploy, readable without a server."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.logging.items import Document
from mlflow_integration.store.location import load_mlflow
from nba_props.errors import TrackingError, UnknownModelError

from .test_registry import GOOD

mlflow = load_mlflow()
FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})


@pytest.fixture
def registry(uri):
    return ModelRegistry(uri, staging_nights=0)


@pytest.fixture
def version(uri):
    """Registers a version of the model `props` with a real model and the files of a training."""
    tracker = NBAPropsTracker("bundles", tracking_uri=uri)

    def make(slope=2.0):
        with tracker.start_run("b", tags={"market": "pra", "data_kind": "SIMULATED"}):
            tracker.log_metrics(GOOD)
            tracker.log_items([Document("model.joblib", "stands for the binary")])
            tracker.log_training_config({"config": {"market": "pra"}})
            tracker.log_feature_config({"n_features": 1})
            fitted = LinearRegression().fit(FEATURES, FEATURES["a"] * slope)
            logged = tracker.log_model(fitted, input_example=FEATURES, registered_model_name="props")
        return logged.version

    return make


def bundle(registry, number=1):
    return registry.store.root / "models" / "props" / f"version_{number}"


def test_a_promotion_to_production_writes_it_and_one_to_staging_does_not(registry, version):
    version()
    registry.promote_model("props", 1, "Staging")
    assert not bundle(registry).exists()
    assert registry.promote_if_passing("props", 1)
    there = [path for path in bundle(registry).rglob("*") if path.is_file()]
    assert {path.relative_to(bundle(registry)).as_posix() for path in there} >= {
        "MODEL_CARD.md", "SHA256SUMS", "feature_config.json", "gate_report.json", "gate_report.md", "model.joblib",
        "model/MLmodel", "training_config.json", "version.json", "gates/gate_report_plan.md",
    }  # fmt: skip
    assert sorted(path.name for path in bundle(registry).parent.iterdir()) == ["version_1"], "nothing half written"


def test_it_is_read_without_a_store(registry, version, tmp_path):
    version()
    registry.promote_if_passing("props", 1)
    copy = tmp_path / "elsewhere"
    shutil.move(bundle(registry), copy)
    shutil.rmtree(registry.store.root)
    model = mlflow.pyfunc.load_model(str(copy / "model"))
    np.testing.assert_allclose(model.predict(FEATURES), FEATURES["a"] * 2)
    assert json.loads((copy / "training_config.json").read_text())["config"] == {"market": "pra"}
    listed = dict(reversed(line.split("  ")) for line in (copy / "SHA256SUMS").read_text().splitlines())
    files = {path.relative_to(copy).as_posix(): path for path in copy.rglob("*") if path.is_file()}
    assert listed.keys() == files.keys() - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name].read_bytes()).hexdigest() == digest for name, digest in listed.items())


def test_the_card_says_how_it_was_judged_and_how_it_came_there(registry, version):
    version()
    registry.promote_model("props", 1, "Production", override=True, reason="the first one")
    card = (bundle(registry) / "MODEL_CARD.md").read_text()
    assert "# props version 1" in card
    assert "Stage Production (override: the first one)" in card
    assert "Gates: not judged" in card
    assert "- data_kind: SIMULATED" in card
    assert "| roi | 0.06 |" in card
    assert "None to Production" in card
    assert json.loads((bundle(registry) / "version.json").read_text())["stage"] == "Production"


def test_any_version_can_be_written_anywhere_and_again(registry, version, tmp_path):
    version()
    for _ in range(2):
        path = registry.write_bundle("props", 1, tmp_path / "out" / "props")
        assert (path / "MODEL_CARD.md").is_file()
    assert [each.name for each in path.parent.iterdir()] == ["props"]
    assert "Stage None (it has not been moved)" in (path / "MODEL_CARD.md").read_text()
    with pytest.raises(UnknownModelError, match="it has: 1"):
        registry.write_bundle("props", 5)


def test_each_version_has_its_own_report_though_one_run_has_two(registry, version):
    version()
    run_id = registry.client.get_model_version("props", "1").run_id
    registry.register_model(run_id, "props")
    registry.promote_if_passing("props", 1)
    registry.promote_if_passing("props", 2)
    for number in (1, 2):
        content = json.loads((bundle(registry, number) / "gate_report.json").read_text())
        assert (content["version"], content["profile"], content["verdict"]) == (number, "plan", "pass")


def test_a_folder_that_can_not_be_written_is_told_and_the_version_is_in_production(registry, version):
    version()
    (registry.store.root / "models").write_text("a file stands here")
    with pytest.raises(TrackingError, match="Writing the bundle of props version 1"):
        registry.promote_if_passing("props", 1)
    assert registry.get_production_version("props") == 1


def test_going_back_writes_the_version_that_is_in_production_again(registry, version):
    for _ in range(2):
        registry.promote_if_passing("props", version())
    shutil.rmtree(bundle(registry, 1))
    registry.rollback_model("props", reason="worse")
    assert "rollback: worse" in (bundle(registry, 1) / "MODEL_CARD.md").read_text()


def test_the_folder_of_bundles_is_ignored_by_git():
    lines = (Path(__file__).resolve().parents[2] / ".gitignore").read_text().splitlines()
    assert "/models/" in lines


def test_the_card_shows_reasons_and_tags_as_text(registry, version):
    reason = "a\n# head <img src=x onerror=alert(1)> [x](javascript:y) \x1b[31m"
    version()
    registry.promote_model("props", 1, "Staging", override=True, reason=reason)
    registry.promote_model("props", 1, "Production", override=True, reason=reason)
    card = (bundle(registry) / "MODEL_CARD.md").read_text()
    assert card.count("onerror") == 3
    assert not any(sign in card.replace("\\]", "") for sign in ("<img", "\n# head", "](javascript", "\x1b"))
