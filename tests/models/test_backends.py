"""Where the fits run changes no bit of what they say, nor does a worker that dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from models.forecasting import Forecasts, forecaster
from models.plan.jobs import Job, fits_on, run_jobs
from nba_props.config import make_config
from nba_props.errors import ConfigError, ModelError, StoreError
from nba_props.evaluation.market import evaluate_market
from nba_props.forecast import make_estimator
from nba_props.forecast import parallel as _parallel
from nba_props.forecast.walk_forward import walk_forward_all

TREES = {"n_estimators": 10, "min_data_in_leaf": 20}
SETTINGS = {"market": "pts", "walk_forward": {"step": 60}}
CONFIGS = {
    "lightgbm": make_config(**SETTINGS, model_params=TREES),
    "xgboost": make_config(**SETTINGS, model="xgboost", model_params={"n_estimators": 10}),
    "linear": make_config(**SETTINGS, model="linear", model_params={"min_updates": 2000, "epochs": 1}),
    "two_stage": make_config(**SETTINGS, model="two_stage", model_params=TREES),
    "selection": make_config(**SETTINGS, model_params=TREES, selection={"rounds": 1}),
}


def forecasters(data):
    return [forecaster(data, config, config.model) for config in CONFIGS.values()]


def walked(data, *, workers: int) -> list:
    """Every kind of model through all folds, in one joblib call."""
    return list(walk_forward_all(forecasters(data), workers=workers))


@pytest.fixture(scope="module")
def reference(data):
    """What one core says."""
    return walked(data, workers=1)


def assert_same_bits(results, reference, data) -> None:
    for name, ours, theirs in zip(CONFIGS, results, reference, strict=True):
        pd.testing.assert_frame_equal(ours.predictions, theirs.predictions, check_exact=True, obj=name)
        assert ours.selected == theirs.selected
        assert ours.train_metrics == theirs.train_metrics
        rows = data.features.tail(50)
        np.testing.assert_array_equal(ours.final.predict(rows), theirs.final.predict(rows), err_msg=name)


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of two worker processes on this machine, and its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as local:
        yield local


def test_two_threads_say_the_same_as_one(data, reference):
    with fits_on("threads"):
        assert_same_bits(walked(data, workers=2), reference, data)


@pytest.mark.slow
def test_processes_say_the_same_as_threads(data, reference):
    with fits_on("processes"):
        assert_same_bits(walked(data, workers=2), reference, data)


@pytest.mark.slow
def test_a_dask_cluster_says_the_same_metrics_included(data, reference, cluster):
    with fits_on("dask", cluster.scheduler_address):
        results = walked(data, workers=2)
    assert_same_bits(results, reference, data)
    config = CONFIGS["lightgbm"]
    quotes = data.quotes_of("pts")
    ours, theirs = (evaluate_market(found[0], quotes, config).metrics for found in (results, reference))
    del ours["training_time"], theirs["training_time"]
    assert ours == theirs
    assert "roi" in ours


def deadly(inner, fuse: Path):
    """Makes estimators as `inner` does; the first one made while the file is there takes its process with it.

    A function in a function: processes get its code, and need not find this module.
    """

    def make():
        if fuse.exists():
            fuse.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return inner()

    return make


def with_a_death(data, fuse: Path) -> list:
    """The forecasters, with a worker that dies at a fit in their midst."""
    fuse.touch()
    made = forecasters(data)
    made[1] = replace(made[1], make=deadly(made[1].make, fuse))
    return made


@pytest.mark.slow
def test_processes_finish_with_the_same_bits_when_one_is_killed(data, reference, tmp_path):
    with fits_on("processes"):
        results = list(walk_forward_all(with_a_death(data, tmp_path / "fuse"), workers=2))
    assert not (tmp_path / "fuse").exists(), "nobody died"
    assert_same_bits(results, reference, data)


@pytest.mark.slow
def test_a_dask_cluster_finishes_with_the_same_bits_when_a_worker_is_killed(data, reference, cluster, tmp_path):
    before = set(pids(cluster))
    with fits_on("dask", cluster.scheduler_address):
        results = list(walk_forward_all(with_a_death(data, tmp_path / "fuse"), workers=2))
    assert not (tmp_path / "fuse").exists(), "nobody died"
    assert before - set(pids(cluster)), "no worker was lost"
    assert_same_bits(results, reference, data)


@pytest.mark.slow
def test_a_dask_cluster_finishes_with_the_same_bits_when_all_that_hold_the_tables_are_killed(data, reference, cluster):
    results = []
    with fits_on("dask", cluster.scheduler_address):
        for result in walk_forward_all(forecasters(data), workers=2):
            if not results:
                for pid in pids(cluster):
                    os.kill(pid, signal.SIGKILL)
            results.append(result)
    assert_same_bits(results, reference, data)


def pids(cluster) -> list[int]:
    from distributed import Client

    with Client(cluster.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=180)
        return list(client.run(os.getpid).values())


def test_workers_that_die_again_and_again_end_the_work(monkeypatch):
    calls = []

    def broken(*_, **__):
        calls.append(1)
        raise CancelledError

    with pytest.raises(ModelError, match="died 5 times without a result"):
        list(_parallel.in_order([joblib.delayed(broken)()], workers=1))
    assert len(calls) == 5


def test_an_error_of_a_fit_is_no_lost_worker():
    def wrong():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(_parallel.in_order([joblib.delayed(wrong)()], workers=2))


# -- threads ------------------------------------------------------------------------------------------------------


def blas_threads() -> int:
    from threadpoolctl import threadpool_info

    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


@pytest.mark.parametrize("backend", ["threads", "processes"])
def test_blas_keeps_to_one_thread_while_fits_run_side_by_side(backend):
    def look() -> int:
        import numpy  # noqa: F401 - a process has to load BLAS before it can count its threads
        from threadpoolctl import threadpool_info

        return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")

    before = blas_threads()
    with fits_on(backend):
        assert list(_parallel.in_order([joblib.delayed(look)()] * 3, workers=joblib.cpu_count())) == [1, 1, 1]
    assert blas_threads() == before


def test_a_fit_that_outlives_the_limit_of_blas_does_not_bring_it_back(monkeypatch):
    """A limiter of OpenMP set BLAS back as well: to one thread, when the limit around it had ended before the fit."""
    import xgboost
    from threadpoolctl import ThreadpoolController

    before, limits = blas_threads(), []

    def while_it_bins(*args, **kwargs):
        limits.pop().__exit__(None, None, None)
        raise ZeroDivisionError

    monkeypatch.setattr(xgboost, "QuantileDMatrix", while_it_bins)
    limits.append(ThreadpoolController().select(user_api="blas").limit(limits=1))
    limits[0].__enter__()
    assert blas_threads() == 1
    with pytest.raises(ZeroDivisionError):
        make_estimator("xgboost", {}, seed=0).fit(pd.DataFrame({"a": [1.0]}), pd.Series([1.0]))
    assert blas_threads() == before


def test_workers_are_let_go_with_the_last_forecast_and_when_they_are_no_longer_wanted(data):
    first, second = CONFIGS["lightgbm"], CONFIGS["xgboost"]
    forecasts, before = Forecasts(data, [first, second]), blas_threads()
    forecasts.of(first)
    assert blas_threads() == 1, "the fits of the second are under way"
    forecasts.close()
    assert blas_threads() == before
    again = forecasts.of(second).result.predictions
    assert blas_threads() == before
    (expected,) = walk_forward_all([forecaster(data, second, "xgboost")], workers=1)
    pd.testing.assert_frame_equal(again, expected.predictions, check_exact=True)


COUNT = """
import os, sys
from models.forecasting import forecaster
from models.data import training_data_of
from nba_props.config import make_config
from nba_league import simulate_league
from nba_props.forecast.walk_forward import walk_forward_all

