"""The luck in a best."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_integration.reading.luck import deflated_best
from nba_props.metrics.definitions import expected_maximum


@pytest.mark.parametrize("trials", [5, 20, 100, 1000])
def test_the_expected_maximum_is_that_of_simulated_normal_values(trials):
    draws = np.random.default_rng(0).normal(size=(4000, trials)).max(axis=1).mean()
    assert expected_maximum(trials) == pytest.approx(draws, rel=0.05)


def test_one_trial_chose_nothing():
    assert expected_maximum(1) == 0.0
    assert deflated_best([0.1], "roi") == (0.1, None)


def test_runs_that_differ_by_chance_only_deflate_to_about_their_mean():
    rng = np.random.default_rng(1)
    deflated = [deflated_best(list(rng.normal(5.0, 1.0, size=50)), "val_mae")[1] for _ in range(400)]
    assert np.mean(deflated) == pytest.approx(5.0, abs=0.1)


def test_deflation_works_against_the_direction_of_the_metric():
    best, deflated = deflated_best([1.0, 2.0, 3.0], "roi")
    assert best == 3.0
    assert deflated == pytest.approx(3.0 - expected_maximum(3) * 1.0)
    best, deflated = deflated_best([1.0, 2.0, 3.0], "val_mae")
    assert best == 1.0
    assert deflated == pytest.approx(1.0 + expected_maximum(3) * 1.0)
