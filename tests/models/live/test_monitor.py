"""The monitor's verdict: a sound model is kept, one whose market has become efficient is rolled back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.live.card import ModelInUse
from models.live.checks import check_reports, missing_nights
from models.live.monitor import Verdict, apply_verdict, can_go_back, monitor_model, nightly_gains
from models.live.record import FEATURES_FILE, SETTLED_PROPS_FILE, StoredCard
from nba_props.errors import DataError, ModelError

FIRST = pd.Timestamp("2024-11-01")


def props_of(night, generator, *, informed=True, n=60):
    """Props whose truth is known: either the model knows it and the market guesses, or the other way round."""
    truth = np.clip(generator.normal(0.5, 0.15, n), 0.05, 0.95)
    guess = np.clip(truth + generator.normal(0.0, 0.12, n), 0.05, 0.95)
    model, market = (truth, guess) if informed else (guess, truth)
    over = generator.random(n) < truth
    return pd.DataFrame(
        {"game_date": night, "market": "pts", "line": 20.5, "actual": np.where(over, 24.0, 17.0),
         "projection": 20.5 + 8 * (model - 0.5), "p_over": model, "p_under": 1 - model, "market_p_over": market},
    )  # fmt: skip


class Cards:
    """A store of settled cards, one a night."""

    def __init__(self, informed):
        generator = np.random.default_rng(4)
        self.props = {
            f"run{number}": props_of(FIRST + pd.Timedelta(days=number), generator, informed=good)
            for number, good in enumerate(informed)
        }

    def cards(self, *, stage, kind):
        return [
            StoredCard(run_id, rows["game_date"].iloc[0], 1, "settled", "k", stage, {"pts": ("m", 1)}, kind)
            for run_id, rows in self.props.items()
        ]

    def table(self, run_id, name):
        return {SETTLED_PROPS_FILE: self.props[run_id], FEATURES_FILE: pd.DataFrame({"usage_pct": [20.0, 21.0]})}[name]


@pytest.fixture(scope="module")
def validation():
    generator = np.random.default_rng(5)
    nights = [props_of(pd.Timestamp("2024-01-01") + pd.Timedelta(days=day), generator) for day in range(120)]
    return pd.concat(nights, ignore_index=True).rename(columns={"projection": "predicted"})


def look(informed, validation, *, earlier=True, reference=None, trained="2024-10-31"):
    forecast = SimpleNamespace(market="pts", data_kind="real", trained_until=pd.Timestamp(trained), reference=reference)
    return monitor_model(ModelInUse("m", 1, "Production", "r", forecast), Cards(informed), validation, earlier=earlier)


def test_a_model_as_good_as_promised_is_kept(validation):
    report = look([True] * 50, validation)
    assert report.verdict is Verdict.KEEP, report.reasons
    assert report.reasons == ()
    assert report.nights == 50
    assert report.calibration == pytest.approx(1.0, abs=0.25)
    assert (report.windows["brier_gap"] < 0).all()
    assert report.windows["days"].tolist() == [7.0, 14.0, 30.0]


def test_a_market_that_becomes_efficient_leads_to_a_rollback_that_says_why(validation):
    report = look([True] * 20 + [False] * 30, validation)
    assert report.verdict is Verdict.ROLL_BACK
    assert "Brier score against the market" in " ".join(report.reasons)
    assert 30 <= report.streams["market"].since < 50, "the shortfall is dated to about when it began"
    said = []
    registry = SimpleNamespace(rollback_model=lambda name, reason: said.append((name, reason)) or 7)
    assert apply_verdict(report, registry).rolled_back_to == 7
    assert said[0][0] == "m"
    assert said[0][1].startswith("monitor: ")


def test_without_an_earlier_version_it_is_to_be_retrained(validation):
    report = look([False] * 40, validation, earlier=False)
    assert report.verdict is Verdict.RETRAIN
    assert apply_verdict(report, None) is report


def test_a_model_in_use_for_long_is_to_be_retrained_but_a_summer_does_not_age_it(validation):
    assert look([True] * 75, validation).verdict is Verdict.RETRAIN
    assert look([True] * 10, validation, trained="2024-04-14").age_days == 9


def test_features_that_moved_are_worth_a_look(validation):
    moved = pd.DataFrame({"feature": ["usage_pct"], "mean": [15.0], "spread": [5.0]})
    report = look([True] * 10, validation, reference=moved)
    assert report.verdict is Verdict.WATCH
    assert report.drift == {"core_rates": pytest.approx(1.1)}


def test_a_version_without_settled_cards_is_kept(validation):
    report = look([], validation)
    assert (report.verdict, report.nights) == (Verdict.KEEP, 0)


def test_gains_of_a_night_are_means_of_its_props():
    rows = pd.DataFrame(
        {"game_date": ["a", "a"], "actual": [10.0, 20.0], "line": [12.0, 17.0], "projection": [11.0, 16.0],
         "p_over": [0.4, 0.7], "p_under": [0.6, 0.3], "market_p_over": [0.5, 0.5]},
    )  # fmt: skip
    (gains,) = nightly_gains(rows, "projection").to_dict("records")
    assert gains["error"] == pytest.approx(((2 - 1) + (3 - 4)) / 2)
    assert gains["market"] == pytest.approx(((0.25 - 0.16) + (0.25 - 0.09)) / 2)


def test_what_was_rolled_back_is_not_gone_back_to():
    moves = pd.DataFrame(
        {"version": [1, 2, 1], "to_stage": "Production", "kind": ["promotion", "promotion", "rollback"],
         "previous": pd.array([None, 1, 2], dtype="Int64")},
    )  # fmt: skip
    assert can_go_back(moves.iloc[:2], 2)
    assert not can_go_back(moves, 1)


def test_nights_with_lines_and_days_since_the_log_ended_are_missing_unless_said_to_be_idle():
    games = pd.DataFrame({"game_date": pd.to_datetime(["2024-11-01", "2024-11-03"]), "season": "2024-25"})
    odds = pd.DataFrame({"game_date": pd.to_datetime(["2024-11-02"])})
    night = pd.Timestamp("2024-11-05")
    assert missing_nights(games, odds, night) == list(pd.to_datetime(["2024-11-02", "2024-11-04"]))
    assert missing_nights(games, odds, night, [pd.Timestamp("2024-11-04")]) == [pd.Timestamp("2024-11-02")]
    tips = pd.DataFrame({"game_date": pd.to_datetime(["2024-11-01", "2024-11-05"])})
    assert missing_nights(games, odds[:0], night, fixtures=tips) == [], "the schedule has no game on the fourth"
    assert missing_nights(games, odds[:0], night, fixtures=tips[:1]) == [pd.Timestamp("2024-11-04")], "it says nothing"
    assert missing_nights(games, odds[:0], pd.Timestamp("2025-10-21")) == [], "a new season begins"
    with pytest.raises(DataError, match="2024-11-02"):
        from models.live.checks import check_nights

        check_nights(games, odds, night)


def test_reports_are_features_only_of_models_that_were_trained_with_them():
    def model(how, *features):
        return ModelInUse("m", 1, "Production", "r", SimpleNamespace(availability=how, features=features))

    with_reports, without = model("reported", "out_min"), model("last game", "out_min")
    assert check_reports({"pts": with_reports}, reported=True)
    assert not check_reports({"pts": without}, reported=True)
    assert not check_reports({"pts": without}, reported=False)
    assert check_reports({"pts": with_reports, "reb": model("last game", "usage_pct")}, reported=True)
    with pytest.raises(ModelError, match="pts were trained with injury reports, and there are none: give them"):
        check_reports({"pts": with_reports}, reported=False)
    with pytest.raises(ModelError, match="those of reb without: make one card per --market"):
        check_reports({"pts": with_reports, "reb": without}, reported=True)
