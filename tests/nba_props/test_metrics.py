"""The one table of metrics: what it says of a key, the page that shows it, and metrics that are added to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlflow_integration.gates.__main__ import profile_table
from nba_props import plugins
from nba_props.errors import ConfigError, TrackingError
from nba_props.metrics import METRICS, Metric, add_metric, all_prefixed, direction, extra_metrics, find_metric
from nba_props.metrics.__main__ import metric_tables
from nba_props.metrics.bootstrap import percentile_interval, ratio_interval
from nba_props.metrics.definitions import brier_score, mae, quantile_bins, roi_rows, win_rate_rows
from nba_props.plugins import PLUGINS_VARIABLE, load_plugins

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "plugins" / "metric.py"


@pytest.fixture
def own(monkeypatch):
    """Metrics that a test adds are unknown to the next."""
    monkeypatch.setattr(METRICS, "_items", dict(METRICS.items()))
    monkeypatch.setattr(plugins, "_loaded", dict(plugins._loaded))
    monkeypatch.setenv(PLUGINS_VARIABLE, "")


def test_the_page_holds_the_tables_that_the_package_prints():
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert metric_tables() in page
    assert profile_table() in page


def test_the_table_is_there_without_numpy_and_pandas():
    code = "import sys; from nba_props.metrics import METRICS; print(len(METRICS) > 90, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.parametrize(
    ("key", "entry", "better"),
    [
        ("oracle_mae", "oracle_mae", None),
        ("mae_2021_22", "mae_<season>", "min"),
        ("roi_ci_low", "<metric>_ci_low", "max"),
        ("win_rate_excess_ci_high", "<metric>_ci_high", "max"),
        ("kelly_max_drawdown", "kelly_<metric>", "min"),
        ("chosen_in_sample_best_roi", "chosen_<metric>", None),
        ("chosen_kelly_roi", "chosen_<metric>", "max"),
        ("val_mae_xgboost", "val_mae_<member>", "min"),
        ("calibration/val_mae", "calibration/<metric>", "min"),
        ("mae_rookies", "mae_<segment>", "min"),
        ("val_accuracy", "val_<metric>", "max"),
    ],
)
def test_a_key_belongs_to_an_entry_and_takes_its_direction(key, entry, better):
    found = find_metric(key)
    assert found is not None
    assert (found.key, direction(key)) == (entry, better)


@pytest.mark.parametrize("key", ["shoe_size", "shoe_size_ci_low", "kelly_shoe_size", "val_shoe_size", ""])
def test_what_is_derived_from_no_metric_is_no_metric(key):
    assert find_metric(key) is None


def test_every_direction_unit_and_group_is_one_of_the_known_ones():
    units = {"stat", "share", "units", "count", "seconds", "minutes", "hours", "probability", "ratio", "score", "same"}
    for metric in map(METRICS.__getitem__, METRICS):
        assert metric.direction in {"min", "max", "same", None}, metric
        assert metric.unit in units, metric
        assert metric.meaning
        assert ("<metric>" in metric.key) or metric.direction != "same", metric


def test_two_metrics_that_would_get_one_name_are_refused():
    with pytest.raises(TrackingError, match="both be stored as 'val_mae'"):
        all_prefixed({"mae": 1.0, "val_mae": 2.0}, "val")


@pytest.mark.usefixtures("own")
def test_the_example_of_the_documents_adds_a_metric():
    load_plugins([EXAMPLE])
    predictions = pd.DataFrame({"actual": [10.0, 30.0], "predicted": [12.0, 20.0]})
    assert extra_metrics(predictions, pd.DataFrame()) == {"big_miss_rate": 0.5}
    assert extra_metrics(predictions.iloc[:0], pd.DataFrame()) == {}
    assert direction("big_miss_rate") == "min"


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many"])
def test_a_metric_of_ones_own_gives_a_number_or_none(value):
    add_metric(Metric("odd", "what it gives", compute=lambda predictions, ledger: value))
    with pytest.raises(ConfigError, match="'odd' was computed as"):
        extra_metrics(pd.DataFrame(), pd.DataFrame())


@pytest.mark.usefixtures("own")
def test_a_key_that_is_taken_or_can_be_none_is_refused():
    with pytest.raises(ConfigError, match="metric 'roi' already"):
        add_metric(Metric("roi", "another one"))
    with pytest.raises(TrackingError, match="cannot be a metric name"):
        add_metric(Metric("Big Miss", "upper case"))


def test_a_family_of_ones_own_takes_any_name_for_its_placeholder():
    family = Metric("mae_<city>_games", "by city", "min", "stat")
    assert family.base_of("mae_new_york_games") == ""
    assert family.base_of("mae_games") is None


def test_rows_with_something_missing_are_left_out():
    assert mae([10.0, np.nan, 30.0], [12.0, 5.0, 26.0]) == 3.0
    assert brier_score([0.5, np.nan], [1.0, 1.0]) == 0.25
    assert np.isnan(mae([10.0], [np.nan]))
    profit, stake = np.array([0.9, np.nan, -1.0, 0.0]), np.array([1.0, 1.0, np.nan, 1.0])
    result = np.array([1.0, np.nan, -1.0, 0.0])
    assert [part.tolist() for part in roi_rows(profit, stake, result)] == [[0.9, 0, 0, 0], [1, 0, 0, 0]]
    assert [part.tolist() for part in win_rate_rows(result)] == [[1, 0, 0, 0], [1, 0, 1, 0]]


def test_bins_are_those_of_the_middle_ranks():
    from scipy.stats import rankdata

    p = np.random.default_rng(3).integers(0, 40, 500) / 40
    place = np.floor((rankdata(p) - 0.5) * 10 / len(p))
    assert quantile_bins(p).tolist() == np.unique(place, return_inverse=True)[1].tolist()


def test_without_a_denominator_there_is_no_interval():
    assert ratio_interval(np.zeros(30), np.zeros(30)) is None
    assert percentile_interval(np.full(5, np.nan), 1.0, 30) is None
