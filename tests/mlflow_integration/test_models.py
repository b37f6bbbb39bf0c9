"""Models logged through the tracker load elsewhere and predict the same."""

from __future__ import annotations

import subprocess
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlflow_integration.logging.models import frame_signature, model_type_of
from mlflow_integration.store.location import fluent_store, load_mlflow
from nba_props.errors import TrackingError

mlflow = load_mlflow()
RNG = np.random.default_rng(0)
FEATURES = pd.DataFrame(RNG.normal(size=(400, 6)), columns=["a", "b", "c", "d", "e", "games"])
FEATURES["games"] = RNG.integers(0, 82, size=400)
TARGET = FEATURES["a"] * 2 + FEATURES["games"] * 0.1 + RNG.normal(size=400)
HOLES = FEATURES.astype("float64").mask(RNG.uniform(size=FEATURES.shape) < 0.2)


with warnings.catch_warnings():  # MLflow warns about a model without type hints when its class is made
    warnings.simplefilter("ignore")

    class Shifted(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None) -> np.ndarray:
            return model_input["a"].to_numpy() + 1


def make(kind):
    regressor = lgb.LGBMRegressor(n_estimators=30, verbosity=-1, n_jobs=1)
    boosted = xgb.XGBRegressor(n_estimators=30, n_jobs=1)
    models = {
        "lightgbm regressor": lambda: regressor.fit(HOLES, TARGET),
        "lightgbm booster": lambda: regressor.fit(HOLES, TARGET).booster_,
        "xgboost regressor": lambda: boosted.fit(HOLES, TARGET),
        "xgboost booster": lambda: boosted.fit(HOLES, TARGET).get_booster(),
        "forest": lambda: RandomForestRegressor(n_estimators=20, max_depth=5, n_jobs=1).fit(HOLES, TARGET),
        "histogram boosting": lambda: HistGradientBoostingRegressor(max_iter=20).fit(HOLES, TARGET),
    }
    return models[kind]()


def load(tracker, logged):
    with fluent_store(tracker.tracking_uri):
        return mlflow.pyfunc.load_model(logged.model_uri)


@pytest.mark.parametrize(
    "kind",
    ["lightgbm regressor", "lightgbm booster", "xgboost regressor", "xgboost booster", "forest", "histogram boosting"],
)
def test_a_model_predicts_the_same_from_a_raw_frame_with_holes_after_loading(tracker, kind):
    model = make(kind)
    with tracker.start_run("x"):
        logged = tracker.log_model(model, input_example=FEATURES)
    native = model.predict(xgb.DMatrix(HOLES)) if kind == "xgboost booster" else model.predict(HOLES)
    loaded = load(tracker, logged)
    np.testing.assert_allclose(loaded.predict(HOLES), native, rtol=1e-6)
    np.testing.assert_allclose(loaded.predict(FEATURES), loaded.predict(FEATURES.astype("float64")), rtol=1e-6)
    shuffled = HOLES[["games", "e", "d", "c", "b", "a"]].astype({"a": "float32", "b": "float32"})
    assert np.isfinite(loaded.predict(shuffled)).all()


def test_a_frame_without_a_column_may_lack_it_and_one_of_text_is_refused(tracker):
    with tracker.start_run("x"):
        loaded = load(tracker, tracker.log_model(make("forest"), input_example=FEATURES))
    with pytest.raises(mlflow.exceptions.MlflowException, match="a"):
        loaded.predict(FEATURES.assign(a="text"))


def test_the_model_belongs_to_its_run_with_signature_example_and_exact_requirements(tracker):
    with tracker.start_run("x") as run:
        logged = tracker.log_model(make("lightgbm regressor"), input_example=FEATURES, tags={"market": "pra"})
    client = mlflow.MlflowClient(tracker.tracking_uri)
    stored = client.get_run(run.run_id)
    assert [output.model_id for output in stored.outputs.model_outputs] == [logged.model_id]
    record = client.get_logged_model(logged.model_id)
    assert str(record.status) == "READY"
    assert record.name == "model"
    assert record.tags["market"] == "pra"
    with fluent_store(tracker.tracking_uri):
        info = mlflow.models.get_model_info(f"runs:/{run.run_id}/model")
        requirements = mlflow.pyfunc.get_model_dependencies(logged.model_uri)
    assert [str(column.type) for column in info.signature.inputs] == ["DataType.double"] * 5 + ["Any"]
    assert info.saved_input_example_info is not None
    lines = Path(requirements).read_text().split()
    assert f"lightgbm=={version('lightgbm')}" in lines
    assert f"mlflow=={version('mlflow')}" in lines


def test_scikit_learn_models_are_never_pickled(tracker):
    with tracker.start_run("x"):
        logged = tracker.log_model(make("forest"), input_example=FEATURES)
    location = mlflow.MlflowClient(tracker.tracking_uri).get_logged_model(logged.model_id).artifact_location
    names = {path.name for path in Path(location.removeprefix("file://")).iterdir()}
    assert "model.skops" in names
    assert not {name for name in names if name.endswith(".pkl")}


def test_the_skops_file_is_what_skops_itself_would_write_but_for_its_indentation(tmp_path):
    import json
    import zipfile

    import skops.io

    from mlflow_integration.logging.skops import _write

    model = make("forest")
    _write(model, tmp_path / "ours.skops")
    skops.io.dump(model, tmp_path / "theirs.skops")

    def content(name):
        with zipfile.ZipFile(tmp_path / name) as archive:
            schema = json.loads(archive.read("schema.json"))
            return shape(schema), sorted(
                info.file_size for info in archive.infolist() if info.filename != "schema.json"
            )

    def shape(node):
        if isinstance(node, dict):
            return {key: shape(value) for key, value in node.items() if key not in ("__id__", "file", "content_id")}
        return [shape(value) for value in node] if isinstance(node, list) else node

    assert content("ours.skops") == content("theirs.skops")


