"""What the runs of a command come to, as rows for machines and tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_integration.values.show import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import Progress, TaskID

    from models.plan.run import PlanStep
    from models.train_model_mlflow import TrainingResult

_ERRORS = ("val_mae", "baseline_mae", "market_mae", "model_mae_on_lines", "oracle_mae", "mae_over_oracle")
_BETTING = ("roi", "roi_ci_low", "roi_ci_high", "n_bets", "win_rate", "breakeven_rate", "clv")
_OF_RECIPES = ("val_mae", "mae_skill", "brier_skill_vs_market", "roi", "roi_ci_low", "n_bets")


def fit_bars(progress: Progress) -> Callable[[str, int, int], None]:
    """A callback that keeps one bar per market for the fits that are done."""
    bars: dict[str, TaskID] = {}

    def show(market: str, done: int, total: int) -> None:
        if market not in bars:
            bars[market] = progress.add_task(f"{market}: fits", total=total)
        progress.update(bars[market], completed=done, total=total)

    return show


def result_rows(results: Sequence[TrainingResult]) -> list[dict[str, Any]]:
    """One row per market: errors against baseline, market and oracle, ROI with its interval, gates, stage."""
    rows = []
    for result in results:
        row: dict[str, Any] = {"market": result.market, "run_id": result.run_id}
        row |= {key: result.metrics[key] for key in (*_ERRORS, *_BETTING) if key in result.metrics}
        if result.registration is not None:
            decision = result.registration
            row["version"] = decision.version
            row["stage"] = str(decision.stage)
            row["verdict"] = decision.report.verdict.value
            row["gates"] = [gate.as_row() for gate in decision.report.results]
        rows.append(row)
    return rows


def as_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows of `result_rows` for people; what could not be computed is a dash.

    >>> as_frame([{"market": "pts", "val_mae": 4.5, "roi": 0.021}]).iloc[0, [0, 1, 2, 5]].to_list()
    ['pts', '4.5', '–', '+2.1% [–, –]']
    """
    return pd.DataFrame(
        {
            "market": row["market"],
            "val_mae": number(row.get("val_mae")),
            "baseline": number(row.get("baseline_mae")),
            "oracle": number(row.get("oracle_mae")),
            "on lines: model / market": f"{number(row.get('model_mae_on_lines'))} / {number(row.get('market_mae'))}",
            "ROI [95 %]": f"{_percent(row, 'roi')} [{_percent(row, 'roi_ci_low')}, {_percent(row, 'roi_ci_high')}]",
            "bets": number(row.get("n_bets")),
            "gates": "\n".join(_gate(gate) for gate in row.get("gates", [])) or number(None),
            "stage": row.get("stage", "not registered"),
        }
        for row in rows
    )


def step_frame(steps: Sequence[PlanStep]) -> pd.DataFrame:
    """One row per run of a recipe: recipe, market, the main metrics, stage, and whether it was skipped."""
    rows = []
    for step in steps:
        metrics = {} if step.result is None else step.result.metrics
        registration = None if step.result is None else step.result.registration
        rows.append(
            {
                "recipe": step.recipe,
                "market": step.market,
                **{name: metrics.get(name) for name in _OF_RECIPES},
                "stage": "" if registration is None else str(registration.stage),
                "run": "finished before" if step.skipped else step.run_id[:8],
            }
        )
    return pd.DataFrame(rows)


def _percent(row: dict[str, Any], key: str) -> str:
    return f"{row[key]:+.1%}" if key in row else number(None)


def _gate(gate: dict[str, Any]) -> str:
    name = gate["metric"] if gate["bound"] == "point" else f"{gate['metric']} ({gate['bound']} bound)"
    value = "missing" if gate["value"] is None else number(gate["value"])
    if gate["bound"] == "gate":  # a function of the user's own
        return f"{gate['verdict']} {gate['metric']} {'' if gate['value'] is None else value}".rstrip()
    return f"{gate['verdict']} {name} {value} {gate['comparison']} {gate['threshold']:g}"
