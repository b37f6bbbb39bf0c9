"""Halving with few values of the function ends at the very place at which plain halving ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from nba_props.probability import DISTRIBUTIONS
from nba_props.probability.halving import halved

STEPS = 40
N = 600
ALL = np.arange(N)


def plainly_halved(chance, goal, low, high):
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        short = chance(middle) < goal
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return (low + high) / 2.0


@pytest.fixture(params=sorted(DISTRIBUTIONS))
def chance(request, counts):
    """P(over) of lines between whole numbers as the distribution is moved, the forecasts, and values asked for."""
    y, mu, groups = counts()
    fitted = DISTRIBUTIONS[request.param]().fit(y, mu, groups)
    line, asked = np.floor(mu) + 0.5, []

    def over(place, rows=ALL):
        asked.append(len(rows))
        return 1.0 - fitted.reader(mu[rows], groups[rows])(line[rows] + mu[rows] - place)

    return over, mu[:N], asked


def test_the_place_is_that_of_plain_halving_to_the_last_bit(chance):
    over, forecast, _ = chance
    generator = np.random.default_rng(3)
    # Chances far out too, those of the forecast itself, and rows whose goal is not known or cannot be reached.
    goal = np.r_[generator.uniform(0.001, 0.999, N - 200), over(forecast)[N - 200 : N - 50], np.full(25, np.nan)]
    goal = np.r_[goal, np.full(15, 1.5), np.full(10, -1.0)]
    low, high = forecast - 60.0, forecast + 60.0
    expected = plainly_halved(over, goal, low, high)
    found = halved(over, goal, low, high, steps=STEPS)
    known = ~np.isnan(goal)
    np.testing.assert_array_equal(found[known], expected[known])


def test_usual_chances_need_a_third_of_the_values(chance):
    over, forecast, asked = chance
    goal = np.random.default_rng(4).uniform(0.3, 0.7, N)
    halved(over, goal, forecast - 60.0, forecast + 60.0, steps=STEPS)
    assert sum(asked) < N * STEPS / 3


def test_a_function_without_values_ends_where_plain_halving_does():
    def unknown(place, rows=ALL):
        return np.full(len(place), np.nan)

    ends = np.full(3, 0.5), np.full(3, -8.0), np.full(3, 8.0)
    np.testing.assert_array_equal(halved(unknown, *ends, steps=STEPS), plainly_halved(unknown, *ends))


def test_rounding_that_lets_a_rising_function_fall_for_a_moment_moves_no_place():
    generator = np.random.default_rng(5)
    n = 20_000
    centre, goal = generator.normal(size=n), generator.uniform(0.2, 0.8, n)

    def chance(place, rows=slice(None)):
        exact = ndtr((place - centre[rows]) / 3.0)
        return exact + 1e-13 * np.sin(1e15 * place)

    ends = goal, centre - 30.0, centre + 30.0
    np.testing.assert_array_equal(halved(chance, *ends, steps=STEPS), plainly_halved(chance, *ends))
