"""The features on real box scores: nothing looks ahead, and the plain pandas version agrees."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nba_props.data import load_game_logs
from nba_props.features import build_features, mean_minutes_before, naive_forecasts, prior_games_in_season
from nba_props.markets import actual

pytestmark = pytest.mark.realdata

HELPERS = Path(__file__).resolve().parents[1] / "features" / "conftest.py"


@pytest.fixture(scope="module")
def games(realdata_dir):
    return load_game_logs(realdata_dir)


@pytest.fixture(scope="module")
def helpers():
    spec = importlib.util.spec_from_file_location("features_helpers", HELPERS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def winter(games):
    """The end of one season and the start of the next: about 11,000 player-games."""
    day = games["game_date"]
    return games[day.between("2022-03-20", "2022-12-05")].reset_index(drop=True)


@pytest.mark.parametrize("day", ["2022-10-18", "2022-11-11", "2022-12-02"])
def test_no_feature_of_real_games_changes_with_what_happens_from_its_date_on(winter, helpers, day):
    known = build_features(winter)
    known = known[(winter["game_date"] <= day).to_numpy()]
    assert len(known) > 3_000

    noticed = {}
    for change, other in helpers.futures(winter, pd.Timestamp(day), np.random.default_rng(7)).items():
        seen = build_features(other)
        noticed[change] = helpers.differing(known.loc[known.index.isin(seen.index)], seen)

    assert noticed == {"perturbed": set(), "deleted": set(), "shuffled": set(), "all at once": set()}


def test_every_feature_of_real_games_equals_its_plain_pandas_version(winter, helpers):
    reference = helpers.load_reference()
    fast, slow = build_features(winter), reference(winter)

    wrong = [
        name
        for name in fast
        if not np.allclose(
            fast[name], slow[name], rtol=1e-9, atol=1e-6 if "_sd_" in name or "_cv_" in name else 1e-9, equal_nan=True
        )
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("market", "season_mean", "last_10", "ewma_10"),
    [
        ("pra", 6.216, 6.174, 6.100),
        ("pts", 4.683, 4.691, 4.657),
        ("reb", 1.948, 1.961, 1.949),
        ("ast", 1.351, 1.363, 1.354),
    ],
)
def test_naive_forecasts_have_the_published_errors(games, market, season_mean, last_10, ewma_10):
    rows = (games["season"] == "2024-25") & (prior_games_in_season(games) > 0)
    errors = naive_forecasts(games, market).sub(actual(games, market), axis=0)[rows].abs().mean()

    assert rows.sum() == 25_737
    assert errors.round(3).to_dict() == {"season_mean": season_mean, "last_10": last_10, "ewma_10": ewma_10}


def test_mean_minutes_are_missing_exactly_where_there_is_no_earlier_game_of_the_season(games):
    assert mean_minutes_before(games).isna().equals(prior_games_in_season(games) == 0)


def test_season_rates_look_like_the_league_they_describe(games):
    """Medians over the season's last weeks, against what is commonly published for NBA players."""
    rates = build_features(games, groups=["core_rates"])[(games["game_date"] > "2025-03-15").to_numpy()]
    bounds = {"usage_pct": (15, 21), "ts_pct": (54, 60), "ast_pct": (9, 15), "reb_pct": (7, 11), "tov_pct": (9, 14)}

    for name, (low, high) in bounds.items():
        assert low < rates[name].median() < high
