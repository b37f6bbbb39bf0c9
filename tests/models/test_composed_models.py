"""Forecasters that are not a single library model are logged, loaded and give their own forecasts."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest

from models.train_model_mlflow import NBAPropsMLflowTrainer

pytestmark = pytest.mark.usefixtures("no_pictures")

ONCE = {"walk_forward": {"step": "once"}}
QUICK = {
    "two_stage": {"model_params": {"n_estimators": 8}, **ONCE},
    "ensemble": {
        "model_params": {"lightgbm": {"n_estimators": 8}, "xgboost": {"n_estimators": 8}},
        "ensemble": {"members": ["lightgbm", "xgboost"]},
    },
    "linear": ONCE,
    "lightgbm": {"model_params": {"n_estimators": 8}, "selection": {"rounds": 2}, **ONCE},
}


@pytest.mark.parametrize("model", QUICK)
def test_the_logged_model_gives_the_forecasts_of_the_final_fit_for_a_raw_feature_frame(store, data, model):
    trainer = NBAPropsMLflowTrainer("reb", training_data=data, model=model, seed=2, **QUICK[model])
    result = trainer.run(register=False)
    client = mlflow.MlflowClient(store)
    mlflow.set_tracking_uri(store)
    (logged,) = client.get_run(result.run_id).outputs.model_outputs
    frame = data.features.tail(40)
    loaded = mlflow.pyfunc.load_model(f"models:/{logged.model_id}").predict(frame)
    np.testing.assert_allclose(
        np.asarray(loaded), trainer.forecast().estimator.predict(frame), rtol=1e-5
    )  # the linear model sums in single precision
    artifacts = {item.path for item in client.list_artifacts(result.run_id)}
    if model == "ensemble":
        weights = pd.read_csv(client.download_artifacts(result.run_id, "ensemble_weights.csv"))
        np.testing.assert_allclose(weights[["lightgbm", "xgboost"]].sum(axis=1), 1.0)
        assert {"val_mae_lightgbm", "val_mae_xgboost"} <= set(result.metrics)
    if "selection" in QUICK[model]:
        assert "selected_features.json" in artifacts
        assert 0 < result.metrics["n_selected_mean"] < result.metrics["n_features"]
        assert result.metrics["selection_nogueira"] <= 1.0
