"""Is it skill: bets needed, permuted outcomes, Sharpe ratios deflated by the number of trials, superior ability.

Sharpe ratios in this module are per betting day, not per season: the formulas are for the observed frequency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import kurtosis, skew

from nba_props.arrays import Floats, Ints
from nba_props.betting.daily import daily
from nba_props.errors import ConfigError
from nba_props.metrics.bootstrap import MIN_NIGHTS
from nba_props.metrics.definitions import expected_maximum


def bets_needed(win_rate: float, breakeven: float, *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Independent bets after which a one-sided test of `win_rate` against `breakeven` succeeds with `power`.

    ``n = ((z_alpha sqrt(p0 (1 - p0)) + z_power sqrt(p (1 - p))) / (p - p0))**2``, the usual sample size of one
    proportion (Fleiss, Statistical Methods for Rates and Proportions, 2.3).

    >>> round(bets_needed(0.55, 0.524)), bets_needed(0.52, 0.524)
    (2275, None)

    Returns:
        The number of bets; None where the win rate is not above break-even: no number is enough.
    """
    if win_rate <= breakeven:
        return None
    spread = ndtri(1.0 - alpha) * np.sqrt(breakeven * (1.0 - breakeven)) + ndtri(power) * np.sqrt(
        win_rate * (1.0 - win_rate)
    )
    return float(np.square(spread / (win_rate - breakeven)))


def evidence_metrics(
    ledger: pd.DataFrame, *, n_trials: int = 1, trial_sharpes: Sequence[float] | None = None, seed: int = 0
) -> dict[str, float]:
    """How much a ledger proves.

    >>> nights = pd.date_range("2024-01-01", periods=20)
    >>> money = {"result": ["won", "lost"] * 10, "profit": [1.0, -1.0] * 10, "stake": 1.0, "clv": 0.02}
    >>> ledger = pd.DataFrame({"game_date": nights, **money, "decimal_odds": 2.0, "bankroll": [101.0, 100.0] * 10})
    >>> ledger = ledger.assign(side="over", q=0.5)
    >>> metrics = evidence_metrics(ledger, n_trials=10)
    >>> metrics["n_trials"], metrics["design_effect"], "bets_needed" in metrics  # winning half at even odds breaks even
    (10.0, 1.0, False)

    Args:
        ledger: From `place_bets`.
        n_trials: Runs and strategies tried before this one was picked, itself included.
        trial_sharpes: Daily Sharpe ratios of those trials, where known.
        seed: Of the permutations.

    Returns:
        ``design_effect`` (variance of the ROI by nights over that of independent bets), ``bets_needed`` (for
        significance at the observed win rate and odds, times the design effect; absent at or under break-even),
        ``probabilistic_sharpe_ratio``, ``deflated_sharpe_ratio``, ``n_trials``, ``canary_roi``, ``canary_expected``,
        ``canary_p_value``; each absent where it cannot be computed.
    """
    days = daily(ledger)
    if len(days.dates) < MIN_NIGHTS or not days.decided.sum():
        return {}
    metrics: dict[str, float] = {"n_trials": float(n_trials)}
    effect = _design_effect(ledger)
    if effect is not None:
        metrics["design_effect"] = effect
        decided = float(days.decided.sum())
        needed = bets_needed(float(days.wins.sum()) / decided, float(days.breakeven.sum()) / decided)
        if needed is not None:
            metrics["bets_needed"] = needed * max(effect, 1.0)
    returns = days.returns
    if returns is not None and returns.std() > 0:
        metrics["probabilistic_sharpe_ratio"] = probabilistic_sharpe_ratio(returns)
        metrics["deflated_sharpe_ratio"] = deflated_sharpe_ratio(returns, n_trials, trial_sharpes)
    return metrics | permutation_canary(ledger, seed=seed)


