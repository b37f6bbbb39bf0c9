"""Stakes of a night: what settles together is staked together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.betting import StakeConfig
from nba_props.betting.night import (
    Correlations,
    correlation_matrix,
    drawdown_share,
    night_outlook,
    night_returns,
    night_shares,
    residual_correlations,
)
from nba_props.betting.stakes import kelly_fraction

FREE = StakeConfig(kelly=1.0, shrink=0.0, cap_bet=1.0, cap_player=1.0, cap_game=1.0, cap_night=1.0)


def bets(n, *, game=0, p=0.55, odds=2.0, side="over", market="pts"):
    return pd.DataFrame(
        {"game_id": game, "player_id": np.arange(n), "team": "BOS", "market": market, "side": side,
         "decimal_odds": odds, "p": p, "q": 0.5, "p_push": 0.0}, index=range(n),
    )  # fmt: skip


def test_one_bet_alone_is_staked_by_the_kelly_formula():
    shares = night_shares(bets(1), Correlations(), FREE, draws=200_000)
    assert shares[0] == pytest.approx(kelly_fraction(0.55, 2.0), abs=0.005)


def test_bets_that_win_together_are_staked_less_than_bets_that_do_not():
    alone = night_shares(bets(4), Correlations(), FREE, draws=20_000).sum()
    together = night_shares(bets(4), Correlations(mates={("pts", "pts"): 0.9}), FREE, draws=20_000).sum()
    assert together < 0.6 * alone


def test_an_over_and_an_under_of_team_mates_hedge_each_other():
    both = pd.concat([bets(1), bets(1, side="under").assign(player_id=1)], ignore_index=True)
    apart = night_shares(both, Correlations(), FREE, draws=20_000).sum()
    hedged = night_shares(both, Correlations(mates={("pts", "pts"): 0.8}), FREE, draws=20_000).sum()
    assert hedged > 1.2 * apart


def test_wins_come_as_often_as_is_believed_and_pushes_return_the_stake():
    night = bets(3).assign(p=[0.4, 0.5, 0.6], p_push=[0.0, 0.1, 0.2], side=["over", "under", "over"])
    returns = night_returns(night, Correlations(mates={("pts", "pts"): 0.3}), draws=200_000)
    np.testing.assert_allclose((returns > 0).mean(axis=0), night["p"] * (1 - night["p_push"]), atol=0.004)
    np.testing.assert_allclose((returns == 0).mean(axis=0), night["p_push"], atol=0.004)


def test_correlations_of_errors_are_found_again():
    generator = np.random.default_rng(3)
    games = 3000
    shared, rival = generator.normal(size=(2, games))
    rows = []
    for team, sign, other in (("BOS", shared, rival), ("NYK", rival, shared)):
        for player in range(3):
            own = generator.normal(size=games)
            pts = 0.5 * sign - 0.3 * other + own
            rows.append(
                pd.DataFrame({"game_id": np.arange(games), "player_id": player + (10 if team == "NYK" else 0),
                              "team": team, "pts": pts, "reb": 0.6 * own + generator.normal(size=games)})
            )  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    past = {name: table.assign(predicted=9.0, actual=9.0 + 3.0 * table[name]) for name in ("pts", "reb")}
    found = residual_correlations(past)
    real = np.corrcoef(table["pts"], table["reb"])[0, 1]
    assert found.player["pts", "reb"] == pytest.approx(real, abs=0.02)
    variance = 1 + 0.25 + 0.09
    assert found.mates["pts", "pts"] == pytest.approx(0.34 / variance, abs=0.03)
    assert found.opponents["pts", "pts"] == pytest.approx(-0.30 / variance, abs=0.03)
    assert abs(found.mates["reb", "reb"]) < 0.03


@given(st.lists(st.floats(-0.9, 0.9), min_size=3, max_size=3), st.integers(2, 8))
@settings(max_examples=30)
def test_any_correlations_make_a_matrix_that_can_be_drawn_from(values, n):
    player, mates, opponents = ({("pts", "pts"): value} for value in values)
    night = bets(n).assign(team=np.where(np.arange(n) % 2, "BOS", "NYK"))
    matrix = correlation_matrix(night, Correlations(player, mates, opponents))
    assert np.linalg.eigvalsh(matrix).min() > 0
    np.testing.assert_allclose(np.diag(matrix), 1.0)


def test_stakes_keep_to_every_cap():
    config = StakeConfig(kelly=0.5, shrink=0.0)
    night = pd.concat([bets(6, game=game, p=0.7).assign(player_id=np.arange(6) // 2 + 10 * game) for game in range(8)])
    night = night.assign(market=np.tile(["pts", "reb"], 24)).reset_index(drop=True)
    shares = night_shares(night, Correlations(), config)
    tolerance = 1 + 1e-9
    assert shares.max() <= config.cap_bet * tolerance
    assert pd.Series(shares).groupby(night["player_id"]).sum().max() <= config.cap_player * tolerance
    assert pd.Series(shares).groupby(night["game_id"]).sum().max() <= config.cap_game * tolerance
    assert shares.sum() <= config.cap_night * tolerance


def test_stakes_are_cut_in_a_drawdown_by_the_stated_rule():
    night = bets(3)
    whole = night_shares(night, Correlations(), StakeConfig(kelly=0.25))
    cut = night_shares(night, Correlations(), StakeConfig(kelly=0.25), drawdown=0.2)
    np.testing.assert_allclose(cut, drawdown_share(0.2) * whole)


def test_worthless_bets_staked_high_ruin_and_small_ones_do_not():
    returns = night_returns(bets(4, p=0.45), Correlations(), draws=4000)
    assert night_outlook(np.full(4, 0.05), returns)["risk_of_ruin"] > 0.9
    assert night_outlook(np.full(4, 0.0005), returns)["risk_of_ruin"] == 0.0


def test_no_bets_are_no_stakes():
    assert len(night_shares(bets(0), Correlations(), FREE)) == 0
