"""Choosing a betting strategy honestly: on earlier folds, reported on later ones, with the number of them tried.

The best of many strategies on the data it was picked on looks good whether it is or not. Here every fold is bet with
the strategy that was best on the folds before it, so that no bet in the reported ledger had been seen when its
strategy was chosen. The number a search over all folds would have reported is given beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nba_props.arrays import Floats
from nba_props.betting.candidates import bets_by_rule
from nba_props.betting.evidence.bootstrap import betting_intervals
from nba_props.betting.evidence.significance import evidence_metrics, superior_ability
from nba_props.betting.ledger import LEDGER_COLUMNS, stake_bets, with_closes
from nba_props.betting.market.tips import CLOSE_WINDOW_MINUTES
from nba_props.betting.metrics import betting_metrics, kelly_metrics
from nba_props.betting.stakes import StakeConfig
from nba_props.betting.strategy import BettingConfig, side_is
from nba_props.errors import ConfigError, DataError
from nba_props.metrics.bootstrap import MIN_NIGHTS, resample_counts

Objective = Literal["roi_ci_low", "roi", "profit"]

_RESAMPLES: Final = 1000

_Kept = Sequence[tuple[str | None, pd.DataFrame]]
"""The strategy chosen for each fold, and its bets there."""


@dataclass(frozen=True)
class StrategySearch:
    """The result of a search.

    Attributes:
        ledger: Out-of-sample bets of all folds from the second on, one unit flat each, one bankroll throughout.
        staked_ledger: The same bets with the stakes of the strategy chosen for their fold, one bankroll throughout.
        choices: One row per fold from the second on: ``fold``, ``strategy`` (None: no strategy had enough bets),
            ``n_bets_before`` and ``roi_before`` (what the choice was made on), ``n_bets`` and ``roi`` (what came of
            it), all with the strategy's own stakes; bets are those won or lost.
        tried: Strategies in the grid.
        in_sample_best: The one that is best over all folds, with hindsight; None if none had enough bets.
        metrics: `betting_metrics`, `betting_intervals` and `evidence_metrics` of `ledger` (its Sharpe ratio deflated by
            `tried`), `kelly_metrics` of `staked_ledger`, ``n_trials``, ``in_sample_best_roi`` (flat ROI of
            `in_sample_best` over all folds: what a search without folds would report) and `superior_ability` of the
            grid over all folds.
    """

    ledger: pd.DataFrame
    staked_ledger: pd.DataFrame
    choices: pd.DataFrame
    tried: int
    in_sample_best: str | None
    metrics: dict[str, float]


def strategy_grid(
    *,
    min_edges: Sequence[float] = (0.0, 0.02, 0.04, 0.06, 0.08),
    kelly_fractions: Sequence[float] = (0.0,),
    sides: Sequence[Literal["both", "over", "under"]] = ("both",),
    odds_ranges: Sequence[tuple[float, float]] = ((1.0, np.inf),),
    books: Sequence[tuple[str, ...] | None] = (None,),
    markets: Sequence[tuple[str, ...] | None] = (None,),
) -> dict[str, BettingConfig]:
    """Every combination as a named strategy; each also needs a positive EV.

    Args:
        min_edges: Least edges over the no-vig market probability.
        kelly_fractions: Shares of full Kelly; 0 is one unit flat.
        sides: "both", "over" or "under".
        odds_ranges: Decimal odds allowed, both ends included.
        books: Bookmakers bet at; None is all.
        markets: Markets bet; None is all.

    Raises:
        ConfigError: A setting out of range, or nothing to choose from.
    """
    filters = {side: () if side == "both" else (side_is(side),) for side in sides}
    grid = {}
    for edge, kelly, side, odds, at, only in product(min_edges, kelly_fractions, sides, odds_ranges, books, markets):
        parts = [f"edge {edge:g}", side, f"odds {odds[0]:g}-{odds[1]:g}", f"kelly {kelly:g}" if kelly else "flat"]
        parts += ["+".join(names) for names in (at, only) if names is not None]
        grid[", ".join(parts)] = BettingConfig(
            min_edge=edge,
            odds_range=odds,
            books=at,
            markets=only,
            filters=filters[side],
            stakes=StakeConfig(kelly=kelly or None),
        )
    if not grid:
        raise ConfigError("The grid of strategies is empty: one of its settings has no value.")  # noqa: EM101 - no fact
    return grid


def optimise_strategy(  # noqa: PLR0913 - keyword only; each is one thing a search can be given
    priced: pd.DataFrame,
    results: pd.DataFrame,
    grid: Mapping[str, BettingConfig],
    *,
    closing: pd.DataFrame | None,
    fold: ArrayLike,
    objective: Objective = "roi_ci_low",
    min_bets: int = 200,
    seed: int = 0,
    close_window_minutes: float = CLOSE_WINDOW_MINUTES,
    game_nights: ArrayLike | None = None,
) -> StrategySearch:
    """Bet each fold with the strategy that was best on the folds before it.

    Args:
        priced: Priced quotes, as `place_bets` takes them.
        results: One row per prop (`split_results`).
        grid: Name to strategy (`strategy_grid`).
        closing: All good quotes, from which each bet's close is taken; None leaves the closing columns NaN.
        fold: Number of the walk-forward fold of each row of `priced`, NaN where it has none (such rows are not bet).
        objective: What the choice maximises on the bets of earlier folds, with the strategy's own stakes: ROI, the
            lower end of its 95 % interval by night (needs 20 nights), or profit in units. Of equals the first in the
            grid is chosen.
        min_bets: Fewest bets won or lost there for a strategy to be eligible.
        seed: Of the bootstrap and the permutations.
        close_window_minutes: How long before the tip a quote may have been seen to be a close.
        game_nights: Date of every night with games (`betting_metrics`).

    Raises:
        ConfigError: An empty grid, an unknown objective or `min_bets` under 1.
        DataError: A night in two folds, folds that are not in time order, or quotes that `place_bets` would refuse.
    """
    if objective not in get_args(Objective) or min_bets < 1 or not grid:
        message = (
            f"objective is {objective!r} and min_bets {min_bets} for {len(grid)} strategies; allowed: "
            f"{', '.join(get_args(Objective))}, 1 or more, 1 or more."
        )
        raise ConfigError(message)
    priced, nights, folds = _by_fold(priced, np.asarray(fold, dtype="float64"))
    bets_of = bets_by_rule(priced, grid.values())
    ledgers = {name: stake_bets(bets_of[config.rule], results, config.stakes) for name, config in grid.items()}
    totals = _Totals.of(ledgers, nights)
    numbers = np.unique(folds)
    rows, kept = [], []
    for number in numbers[1:]:
        best = totals.best(folds < number, objective, min_bets, seed)
        row, bets = _choice_and_bets(number, best, ledgers, totals, folds, nights)
        rows.append(row)
        kept.append((best, bets))
    stakes = next(iter(grid.values())).stakes
    closed = _closed(kept, closing, results, close_window_minutes)
    ledger, staked = _flat(closed, results, stakes), _staked(closed, results, grid, stakes)
    hindsight = totals.best(np.ones(len(folds), dtype=bool), objective, min_bets, seed)
    metrics = {
        **betting_metrics(ledger, game_nights=game_nights),
        **betting_intervals(ledger, game_nights=game_nights, seed=seed),
        **kelly_metrics(staked, game_nights=game_nights),
        **evidence_metrics(ledger, n_trials=len(grid), seed=seed),
        **superior_ability(ledgers, seed=seed),
        "n_trials": float(len(grid)),
    }
    if hindsight is not None:
        best_bets = _closed([(hindsight, ledgers[hindsight])], None, results, close_window_minutes)
        metrics["in_sample_best_roi"] = betting_metrics(_flat(best_bets, results, stakes))["roi"]
    columns = ["fold", "strategy", "n_bets_before", "roi_before", "n_bets", "roi"]
    return StrategySearch(ledger, staked, pd.DataFrame(rows, columns=columns), len(grid), hindsight, metrics)


@dataclass(frozen=True)
class _Totals:
    """Sums of every strategy's ledger by night, (nights, strategies)."""

    names: tuple[str, ...]
    profit: Floats
    turnover: Floats
    decided: Floats

    @classmethod
    def of(cls, ledgers: Mapping[str, pd.DataFrame], nights: NDArray[np.datetime64]) -> _Totals:
        sums = np.zeros((3, len(nights), len(ledgers)))
        for column, ledger in enumerate(ledgers.values()):
            bets = ledger[ledger["result"].isin(["won", "lost"])]
            night = np.searchsorted(nights, bets["game_date"].to_numpy(dtype="datetime64[D]"))
            for row, values in enumerate((bets["profit"], bets["stake"], np.ones(len(bets)))):
                sums[row, :, column] = np.bincount(night, weights=values, minlength=len(nights))
        return cls(tuple(ledgers), *sums)

    def best(self, seen: NDArray[np.bool_], objective: Objective, min_bets: int, seed: int) -> str | None:
        """Name of the best strategy on the nights `seen`; None if none is eligible."""
        profit, turnover = self.profit[seen], self.turnover[seen]
        eligible = self.decided[seen].sum(axis=0) >= min_bets
        if objective == "profit":
            value = profit.sum(axis=0)
        elif objective == "roi":
            value = _ratio(profit.sum(axis=0), turnover.sum(axis=0))
        else:
            eligible &= (turnover > 0).sum(axis=0) >= MIN_NIGHTS
            if not eligible.any():
                return None
            counts = resample_counts(len(profit), resamples=_RESAMPLES, seed=seed)
            value = np.full(len(self.names), np.nan)
            rois = _ratio(counts @ profit[:, eligible], counts @ turnover[:, eligible])
            value[eligible] = np.nanquantile(rois, 0.025, axis=0)
        eligible &= ~np.isnan(value)
        return self.names[int(np.argmax(np.where(eligible, value, -np.inf)))] if eligible.any() else None

    def seen(self, name: str, nights: NDArray[np.bool_]) -> tuple[int, float]:
        """Bets won or lost and ROI of a strategy on some nights."""
        column = self.names.index(name)
        profit, turnover = self.profit[nights, column].sum(), self.turnover[nights, column].sum()
        return int(self.decided[nights, column].sum()), float(_ratio(profit, turnover))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    ratio: Floats = np.divide(top, bottom, out=np.full(np.shape(bottom), np.nan), where=np.asarray(bottom) > 0)
    return ratio


