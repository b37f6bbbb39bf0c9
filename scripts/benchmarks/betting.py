"""A million props through prices, fair probabilities, bets, stakes, settlement, closing lines and all metrics.

Prints the seconds of each stage on one core, and the ratio to a plain Python loop over the same props that does the
same arithmetic row by row (run on a part of them and scaled).

    uv run python scripts/benchmarks/betting.py [--props 1000000]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from nba_props.betting import (
    BettingConfig,
    StakeConfig,
    american_to_decimal,
    betting_metrics,
    decision_quotes,
    fair_probability,
    flag_quotes,
    kelly_metrics,
    results_of,
    run_backtest,
    split_results,
)
from nba_props.probability.scores import probability_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LOOP_ROWS = 20_000
TARGET_SECONDS = 10.0


def make_quotes(n: int, seed: int = 0) -> pd.DataFrame:
    """`n` props of one book each, opening quotes, spread over as many nights as a league of that size would need."""
    generator = np.random.default_rng(seed)
    night = np.arange(n) // 1500
    centre = generator.uniform(5.0, 35.0, n)
    chance = np.clip(generator.normal(0.5, 0.06, n), 0.25, 0.75)
    over, under = chance * 1.045, (1.0 - chance) * 1.045
    prices = [np.where(p >= 0.5, -100 * p / (1 - p), 100 * (1 - p) / p) for p in (over, under)]
    opened = pd.Timestamp("2020-10-20 15:00", tz="UTC") + pd.to_timedelta(night, unit="D")
    return pd.DataFrame(
        {
            "game_date": pd.Timestamp("2020-10-20") + pd.to_timedelta(night, unit="D"),
            "game_id": pd.Series(np.arange(n) // 100).astype("str").str.zfill(10),
            "player_id": np.arange(n) % 100,
            "market": "pra",
            "bookmaker": np.array(["A", "B", "C", "D"])[np.arange(n) % 4],
            "line": np.round(centre) + generator.choice([0.0, 0.5], n),
            "over_price": np.where(np.abs(prices[0]) < 100, 100.0, np.round(prices[0])),
            "under_price": np.where(np.abs(prices[1]) < 100, 100.0, np.round(prices[1])),
            "observed_at": opened,
            "event_id": "e",
            "actual": np.where(generator.random(n) < 0.03, np.nan, generator.poisson(centre)),
            "p_over": np.clip(chance + generator.normal(0.0, 0.05, n), 0.05, 0.9),
            "p_push": 0.0,
        }
    ).assign(p_under=lambda table: 1.0 - table["p_over"])


def closing(quotes: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """The same props quoted again at the close; a tenth of the lines have moved."""
    generator = np.random.default_rng(seed)
    moved = np.where(generator.random(len(quotes)) < 0.1, 1.0, 0.0)
    later = quotes["observed_at"] + pd.Timedelta(hours=7)
    return pd.concat([quotes, quotes.assign(observed_at=later, line=quotes["line"] + moved)], ignore_index=True)


def timed(name: str, work: Callable[[], T], seconds: dict[str, float]) -> T:
    """Run `work` and note its seconds under `name`."""
    started = time.perf_counter()
    result = work()
    seconds[name] = time.perf_counter() - started
    print(f"{name:<58}{seconds[name]:>8.2f} s")
    return result


def loop_seconds(priced: pd.DataFrame, actual: np.ndarray) -> float:
    """Seconds that the core arithmetic takes for one prop in a plain Python loop (no closing lines, no sorting)."""
    columns = ["over_price", "under_price", "p_over", "line"]
    rows = priced[columns].assign(actual=actual).head(LOOP_ROWS).to_numpy().tolist()
    started = time.perf_counter()
    profit = turnover = brier = 0.0
    for over_price, under_price, p, line, result in rows:
        odds = [1 + a / 100 if a > 0 else 1 + 100 / -a for a in (over_price, under_price)]
        low, high, implied = 0.1, 5.0, (1 / odds[0], 1 / odds[1])
        for _ in range(50):
            k = (low + high) / 2
            low, high = (k, high) if implied[0] ** k + implied[1] ** k > 1 else (low, k)
        market_p_over = implied[0] ** k
        sides = ((p, market_p_over, odds[0], 1), (1 - p, 1 - market_p_over, odds[1], -1))
        for chance, market, price, sign in sides:
            value = chance * (price - 1) - (1 - chance)
            if chance - market >= 0.02 and value > 0 and not math.isnan(result) and result != line:
                turnover += 1.0
                profit += price - 1 if (result - line) * sign > 0 else -1.0
        brier += (p - (result > line)) ** 2
    return (time.perf_counter() - started) / len(rows)


def main() -> None:
    """Time every stage and print the total beside its target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--props", type=int, default=1_000_000, help="number of props")
    n = parser.parse_args().props
    priced, results = split_results(make_quotes(n))
    every = closing(priced)
    seconds: dict[str, float] = {}
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # nothing may borrow a second core
    print(f"{n:,} props, one core")
    timed("American to decimal, both sides", lambda: [american_to_decimal(priced[c]) for c in _PRICES], seconds)
    market_p_over = timed(
        "No-vig probability (power)", lambda: fair_probability(priced["over_price"], priced["under_price"]), seconds
    )
    stakes = {"flat": BettingConfig(), "kelly": BettingConfig(stakes=StakeConfig(kelly=0.25))}
    ledgers = timed(
        "Choose, closing lines, stake flat and a quarter Kelly, settle",
        lambda: run_backtest(priced, results, stakes, closing=every),
        seconds,
    )
    timed("Betting metrics, flat", lambda: betting_metrics(ledgers["flat"]), seconds)
    timed("Betting metrics, Kelly", lambda: kelly_metrics(ledgers["kelly"]), seconds)
    actual, line = results_of(priced, results), priced["line"].to_numpy()
    y = np.where(np.isnan(actual) | (actual == line), np.nan, actual > line)
    timed(
        "Probability metrics against the market",
        lambda: probability_metrics(priced["p_over"], y, market_p_over),
        seconds,
    )
    total = sum(seconds.values())
    verdict = "met" if total < TARGET_SECONDS else "MISSED"
    print(f"{'Total':<58}{total:>8.2f} s   target {TARGET_SECONDS:.0f} s: {verdict}")
    loop = loop_seconds(priced, actual) * n
    print(f"{'Plain loop, one strategy, no metrics but ROI and Brier':<58}{loop:>8.2f} s   ratio {loop / total:.1f}")
    print("\nBeside it:")
    timed("Decision quotes", lambda: decision_quotes(priced, "open"), {})
    timed("Reason codes of all quotes", lambda: flag_quotes(priced), {})


_PRICES = ("over_price", "under_price")

if __name__ == "__main__":
    main()
