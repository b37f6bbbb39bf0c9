"""A new version displaces the one in Production only if it is better on the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_integration import ModelRegistry, NBAPropsTracker, Stage, Verdict
from mlflow_integration.gates import Evidence, NamedGate, challenge
from nba_props.errors import PromotionError
from nba_props.metrics.bootstrap import ratio_interval

GATE = NamedGate("beats_production")
METRICS = {
    "mae_skill": 0.05, "mae_skill_vs_market": 0.0, "brier_skill_vs_market": 0.01, "roi_ci_low": 0.01,
    "clv_ci_low": 0.01, "brier_gain_vs_market_ci_low": 0.0001,
}  # fmt: skip


def table(noise=0.0, *, n_nights=40, seed=0):
    """Ten props a night whose result follows a known probability; `noise` spoils the forecast of it."""
    generator = np.random.default_rng(0)
    rows = 10 * n_nights
    truth = generator.uniform(0.1, 0.9, rows)
    over = generator.random(rows) < truth
    spoilt = np.clip(truth + np.random.default_rng(seed).normal(0, 1, rows) * noise, 0.02, 0.98)
    return pd.DataFrame(
        {
            "game_id": np.arange(rows) // 10,
            "player_id": np.arange(rows) % 10,
            "game_date": np.repeat(pd.date_range("2025-01-01", periods=n_nights), 10),
            "actual": np.where(over, 21.0, 20.0),
            "predicted": 20.5,
            "line": 20.5,
            "p_over": spoilt,
            "p_under": 1 - spoilt,
        }
    )


def judged(new, old):
    return GATE.check(Evidence({}, challenge(new, old, 1)))


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict"),
    [(0.0, 0.4, Verdict.PASS), (0.4, 0.0, Verdict.FAIL), (0.05, 0.05, Verdict.INSUFFICIENT)],
)
def test_the_three_verdicts(mine, theirs, verdict):
    assert judged(table(mine, seed=1), table(theirs, seed=2)).verdict is verdict


def test_the_difference_is_that_of_the_brier_scores_night_by_night():
    new, old = table(0.1, seed=1), table(0.3, seed=2)
    found = challenge(new, old.sample(frac=1, random_state=3), 7)
    over = new["actual"] > new["line"]
    gain = (old["p_over"] - over) ** 2 - (new["p_over"] - over) ** 2
    sums = gain.groupby(new["game_date"]).sum().to_numpy()
    assert (found.score, found.rows, found.production) == ("brier", 400, 7)
    assert found.gain.point == pytest.approx(gain.mean())
    assert (found.gain.low, found.gain.high) == pytest.approx(
        [getattr(ratio_interval(sums, np.full(40, 10.0)), end) for end in ("low", "high")]
    )


def test_without_lines_the_errors_are_compared():
    new, old = (table().drop(columns=["line", "p_over", "p_under"]).assign(predicted=p) for p in (20.4, 15.0))
    result = judged(new, old)
    assert result.verdict is Verdict.PASS
    assert challenge(new, old, 1).score == "mae"


def test_the_same_forecasts_can_not_be_told_apart():
    assert "cannot be told apart" in judged(table(0.1), table(0.1)).reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t.head(-10), "400 and 390 rows, of which 390 are the same"),
        (lambda t: t.assign(line=t["line"] + 1), "line differs in 400 of 400 rows"),
        (lambda t: t.assign(actual=t["actual"].where(t.index > 0, 99.0)), "actual differs in 1 of 400 rows"),
        (lambda t: t.drop(columns="line"), "only one of the two has lines"),
        (lambda t: pd.concat([t, t.head(1)]), "a player-game appears twice"),
        (lambda t: t.drop(columns="actual"), "lack actual"),
    ],
)
def test_other_rows_results_or_lines_are_never_compared(change, why):
    result = judged(table(), change(table(0.4)))
    assert result.verdict is Verdict.INSUFFICIENT
    assert why in result.reason


def test_few_nights_in_common_tell_nothing():
    assert "under 20 nights" in judged(table(n_nights=10), table(0.4, n_nights=10)).reason


def test_where_nothing_is_in_production_there_is_nothing_to_beat():
    result = GATE.check({})
    assert (result.verdict, result.reason) == (Verdict.PASS, "not applicable: no other version is in Production")


# -- in the registry --------------------------------------------------------------------------------------------------


@pytest.fixture
def registry(shared_uri):
    return ModelRegistry(shared_uri, staging_nights=0)


@pytest.fixture
def version(shared_uri, registry, candidate, request):
    """Registers a version with predictions; returns its number and the model's name."""
    tracker = NBAPropsTracker("challengers", tracking_uri=shared_uri)
    name = request.node.name[:150].replace("[", "-").replace("]", "")

    def make(noise, *, decision="open", tags=None, frame=None):
        from mlflow.entities import LoggedModelOutput

        with tracker.start_run("c", tags={"market": "pra", **(tags or {})}) as run:
            tracker.log_metrics(METRICS)
            tracker.log_params({"decision": decision})
            tracker.log_predictions(table(noise, seed=int(100 * noise)) if frame is None else frame)
            made = tracker.client.create_logged_model(run.experiment_id, name="model", source_run_id=run.run_id)
            tracker.client.finalize_logged_model(made.model_id, "READY")
            tracker.client.log_outputs(run.run_id, [LoggedModelOutput(made.model_id, step=0)])
        return name, registry.register_model(run.run_id, name, gate_profile="market")

    return make


def test_a_worse_model_does_not_displace_a_better_one_by_passing_the_other_gates(registry, version):
    name, first = version(0.25)
    assert registry.promote_if_passing(name, first)
    _, worse = version(0.6)
    decision = registry.promote_if_passing(name, worse)
    assert (decision.report.verdict, decision.stage) == (Verdict.FAIL, Stage.NONE)
    assert "it is worse" in decision.reason
    _, better = version(0.0)
    assert registry.promote_if_passing(name, better)
    assert registry.get_production_version(name) == better


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"decision": "close"}, "decision time is close here and open there"),
        ({"tags": {"availability": "reported"}}, "availability is reported here and None there"),
        ({"frame": table().head(300)}, "300 and 400 rows"),
    ],
    ids=["decision", "availability", "rows"],
)
def test_a_run_of_another_decision_time_availability_or_rows_is_never_compared(registry, version, other, why):
    name, first = version(0.4)
    assert registry.promote_if_passing(name, first)
    _, second = version(0.0, **other)
    decision = registry.promote_if_passing(name, second)
    assert decision.report.verdict is Verdict.INSUFFICIENT
    assert why in decision.reason


def test_a_verdict_against_a_former_production_version_does_not_count(registry, version):
    name, first = version(0.4)
    _, second = version(0.2)
    _, third = version(0.0)
    assert registry.promote_if_passing(name, first)
    assert registry.evaluate_for_production(name, second)
    registry.promote_model(name, second, "Staging")
    assert registry.evaluate_for_production(name, third)
    registry.promote_model(name, third, "Production", override=True, reason="test")
    registry.promote_model(name, second, "Staging")
    with pytest.raises(PromotionError, match="compared with version 1, and version 3 is in Production now"):
        registry.promote_model(name, second, "Production")
