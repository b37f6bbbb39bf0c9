"""From people's values to what MLflow stores."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest

from mlflow_integration.values.convert import as_text, finite_metrics, flatten, plain, to_json, to_number
from mlflow_integration.values.file_names import safe_file_name
from mlflow_integration.values.secrets import mask_secrets, one_line
from nba_props.errors import NonFiniteMetricError, TrackingError


@pytest.mark.parametrize(
    "value",
    [2.5, np.float32(2.5), np.float64(2.5), np.array(2.5), np.array([2.5]), pd.Series([2.5]), pd.Series([2.5]).iloc[0]],
)
def test_numbers_of_every_library_become_python_floats(value):
    number = to_number("m", value)
    assert number == 2.5
    assert type(number) is float


@pytest.mark.parametrize("value", [None, pd.NA, pd.NaT, np.nan, float("nan")])
def test_what_is_missing_becomes_nan(value):
    assert math.isnan(to_number("m", value))


@pytest.mark.parametrize("value", ["3.5", b"3", object(), np.array([1.0, 2.0]), [1.0]])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(TrackingError, match="val_mae"):
        to_number("val_mae", value)


def test_infinity_and_nan_are_refused_naming_every_metric_concerned():
    with pytest.raises(NonFiniteMetricError, match=r"roi = nan, clv = inf"):
        finite_metrics({"roi": np.nan, "mae": 3.0, "clv": np.inf}, allow_missing=False)


def test_with_allow_missing_the_rest_is_kept_and_the_missing_are_named():
    assert finite_metrics({"roi": None, "mae": 3}, allow_missing=True) == ({"mae": 3.0}, ["roi"])


@pytest.mark.parametrize("name", ["val MAE", "roi%", "Roi", "", "a//b", "/a", "..", "a@b", "x" * 251])
def test_names_that_mlflow_or_the_project_do_not_take_are_refused(name):
    with pytest.raises(TrackingError, match="metric name"):
        finite_metrics({name: 1.0}, allow_missing=False)


def test_nested_dictionaries_are_flattened_with_dots():
    @dataclass
    class Tree:
        depth: int
        rate: float

    nested = {"model": {"tree": Tree(6, 0.1), "seed": 7}, "empty": {}}
    assert flatten(nested) == {"model.tree.depth": 6, "model.tree.rate": 0.1, "model.seed": 7, "empty": {}}


def test_two_paths_to_one_key_are_refused():
    with pytest.raises(TrackingError, match=r"a\.b"):
        flatten({"a": {"b": 1}, "a.b": 2})


def test_json_has_no_nan_and_keeps_the_order_of_keys():
    text = to_json({"b": np.float64("nan"), "a": [np.int64(1), {3, 2}], "d": date(2025, 1, 2), "n": pd.NA, "t": (1, 2)})
    assert json.loads(text) == {"b": None, "a": [1, [2, 3]], "d": "2025-01-02", "n": None, "t": [1, 2]}
    assert text.index('"b"') < text.index('"a"')
    assert plain(np.array([1.5, np.inf])) == [1.5, None]


def test_parameters_become_text_that_reads_back():
    assert as_text([1, "a", None]) == '[1, "a", null]'
    assert as_text(np.float64(0.5)) == "0.5"
    assert as_text(True) == "True"
    assert as_text(None) == "None"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://bob:hunter2@db/x", "postgresql://bob:***@db/x"),
        ("https://u:p%40ss@h:5000/a", "https://u:***@h:5000/a"),
        ("token=abc123&x=1", "token=***&x=1"),
        ("{'api_key': 'abc'}", "{'api_key': '***'}"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("max_depth=6", "max_depth=6"),
        ("'Authorization': 'Basic abcdefgh'", "'Authorization': 'Basic ***'"),
        ("Bearer abc.def-123456", "Bearer ***"),
        ("Basic dXNlcjpwYXNz1w==", "Basic ***"),
        ("basic features and a basic regression", "basic features and a basic regression"),
        ("the bearer responsibilities", "the bearer responsibilities"),
    ],
)
def test_secrets_are_masked_and_nothing_else(text, masked):
    assert mask_secrets(text) == masked


def test_masking_a_long_text_takes_time_in_proportion_to_its_length():
    start = time.process_time()
    mask_secrets("x" * 300_000)
    mask_secrets("password" * 30_000)
    assert time.process_time() - start < 2


def test_reasons_are_one_masked_line_of_bounded_length():
    assert one_line("a\n  b\tpassword=x") == "a b password=***"
    assert len(one_line("x" * 1000)) == 500


def test_names_of_experiments_become_one_path_part():
    assert safe_file_name("../a b/c:ü") == "_a_b_c_ü"
    assert safe_file_name("...") == "_"
