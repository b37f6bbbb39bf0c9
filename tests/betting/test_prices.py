"""Prices are converted exactly or refused."""

from __future__ import annotations

import numpy as np
import pytest
import shin
from hypothesis import given
from hypothesis import strategies as st

from nba_props.betting.market import prices
from nba_props.betting.market.fair import VIG_METHODS, fair_probability, power_exponent
from nba_props.errors import ConfigError, DataError

american = st.one_of(st.integers(100, 5000), st.integers(-5000, -100)).map(float)


@pytest.mark.parametrize("price", [50.0, -50.0, 0.0, 99.9, -99.9, np.inf, -np.inf])
def test_a_price_no_bookmaker_can_offer_is_refused_with_its_value(price):
    with pytest.raises(DataError, match="2 rows") as caught:
        prices.american_to_decimal([110.0, price, price], source="odds.csv")
    assert "odds.csv" in str(caught.value)
    assert str(price) in str(caught.value)


@pytest.mark.parametrize("odds", [1.0, 0.5, -2.0, np.inf])
def test_decimal_odds_that_pay_nothing_are_refused(odds):
    with pytest.raises(DataError):
        prices.decimal_to_american([odds])


def test_a_side_that_is_not_offered_stays_missing_in_every_format():
    missing = [np.nan]
    assert np.isnan(prices.american_to_decimal(missing)).all()
    assert np.isnan(prices.american_to_probability(missing)).all()
    assert np.isnan(prices.decimal_to_american(missing)).all()


@given(american)
def test_a_price_survives_the_way_through_every_format(price):
    decimal = prices.american_to_decimal(price)
    same = 100.0 if price == -100 else price
    assert prices.decimal_to_american(decimal) == pytest.approx(same, rel=1e-12)
    assert prices.decimal_to_american(1.0 / prices.american_to_probability(price)) == pytest.approx(same, rel=1e-12)


@given(american, american, st.sampled_from(VIG_METHODS))
def test_the_fair_sides_sum_to_one_and_changing_the_sides_changes_the_probability(over, under, method):
    forward, backward = fair_probability([over, under], [under, over], method)
    if np.isnan(forward):
        assert method in {"additive", "shin"}
        assert np.isnan(backward)
    else:
        assert 0 < forward < 1
        assert forward + backward == pytest.approx(1.0, abs=1e-12)


@given(american, american)
def test_the_power_exponent_solves_its_equation(over, under):
    a, b = prices.american_to_probability([over]), prices.american_to_probability([under])
    exponent = power_exponent(a, b)
    assert a**exponent + b**exponent == pytest.approx(1.0, abs=1e-10)


@given(st.integers(-3000, -105).map(float), st.integers(-140, 140).map(lambda v: float(v - 100 if v < 0 else v + 100)))
def test_two_way_shin_agrees_with_the_package_shin(over, under):
    odds = [float(prices.american_to_decimal(price)) for price in (over, under)]
    if 1 / odds[0] + 1 / odds[1] <= 1.0 + 1e-6:
        return  # the oracle is defined for a positive margin
    expected = shin.calculate_implied_probabilities(odds)
    mine = fair_probability([over], [under], "shin")[0]
    assert mine == pytest.approx(expected[0], abs=1e-6)


# P(over) that penaltyblog 1.13.1 gives: calculate_implied([over, under], method=...), prices turned to decimal odds.
OF_PENALTYBLOG = [  # over, under, multiplicative, additive, power, shin
    (-110.0, -110.0, 0.5, 0.5, 0.5, 0.5),
    (-115.0, -105.0, 0.510834236186, 0.51134429949, 0.511604454499, 0.511344299489),
    (-140.0, 110.0, 0.550561797753, 0.553571428571, 0.555167954789, 0.553571428571),
    (-200.0, 165.0, 0.638554216867, 0.64465408805, 0.647800816342, 0.64465408805),
    (-320.0, 250.0, 0.727272727273, 0.738095238095, 0.743974144987, 0.738095238095),
    (100.0, -125.0, 0.473684210526, 0.472222222222, 0.471457264729, 0.472222222222),
    (-112.0, -118.0, 0.493931056805, 0.493508741561, 0.493278728824, 0.493508741561),
    (150.0, -185.0, 0.38127090301, 0.375438596491, 0.372399804935, 0.375438596491),
]


@pytest.mark.parametrize(("over", "under", "multiplicative", "additive", "power", "shin_value"), OF_PENALTYBLOG)
def test_every_method_gives_what_penaltyblog_gives(over, under, multiplicative, additive, power, shin_value):
    expected = {"multiplicative": multiplicative, "additive": additive, "power": power, "shin": shin_value}
    assert sorted(expected) == sorted(VIG_METHODS)
    for method, value in expected.items():
        assert fair_probability([over], [under], method)[0] == pytest.approx(value, abs=1e-11)


@pytest.mark.parametrize("method", VIG_METHODS)
def test_a_one_sided_quote_has_no_fair_probability(method):
    assert np.isnan(fair_probability([-110.0, np.nan], [np.nan, -110.0], method)).all()


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(ConfigError, match="logit"):
        fair_probability([-110.0], [-110.0], "logit")
