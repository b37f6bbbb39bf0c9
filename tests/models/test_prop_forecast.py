"""The whole forecast is in the model: projection and probabilities come out of what was registered alone."""

from __future__ import annotations

from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlflow_integration import ModelRegistry
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.errors import DataError, ModelError

pytestmark = pytest.mark.usefixtures("no_pictures")

KINDS = {
    "lightgbm": {"model_params": {"n_estimators": 8}},
    "xgboost": {"model_params": {"n_estimators": 8}},
    "linear": {},
    "two_stage": {"model_params": {"n_estimators": 8}},
}


@pytest.fixture(scope="module")
def produced(data, tmp_path_factory, new_store):
    """A trainer, its store, and its model in Production."""
    folder = tmp_path_factory.mktemp("produced")
    uri = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        trainer = NBAPropsMLflowTrainer("pts", training_data=data, tracking_uri=uri, **KINDS["lightgbm"])
        result = trainer.run()
        registry = ModelRegistry(uri)
        version = result.registration.version
        registry.promote_model(trainer.model_name, version, "Production", reason="for the test", override=True)
        yield trainer, registry, result


def loaded_from(uri, name):
    mlflow.set_tracking_uri(uri)
    return mlflow.pyfunc.load_model(f"models:/{name}@Production")


def test_a_line_gives_probabilities_and_ranges_beside_the_projection(produced, data):
    trainer, registry, _ = produced
    model = loaded_from(registry.store.uri, trainer.model_name)
    frame = data.features.tail(60)
    expected = trainer.forecast().estimator.predict(frame)
    np.testing.assert_array_equal(model.predict(frame), expected)
    table = model.predict(frame.assign(line=12.5))
    np.testing.assert_array_equal(table["predicted"], expected)
    np.testing.assert_allclose(table[["p_over", "p_push", "p_under"]].sum(axis=1), 1.0)
    assert (table["p_push"] == 0).all()
    assert table["p_over"].corr(table["predicted"], method="spearman") > 0.9
    assert (table["low_80"] <= table["low_50"]).all()
    assert (table["low_50"] <= table["high_50"]).all()
    assert (table["high_50"] <= table["high_80"]).all()


def test_a_higher_line_is_gone_over_less_often_and_a_whole_line_can_be_a_push(produced, data):
    trainer, registry, _ = produced
    model = loaded_from(registry.store.uri, trainer.model_name)
    frame = data.features.tail(30)
    low, high = (model.predict(frame.assign(line=line))["p_over"].to_numpy() for line in (9.5, 14.5))
    assert (high < low).all()
    assert (model.predict(frame.assign(line=10.0))["p_push"] > 0).all()


def test_the_booster_is_still_there_in_its_own_format(produced, data):
    trainer, registry, _ = produced
    uri = registry.get_production_model(trainer.model_name).model_uri
    mlflow.set_tracking_uri(registry.store.uri)
    booster = mlflow.lightgbm.load_model(uri)
    frame = data.features.tail(10)
    np.testing.assert_array_equal(booster.predict(frame.to_numpy()), trainer.forecast().estimator.predict(frame))


def test_the_betting_rule_and_the_calibrator_travel_with_the_model(produced):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    assert forecast.calibrator == "platt"
    assert (forecast.rule.min_edge, forecast.rule.max_odds, forecast.rule.decision) == (0.02, 2.1, "open")
    assert len(forecast.settled) > 300
    assert forecast.data_kind == "SIMULATED"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_comes_back_to_the_last_bit(store, data, kind):
    trainer = NBAPropsMLflowTrainer("reb", training_data=data, model=kind, **KINDS[kind])
    trainer.run()
    forecast = ModelRegistry(store).load_model(trainer.model_name, 1).get_raw_model()
    frame = data.features.tail(40)
    np.testing.assert_array_equal(forecast.project(frame), trainer.forecast().estimator.predict(frame))


def test_a_frame_without_a_feature_is_refused_by_name(produced, data):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    with pytest.raises(DataError, match="usage_pct"):
        forecast.project(data.features.drop(columns="usage_pct"))
    frame = data.features[["usage_pct", "psa"]].tail(3).assign(line=1.5)
    small = replace(forecast, features=("usage_pct",), estimator=_Constant())
    with pytest.raises(DataError, match="how long the players play"):
        small.forecast(frame)


def test_a_model_of_which_this_code_makes_other_numbers_is_refused(produced):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    forecast.verify()
    other = replace(forecast, distribution="normal" if forecast.distribution != "normal" else "conformal")
    with pytest.raises(ModelError, match="another p_over"):
        other.verify()


def test_the_calibrator_of_a_forecast_learns_from_props_settled_since(produced):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    night = pd.DataFrame(
        {"game_date": [pd.Timestamp("2025-01-06")], "line": 10.5, "predicted": 11.0, "mean_minutes": 30.0}
    )
    settled = pd.DataFrame(
        {"game_date": pd.Timestamp("2024-12-20"), "line": 10.5, "actual": 5.0, "predicted": 11.0,
         "mean_minutes": 30.0, "chance": 0.5, "chance_uncalibrated": 0.55}, index=range(500),
    )  # fmt: skip
    night = forecast.at(night)
    before = forecast.calibrated(night)["p_over"].iloc[0]
    after = forecast.calibrated(night, forecast.learned(settled))["p_over"].iloc[0]
    assert after < before - 0.05


def test_a_blend_has_probabilities_where_the_frame_brings_the_markets_and_starts_there(produced, data):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    settled = forecast.settled.assign(market_p_over=0.5)
    frame = data.features.tail(40).assign(line=12.5, mean_minutes=25.0)
    unknown = replace(forecast, calibrator="market_blend", settled=settled).forecast(frame)
    assert "p_over" not in unknown
    over = settled.assign(actual=settled["line"] + (settled["actual"] - settled["line"]).abs())  # the market is far off
    blend = replace(forecast, calibrator="market_blend", settled=over)
    low, high = (blend.forecast(frame.assign(market_p_over=q)) for q in (0.3, 0.7))
    assert (low["p_over"] < high["p_over"]).all()
    assert (low["predicted"] < high["predicted"]).all()
    assert (low["high_80"] <= high["high_80"]).all()


def test_reasons_come_out_of_what_was_registered(produced, data):
    trainer, registry, _ = produced
    forecast = registry.load_model(trainer.model_name).get_raw_model()
    frame = data.features.tail(5)
    said = forecast.reasons(frame)
    assert all(text.count("; ") == 2 for text in said)
    parts = forecast.estimator.contributions(frame)
    np.testing.assert_array_equal(parts, trainer.forecast().estimator.contributions(frame))
    assert replace(forecast, estimator=_Constant()).reasons(frame) == [""] * 5


class _Constant:
    def predict(self, features):
        return np.ones(len(features))
