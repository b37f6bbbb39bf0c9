"""A store moves to PostgreSQL and back, and PostgreSQL numbers new experiments after the moved ones."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.moving import move_store
from mlflow_integration.store.location import resolve_store

pytestmark = pytest.mark.faults
FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})


def test_there_and_back_counts_and_digests_are_the_same(postgres, tmp_path, survived):
    postgresql = postgres.new_database()
    old = tmp_path / "mlflow.db"
    tracker, registry = NBAPropsTracker("moved", tracking_uri=old), ModelRegistry(old)
    with tracker.start_run("one", tags={"market": "pra"}) as run:
        for step in range(20):
            tracker.log_metrics({"val_mae_fold": 5.0 - step / 7}, step=step)
        tracker.log_dataset(FEATURES, name="games")
        tracker.log_model(LinearRegression().fit(FEATURES, FEATURES["a"]), input_example=FEATURES)
    registry.register_model(run.run_id, "NBAProps_pra")
    registry.promote_if_passing("NBAProps_pra", 1, {"val_mae": 3.5})
    there = move_store(postgresql, old, artifacts=str(tmp_path / "shared"))
    back = move_store(tmp_path / "back" / "mlflow.db", postgresql, artifacts=str(tmp_path / "mlflow_artifacts"))
    again = move_store(postgresql, tmp_path / "back" / "mlflow.db", artifacts=str(tmp_path / "shared"))
    assert again.already, "what came back is what was there, row by row and file by file"
    assert (there.tables, there.files) == (again.tables, again.files)
    assert there.files == back.files > 3
    assert (
        ModelRegistry(postgresql).transition_history("NBAProps_pra").equals(registry.transition_history("NBAProps_pra"))
    )
    client = resolve_store(postgresql).client()
    known = {each.experiment_id for each in client.search_experiments()}
    assert client.create_experiment("next", artifact_location=str(tmp_path / "next")) not in known
    rows = sum(content.rows for content in there.tables.values())
    survived(
        f"SQLite to PostgreSQL and back: {rows} rows of {len(there.tables)} tables, {there.files} files, all equal"
    )
