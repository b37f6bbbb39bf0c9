"""Looking every night: few sound models are accused, and one that lost its edge is found in time."""

from __future__ import annotations

import numpy as np
import pytest

from nba_props.errors import NotEnoughDataError
from nba_props.evaluation.sequential import SEASON_NIGHTS, bounds, cusum, watch


def accused(generator, validation_nights, shift, streams=2, seasons=600):
    """Share of seasons with an alarm on any night, and the night of the alarm (NaN: none)."""
    alarm, _ = bounds(validation_nights, streams)
    first = np.full(seasons, np.nan)
    for season in range(seasons):
        for _ in range(streams):
            before = generator.normal(0.0, 1.0, validation_nights)
            gains = generator.normal(-shift, 1.0, SEASON_NIGHTS)
            over = np.flatnonzero(cusum(gains, before.mean(), before.std(ddof=1)) > alarm)
            if len(over):
                first[season] = np.nanmin([first[season], over[0] + 1])
    return float(np.isfinite(first).mean()), first


@pytest.mark.parametrize("validation_nights", [40, 80, 160])
def test_a_sound_model_is_accused_in_at_most_one_season_of_twenty(validation_nights):
    share, _ = accused(np.random.default_rng(7), validation_nights, 0.0)
    assert share <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600)


def test_a_model_that_loses_a_deviation_a_night_is_found_within_thirty_nights():
    share, first = accused(np.random.default_rng(8), 160, 1.0, seasons=200)
    assert share == 1.0
    assert np.nanmedian(first) <= 30


def test_the_shortfall_is_dated_from_where_it_began():
    gains = np.r_[np.tile([0.1, -0.1], 30), np.full(25, -1.5)]
    found = watch(gains, np.random.default_rng(1).normal(0.0, 0.5, 100))
    assert found.alarm
    assert 23 <= found.since <= 30


def test_a_promise_of_a_few_nights_is_none():
    with pytest.raises(NotEnoughDataError, match="20"):
        watch(np.zeros(10), np.zeros(5))


def test_more_validation_allows_a_tighter_bound():
    assert bounds(160, 2)[0] < bounds(40, 2)[0]
