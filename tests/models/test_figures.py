"""The plots of a run: what an evaluated market gives them to draw."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models import figures
from nba_props.plots import About


@pytest.mark.parametrize(("moved", "panels"), [(1e-16, 2), (0.05, 4)])
def test_before_and_after_are_drawn_only_where_a_calibrator_moved_something(moved, panels):
    """Without a calibrator the probabilities are the same but for a rounding, and two equal panels said nothing."""
    chance = np.linspace(0.3, 0.7, 400)
    over = np.random.default_rng(0).random(400) < chance

    def scored(*, calibrated=True):
        return pd.DataFrame({"chance": chance + (moved if calibrated else 0.0), "over": over.astype("float64")})

    evaluation = SimpleNamespace(scored_props=scored, metrics={"brier_score": 0.24, "brier_score_uncalibrated": 0.25})
    drawn = figures._calibration_curve(evaluation, None, About("REB", simulated=True))
    assert len(drawn.axes) == panels