def _by_fold(priced: pd.DataFrame, fold: Floats) -> tuple[pd.DataFrame, NDArray[np.datetime64], Floats]:
    """The priced quotes that have a fold, their nights in order, and the fold of each night."""
    if fold.shape != (len(priced),):
        raise DataError("quotes", f"{fold.size} folds for {len(priced)} rows", fix="Give one per row.")  # noqa: EM101 - the table's name
    known = ~np.isnan(fold)
    priced, fold = priced[known].reset_index(drop=True), fold[known]
    dates = priced["game_date"].to_numpy(dtype="datetime64[D]")
    nights, first, night = np.unique(dates, return_index=True, return_inverse=True)
    folds = fold[first]
    if (fold != folds[night]).any() or (np.diff(folds) < 0).any():
        raise DataError(
            "quotes",  # noqa: EM101 - the table's name
            "a night is in two folds, or the folds are not in time order",
            fix="Number the folds of a walk-forward by date.",
            column="fold",
        )
    return priced, nights, folds


def _choice_and_bets(
    number: float,
    best: str | None,
    ledgers: Mapping[str, pd.DataFrame],
    totals: _Totals,
    folds: Floats,
    nights: NDArray[np.datetime64],
) -> tuple[dict[str, object], pd.DataFrame]:
    """The row of the choice and the bets of the fold."""
    if best is None:
        none = next(iter(ledgers.values()))[:0]
        row: dict[str, object] = {"fold": int(number), "strategy": None, "n_bets_before": 0, "roi_before": np.nan}
        return {**row, "n_bets": 0, "roi": np.nan}, none
    (n_before, roi_before), (n_bets, roi) = totals.seen(best, folds < number), totals.seen(best, folds == number)
    inside = np.isin(ledgers[best]["game_date"].to_numpy(dtype="datetime64[D]"), nights[folds == number])
    row = {"fold": int(number), "strategy": best, "n_bets_before": n_before, "roi_before": roi_before}
    return {**row, "n_bets": n_bets, "roi": roi}, ledgers[best][inside]