def test_a_classifier_and_a_pipeline_keep_their_classes(tracker):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FEATURES, TARGET > TARGET.mean())
    with tracker.start_run("x"):
        logged = tracker.log_model(model, model_type="sklearn", input_example=FEATURES)
    assert (load(tracker, logged).predict(FEATURES) == model.predict(FEATURES)).all()


def unusual(kind):
    low = TARGET > TARGET.mean()
    games = FEATURES[["games"]]
    models = {
        "numbers as keys": lambda: RandomForestClassifier(5, class_weight={0: 1.0, 1: 2.0}, n_jobs=1).fit(games, low),
        "a numpy type": lambda: make_pipeline(OneHotEncoder(dtype=np.float32), Ridge()).fit(games, TARGET),
        "a type as a parameter": lambda: FunctionTransformer(kw_args={"kind": dict}).fit(games),
        "a search": lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(games, TARGET),
        "columns": lambda: make_pipeline(
            ColumnTransformer([("scaled", StandardScaler(), ["games"])]), HistGradientBoostingRegressor(max_iter=3)
        ).fit(games, TARGET),
    }
    return models[kind]()


@pytest.mark.parametrize("kind", ["numbers as keys", "a numpy type", "a search", "columns"])
def test_models_with_unusual_parts_load_with_the_types_named(tracker, kind):
    model = unusual(kind)
    with tracker.start_run("x"):
        logged = tracker.log_model(model, input_example=FEATURES[["games"]])
    np.testing.assert_allclose(load(tracker, logged).predict(FEATURES[["games"]]), model.predict(FEATURES[["games"]]))


def test_a_builtin_type_that_skops_does_not_trust_is_named_in_the_refusal(tracker):
    with tracker.start_run("x"), pytest.raises(TrackingError, match=r"builtins\.dict"):
        tracker.log_model(unusual("a type as a parameter"))


def test_the_types_of_a_forest_are_read_off_its_description_without_asking_skops(tmp_path):
    """Asking costs more than writing the file; a node that is not plain would silently bring that back."""
    from mlflow_integration.logging.skops import _plain_types, _write

    held = _plain_types(_write(make("forest"), tmp_path / "model.skops"))
    assert "sklearn.tree._tree.Tree" in held


def test_a_lightgbm_classifier_predicts_classes_not_probabilities(tracker):
    model = lgb.LGBMClassifier(n_estimators=5, verbosity=-1, n_jobs=1).fit(FEATURES, TARGET > TARGET.mean())
    with tracker.start_run("x"):
        logged = tracker.log_model(model, input_example=FEATURES)
    assert (load(tracker, logged).predict(FEATURES) == model.predict(FEATURES)).all()


def test_a_model_with_a_function_of_somebodys_own_is_refused_naming_it(tracker):
    model = make_pipeline(FunctionTransformer(double), LogisticRegression()).fit(FEATURES, TARGET > TARGET.mean())
    with tracker.start_run("x") as run:
        with pytest.raises(TrackingError, match="trusted_types"):
            tracker.log_model(model, input_example=FEATURES)
        stored = mlflow.MlflowClient(tracker.tracking_uri).get_run(run.run_id)
        assert not (stored.outputs and stored.outputs.model_outputs)


def double(values):
    return values * 2


def test_a_python_model_is_logged_as_it_is(tracker):
    with tracker.start_run("x"):
        logged = tracker.log_model(Shifted(), input_example=FEATURES, allow_code=True)
    assert logged.model_type == "pyfunc"
    np.testing.assert_allclose(load(tracker, logged).predict(FEATURES), FEATURES["a"] + 1)


def test_what_is_no_model_is_refused_before_anything_is_sent(tracker):
    with tracker.start_run("x"):
        with pytest.raises(TrackingError, match="PythonModel"):
            tracker.log_model(object())
        with pytest.raises(TrackingError, match="xgboost, lightgbm, sklearn, pyfunc"):
            tracker.log_model(make("forest"), model_type="torch")
        with pytest.raises(TrackingError, match="does not know colour"):
            tracker.log_model(make("forest"), colour="red")


def test_kinds_are_seen_from_the_class():
    assert model_type_of(lgb.LGBMRegressor()) == "lightgbm"
    assert model_type_of(xgb.XGBRegressor()) == "xgboost"
    assert model_type_of(RandomForestRegressor()) == "sklearn"
    assert model_type_of(Shifted()) == "pyfunc"


def test_a_column_of_whole_numbers_takes_any_number_and_none_is_required():
    signature = frame_signature(pd.DataFrame({"n": [1], "x": [0.5], "home": [True], "team": ["BOS"]}))
    types = {column.name: (str(column.type), column.required) for column in signature.inputs}
    assert types == {
        "n": ("Any", False), "x": ("DataType.double", False), "home": ("DataType.boolean", False),
        "team": ("DataType.string", False),
    }  # fmt: skip


def test_logging_a_model_starts_no_process_and_no_serving_check(tracker, monkeypatch):
    """MLflow's defaults infer requirements in a subprocess and predict with the loaded model: seconds each."""

    def refuse(*arguments, **options):
        message = f"a process was started: {arguments}"
        raise AssertionError(message)

    model = make("lightgbm regressor")
    with tracker.start_run("x"):
        tracker.log_model(model, input_example=FEATURES, name="warm")
        monkeypatch.setattr(subprocess, "Popen", refuse)
        start = time.process_time()
        tracker.log_model(model, input_example=FEATURES)
        assert time.process_time() - start < 2
