"""Ray says the same to the last bit, and goes on when a worker dies; in a process of its own, which Ray may fill."""

from __future__ import annotations

import importlib.util
import os
import secrets
import subprocess
import sys

import pytest

FITS = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from models.forecasting import forecaster
from models.plan.jobs import fits_on
from models.data import training_data_of
from nba_props.config import make_config
from nba_league import simulate_league
from nba_props.errors import ModelError
from nba_props.forecast.parallel import in_order
from nba_props.forecast.walk_forward import walk_forward_all
from joblib import delayed


def deadly(inner, fuse):
    def make():
        if fuse.exists():
            fuse.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return inner()
    return make


def refuse():
    raise ModelError("not a number")


def threads():
    import lightgbm, xgboost
    from threadpoolctl import threadpool_info
    return os.getpid(), max(library["num_threads"] for library in threadpool_info())


league = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=6, n_games=30)
data = training_data_of(league)
quick = {"market": "pts", "model_params": {"n_estimators": 5}}
configs = [make_config(model=model, **quick) for model in ("lightgbm", "xgboost")]
made = [forecaster(data, config, config.model) for config in configs]
expected = list(walk_forward_all(made, workers=1))

fuse = Path("fuse")
fuse.touch()
with fits_on("ray", "local"):
    found = list(walk_forward_all([replace(made[0], make=deadly(made[0].make, fuse)), made[1]], workers=1))
    side_by_side = list(in_order([delayed(threads)() for _ in range(8)], workers=1))
    try:
        list(in_order([delayed(refuse)()], workers=1))
    except ModelError as error:
        print("raised", error)
assert not fuse.exists(), "nobody died"
for ours, theirs in zip(found, expected, strict=True):
    pd.testing.assert_frame_equal(ours.predictions, theirs.predictions, check_exact=True)
    rows = data.features.tail(50)
    np.testing.assert_array_equal(ours.final.predict(rows), theirs.final.predict(rows))
assert len({pid for pid, _ in side_by_side}) <= os.cpu_count()
assert {number for _, number in side_by_side} == {1}
print("same bits")
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra ray: uv sync --extra ray")
def test_ray_says_the_same_bits_with_a_worker_killed_on_one_thread_each(tmp_path):
    # A token of the test's own keeps Ray from the one in the home directory.
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16), "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", FITS],
        check=False, capture_output=True, text=True, timeout=300, cwd=tmp_path, env={**os.environ, **own},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-2:] == ["raised not a number", "same bits"]
