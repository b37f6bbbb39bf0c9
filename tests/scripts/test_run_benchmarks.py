"""The benchmarks of runs and features: what they time, and that a budget that is missed is told by the exit code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nba_league import simulate_league
from nba_props.features import build_features

FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture(scope="module")
def load():
    def loaded(name):
        spec = importlib.util.spec_from_file_location(f"{name}_benchmark", FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where dataclasses look for the names of their annotations
        spec.loader.exec_module(module)
        return module

    return loaded


def test_without_data_only_the_main_job_is_run_and_with_it_two_models_know_who_is_out(load):
    script = load("runs")
    assert [run.arguments for run in script.runs([], "pra")] == [()]
    _, default, ensemble = script.runs(["box", "lines"], "reb")
    files = [part for name in ("box", "lines") for part in ("--data", name, "--odds", name)]
    assert default.arguments == (*files, "--market", "reb", "--stand-in")
    assert ensemble.arguments == (*default.arguments, "--model", "ensemble")


@pytest.mark.parametrize(("seconds", "code"), [(79.0, 0), (81.0, 1)])
def test_a_run_that_takes_longer_than_its_budget_fails_the_benchmark(load, monkeypatch, capsys, seconds, code):
    script = load("runs")
    monkeypatch.setattr(script, "timed", lambda run: (seconds, 2.0 * seconds))
    assert script.main([]) == code
    assert f"{seconds / 80.0:.2f}" in capsys.readouterr().out


def test_repeated_seasons_are_later_ones_and_leave_the_features_of_the_first_alone(load):
    script = load("features")
    games = simulate_league(("2022-23", "2023-24"), seed=4, n_teams=4, n_games=10).games
    many = script.repeated(games, 2 * len(games))
    assert sorted(many["season"].unique()) == ["2022-23", "2023-24", "2024-25", "2025-26"]
    assert many.groupby("season")["game_date"].min().is_monotonic_increasing
    found = build_features(many).iloc[: len(games)]
    pd.testing.assert_frame_equal(found, build_features(games.reset_index(drop=True)))
    assert np.isfinite(build_features(many)["pts_previous_season_mean"].iloc[-1])
