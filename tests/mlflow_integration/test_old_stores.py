"""A file store of an earlier MLflow is brought over whole: runs, artifacts, registered models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlflow_integration import ModelRegistry
from mlflow_integration.store.location import load_mlflow, resolve_store
from mlflow_integration.store.old_stores import migrate_file_store
from nba_props.errors import StoreError

mlflow = load_mlflow()
RUN = "a" * 32


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A small store as MLflow 2 wrote it, in a folder that has been moved since (its absolute paths are wrong)."""
    root = tmp_path / "project" / "mlruns"
    before = "file:///home/somebody/project/mlruns"
    run = root / "123" / RUN
    for folder in ("metrics", "params", "tags", "artifacts/model"):
        (run / folder).mkdir(parents=True)
    write = {
        root / "0" / "meta.yaml": f"artifact_location: {before}/0\nexperiment_id: '0'\n"
        "lifecycle_stage: active\nname: Default\n",
        root / "123" / "meta.yaml": (
            f"artifact_location: {before}/123\nexperiment_id: '123'\nlifecycle_stage: active\nname: Phase1_Foundation\n"
            "creation_time: 1700000000000\nlast_update_time: 1700000000000\n"
        ),
        run / "meta.yaml": (
            f"artifact_uri: {before}/123/{RUN}/artifacts\nend_time: 1700000100000\nentry_point_name: ''\n"
            f"experiment_id: '123'\nlifecycle_stage: active\nrun_id: {RUN}\nrun_name: old run\nrun_uuid: {RUN}\n"
            "source_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1700000000000\nstatus: 3\nuser_id: u\n"
        ),
        run / "metrics" / "val_mae": "1700000001000 6.5 0\n1700000001000 6.5 0\n1700000002000 6.1 1\n",
        run / "metrics" / "roi": "1700000001000 inf 0\n",
        run / "metrics" / "clv": "1700000001000 nan 0\n1700000001000 0.02 0\n",
        run / "params" / "depth": "6",
        run / "tags" / "market": "pra",
        run / "tags" / "mlflow.runName": "old run",
        run / "artifacts" / "model" / "model.txt": "the model",
        run / "artifacts" / "plot.png": "png",
        root / "models" / "props" / "meta.yaml": (
            "creation_timestamp: 1700000000000\ndescription: ''\nlast_updated_timestamp: 1700000000000\nname: props\n"
        ),
        root / "models" / "props" / "version-1" / "meta.yaml": (
            "creation_timestamp: 1700000000000\ncurrent_stage: Production\nlast_updated_timestamp: 1700000000000\n"
            f"name: props\nrun_id: {RUN}\nsource: {before}/123/{RUN}/artifacts/model\nstatus: READY\nversion: 1\n"
        ),
    }  # fmt: skip
    for path, text in write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_way_over_keeps_runs_artifacts_and_models_and_needs_the_old_folder_no_more(old, tmp_path):
    content = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    target = tmp_path / "new" / "mlflow.db"
    done = migrate_file_store(old.parent, target)
    assert (done.experiments, done.runs, done.models) == (2, 1, 1)
    assert (done.duplicate_lines, done.non_finite_lines, done.artifact_files) == (1, 2, 2)
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == content
    shutil.rmtree(old)
    uri = f"sqlite:///{target}"
    client = mlflow.MlflowClient(uri, registry_uri=uri)
    run = client.get_run(RUN)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "old run"
    assert run.data.metrics == {"val_mae": 6.1, "clv": 0.02}
    assert run.data.params == {"depth": "6"}
    assert run.data.tags["market"] == "pra"
    assert [point.value for point in client.get_metric_history(RUN, "val_mae")] == [6.5, 6.1]
    assert run.info.artifact_uri == f"file://{tmp_path}/new/mlflow_artifacts/Phase1_Foundation/{RUN}/artifacts"
    assert Path(client.download_artifacts(RUN, "model/model.txt", str(tmp_path))).read_text() == "the model"
    version = client.get_model_version("props", "1")
    assert version.source == f"{run.info.artifact_uri}/model"
    assert sorted(path.name for path in target.parent.iterdir()) == ["mlflow.db", "mlflow_artifacts"]


def test_a_version_that_was_in_production_there_can_be_promoted_here(old, tmp_path):
    target = tmp_path / "new.db"
    migrate_file_store(old, target)
    registry = ModelRegistry(target)
    registry.promote_model("props", 1, "Production", override=True, reason="brought over")
    assert registry.get_production_version("props") == 1


def test_an_existing_store_is_never_written_over(old, tmp_path, empty_store):
    target = tmp_path / "mlflow.db"
    shutil.copy(empty_store, target)
    before = target.read_bytes()
    with pytest.raises(StoreError, match="exists already"):
        migrate_file_store(old, target)
    assert target.read_bytes() == before
    with pytest.raises(StoreError, match="not a SQLite file"):
        migrate_file_store(old, "http://127.0.0.1:1")


def test_what_is_no_old_store_or_a_broken_one_leaves_nothing_behind(old, tmp_path):
    with pytest.raises(StoreError, match="no old file store"):
        migrate_file_store(tmp_path, tmp_path / "new.db")
    (old / "123" / RUN / "meta.yaml").write_text("a: [")
    with pytest.raises(StoreError, match=r"meta\.yaml of the old store cannot be read"):
        migrate_file_store(old, tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "mlflow_artifacts").exists()


def test_an_old_store_at_the_root_is_told_of_where_the_new_one_is_opened(old, empty_store, caplog):
    root = old.parent
    shutil.copy(empty_store, root / "mlflow.db")
    resolve_store(root / "mlflow.db").client()
    assert "migrate --source" in caplog.text