league = simulate_league(("2022-23", "2023-24"), seed=5, odds_seasons=("2023-24",), n_teams=8, n_games=40)
data = training_data_of(league)
before = len(os.listdir("/proc/self/task"))
for model in ("lightgbm", "xgboost", "two_stage"):
    config = make_config(market="pts", model=model, model_params={"n_estimators": 3}, walk_forward={"step": "once"})
    list(walk_forward_all([forecaster(data, config, model)], workers=1))
    print(model, len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts the threads of a process in /proc")
def test_a_fit_starts_no_thread_of_its_own():
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", COUNT], check=True, capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.stdout.split("\n")[:3] == ["lightgbm 0", "xgboost 0", "two_stage 0"]


def test_the_first_fits_run_while_the_store_is_made_ready_and_end_where_it_can_not_be(data):
    before = blas_threads()

    def refuse():
        assert blas_threads() == 1, "no fit is under way"
        message = "no store"
        raise StoreError(message)

    with pytest.raises(StoreError, match="no store"):
        list(run_jobs([Job(CONFIGS["lightgbm"], "Anything")], data, meanwhile=refuse))
    assert blas_threads() == before


# -- the tables ---------------------------------------------------------------------------------------------------


def telling_estimator():
    """Makes estimators whose forecast is 1 where the table they are fitted on is a mapped file of joblib's, else 0."""

    class Telling:
        def fit(self, features, target) -> None:
            address = features.to_numpy().__array_interface__["data"][0]
            self.shared = 0.0
            for line in Path("/proc/self/maps").read_text().splitlines():
                low, high = (int(part, 16) for part in line.split()[0].split("-"))
                if low <= address < high:
                    self.shared = float("joblib_memmapping_folder" in line)

        def predict(self, features):
            return np.full(len(features), self.shared)

        def importances(self):
            return pd.Series(dtype="float64")

    return Telling


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at the memory of a process in /proc")
def test_processes_share_the_feature_table_instead_of_copying_it(data):
    (made,) = [forecaster(data, CONFIGS["lightgbm"], "lightgbm")]
    # joblib shares arrays of a megabyte or more.
    wide = pd.concat([made.features] * 4, axis=1)
    wide = pd.DataFrame(np.ascontiguousarray(wide.to_numpy()), index=wide.index, copy=False)
    assert wide.to_numpy().nbytes > 2**20
    with fits_on("processes"):
        (result,) = walk_forward_all([replace(made, features=wide, make=telling_estimator(), final=False)], workers=2)
    assert (result.predictions["predicted"] == 1.0).all()


# -- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "address", "said"),
    [
        ("spark", None, "Unknown backend 'spark'"),
        ("threads", "tcp://127.0.0.1:1", "runs on this machine"),
        ("dask", None, "needs --address"),
        ("dask", "tcp://127.0.0.1:1", "No Dask scheduler answers"),
        ("ray", None, "uv sync --extra ray"),
    ],
)
def test_a_backend_that_can_not_be_used_says_why(backend, address, said, monkeypatch):
    if backend == "ray":
        monkeypatch.setitem(sys.modules, "ray", None)
    if backend == "dask":
        import distributed

        monkeypatch.setattr(distributed, "Client", partial(impatient, distributed.Client))
    with pytest.raises(ConfigError, match=said), fits_on(backend, address):
        pass


def impatient(client, address, *, timeout):
    """A client that waits for a fifth of a second, where it is told to wait for `timeout`."""
    return client(address, timeout="200ms")


def test_dask_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="uv sync --extra dask"), fits_on("dask", "tcp://127.0.0.1:1"):
        pass
