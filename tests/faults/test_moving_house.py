"""A store moves to PostgreSQL, or behind a server that keeps the artifacts, and back; nothing changes on the way."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.moving import move_store
from mlflow_integration.store.location import resolve_store

pytestmark = pytest.mark.faults
FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
MODEL = "NBAProps_pra"


@pytest.fixture
def old(tmp_path):
    """A store with a history, a data set, a file and a registered model."""
    path = tmp_path / "mlflow.db"
    tracker, registry = NBAPropsTracker("moved", tracking_uri=path), ModelRegistry(path)
    with tracker.start_run("one", tags={"market": "pra"}) as run:
        for step in range(20):
            tracker.log_metrics({"val_mae_fold": 5.0 - step / 7}, step=step)
        tracker.log_dataset(FEATURES, name="games")
        tracker.log_predictions(FEATURES)
        tracker.log_model(LinearRegression().fit(FEATURES, FEATURES["a"]), input_example=FEATURES)
    registry.register_model(run.run_id, MODEL)
    registry.promote_if_passing(MODEL, 1, {"val_mae": 3.5})
    return path


def told(move) -> str:
    rows = sum(content.rows for content in move.tables.values())
    return f"{rows} rows of {len(move.tables)} tables and {move.files} files, all equal"


def test_to_postgresql_and_back_counts_and_digests_are_the_same(old, postgres, tmp_path, survived):
    there = postgres.new_database()
    moved = move_store(there, old, artifacts=str(tmp_path / "shared"))
    back = move_store(tmp_path / "back" / "mlflow.db", there, artifacts=str(tmp_path / "mlflow_artifacts"))
    again = move_store(there, tmp_path / "back" / "mlflow.db", artifacts=str(tmp_path / "shared"))
    assert again.already, "what came back is what was there, row by row and file by file"
    assert (moved.tables, moved.files) == (again.tables, again.files)
    assert moved.files == back.files > 3
    histories = [ModelRegistry(place).transition_history(MODEL) for place in (old, there)]
    assert histories[0].equals(histories[1])
    client = resolve_store(there).client()
    known = {each.experiment_id for each in client.search_experiments()}
    assert client.create_experiment("next", artifact_location=str(tmp_path / "next")) not in known
    survived(f"SQLite to PostgreSQL and back: {told(moved)}")


def test_artifacts_go_through_a_server_and_back(old, server, tmp_path, survived):
    behind, proxied = server.folder / "server.db", {"artifacts": "mlflow-artifacts:/", "server": server.url}
    moved = move_store(behind, old, **proxied)
    served = ModelRegistry(server.url)
    assert served.load_model(MODEL, 1).predict(FEATURES).shape == (3,)
    assert move_store(behind, old, **proxied).already
    back = move_store(tmp_path / "back" / "mlflow.db", behind, server=server.url)
    assert back.files == moved.files > 3
    assert ModelRegistry(tmp_path / "back" / "mlflow.db").load_model(MODEL, 1).predict(FEATURES).shape == (3,)
    survived(f"SQLite behind a server that keeps the artifacts, and back: {told(moved)}")
