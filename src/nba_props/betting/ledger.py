"""The chronological ledger: which bets were placed, what was staked, how they were settled, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.arrays import Floats, Ints
from nba_props.betting.candidates import bets_by_rule
from nba_props.betting.frames import as_numbers, nights, results_of
from nba_props.betting.market.closing import CLOSE_COLUMNS, closing_values
from nba_props.betting.market.fair import VigMethod
from nba_props.betting.market.tips import CLOSE_WINDOW_MINUTES
from nba_props.betting.stakes import StakeConfig, capped_fractions, kelly_fraction, shrunk_probability
from nba_props.betting.strategy import BettingConfig

LEDGER_COLUMNS: Final[dict[str, str]] = {
    "game_date": "night of the bet (US Eastern day)",
    "game_id": "game",
    "player_id": "player",
    "market": "market",
    "bookmaker": "book the bet was placed at",
    "side": "over or under",
    "line": "line taken",
    "price": "American price taken",
    "decimal_odds": "the same, decimal",
    "observed_at": "when the price was seen (UTC)",
    "p": "model's probability of the side, given no push",
    "p_push": "model's probability of a push",
    "q": "no-vig market probability of the side at the line taken, when it was taken",
    "edge": "p - q",
    "ev": "model's expected profit per unit staked",
    "kelly": "full-Kelly share of the bankroll at p, given no push",
    "stake": "units staked",
    "actual": "what the player did (NaN: did not play)",
    "result": "won, lost, push or void",
    "profit": "units won",
    "bankroll": "units after the night",
    "stake_cents": "the same three in whole cents",
    "profit_cents": "",
    "bankroll_cents": "",
    "close_line": "most quoted closing line (NaN: no close after the bet)",
    "close_q": "fair closing probability of the side at the line taken",
    "clv": "decimal_odds * close_q - 1",
    "clv_line": "points the line moved in the bet's favour",
    "close_state": "close, stale, missed, or no tip (`CLOSE_STATES`)",
    "close_age_minutes": "from the last quote after the price taken to the tip",
}
"""Columns of the ledger, in order, and their meaning."""


def place_bets(
    priced: pd.DataFrame,
    results: pd.DataFrame,
    config: BettingConfig | None = None,
    *,
    closing: pd.DataFrame | None = None,
    close_window_minutes: float = CLOSE_WINDOW_MINUTES,
) -> pd.DataFrame:
    """Choose, stake and settle bets; one row per bet, in time order.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> quote = {"bookmaker": "A", "line": 20.5, "over_price": 120.0, "under_price": -140.0}
    >>> when = {"game_date": "2024-01-05", "observed_at": pd.Timestamp("2024-01-05 20:00", tz="UTC")}
    >>> priced = pd.DataFrame({**prop, **quote, **when, "p_over": 0.5, "p_push": 0.0, "p_under": 0.5})
    >>> results = pd.DataFrame({**prop, "actual": [25.0]})
    >>> place_bets(priced, results)[["side", "price", "stake", "result", "profit"]].to_dict("records")
    [{'side': 'over', 'price': 120.0, 'stake': 1.0, 'result': 'won', 'profit': 1.2}]

    Args:
        priced: Priced quotes: `decision_quotes` with ``p_over``, ``p_push``, ``p_under``, the model's probabilities at
            each quote's own line, NaN where it has no forecast.
        results: One row per prop (`split_results`): used to settle bets, and for the shape of results by which a close
            is moved to another line; nothing that prices or chooses a bet sees them.
        config: The strategy; the default bets one unit flat on every edge of two points and more with a positive EV.
        closing: All good quotes, from which each bet's close is taken; None leaves the closing columns empty.
        close_window_minutes: How long before the tip a quote may have been seen to be a close.

    Returns:
        The ledger, columns `LEDGER_COLUMNS`. Stakes of a night are sized from the bankroll at its opening and settled
        at its end; voids and pushes return the stake. Bets too small for one cent are not placed.

    Raises:
        DataError: Missing columns, dates or lines, impossible prices, probabilities that do not sum to 1, or a bet
            without a result.
    """
    strategies = {"": config or BettingConfig()}
    return run_backtest(priced, results, strategies, closing=closing, close_window_minutes=close_window_minutes)[""]


def run_backtest(
    priced: pd.DataFrame,
    results: pd.DataFrame,
    strategies: Mapping[str, BettingConfig],
    *,
    closing: pd.DataFrame | None = None,
    close_window_minutes: float = CLOSE_WINDOW_MINUTES,
) -> dict[str, pd.DataFrame]:
    """`place_bets` for several named strategies; those that differ in stakes alone share their bets and closes.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> quote = {"bookmaker": "A", "line": 20.5, "over_price": 120.0, "under_price": -140.0}
    >>> when = {"game_date": "2024-01-05", "observed_at": pd.Timestamp("2024-01-05 20:00", tz="UTC")}
    >>> priced = pd.DataFrame({**prop, **quote, **when, "p_over": 0.5, "p_push": 0.0, "p_under": 0.5})
    >>> rules = {"bold": BettingConfig(), "shy": BettingConfig(min_edge=0.2)}
    >>> ledgers = run_backtest(priced, pd.DataFrame({**prop, "actual": [25.0]}), rules)
    >>> {name: ledger["profit"].tolist() for name, ledger in ledgers.items()}
    {'bold': [1.2], 'shy': []}

    Returns:
        Name -> ledger.
    """
    bets = {
        rule: with_closes(chosen, closing, results, rule.vig, close_window_minutes)
        for rule, chosen in bets_by_rule(priced, strategies.values()).items()
    }
    return {
        name: stake_bets(bets[config.rule], results, config.stakes)[list(LEDGER_COLUMNS)]
        for name, config in strategies.items()
    }


def with_closes(
    bets: pd.DataFrame,
    closing: pd.DataFrame | None,
    results: pd.DataFrame,
    method: VigMethod = "power",
    window_minutes: float = CLOSE_WINDOW_MINUTES,
) -> pd.DataFrame:
    """`bets` with the columns of `closing_values`; empty where there is no table of closing quotes."""
    if closing is None:
        empty = bets.assign(**dict.fromkeys(CLOSE_COLUMNS, np.nan))
        return empty.assign(close_state=pd.Series(None, empty.index, dtype="str"))
    return bets.join(closing_values(bets, closing, results, method, window_minutes=window_minutes))


def stake_bets(bets: pd.DataFrame, results: pd.DataFrame, config: StakeConfig | None = None) -> pd.DataFrame:
    """Stake and settle chosen bets (one row each, any order of nights); adds the money columns of the ledger.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"]}
    >>> bet = {"game_date": "2024-01-05", "side": "under", "line": 20.5, "decimal_odds": 2.0, "p": 0.6, "q": 0.5}
    >>> results = pd.DataFrame({**prop, "actual": [18.0]})
    >>> stake_bets(pd.DataFrame({**prop, **bet}), results)[["result", "profit", "bankroll"]].to_dict("records")
    [{'result': 'won', 'profit': 1.0, 'bankroll': 1001.0}]

    Args:
        bets: ``game_date``, ``game_id``, ``player_id``, ``market``, ``side``, ``line``, ``decimal_odds``, ``p``, ``q``.
        results: One row per prop (`split_results`).
        config: Flat or Kelly, bankroll, caps.

    Returns:
        The bets in order of their nights, those of stake 0 left out, with ``actual``, ``result`` and stake, profit and
        bankroll in units and in whole cents. ``bankroll_cents`` of a night is the starting bankroll plus all profits up
        to it.

    Raises:
        DataError: A bet without a date, a line or a result.
    """
    config = config or StakeConfig()
    bets = bets.assign(game_date=nights(bets["game_date"], "bets"))
    bets = bets.sort_values("game_date", kind="stable", ignore_index=True)
    line = as_numbers(bets, "line", "bets", missing=False)
    actual = results_of(bets, results)
    outcome = settle(actual, line, bets["side"].to_numpy())
    night, opening = np.unique(bets["game_date"].to_numpy(), return_index=True)
    code = np.repeat(np.arange(len(night)), np.diff(np.r_[opening, len(bets)]))
    net = bets["decimal_odds"].to_numpy() - 1.0
    start = round(config.bankroll_units * config.unit_cents)
    if config.kelly is None:
        stake = np.full(len(bets), config.unit_cents, dtype="int64")
        profit = profit_cents(stake, net, outcome)
        daily = np.bincount(code, weights=profit, minlength=len(night)).astype("int64")
        bankroll = start + np.cumsum(daily)
    else:
        share = _kelly_shares(bets, code, config)
        stake, profit, bankroll = _settle_night_by_night(share, net, outcome, np.r_[opening, len(bets)], start)
    cents = {"stake_cents": stake, "profit_cents": profit, "bankroll_cents": bankroll[code]}
    units = {name.removesuffix("_cents"): values / config.unit_cents for name, values in cents.items()}
    ledger = bets.assign(actual=actual, result=_RESULT_NAMES[outcome + 1], **units, **cents)
    return ledger[stake > 0].reset_index(drop=True)


def settle(actual: Floats, line: Floats, side: NDArray[np.object_]) -> Ints:
    """Outcome of each bet: 1 won, -1 lost, 0 push (result on the line), 2 void (no result: did not play).

    >>> settle(np.array([25.0, 20.0, 10.0, np.nan]), np.full(4, 20.0), np.full(4, "over", dtype=object)).tolist()
    [1, 0, -1, 2]
    """
    over = np.asarray(side) == "over"
    outcome = np.sign(actual - line) * np.where(over, 1.0, -1.0)
    return np.where(np.isnan(actual), 2.0, outcome).astype("int64")


_RESULT_NAMES: Final = np.array(["lost", "push", "won", "void"])


def profit_cents(stake: Ints, net: Floats, outcome: Ints) -> Ints:
    """Cents won: a winner is paid to the nearest cent, pushes and voids give the stake back.

    >>> profit_cents(np.full(3, 10_000), np.full(3, 0.9091), np.array([1, -1, 0])).tolist()
    [9091, -10000, 0]
    """
    won = np.rint(stake * net).astype("int64")
    return np.where(outcome == 1, won, np.where(outcome == -1, -stake, 0))


def _kelly_shares(bets: pd.DataFrame, night: Ints, config: StakeConfig) -> Floats:
    p = shrunk_probability(bets["p"], bets["q"], config.shrink)
    wish = (config.kelly or 0.0) * kelly_fraction(p, bets["decimal_odds"])
    game, player = bets["game_id"].factorize()[0], bets["player_id"].factorize()[0]
    return capped_fractions(wish, night, game.astype("int64"), player.astype("int64"), config)


def _settle_night_by_night(
    share: Floats, net: Floats, outcome: Ints, edges: Ints, start: int
) -> tuple[Ints, Ints, Ints]:
    """Night after night: stakes from the opening bankroll in whole cents (rounded down), then settlement."""
    stake = np.zeros(len(share), dtype="int64")
    profit = np.zeros(len(share), dtype="int64")
    bankroll = np.zeros(len(edges) - 1, dtype="int64")
    money = start
    for night, (low, high) in enumerate(pairwise(edges)):
        stake[low:high] = np.floor(share[low:high] * money)
        profit[low:high] = profit_cents(stake[low:high], net[low:high], outcome[low:high])
        money += int(profit[low:high].sum())
        bankroll[night] = money
    return stake, profit, bankroll
