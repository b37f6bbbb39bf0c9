"""Every formula against values worked out by hand; the derivation of each stands in formula_cases.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from nba_props.betting import ledger, metrics, stakes
from nba_props.betting.market import fair, prices
from nba_props.probability import scores as probability

CASES = tomllib.loads(Path(__file__).with_name("formula_cases.toml").read_text(encoding="utf-8"))["case"]


def _fair(method):
    return lambda over, under: fair.fair_probability([over], [under], method)[0]


def _scored(function):
    return lambda p, y, *rest: function(np.array(p, dtype=float), np.array(y, dtype=float), *rest)


FORMULAS = {
    "american_to_decimal": prices.american_to_decimal,
    "american_to_probability": prices.american_to_probability,
    "brier_dsc": _scored(lambda p, y: probability.brier_decomposition(p, y)["brier_dsc"]),
    "brier_mcb": _scored(lambda p, y: probability.brier_decomposition(p, y)["brier_mcb"]),
    "brier_score": _scored(probability.brier_score),
    "calibration_error": _scored(probability.calibration_error),
    "decimal_to_american": prices.decimal_to_american,
    "expected_value": stakes.expected_value,
    "fair.additive": _fair("additive"),
    "fair.multiplicative": _fair("multiplicative"),
    "fair.power": _fair("power"),
    "fair.shin": _fair("shin"),
    "hold": lambda over, under: fair.hold([over], [under])[0],
    "kelly_fraction": stakes.kelly_fraction,
    "log_loss": _scored(probability.log_loss),
    "max_drawdown": lambda equity: metrics.max_drawdown(np.array(equity)),
    "profit_cents": lambda stake, net, outcome: ledger.profit_cents(
        np.array([stake]), np.array([net]), np.array([outcome])
    )[0],
    "settle": lambda actual, line, side: ledger.settle(np.array([actual]), np.array([line]), np.array([side]))[0],
    "shrunk_probability": stakes.shrunk_probability,
}


def test_the_table_holds_at_least_sixty_cases_and_no_formula_is_left_out():
    assert len(CASES) >= 60
    assert {case["of"] for case in CASES} == set(FORMULAS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['of']}{case['args']}")
def test_a_formula_gives_the_value_worked_out_by_hand(case):
    value = FORMULAS[case["of"]](*case["args"])
    if isinstance(case["expect"], str):
        assert value == case["expect"], case["why"]
    else:
        assert float(value) == pytest.approx(case["expect"], abs=1e-9), case["why"]
