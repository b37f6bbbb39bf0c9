"""Race the feature table against a plain pandas version of the same features, in one run, side by side.

    uv run scripts/benchmarks/features.py                    a simulated league of four seasons
    uv run scripts/benchmarks/features.py --data FOLDER      real player game logs

First the whole table, who is out included, is made of these player-games and of a million of them. The race is on the
first nights alone, for plain pandas does not end in minutes on four seasons; it ends with a table read from the
feature cache. Exits with 1 if the fast version needs more than half the time of the slow one, if the two disagree, if
the cache gives anything but the same bits, or if a table takes longer than it may.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nba_props.features import Absences, build_features, cached_features

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT = 0.5
RACED = 12_000
"""Player-games of the race: half a season."""
MILLISECONDS_A_ROW, MILLION_SECONDS, MILLION = 0.012, 30.0, 1_000_000


def games_table(data: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """The player-games to race on, and what to call them."""
    if data:
        from nba_props.data import load_game_logs

        return f"game logs of {', '.join(Path(path).name for path in data)}", load_game_logs(list(data))
    from nba_league import simulate_league

    return "SIMULATED league", simulate_league(seed=2026).games


def seconds(make: Callable[[pd.DataFrame], pd.DataFrame], games: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    """Wall-clock time of one call, and its result."""
    start = time.perf_counter()
    made = make(games)
    return time.perf_counter() - start, made


def cache_race(games: pd.DataFrame, build: float, repeat: int) -> bool:
    """Print what a hit and a miss of the cache take beside a build; whether the hit is the same to the last bit."""
    with tempfile.TemporaryDirectory() as folder:
        miss, made = seconds(lambda table: cached_features(table, Path(folder)), games)
        hits = [seconds(lambda table: cached_features(table, Path(folder)), games) for _ in range(max(repeat, 1))]
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    hit = min(taken for taken, _ in hits)
    print(f"feature cache: build {build:.2f} s, miss {miss:.2f} s, hit {hit:.2f} s, {size / 1e6:,.0f} MB an entry")
    return all(found.equals(made) for _, found in hits)


def first_nights(games: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Whole nights in time order, until there are at least `rows` player-games."""
    ordered = games.sort_values("game_date", kind="stable")
    last = ordered["game_date"].iloc[min(rows, len(ordered)) - 1]
    return ordered[ordered["game_date"] <= last].reset_index(drop=True)


def repeated(games: pd.DataFrame, rows: int) -> pd.DataFrame:
    """At least `rows` player-games: the seasons of `games` again and again, each time later, played by the same men."""
    seasons = games["season"].nunique()
    copies = []
    for number in range(-(-rows // len(games))):
        year = games["season"].str[:4].astype(int) + seasons * number
        later = {
            "season": year.astype("str") + "-" + ((year + 1) % 100).astype("str").str.zfill(2),
            "game_date": games["game_date"] + pd.Timedelta(days=366 * seasons * number),
            "game_id": games["game_id"] + f"-{number}",
        }
        copies.append(games.assign(**later))
    return pd.concat(copies, ignore_index=True)


def whole_table(games: pd.DataFrame, repeat: int) -> bool:
    """Print what the whole table takes for these rows and for a million, with its budget; whether both keep to it."""

    def build(table: pd.DataFrame) -> pd.DataFrame:
        return build_features(table, absences=Absences("stand_in"))

    best = min(seconds(build, games)[0] for _ in range(max(repeat, 1)))
    allowed = MILLISECONDS_A_ROW * len(games) / 1000.0
    many = repeated(games, MILLION)
    taken, _ = seconds(build, many)
    print(f"{'whole table, who is out included':<36}{'seconds':>9}{'ms a row':>10}{'budget':>8}{'ratio':>8}")
    for rows, found, most in ((len(games), best, allowed), (len(many), taken, MILLION_SECONDS)):
        name = f"{rows:,} player-games"
        print(f"{name:<36}{found:>9.2f}{1000.0 * found / rows:>10.4f}{most:>8.2f}{found / most:>8.2f}")
    return best <= allowed and taken <= MILLION_SECONDS


def disagreeing(fast: pd.DataFrame, slow: pd.DataFrame) -> list[str]:
    """Columns in which the two differ by more than rounding, or in what is missing."""
    return [
        name
        for name in fast
        if not np.allclose(fast[name], slow[name], rtol=1e-9, atol=1e-6, equal_nan=True)
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the race and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[], metavar="PATH", help="player game logs: files or folders")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, in turns; the best counts (default 3)")
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "features"))
    reference_features = importlib.import_module("reference").reference_features
    source, games = games_table(options.data)
    in_time = whole_table(games, options.repeat)
    games = first_nights(games, RACED)
    fast_times, slow_times = [], []
    for _ in range(max(options.repeat, 1)):
        taken, fast = seconds(build_features, games)
        fast_times.append(taken)
        taken, slow = seconds(reference_features, games)
        slow_times.append(taken)
    best, plain = min(fast_times), min(slow_times)
    print(f"{source}, the first {len(games):,} player-games, {fast.shape[1]} features, best of {len(fast_times)}")
    print(f"{'version':<22}{'seconds':>9}{'ms a row':>10}{'ratio':>8}")
    for label, taken in (("plain pandas", plain), ("nba_props.features", best)):
        print(f"{label:<22}{taken:>9.2f}{1000.0 * taken / len(games):>10.4f}{taken / plain:>8.3f}")
    wrong = disagreeing(fast, slow)
    print(f"equal to plain pandas: {fast.shape[1] - len(wrong)} of {fast.shape[1]} features")
    if wrong:
        print("different: " + ", ".join(wrong))
    same = cache_race(games, best, options.repeat)
    if not same:
        print("the cache gave another table than the build")
    return 0 if same and in_time and not wrong and best <= LIMIT * plain else 1


if __name__ == "__main__":
    sys.exit(main())