def probabilistic_sharpe_ratio(returns: Floats, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio is above `benchmark`, given skewed and heavy-tailed returns.

    ``Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR**2))``, g3 skewness, g4 kurtosis (Normal: 3).
    >>> round(probabilistic_sharpe_ratio(np.array([0.02, -0.01] * 10)), 3)
    0.922
    >>> probabilistic_sharpe_ratio(np.array([0.01, -0.01] * 10))
    0.5

    Source: Bailey and Lopez de Prado (2012), The Sharpe ratio efficient frontier.

    Args:
        returns: Daily returns, n >= 3, not all equal.
        benchmark: Daily Sharpe ratio to beat.
    """
    ratio = float(returns.mean() / returns.std(ddof=1))
    shape = 1.0 - float(skew(returns)) * ratio + (float(kurtosis(returns, fisher=False)) - 1.0) / 4.0 * ratio**2
    return float(ndtr((ratio - benchmark) * np.sqrt(len(returns) - 1.0) / np.sqrt(max(shape, 1e-12))))


def expected_best_sharpe(n_trials: int, variance: float) -> float:
    """Daily Sharpe ratio that the best of `n_trials` worthless strategies shows on average.

    ``sqrt(V) E``, V the variance of the trials' ratios, E the `expected_maximum` of N standard normal values.
    >>> expected_best_sharpe(1, 0.01), round(expected_best_sharpe(100, 0.01), 3)
    (0.0, 0.253)

    Source: Bailey and Lopez de Prado (2014), The deflated Sharpe ratio.

    Raises:
        ConfigError: Fewer than one trial.
    """
    if n_trials < 1:
        message = f"n_trials is {n_trials}; the strategy itself is one trial."
        raise ConfigError(message)
    return float(np.sqrt(variance) * expected_maximum(n_trials))


def deflated_sharpe_ratio(returns: Floats, n_trials: int, trial_sharpes: Sequence[float] | None = None) -> float:
    """Probability that the true Sharpe ratio is above what the best of `n_trials` worthless ones would show.

    >>> returns = np.array([0.02, -0.01] * 10)
    >>> [round(deflated_sharpe_ratio(returns, trials), 3) for trials in (1, 10, 100)]
    [0.922, 0.437, 0.133]

    Args:
        returns: Daily returns of the picked strategy.
        n_trials: Strategies tried, itself included.
        trial_sharpes: Daily Sharpe ratios of the trials; without at least two their variance is taken as that of a
            worthless strategy's estimate over the same days, 1 / (n - 1).
    """
    known = np.asarray(trial_sharpes if trial_sharpes is not None else [], dtype="float64")
    variance = float(known.var(ddof=1)) if len(known) > 1 else 1.0 / (len(returns) - 1.0)
    return probabilistic_sharpe_ratio(returns, expected_best_sharpe(n_trials, variance))


def permutation_canary(ledger: pd.DataFrame, *, permutations: int = 1000, seed: int = 0) -> dict[str, float]:
    """ROI of the same bets with the night's outcomes shuffled among them: it must centre on minus the margin.

    Outcomes are exchanged as surprises, not as wins: each result is turned into a uniform number given the market's
    probability of over (below it if over won), the numbers of a night are shuffled, and read back at each bet's own
    probability, so that a longshot stays a longshot. If the bets' sides know nothing that the market does not, the
    real ROI is one of the shuffled ones.

    >>> bets = {"side": ["over", "over", "under", "under"], "result": ["won", "lost"] * 2, "q": 0.5}
    >>> ledger = pd.DataFrame({"game_date": pd.Timestamp("2024-01-01"), **bets, "decimal_odds": 1.9, "stake": 1.0})
    >>> canary = permutation_canary(ledger, permutations=200)
    >>> round(canary["canary_expected"], 3), abs(canary["canary_roi"] - canary["canary_expected"]) < 0.1
    (-0.05, True)

    Returns:
        ``canary_roi`` (mean over the permutations), ``canary_expected`` (``sum(stake (o q - 1)) / sum(stake)``: the
        margin paid), ``canary_p_value`` (share of permutations with a ROI not below the real one); empty without bets.
    """
    bets = ledger[ledger["result"].isin(["won", "lost"])]
    if bets.empty:
        return {}
    generator = np.random.default_rng(seed)
    over = (bets["side"] == "over").to_numpy()
    won = (bets["result"] == "won").to_numpy()
    market_p_over = np.where(over, bets["q"], 1.0 - bets["q"])
    odds, stake = bets["decimal_odds"].to_numpy(), bets["stake"].to_numpy(dtype="float64")
    over_won = over == won
    night = bets["game_date"].factorize(sort=True)[0]
    order = np.argsort(night, kind="stable")
    rois = np.empty(permutations)
    for index in range(permutations):
        draw = generator.random(len(bets))
        surprise = np.where(over_won, draw * market_p_over, market_p_over + draw * (1.0 - market_p_over))
        # Sorting by night and a share of one shuffles within nights.
        shuffled = np.empty_like(surprise)
        shuffled[order] = surprise[np.argsort(night + generator.random(len(bets)))]
        side_won = (shuffled < market_p_over) == over
        rois[index] = (stake * np.where(side_won, odds - 1.0, -1.0)).sum()
    rois /= stake.sum()
    real = float((stake * np.where(won, odds - 1.0, -1.0)).sum() / stake.sum())
    return {
        "canary_roi": float(rois.mean()),
        "canary_expected": float((stake * (odds * bets["q"].to_numpy() - 1.0)).sum() / stake.sum()),
        "canary_p_value": (float((rois >= real).sum()) + 1.0) / (permutations + 1.0),
    }


def superior_ability(
    ledgers: Mapping[str, pd.DataFrame], *, resamples: int = 1000, block_nights: int = 5, seed: int = 0
) -> dict[str, float]:
    """Hansen's test of superior predictive ability: is the best of several strategies better than not betting?

    Args:
        ledgers: Strategy -> ledger; their nights are put on one calendar, nights without a bet count as zero.
        resamples: Bootstrap resamples.
        block_nights: Mean block length of the stationary bootstrap.
        seed: Seed.

    Returns:
        ``spa_p_value`` (consistent), ``spa_p_value_lower``, ``spa_p_value_upper``, ``spa_strategies``; empty with fewer
        than `MIN_NIGHTS` nights or without a strategy that bets.

    Source: Hansen (2005), A test for superior predictive ability; computed by the package arch.
    """
    profits = pd.DataFrame(
        {name: ledger.groupby("game_date")["profit"].sum() for name, ledger in ledgers.items() if len(ledger)}
    ).fillna(0.0)
    profits = profits.loc[:, profits.std() > 0]
    if len(profits) < MIN_NIGHTS or profits.shape[1] == 0:
        return {}
    from arch.bootstrap import SPA

    test = SPA(np.zeros(len(profits)), -profits.to_numpy(), block_size=block_nights, reps=resamples, seed=seed)
    test.compute()
    values = test.pvalues
    return {
        "spa_p_value": float(values["consistent"]),
        "spa_p_value_lower": float(values["lower"]),
        "spa_p_value_upper": float(values["upper"]),
        "spa_strategies": float(profits.shape[1]),
    }


def _design_effect(ledger: pd.DataFrame) -> float | None:
    """Variance of the ROI estimated by nights over its variance for independent bets (Kish 1965)."""
    bets = ledger[ledger["result"].isin(["won", "lost"])]
    profit, stake = bets["profit"].to_numpy(dtype="float64"), bets["stake"].to_numpy(dtype="float64")
    residual = profit - profit.sum() / stake.sum() * stake
    independent = float(np.square(residual).sum())
    if independent <= 0:
        return None
    night: Ints = bets["game_date"].factorize()[0]
    return float(np.square(np.bincount(night, weights=residual)).sum()) / independent
