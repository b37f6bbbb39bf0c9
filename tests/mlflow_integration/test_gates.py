"""Gates: three answers, and no way past a metric that is not there."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mlflow_integration.gates import (
    DEFAULT_PRODUCTION_CRITERIA,
    GATES,
    PROFILES,
    Gate,
    GateProfile,
    NamedGate,
    Verdict,
    as_gates,
    check_gates,
    get_profile,
    load_profiles,
)
from nba_props import plugins
from nba_props.errors import ConfigError

GOOD = {"val_mae": 3.4, "roi": 0.06, "win_rate": 0.56, "calibration_error": 0.04, "sharpe_ratio": 1.2, "n_bets": 500}


def plan(**changes):
    return check_gates({**GOOD, **changes}, PROFILES["plan"].for_market(None))


def test_a_model_that_meets_every_gate_passes():
    report = plan()
    assert report
    assert report.verdict is Verdict.PASS
    assert [result.gate.key for result in report.results][1:] == list(GOOD)


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [("val_mae", 3.5), ("roi", 0.05), ("win_rate", 0.55), ("calibration_error", 0.05), ("sharpe_ratio", 1.0)],
)
def test_comparisons_are_strict(metric, threshold):
    report = plan(**{metric: threshold})
    assert not report
    assert [result.gate.metric for result in report.failures] == [metric]
    assert report.verdict is Verdict.FAIL


def test_the_number_of_bets_may_equal_its_threshold_and_one_bet_less_is_too_few_to_tell():
    assert plan(n_bets=500)
    report = plan(n_bets=499)
    assert not report
    assert report.verdict is Verdict.INSUFFICIENT


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_fails_by_name(value):
    report = plan(val_mae=value)
    assert report.verdict is Verdict.FAIL
    assert "val_mae is not finite" in report.summary


def test_a_missing_metric_fails_by_name():
    report = check_gates({}, PROFILES["plan"].for_market(None))
    assert [result.verdict for result in report.results[1:]] == [Verdict.FAIL] * 6
    assert "sharpe_ratio is missing" in report.summary


def test_a_failure_outweighs_missing_evidence():
    assert plan(n_bets=3, roi=-0.1).verdict is Verdict.FAIL


def test_without_gates_nothing_passes():
    assert not check_gates(GOOD, [])


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.09, Verdict.PASS), (-0.02, 0.05, Verdict.INSUFFICIENT), (-0.09, -0.01, Verdict.FAIL)],
)
def test_a_gate_on_the_lower_bound_knows_when_the_interval_holds_the_threshold(low, high, verdict):
    gate = Gate("roi", ">", 0.0, "lower")
    assert gate.check({"roi": 0.02, "roi_ci_low": low, "roi_ci_high": high}).verdict is verdict


def test_a_bound_that_was_not_recorded_fails_by_its_own_name():
    result = Gate("clv", ">", 0.0, "lower").check({"clv": 0.03})
    assert result.verdict is Verdict.FAIL
    assert "clv_ci_low is missing" in result.reason


def test_the_upper_bound_of_an_error_can_be_gated():
    gate = Gate("val_mae", "<", 6.0, "upper")
    assert gate.check({"val_mae_ci_high": 5.9, "val_mae_ci_low": 5.5}).verdict is Verdict.PASS
    assert gate.check({"val_mae_ci_high": 6.1, "val_mae_ci_low": 5.5}).verdict is Verdict.INSUFFICIENT


@pytest.mark.parametrize(
    "arguments",
    [("roi", "=", 0.0), ("roi", ">", math.nan), ("roi", ">", "0"), ("roi", ">", True), ("roi", ">", 0.0, "middle")],
)
def test_a_gate_that_could_never_be_judged_is_refused(arguments):
    with pytest.raises(ConfigError, match="Gate roi"):
        Gate(*arguments)


def test_the_default_criteria_can_be_changed_one_threshold_at_a_time():
    gates = {gate.metric: gate for gate in as_gates({**DEFAULT_PRODUCTION_CRITERIA, "val_mae": 6.5, "n_bets": 100})}
    assert gates["val_mae"] == Gate("val_mae", "<", 6.5)
    assert gates["n_bets"] == Gate("n_bets", ">=", 100)
    assert gates["roi"] == DEFAULT_PRODUCTION_CRITERIA["roi"]


def test_criteria_are_understood_as_thresholds_pairs_and_tables():
    gates = as_gates({"log_loss": 0.69, "odd": (">=", 2), "clv": {"comparison": ">", "threshold": 0, "bound": "lower"}})
    assert gates == (Gate("log_loss", "<", 0.69), Gate("odd", ">=", 2), Gate("clv", ">", 0, "lower"))


@pytest.mark.parametrize(
    "criteria", [{}, [], iter([]), {"odd": 3}, ["roi"], {"roi": {"threshold": 1}}, {"roi": {"comparison": ">", "x": 1}}]
)
def test_criteria_that_can_not_be_understood_are_refused(criteria):
    with pytest.raises(ConfigError):
        as_gates(criteria)


def test_a_market_replaces_the_gates_of_the_same_metric_and_adds_others():
    profile = GateProfile("p", (Gate("val_mae", "<", 3.5), Gate("roi", ">", 0)), {"pra": (Gate("val_mae", "<", 6.2),)})
    assert profile.for_market("pra") == (Gate("val_mae", "<", 6.2), Gate("roi", ">", 0))
    assert profile.for_market("reb") == (Gate("val_mae", "<", 3.5), Gate("roi", ">", 0))


def test_profiles_are_read_from_a_file(tmp_path):
    path = tmp_path / "gates.toml"
    path.write_text(
        '[strict]\ngates = [{metric = "roi", comparison = ">", threshold = 0.0, bound = "lower"}]\n'
        '[strict.markets]\npra = [{metric = "val_mae", comparison = "<", threshold = 6.1}]\n'
    )
    profile = load_profiles(path)["strict"]
    assert profile.for_market("pra") == (Gate("roi", ">", 0.0, "lower"), Gate("val_mae", "<", 6.1))
    assert get_profile("strict", {"strict": profile}) is profile


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "[a]\nx = 1\n",
        '[a]\ngates = [{comparison = ">"}]\n',
        '[a]\ngates = [{metric = "r", threshold = 1}]\n',
    ],
)
def test_a_broken_profile_file_is_one_clear_error(tmp_path, text):
    path = tmp_path / "gates.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_profiles(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profiles(tmp_path / "none.toml")


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(ConfigError, match="plan, market"):
        get_profile("nope")


def test_the_report_is_valid_json_and_a_table():
    report = plan(roi=math.nan)
    content = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert content["verdict"] == "fail"
    assert [row["metric"] for row in content["gates"]] == list(report.frame()["metric"])
    assert next(row for row in content["gates"] if row["metric"] == "roi")["value"] is None


# -- profiles and gates of one's own ----------------------------------------------------------------------------------

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins"
TWO = '[a]\ngates = [{metric = "roi", comparison = ">", threshold = 0}]\n[b]\ngates = [{gate = "odd"}]\n'


@pytest.fixture
def own(monkeypatch):
    """Gates and profiles that a test adds are unknown to the next."""
    for registry in (GATES, PROFILES):
        monkeypatch.setattr(registry, "_items", dict(registry.items()))
    monkeypatch.setattr(plugins, "_loaded", dict(plugins._loaded))
    monkeypatch.setenv(plugins.PLUGINS_VARIABLE, "")


@pytest.mark.usefixtures("own")
def test_the_example_of_the_documents_adds_a_gate_and_a_profile():
    plugins.load_plugins([EXAMPLES / "gate.py"])
    profile = get_profile(str(EXAMPLES / "gates.toml"))
    assert profile == get_profile(f"{EXAMPLES / 'gates.toml'}:cautious")
    good = {"mae_skill": 0.03, "roi_ci_low": 0.01, "n_bets": 400, "win_rate": 0.55, "breakeven_rate": 0.52}
    assert profile.check(good)
    assert not profile.check(good, "pra"), "val_mae is asked for there"
    report = profile.check({**good, "win_rate": 0.51})
    assert report.summary == "fail: won 51.0% of the bets, the odds ask for 52.0%"
    content = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert content["profile_definition"]["gates"][-1] == {"name": "beats_breakeven"}
    assert len(content["profile_definition"]["markets"]["pra"]) == 1
    assert content["gates"][-1] == {
        "metric": "beats_breakeven", "bound": "gate", "value": 0.51, "comparison": None, "threshold": None,
        "verdict": "fail", "reason": "won 51.0% of the bets, the odds ask for 52.0%",
    }  # fmt: skip
    assert profile.check({}).failures[-1].reason == "there are no bets to judge by"


@pytest.mark.usefixtures("own")
def test_a_file_of_several_profiles_needs_the_name_of_one(tmp_path):
    GATES.add("odd", lambda metrics: (Verdict.PASS,))
    path = tmp_path / "gates.toml"
    path.write_text(TWO)
    assert get_profile(f"{path}:b").check({})
    with pytest.raises(ConfigError, match=r"it holds: a, b\. Name one as .*gates\.toml:NAME"):
        get_profile(str(path))
    with pytest.raises(ConfigError, match="no gate profile 'c' in"):
        get_profile(f"{path}:c")
    with pytest.raises(ConfigError, match="cannot be read"):
        get_profile(str(tmp_path / "none.toml"))


@pytest.mark.usefixtures("own")
def test_a_registered_profile_is_found_by_its_name():
    mine = PROFILES.add("mine", GateProfile("mine", (Gate("roi", ">", 0.0),)))
    assert get_profile("mine") is mine
    with pytest.raises(ConfigError, match="did you mean 'mine'"):
        get_profile("mien")


def test_a_named_gate_that_does_not_exist_is_refused_with_its_place(tmp_path):
    path = tmp_path / "gates.toml"
    path.write_text(TWO)
    with pytest.raises(ConfigError, match=r"gates\.toml: profile 'b': Unknown gate 'odd'"):
        load_profiles(path)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("answer", [True, None, ("maybe",), (Verdict.PASS, "", 1.0, 2.0)])
def test_a_gate_that_does_not_answer_is_a_clear_error(answer):
    GATES.add("odd", lambda metrics: answer)
    with pytest.raises(ConfigError, match="Gate 'odd' answered"):
        check_gates({}, [NamedGate("odd")])


@pytest.mark.parametrize("profile", ["plan", "market"])
def test_a_model_that_knows_the_target_passes_no_profile_however_good_its_numbers_are(profile):
    """A feature equal to the target passed all six gates of the plan."""
    leaked = {**GOOD, "val_mae": 0.1, "mae_skill": 0.98, "roi": 0.6, "win_rate": 0.9}
    leaked |= {"mae_skill_vs_market": 0.98, "brier_skill_vs_market": 0.9, "brier_gain_vs_market_ci_low": 0.2}
    report = get_profile(profile).check({**leaked, "roi_ci_low": 0.5, "clv_ci_low": 0.2})
    assert report.verdict is Verdict.SUSPICIOUS
    assert not report
    assert report.summary.startswith("suspicious: mae_skill = 0.98")


def test_gates_given_by_hand_do_not_let_an_impossible_model_through_either():
    assert check_gates({"roi": 0.2, "mae_skill": 0.05}, as_gates({"roi": 0.1}))
    assert check_gates({"roi": 0.2, "mae_skill": 0.5}, as_gates({"roi": 0.1})).verdict is Verdict.SUSPICIOUS
    assert check_gates({}, ()).verdict is Verdict.FAIL, "no gate is nothing to pass"


@pytest.mark.parametrize(("over_oracle", "verdict"), [(0.5, Verdict.SUSPICIOUS), (1.01, Verdict.PASS)])
def test_on_simulated_data_the_oracle_is_the_bound_and_nothing_else(over_oracle, verdict):
    metrics = {"mae_over_oracle": over_oracle, "mae_skill": 0.3, "brier_skill_vs_market_ci_low": 0.08}
    assert NamedGate("plausible").check(metrics).verdict is verdict


@pytest.mark.parametrize(
    ("low", "verdict"),
    [(0.0002, Verdict.PASS), (0.0, Verdict.INSUFFICIENT), (-0.001, Verdict.INSUFFICIENT), (None, Verdict.INSUFFICIENT)],
)
def test_a_model_adds_to_the_market_only_where_the_lower_bound_of_its_gain_is_above_zero(low, verdict):
    metrics = {} if low is None else {"brier_gain_vs_market_ci_low": low, "brier_gain_vs_market": 0.001}
    assert NamedGate("adds_to_market").check(metrics).verdict is verdict
    assert NamedGate("adds_to_market") in PROFILES["market"].gates