def _closed(kept: _Kept, closing: pd.DataFrame | None, results: pd.DataFrame, window_minutes: float) -> _Kept:
    """The kept bets with their closes, looked up once for all folds."""
    if not kept:
        return kept
    bets = with_closes(
        pd.concat([part for _, part in kept], ignore_index=True), closing, results, window_minutes=window_minutes
    )
    ends = np.cumsum([len(part) for _, part in kept])
    return [(name, bets.iloc[end - len(part) : end]) for (name, part), end in zip(kept, ends, strict=True)]


def _flat(kept: _Kept, results: pd.DataFrame, stakes: StakeConfig) -> pd.DataFrame:
    """All kept bets, one unit each."""
    if not kept:
        return pd.DataFrame({column: [] for column in LEDGER_COLUMNS})
    bets = pd.concat([part for _, part in kept], ignore_index=True)
    return stake_bets(bets, results, replace(stakes, kelly=None))[list(LEDGER_COLUMNS)]


def _staked(kept: _Kept, results: pd.DataFrame, grid: Mapping[str, BettingConfig], stakes: StakeConfig) -> pd.DataFrame:
    """Fold after fold with the chosen strategy's stakes, each starting with the bankroll that the one before left."""
    cents = round(stakes.bankroll_units * stakes.unit_cents)
    parts = []
    for name, bets in kept:
        own = stakes if name is None else grid[name].stakes
        if cents <= 0 and own.kelly is not None:
            continue  # a share of nothing
        # Flat stakes continue when all is lost, which no starting bankroll allows: start anywhere, then shift.
        start = cents if own.kelly is not None else own.unit_cents
        part = stake_bets(bets, results, replace(own, bankroll_units=start / own.unit_cents))
        moved = part["bankroll_cents"] + (cents - start)
        parts.append(part.assign(bankroll_cents=moved, bankroll=moved / own.unit_cents))
        cents += int(part["profit_cents"].sum())
    return pd.concat(parts, ignore_index=True)[list(LEDGER_COLUMNS)] if parts else _flat([], results, stakes)
