"""Counts with a known distribution given their forecast."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def counts():
    """Build (y, mu, groups): over-dispersed counts around mu; group 1 is twice as noisy as group 0."""

    def build(n=12_000, seed=0, low=1.0, high=30.0):
        generator = np.random.default_rng(seed)
        mu = generator.uniform(low, high, n)
        groups = generator.integers(0, 2, n)
        size = np.where(groups == 0, 12.0, 4.0)
        y = generator.negative_binomial(size, size / (size + mu)).astype("float64")
        return y, mu, groups

    return build
