"""Whole training runs, each a command of its own in a fresh store, against the time each may take on two idle cores.

    uv run scripts/benchmarks/runs.py                  the embedded main job
    uv run scripts/benchmarks/runs.py --data FOLDER    and one market on real box scores and lines, two models

Prints wall-clock seconds, processor seconds, the budget and the ratio to it. Exits with 1 if a run takes longer.
In a fresh environment Python compiles every module first, which takes a run ten seconds more, and again each time where
it may not write bytecode: `uv sync --compile-bytecode` does it once.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = Path(__file__).resolve().parents[1] / "mlflow" / "train_model.py"


@dataclass(frozen=True)
class Run:
    """One command.

    Attributes:
        name: What is printed.
        arguments: Of ``train_model.py``.
        budget: Wall-clock seconds it may take.
    """

    name: str
    arguments: tuple[str, ...]
    budget: float


def runs(data: Sequence[str], market: str) -> list[Run]:
    """The runs to time; those on real files only where there are some."""
    wanted = [Run("main job, SIMULATED league, 4 markets", (), 80.0)]
    if data:
        files = [part for path in data for part in ("--data", path, "--odds", path)]
        real = (*files, "--market", market, "--stand-in")
        wanted.append(Run(f"{market} on real files, who is out known, default", real, 40.0))
        wanted.append(Run(f"{market} on real files, who is out known, ensemble", (*real, "--model", "ensemble"), 120.0))
    return wanted


def timed(run: Run) -> tuple[float, float]:
    """Wall-clock and processor seconds of a run.

    Raises:
        SystemExit: The command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
        before, started = _processor(), time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, str(COMMAND), *run.arguments], env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.stderr)
    return seconds, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Time the runs and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[], metavar="PATH", help="folders of box scores and lines")
    parser.add_argument("--market", default="pra", help="market of the runs on real files (default pra)")
    options = parser.parse_args(arguments)
    late = 0
    print(f"{'run':<56}{'seconds':>9}{'processor':>11}{'budget':>8}{'ratio':>7}")
    for run in runs(options.data, options.market):
        seconds, processor = timed(run)
        late += seconds > run.budget
        print(
            f"{run.name:<56}{seconds:>9.1f}{processor:>11.1f}{run.budget:>8.0f}{seconds / run.budget:>7.2f}", flush=True
        )
    return min(late, 1)


if __name__ == "__main__":
    sys.exit(main())
