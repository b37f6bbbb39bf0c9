"""Stakes of a card: Kelly over the joint outcomes of the night, correlated as the models' own errors were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nba_props.betting import StakeConfig
from nba_props.betting.night import Correlations, night_outlook, night_returns, night_shares, residual_correlations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.live.card import Card, ModelInUse
    from models.live.record import CardStore

_KEYS = ["game_id", "player_id", "market"]


def learned_correlations(models: Mapping[str, ModelInUse]) -> Correlations:
    """Correlations of the models' out-of-sample errors of the nights before they were trained."""
    known = {market: model.forecast.past.dropna(subset=["team"]) for market, model in models.items()}
    return residual_correlations({market: rows for market, rows in known.items() if len(rows)})


def with_night_stakes(card: Card, kelly: float, bankroll: float, store: CardStore) -> Card:
    """The card with stakes of a share of full Kelly instead of flat ones, and the outlook of its night.

    The bankroll is in units; the drawdown of the ledger in `store` cuts the stakes.
    """
    if card.bets.empty:
        return card
    config = StakeConfig(kelly=kelly, bankroll_units=bankroll)
    bets = _with_teams(card)
    known = learned_correlations(card.models)
    shares = night_shares(bets, known, config, drawdown=_drawdown(store, card.slate.kind, bankroll))
    staked = np.floor(shares * bankroll * config.unit_cents) / config.unit_cents
    kept = card.bets.assign(stake=staked)[staked > 0].reset_index(drop=True)
    named = card.props[_KEYS].merge(kept[[*_KEYS, "stake"]], how="left", on=_KEYS, validate="1:1")
    props = card.props.assign(stake=named["stake"].fillna(0.0).to_numpy())
    return replace(card, bets=kept, props=props, night=_outlook(bets, known, shares, config))


def outlook(card: Card, bankroll: float) -> Card:
    """The card with the outlook of its night at the stakes it has."""
    if card.bets.empty:
        return card
    shares = card.bets["stake"].to_numpy("float64") / bankroll
    night = _outlook(_with_teams(card), learned_correlations(card.models), shares, StakeConfig())
    return replace(card, night=night)


def _outlook(bets: pd.DataFrame, known: Correlations, shares: np.ndarray, config: StakeConfig) -> dict[str, float]:
    """Of probabilities moved towards the market as the stakes are: half-way by default."""
    return night_outlook(shares, night_returns(bets, known, shrink=config.shrink, seed=1))


def _with_teams(card: Card) -> pd.DataFrame:
    teams = card.slate.players.drop_duplicates("player_id").set_index("player_id")["team"]
    return card.bets.assign(team=teams.reindex(card.bets["player_id"]).to_numpy())


def _drawdown(store: CardStore, kind: str, bankroll: float) -> float:
    """Drawdown of the bankroll from its peak over the settled cards, [0, 1)."""
    run_id = store.ledger_run(kind)
    if run_id is None:
        return 0.0
    ledger = store.table(run_id, "ledger.parquet")
    profit = ledger.groupby("game_date")["profit"].sum().cumsum().to_numpy("float64")
    equity = np.r_[0.0, profit]
    peak = float(equity.max())
    # The bankroll given is the present one.
    return float(np.clip((peak - equity[-1]) / (bankroll + peak - equity[-1]), 0.0, 1.0))
