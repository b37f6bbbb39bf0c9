"""A model whose files were changed, or that runs code nobody allowed, is refused by name wherever it is used."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.model_files import Digest, code_on_load
from nba_props.errors import ModelFilesError

mlflow = load_mlflow()
FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
MODEL = LinearRegression().fit(FEATURES, FEATURES["a"] * 2)


class Doubled(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame) -> np.ndarray:
        return model_input["a"].to_numpy() * 2


def folder_of(registry: ModelRegistry, model_id: str) -> Path:
    location = registry.client.get_logged_model(model_id).artifact_location
    return Path(unquote(urlparse(location).path))


@pytest.fixture
def staged(uri):
    """Registry, run and folder of a version in Staging, and its name."""
    tracker, registry = NBAPropsTracker("files", tracking_uri=uri), ModelRegistry(uri)
    with tracker.start_run("x") as run:
        tracker.log_metrics({"val_mae": 3.0})
        logged = tracker.log_model(MODEL, input_example=FEATURES, registered_model_name="digests")
    registry.promote_model("digests", 1, "Staging")
    return registry, run.run_id, folder_of(registry, logged.model_id)


def change_byte(folder: Path) -> str:
    path = folder / "model.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "changed: model.skops"


def swap(folder: Path) -> str:
    from sklearn.dummy import DummyRegressor

    shutil.rmtree(folder)
    mlflow.sklearn.save_model(DummyRegressor().fit(FEATURES, [1.0, 2.0, 3.0]), folder, serialization_format="skops")
    return "model.skops"


def add_code(folder: Path) -> str:
    (folder / "code").mkdir()
    (folder / "code" / "evil.py").write_text("raise SystemExit")
    return "added: code/evil.py"


def change_loader(folder: Path) -> str:
    path = folder / "MLmodel"
    path.write_text(path.read_text().replace("loader_module: mlflow.sklearn", "loader_module: evil"))
    return "changed: MLmodel"


def pickle_it(folder: Path) -> str:
    path = folder / "MLmodel"
    path.write_text(path.read_text().replace("serialization_format: skops", "serialization_format: cloudpickle"))
    return "changed: MLmodel"


def remove(folder: Path) -> str:
    (folder / "MLmodel").unlink()
    return "missing: MLmodel"


@pytest.mark.parametrize("tamper", [change_byte, swap, add_code, change_loader, pickle_it, remove])
def test_a_tampered_model_is_refused_by_name_by_gates_promotion_load_and_registration(staged, tamper):
    registry, run_id, folder = staged
    named = tamper(folder)
    for use in (
        lambda: registry.load_model("digests", 1),
        lambda: registry.evaluate_for_production("digests", 1, {"val_mae": 3.5}),
        lambda: registry.promote_if_passing("digests", 1, {"val_mae": 3.5}),
        lambda: registry.promote_model("digests", 1, "Production"),
        lambda: registry.register_model(run_id, "digests"),
    ):
        with pytest.raises(ModelFilesError, match="not those that were logged") as caught:
            use()
        assert named in str(caught.value)
    assert registry.get_production_version("digests") is None


def test_a_rollback_to_a_tampered_version_is_refused(uri):
    tracker, registry = NBAPropsTracker("files", tracking_uri=uri), ModelRegistry(uri)
    ids = []
    for _ in range(2):
        with tracker.start_run("x"):
            ids.append(tracker.log_model(MODEL, input_example=FEATURES, registered_model_name="back").model_id)
        registry.promote_model("back", len(ids), "Production", override=True, reason="a test")
    change_byte(folder_of(registry, ids[0]))
    with pytest.raises(ModelFilesError, match="model.skops"):
        registry.rollback_model("back", reason="test")
    assert registry.get_production_version("back") == 2


def test_the_digest_is_kept_with_model_run_and_version_and_the_model_loads(staged):
    registry, _, folder = staged
    info = registry.get_model_info("digests", 1)
    digest = Digest.of(folder).value
    assert info.tags["model_digest"] == digest
    assert digest in info.run_tags.values()
    np.testing.assert_allclose(registry.load_model("digests", 1).predict(FEATURES), FEATURES["a"] * 2)


def test_a_digest_changed_in_one_place_is_noticed(staged):
    registry, run_id, folder = staged
    (model,) = registry.client.search_logged_models([registry.client.get_run(run_id).info.experiment_id])
    change_byte(folder)
    registry.client.set_logged_model_tags(model.model_id, Digest.of(folder).tags())
    with pytest.raises(ModelFilesError, match="not the one kept with its run"):
        registry.register_model(run_id, "digests")


def test_code_on_load_is_allowed_once_and_recorded(uri):
    tracker, registry = NBAPropsTracker("files", tracking_uri=uri), ModelRegistry(uri)
    with tracker.start_run("x"), pytest.raises(ModelFilesError, match="allow_code=True"):
        tracker.log_model(Doubled(), input_example=FEATURES)
    with tracker.start_run("x"):
        tracker.log_model(Doubled(), input_example=FEATURES, allow_code=True, registered_model_name="code")
    assert registry.get_model_info("code", 1).tags["allow_code"] == "true"
    np.testing.assert_allclose(registry.load_model("code", 1).predict(FEATURES), FEATURES["a"] * 2)


def test_a_pickle_logged_by_plain_mlflow_is_registered_only_if_that_is_said(uri, tmp_path):
    tracker, registry = NBAPropsTracker("files", tracking_uri=uri), ModelRegistry(uri)
    with tracker.start_run("x") as run:
        mlflow.sklearn.log_model(MODEL, name="model", serialization_format="cloudpickle")
    with pytest.raises(ModelFilesError, match="sklearn as cloudpickle"):
        registry.register_model(run.run_id, "plain")
    assert registry.register_model(run.run_id, "plain", allow_code=True) == 1
    assert registry.get_model_info("plain", 1).tags["model_digest"].startswith("sha256:")
    registry.load_model("plain", 1)


MLMODEL = "flavors:\n  python_function:\n    loader_module: {loader}\n{more}"


@pytest.mark.parametrize(
    ("loader", "more", "says"),
    [
        ("evil", "", "loader_module evil"),
        ("mlflow.sklearn", "", "without its flavour"),
        ("mlflow.xgboost", "    code: code\n  xgboost:\n    data: m.json\n", "code of its own"),
        ("mlflow.xgboost", "  xgboost:\n    data: ../m.json\n", "outside the model"),
        ("mlflow.xgboost", "  xgboost:\n    model_class: os.system\n", "the class os.system"),
        ("mlflow.lightgbm", "  lightgbm:\n    model_class: lightgbm.sklearn.LGBMClassifier\n", "lightgbm as pickle"),
        (
            "mlflow.sklearn",
            "  sklearn:\n    serialization_format: skops\n    skops_trusted_types: [posix.system]\n",
            "the type posix.system",
        ),
        ("mlflow.keras", "  keras:\n    data: x\n", "the flavour keras"),
    ],
)
def test_what_runs_code_is_named(tmp_path, loader, more, says):
    (tmp_path / "MLmodel").write_text(MLMODEL.format(loader=loader, more=more))
    assert says in "; ".join(code_on_load(tmp_path))


@pytest.mark.parametrize("content", ["", "flavors: 3", "[1, 2", "flavors: {python_function: 7}"])
def test_what_is_no_mlmodel_is_refused(tmp_path, content):
    (tmp_path / "MLmodel").write_text(content)
    with pytest.raises(ModelFilesError, match="MLmodel"):
        code_on_load(tmp_path)
