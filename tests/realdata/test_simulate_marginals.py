"""The simulated league beside four real seasons: marginals, predictability, and nobody's name."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from nba_league import League, simulate_league
from nba_league.marginals import compare_marginals
from nba_league.season.names import _FIRST, _LAST

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realdata
SEASONS = ("2021-22", "2022-23", "2023-24", "2024-25")


@pytest.fixture(scope="module")
def real(realdata_dir: Path) -> pd.DataFrame:
    tables = []
    for season in SEASONS:
        table = pd.read_csv(realdata_dir / f"player_game_logs_{season}.csv.gz", parse_dates=["GAME_DATE"])
        tables.append(table.rename(columns=str.lower).assign(season=season))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def league() -> League:
    return simulate_league(SEASONS, odds_seasons=())


def test_every_marginal_is_within_ten_per_cent_of_the_real_one(real: pd.DataFrame, league: League) -> None:
    """Five measures of five statistics, overall and in three tiers; autocorrelations within a tenth or 0.02."""
    both = compare_marginals(real, league.games)
    assert len(both) == 5 * 4 * 5
    outside = both[~both["within"]]
    assert outside.empty, "\n" + outside.to_string()


@pytest.mark.parametrize("stat", ["pts", "reb", "ast", "pra"])
def test_naive_forecasters_err_as_much_as_on_real_data(real: pd.DataFrame, league: League, stat: str) -> None:
    errors = [_naive_errors(games, stat) for games in (real, league.games)]
    for name in errors[0]:
        assert errors[1][name] == pytest.approx(errors[0][name], rel=0.10), name


def test_no_player_has_a_real_players_name(real: pd.DataFrame) -> None:
    taken = set(real["player_name"].map(_plain))
    surnames = {name.split()[1] for name in taken if len(name.split()) > 1}
    assert not taken & {_plain(f"{first} {last}") for first in _FIRST for last in _LAST}
    assert not surnames & {_plain(last) for last in _LAST}


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def _naive_errors(games: pd.DataFrame, stat: str) -> dict[str, float]:
    """Mean absolute error of season mean, mean of the last ten and EWMA, on players with an earlier game."""
    games = games.sort_values(["season", "player_id", "game_date"], kind="stable")
    result = games[["pts", "reb", "ast"]].sum(axis=1) if stat == "pra" else games[stat]
    keys = [games["season"], games["player_id"]]
    before = result.groupby(keys).shift().groupby(keys, sort=False)
    forecasts = {
        "season_mean": before.expanding().mean(),
        "last_10": before.rolling(10, min_periods=1).mean(),
        "ewma_10": before.ewm(span=10).mean(),
    }
    # The windows come player by player, and so do the rows.
    return {name: float(np.nanmean(np.abs(values.to_numpy() - result))) for name, values in forecasts.items()}
