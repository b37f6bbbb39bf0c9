"""Stakes of a night: fractional Kelly over the joint outcomes of all its bets, because they settle together.

Props of one player, of team-mates and of opponents are correlated, so the Kelly stakes of single bets add up to more
risk than each of them allows for. Here the night is drawn many times: every prop has a standard normal variable behind
it (higher is more of the stat), correlated as out-of-sample errors were, and the bet wins where it passes the bet's own
probability (a Gaussian copula). The stakes are a share of those with the highest mean log growth (Kelly 1956; for
several bets at once Whitrow 2007), then capped. Evaluation stays with flat stakes: Kelly mixes skill with path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import ndtr

from nba_props.arrays import Bools, Floats
from nba_props.betting.stakes import StakeConfig, capped_fractions, shrunk_probability

Pair = tuple[str, str]

DRAWDOWN_FREE = 0.10
"""Drawdown up to which stakes are whole."""
DRAWDOWN_DEEP = 0.30
"""Drawdown from which they are at their least..."""
LEAST_SHARE = 0.25
"""... this share of them."""
RUIN = 0.5
"""Share of the bankroll whose loss is called ruin."""

_SEASON_NIGHTS = 165
_POOREST = 0.05
_MIN_PAIRS = 100


@dataclass(frozen=True)
class Correlations:
    """Correlations of out-of-sample errors by pair of markets, the names of a pair in alphabetical order.

    Attributes:
        player: Of one player in one game.
        mates: Of two players of one team.
        opponents: Of two players of opposing teams.
    """

    player: Mapping[Pair, float] = field(default_factory=dict)
    mates: Mapping[Pair, float] = field(default_factory=dict)
    opponents: Mapping[Pair, float] = field(default_factory=dict)


def residual_correlations(past: Mapping[str, pd.DataFrame]) -> Correlations:
    """Learn how errors are correlated, from predictions made before their results.

    An error is divided by the root of its forecast, by which errors grow. Pairs that are too few (under 100) are taken
    to be uncorrelated.

    >>> rows = pd.DataFrame({"game_id": np.repeat(np.arange(200), 2), "player_id": np.tile([1, 2], 200), "team": "BOS"})
    >>> error = np.tile([1.0, -1.0], 200)  # what one team-mate gains the other loses
    >>> residual_correlations({"pts": rows.assign(predicted=16.0, actual=16.0 + error)}).mates
    {('pts', 'pts'): -1.0}

    Args:
        past: Market to out-of-sample predictions: ``game_id``, ``player_id``, ``team``, ``predicted``, ``actual``.
    """
    table = None
    for market, rows in sorted(past.items()):
        error = (rows["actual"] - rows["predicted"]) / np.sqrt(np.maximum(rows["predicted"], 1.0))
        one = rows[["game_id", "player_id", "team"]].assign(**{market: error - error.mean()})
        table = one if table is None else table.merge(one, how="inner", on=["game_id", "player_id", "team"])
    if table is None or table.empty:
        return Correlations()
    found: dict[str, dict[Pair, float]] = {"player": {}, "mates": {}, "opponents": {}}
    for first, second in combinations_with_replacement(sorted(past), 2):
        for kind, value in _pair_correlations(table, first, second).items():
            found[kind][first, second] = value
    return Correlations(**found)


def _pair_correlations(table: pd.DataFrame, first: str, second: str) -> dict[str, float]:
    """By kind: mean product over the pairs of that kind, over the two standard deviations."""
    spread = float(table[first].std(ddof=0) * table[second].std(ddof=0)) or 1.0
    both = table[first] * table[second]
    team = table.assign(both=both, n=1.0).groupby(["game_id", "team"])[[first, second, "both", "n"]]
    team = team.sum().set_axis(["a", "b", "both", "n"], axis=1)
    game = team.groupby("game_id").sum()
    squares = (team["a"] * team["b"]).groupby("game_id").sum()
    sums = {
        "player": (float(both.sum()), float(len(table))),
        "mates": (float((team["a"] * team["b"] - team["both"]).sum()), float((team["n"] ** 2 - team["n"]).sum())),
        "opponents": (
            float((game["a"] * game["b"] - squares).sum()),
            float((game["n"] ** 2).sum() - (team["n"] ** 2).sum()),
        ),
    }
    return {
        kind: float(np.clip(total / pairs / spread, -1.0, 1.0))
        for kind, (total, pairs) in sums.items()
        if pairs >= _MIN_PAIRS and not (kind == "player" and first == second)
    }


def correlation_matrix(bets: pd.DataFrame, correlations: Correlations) -> Floats:
    """Correlation of the stats behind n bets, (n, n), positive definite.

    >>> bets = pd.DataFrame({"game_id": "g", "player_id": [1, 1, 2], "team": "BOS", "market": ["pts", "reb", "pts"]})
    >>> known = Correlations(player={("pts", "reb"): 0.3}, mates={("pts", "pts"): -0.1})
    >>> correlation_matrix(bets, known).tolist()
    [[1.0, 0.3, -0.1], [0.3, 1.0, 0.0], [-0.1, 0.0, 1.0]]

    Args:
        bets: ``game_id``, ``player_id``, ``team``, ``market``.
        correlations: By kind of pair.
    """
    n = len(bets)
    matrix = np.eye(n)
    rows = list(bets[["game_id", "player_id", "team", "market"]].itertuples(index=False, name=None))
    for i in range(n):
        for j in range(i):
            if rows[i][0] != rows[j][0]:
                continue
            same = rows[i][1] == rows[j][1]
            kind = correlations.player if same else correlations.mates
            kind = kind if same or rows[i][2] == rows[j][2] else correlations.opponents
            pair = (min(rows[i][3], rows[j][3]), max(rows[i][3], rows[j][3]))
            matrix[i, j] = matrix[j, i] = 1.0 if same and pair[0] == pair[1] else kind.get(pair, 0.0)
    values, vectors = np.linalg.eigh(matrix)
    if values.min(initial=1.0) < 1e-6:
        matrix = (vectors * np.maximum(values, 1e-6)) @ vectors.T
        scale = np.sqrt(np.diag(matrix))
        matrix = matrix / scale[:, None] / scale[None, :]
    return matrix


def night_returns(
    bets: pd.DataFrame, correlations: Correlations, *, shrink: float = 0.0, draws: int = 4000, seed: int = 0
) -> Floats:
    """What a unit on each of n bets returns in each of m drawn nights, (m, n): o - 1, -1, or 0 for a push.

    >>> bets = pd.DataFrame({"game_id": "g", "player_id": [1], "team": "BOS", "market": "pts", "side": "over"})
    >>> returns = night_returns(bets.assign(p_push=0.0, decimal_odds=2.0, p=0.6, q=0.5), Correlations(), draws=1000)
    >>> np.unique(returns).tolist(), round(float(returns.mean()), 1)
    ([-1.0, 1.0], 0.2)

    Args:
        bets: ``game_id``, ``player_id``, ``team``, ``market``, ``side``, ``decimal_odds``, ``p``, ``q``, ``p_push``.
        correlations: By kind of pair.
        shrink: How far p is moved towards the market's q.
        draws: Nights drawn.
        seed: Seed.
    """
    n = len(bets)
    root = np.linalg.cholesky(correlation_matrix(bets, correlations) + 1e-9 * np.eye(n))
    half = np.random.default_rng(seed).standard_normal((draws // 2, n)) @ root.T
    level = ndtr(np.vstack([half, -half]))  # each night and its mirror image: the mean converges faster
    push = bets["p_push"].to_numpy("float64")
    win = shrunk_probability(bets["p"], bets["q"], shrink) * (1.0 - push)
    over: Bools = (bets["side"] == "over").to_numpy()
    rank = np.where(over, 1.0 - level, level)  # small where the side wins
    net = bets["decimal_odds"].to_numpy("float64") - 1.0
    returns: Floats = np.where(rank < win, net, np.where(rank < win + push, 0.0, -1.0))
    return returns


def drawdown_share(drawdown: float) -> float:
    """Share of the stakes that is left in a drawdown: all up to 10 %, falling evenly to a quarter at 30 % and beyond.

    >>> [drawdown_share(value) for value in (0.0, 0.1, 0.2, 0.3, 0.9)]
    [1.0, 1.0, 0.625, 0.25, 0.25]
    """
    way = np.clip((drawdown - DRAWDOWN_FREE) / (DRAWDOWN_DEEP - DRAWDOWN_FREE), 0.0, 1.0)
    return float(1.0 - way * (1.0 - LEAST_SHARE))


def night_shares(
    bets: pd.DataFrame,
    correlations: Correlations,
    config: StakeConfig,
    *,
    drawdown: float = 0.0,
    draws: int = 4000,
    seed: int = 0,
) -> Floats:
    """Share of the bankroll on each of n bets of one night, after caps per bet, player, game and night.

    >>> bets = pd.DataFrame({"game_id": "g", "player_id": [1], "team": "BOS", "market": "pts", "side": "over"})
    >>> bets = bets.assign(p_push=0.0, decimal_odds=2.0, p=0.55, q=0.5)
    >>> share = night_shares(bets, Correlations(), StakeConfig(kelly=0.25, shrink=0.0, cap_bet=1.0, cap_player=1.0))
    >>> share.round(2).tolist()  # full Kelly is 0.1 of the bankroll
    [0.02]

    Args:
        bets: As for `night_returns`.
        correlations: By kind of pair.
        config: Share of full Kelly (a quarter where it says flat), shrinkage and caps.
        drawdown: Of the bankroll from its peak, [0, 1): see `drawdown_share`.
        draws: Nights drawn.
        seed: Seed.
    """
    if bets.empty:
        return np.zeros(0)
    part = config.kelly or 0.25
    returns = night_returns(bets, correlations, shrink=config.shrink, draws=draws, seed=seed)
    whole = _most_growth(returns, most=config.cap_bet / part)
    codes = (bets[name].factorize()[0].astype("int64") for name in ("game_id", "player_id"))
    game, player = codes
    night = np.zeros(len(bets), dtype="int64")
    return drawdown_share(drawdown) * capped_fractions(part * whole, night, game, player, config)


def night_outlook(shares: Floats, returns: Floats, *, seed: int = 0) -> dict[str, float]:
    """The outlook of a night's bets.

    >>> outlook = night_outlook(np.array([0.01]), np.array([[1.0], [-1.0]]))
    >>> outlook["night_mean"], outlook["night_loss_95"], outlook["risk_of_ruin"]
    (0.0, 0.01, 0.0)

    Args:
        shares: Share of the bankroll on each bet, n.
        returns: Of `night_returns`, (m, n), of the probabilities that are believed.
        seed: Of the seasons drawn.

    Returns:
        As shares of the bankroll: ``night_staked``, ``night_mean``, ``night_median``, ``night_loss_80`` and
        ``night_loss_95`` (losses that are exceeded one night in five and in twenty; below zero they are gains); and
        ``risk_of_ruin``: probability that a season of 165 such nights at some point has lost half the bankroll.
    """
    total = returns @ shares
    drawn = np.random.default_rng(seed).integers(0, len(total), size=(1000, _SEASON_NIGHTS))
    path = np.cumsum(np.log(np.maximum(1.0 + total, 1e-9))[drawn], axis=1)
    return {
        "night_staked": float(shares.sum()),
        "night_mean": float(total.mean()),
        "night_median": float(np.median(total)),
        "night_loss_80": float(-np.quantile(total, 0.20, method="inverted_cdf")),
        "night_loss_95": float(-np.quantile(total, 0.05, method="inverted_cdf")),
        "risk_of_ruin": float((path.min(axis=1) <= np.log(RUIN)).mean()),
    }


def _most_growth(returns: Floats, *, most: float) -> Floats:
    """Shares in [0, most] with the highest mean log growth; under 5 % of the bankroll its tangent replaces the log."""

    def loss(shares: Floats) -> tuple[float, Floats]:
        wealth = 1.0 + returns @ shares
        poor = wealth < _POOREST
        value = np.where(poor, np.log(_POOREST) + wealth / _POOREST - 1.0, np.log(np.maximum(wealth, _POOREST)))
        slope = 1.0 / np.maximum(wealth, _POOREST)
        return -float(value.mean()), -(slope @ returns) / len(returns)

    n = returns.shape[1]
    found = minimize(loss, np.zeros(n), jac=True, method="L-BFGS-B", bounds=[(0.0, most)] * n)
    return np.asarray(found.x, dtype="float64")
