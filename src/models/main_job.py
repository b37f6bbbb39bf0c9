"""The main job: one trainer per market over shared data, and the table that ends it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_integration.gates import get_profile
from mlflow_integration.utils import setup_experiments
from models.data import TrainingData, load_training_data, simulated_training_data
from models.plan.jobs import Job, run_jobs
from nba_props.config import TrainerConfig, make_config
from nba_props.markets import DEFAULT_MARKETS, check_market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.progress import Progress, TaskID
    from rich.table import Table

    from models.train_model_mlflow import TrainingResult


def parse_markets(text: str) -> tuple[str, ...]:
    """Markets from a comma-separated list; "all" are the four of the main job.

    Raises:
        ConfigError: An unknown market, naming the known ones.
    """
    if text == "all":
        return DEFAULT_MARKETS
    return tuple(dict.fromkeys(check_market(part.strip()) for part in text.split(",")))


@dataclass(frozen=True)
class Input:
    """What is read.

    Attributes:
        data: Game-log files or folders; empty means the simulated league.
        odds: Odds files or folders.
        season_stats: Optional season table.
        seed: Which simulated league.
    """

    data: tuple[Path, ...] = ()
    odds: tuple[Path, ...] = ()
    season_stats: Path | None = None
    seed: int = 0

    def load(self) -> TrainingData:
        """Load the input once for all runs; bad input raises here, before anything is tracked."""
        if not self.data:
            return simulated_training_data(seed=2026 + self.seed)
        return load_training_data(self.data, self.odds, season_stats=self.season_stats)


@dataclass(frozen=True)
class MainJob:
    """What is run, over which input.

    Attributes:
        markets: Market keys, one run each.
        source: What is read.
        experiment: Experiment the runs go to.
        run_name: Name of the runs; ``<model>_<market>`` by default.
        register: Register, gate and promote or keep.
        settings: Fields of `TrainerConfig` shared by the markets.
    """

    markets: tuple[str, ...] = DEFAULT_MARKETS
    source: Input = field(default_factory=Input)
    experiment: str = "Phase1_Foundation"
    run_name: str | None = None
    register: bool = True
    settings: dict[str, Any] = field(default_factory=dict)

    def configs(self) -> list[TrainerConfig]:
        """One checked configuration per market.

        Raises:
            ConfigError: A setting can not be used.
        """
        configs = [make_config(market=market, **self.settings) for market in self.markets]
        for config in configs:
            get_profile(config.gate_profile)
        return configs

    def run(self, data: TrainingData, progress: Progress | None = None) -> Iterator[TrainingResult]:
        """Run the markets, the fits of all of them side by side; yield each tracked result."""
        setup_experiments()
        jobs = [Job(config, self.experiment, self.run_name, self.register) for config in self.configs()]
        for result in run_jobs(jobs, data, fold_bars(progress)):
            yield result
            if progress is not None:
                progress.advance(progress.task_ids[0])


def fold_bars(progress: Progress | None) -> Callable[[str, int, int], None] | None:
    """A callback that keeps one bar per market for the fits that are done; None without a progress display."""
    if progress is None:
        return None
    bars: dict[str, TaskID] = {}

    def show(market: str, done: int, total: int) -> None:
        if market not in bars:
            bars[market] = progress.add_task(f"{market}: fits", total=total)
        progress.update(bars[market], completed=done, total=total)

    return show


def result_rows(results: Sequence[TrainingResult]) -> list[dict[str, Any]]:
    """One row per market: errors against baseline, market and oracle, ROI with its interval, gates, stage."""
    keys = ("val_mae", "baseline_mae", "market_mae", "model_mae_on_lines", "oracle_mae", "mae_over_oracle")
    betting = ("roi", "roi_ci_low", "roi_ci_high", "n_bets", "win_rate", "breakeven_rate", "clv")
    rows = []
    for result in results:
        row: dict[str, Any] = {"market": result.market, "run_id": result.run_id}
        row |= {key: result.metrics[key] for key in (*keys, *betting) if key in result.metrics}
        if result.registration is not None:
            decision = result.registration
            row["version"] = decision.version
            row["stage"] = str(decision.stage)
            row["verdict"] = decision.report.verdict.value
            row["gates"] = [gate.as_row() for gate in decision.report.results]
        rows.append(row)
    return rows


def show_results(results: Sequence[TrainingResult], data: TrainingData, *, as_json: bool = False) -> str:
    """What the main job prints: JSON for machines, or the table and what to do next."""
    rows = result_rows(results)
    if as_json:
        return json.dumps({"data_kind": data.kind, "source": data.source, "results": rows}, indent=2) + "\n"
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=150)
    with console.capture() as captured:
        console.print(result_table(rows, title=f"{data.kind} data: {data.source}"))
    return captured.get() + "Every number is out-of-sample. Look at the runs with: uv run mlflow ui\n"


def result_table(rows: Sequence[dict[str, Any]], *, title: str) -> Table:
    """The rows of `result_rows` for people; what could not be computed is a dash."""
    from rich.table import Table

    table = Table(title=title, show_lines=True)
    for name in ("market", "val_mae", "baseline", "oracle", "on lines: model / market", "ROI [95 %]", "bets"):
        table.add_column(name, justify="left" if name == "market" else "right")
    for name in ("gates", "stage"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row["market"],
            _number(row, "val_mae"),
            _number(row, "baseline_mae"),
            _number(row, "oracle_mae"),
            f"{_number(row, 'model_mae_on_lines')} / {_number(row, 'market_mae')}",
            f"{_percent(row, 'roi')} [{_percent(row, 'roi_ci_low')}, {_percent(row, 'roi_ci_high')}]",
            f"{row['n_bets']:,.0f}" if "n_bets" in row else "-",
            "\n".join(_gate(gate) for gate in row.get("gates", [])) or "-",
            row.get("stage", "not registered"),
        )
    return table


def _number(row: dict[str, Any], key: str) -> str:
    return f"{row[key]:.3f}" if key in row else "-"


def _percent(row: dict[str, Any], key: str) -> str:
    return f"{row[key]:+.1%}" if key in row else "-"


def _gate(gate: dict[str, Any]) -> str:
    colour = {"pass": "green", "fail": "red"}.get(gate["verdict"], "yellow")
    absent = "" if gate["bound"] == "gate" else "missing"
    value = absent if gate["value"] is None else f"{gate['value']:.4g}"
    name = gate["metric"] if gate["bound"] in ("point", "gate") else f"{gate['metric']} ({gate['bound']} bound)"
    wanted = "" if gate["threshold"] is None else f" {gate['comparison']} {gate['threshold']:g}"
    return f"[{colour}]{gate['verdict']}[/] {name} {value}{wanted}"
