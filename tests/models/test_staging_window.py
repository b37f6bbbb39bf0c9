"""The gates see the test without its last nights, and the test in Staging sees only these."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pandas as pd
import pytest

from mlflow_integration import ModelRegistry
from models.staging_window import staging_window
from models.train_model_mlflow import NBAPropsMLflowTrainer

pytestmark = pytest.mark.usefixtures("no_pictures")

QUICK = {"model_params": {"n_estimators": 20}, "walk_forward": {"step": "once"}, "workers": 2}


@pytest.fixture(scope="module")
def trainer(data):
    return NBAPropsMLflowTrainer("reb", training_data=data, staging_nights=20, **QUICK)


@pytest.fixture(scope="module")
def evaluation(trainer):
    return trainer.train_and_evaluate_walk_forward(log=False)


def window_of(trainer, evaluation, **changes):
    config = trainer.config.model_copy(update=changes)
    return staging_window(evaluation, config)


def test_the_two_parts_share_no_night_and_leave_none_out(trainer, evaluation):
    window, predictions = window_of(trainer, evaluation), evaluation.predictions
    early = predictions[predictions["game_date"] < window.first_night]
    late = predictions[predictions["game_date"] >= window.first_night]
    assert late["game_date"].nunique() == 20
    assert window.metrics["val_mae"] == pytest.approx((early["actual"] - early["predicted"]).abs().mean())
    assert window.metrics["n_bets"] + window.settled["profit"].notna().sum() == pytest.approx(
        evaluation.metrics["n_bets"] + evaluation.metrics.get("n_pushes", 0), abs=20
    )
    settled = window.settled.dropna(subset="actual")
    assert len(settled) == len(late)
    assert settled["game_date"].min() == window.first_night


def test_the_settled_rows_are_those_of_the_whole_walk_forward(trainer, evaluation):
    window = window_of(trainer, evaluation)
    bets = evaluation.ledger[evaluation.ledger["game_date"] >= window.first_night]
    assert window.settled["profit"].dropna().tolist() == bets["profit"].tolist()
    scored = evaluation.scored_props()
    scored = scored[scored["game_date"] >= window.first_night]
    ours = window.settled.dropna(subset="probability")
    np.testing.assert_array_equal(ours["probability"], scored["chance"])
    np.testing.assert_array_equal(ours["outcome"], scored["over"])


@pytest.mark.parametrize("nights", [0, 10_000])
def test_without_nights_asked_for_or_with_too_few_there_is_no_window(trainer, evaluation, nights):
    assert window_of(trainer, evaluation, staging_nights=nights) is None


def test_a_training_that_passes_goes_all_the_way_and_leaves_a_bundle(data, store, tmp_path):
    (tmp_path / "gates.toml").write_text('[lax]\ngates = [{metric = "val_mae", comparison = "<", threshold = 90}]\n')
    trainer = NBAPropsMLflowTrainer("reb", training_data=data, gate_profile=str(tmp_path / "gates.toml"), **QUICK)
    result = trainer.run()
    registry = ModelRegistry(store)
    tags = registry.client.get_model_version(trainer.model_name, "1").tags
    assert (tags["gate_verdict"], tags["gate_profile"], tags["staging_nights"]) == ("pass", "lax", "20")
    assert tags["staging_verdict"] in ("pass", "fail")
    assert str(result.registration.stage) == ("Production" if tags["staging_verdict"] == "pass" else "Staging")
    folder = registry.write_bundle(trainer.model_name, 1)
    kept = json.loads((folder / "gate_metrics.json").read_text())
    first = pd.read_csv(registry.client.download_artifacts(result.run_id, "staging_replay.csv", str(tmp_path)))
    assert kept["until"] < first["game_date"].min()
    plausible, gate = result.registration.report.results
    assert (plausible.gate.key, plausible.verdict) == ("plausible", "pass")
    assert gate.value == kept["metrics"]["val_mae"] != result.metrics["val_mae"]
    rows = data.features.tail(20)
    expected = trainer.forecast().estimator.predict(rows)
    np.testing.assert_allclose(joblib.load(folder / "model.joblib").predict(rows.to_numpy()), expected)
    assert kept["metrics"].keys() <= result.metrics.keys()
