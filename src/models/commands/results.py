"""The results of a command's runs, as rows for machines and tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_integration.values.show import number
from models.notes import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import Progress, TaskID

    from models.plan.run import PlanStep
    from models.train_model_mlflow import TrainingResult

_ERRORS = ("val_mae", "baseline_mae", "market_mae", "model_mae_on_lines", "oracle_mae", "mae_over_oracle")
_BETTING = ("roi", "roi_ci_low", "roi_ci_high", "n_bets", "win_rate", "breakeven_rate", "clv")
_STUDIED = ("mae_difference", "brier_difference", "chosen_roi", "spa_p_value", "n_paired", "selection_")
_TRIAL = ("market", "trial", "state", "folds", "last_running_value", "fit_seconds", "chosen", "run_id")
_SCORES = ("brier_score", "market_brier_score", "brier_skill_vs_market")


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
        row |= {key: result.metrics[key] for key in (*_ERRORS, *_SCORES, *_BETTING) if key in result.metrics}
        if result.registration is not None:
            decision = result.registration
            row["version"] = decision.version
            row["stage"] = str(decision.stage)
            row["verdict"] = decision.report.verdict.value
            row["gates"] = [gate.as_row() for gate in decision.report.results]
        row |= {"remark": result.remark} if result.remark else {}
        rows.append(row)
    return rows


def as_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows of `result_rows` for people; what could not be computed is a dash.

    MAE is shown beside that of the best naive forecast (and, simulated, of the oracle); MAE on the rows with a line and
    the Brier score beside the market's.

    >>> as_frame([{"market": "pts", "val_mae": 4.5, "roi": 0.021}])[["market", "MAE", "ROI [95 %]"]].iloc[0].to_list()
    ['pts', '4.500 / –', '+2.1% [–, –]']
    """
    return pd.DataFrame(
        {
            "market": row["market"],
            "run": row.get("run_id", "")[:8],
            "MAE": _number_and_rivals(row, "val_mae", "baseline_mae", "oracle_mae"),
            "on lines": _number_and_rivals(row, "model_mae_on_lines", "market_mae"),
            "Brier": _number_and_rivals(row, "brier_score", "market_brier_score"),
            "ROI [95 %]": _with_interval(row, "roi"),
            "bets": number(row.get("n_bets")),
            "stage and gates": "; ".join([row.get("stage", "not registered"), *_gates(row.get("gates", []))]),
        }
        for row in rows
    )


def step_frame(steps: Sequence[PlanStep]) -> pd.DataFrame:
    """One row per run of a recipe, for people: its numbers, the answer of its study, and whether it was skipped."""
    return pd.DataFrame(
        {
            "recipe": row["recipe"],
            "market": row["market"],
            "run": row["run_id"][:8],
            "MAE": _number_and_rivals(row, "val_mae", "baseline_mae"),
            "on lines": _number_and_rivals(row, "model_mae_on_lines", "market_mae"),
            "Brier": _number_and_rivals(row, "brier_score", "market_brier_score"),
            "ROI [95 %]": _with_interval(row, "roi"),
            "bets": number(row.get("n_bets")),
            "answer": "; ".join(row["answers"]) or number(None),
            "stage": "finished before" if row["skipped"] else row.get("stage", "not registered"),
        }
        for row in step_rows(steps)
    )


def step_rows(steps: Sequence[PlanStep]) -> list[dict[str, Any]]:
    """One row per run of a recipe, for machines: main metrics, answers of the study with their numbers, stage."""
    rows = []
    for step in steps:
        metrics = step.metrics
        known = {key: metrics[key] for key in (*_ERRORS, *_SCORES, *_BETTING) if key in metrics}
        studied = {key: value for key, value in metrics.items() if key.startswith(_STUDIED)}
        row = {"recipe": step.recipe, "market": step.market, "run_id": step.run_id, "skipped": step.skipped}
        row |= known | studied | {"answers": answers(metrics)}
        if step.result is not None and step.result.registration is not None:
            row["stage"] = str(step.result.registration.stage)
        rows.append(row)
    return rows


def trial_frame(table: pd.DataFrame, objective: str) -> pd.DataFrame:
    """The trials of a sweep for people: the settings of each in one column, which a narrow terminal can fold.

    >>> row = {"market": "reb", "trial": 3, "state": "PRUNED", "val_mae": float("nan"), "model_params.num_leaves": 23}
    >>> shown = trial_frame(pd.DataFrame([row | {"test_val_mae": float("nan"), "run_id": ""}]), "val_mae")
    >>> shown[["market", "val_mae", "settings"]].iloc[0].to_list()
    ['reb', 'ended early', 'num_leaves 23']

    Args:
        table: Of `models.sweep.run.run_sweep`.
        objective: What the trials were judged by.
    """
    settings = [name for name in table if name not in {*_TRIAL, objective, f"test_{objective}"}]
    said = [
        ", ".join(f"{name.rpartition('.')[2]} {number(value)}" for name, value in zip(settings, values, strict=True))
        for values in table[settings].itertuples(index=False)
    ]
    return pd.DataFrame(
        {
            "market": table["market"],
            "trial": table["trial"],
            objective: table[objective].map(number).mask(table["state"] == "PRUNED", "ended early"),
            "settings": said,
            "test": table[f"test_{objective}"].map(number),
            "run": table["run_id"].str[:8],
        }
    )


def _number_and_rivals(row: dict[str, Any], *keys: str) -> str:
    """The first number, and those it is compared with, as far as they are known, all with the same digits."""
    first, second, *rest = keys
    shown = (first, second, *(key for key in rest if key in row))
    return " / ".join(f"{row[key]:#.4g}" if key in row else number(None) for key in shown)


def _with_interval(row: dict[str, Any], key: str) -> str:
    if key not in row:
        return number(None)
    return f"{_percent(row, key)} [{_percent(row, f'{key}_ci_low')}, {_percent(row, f'{key}_ci_high')}]"


def _percent(row: dict[str, Any], key: str) -> str:
    return f"{row[key]:+.1%}" if key in row else number(None)


def _gates(gates: Sequence[dict[str, Any]]) -> list[str]:
    """The gates that did not pass, those of the user, and how many passed."""
    told = [
        gate
        for gate in gates
        if gate["verdict"] != "pass" or (gate["bound"] == "gate" and gate["metric"] != "plausible")
    ]
    passed = sum(gate["verdict"] == "pass" for gate in gates)
    return [*map(_gate, told), f"{passed} of {len(gates)} gates pass"] if gates else []


def _gate(gate: dict[str, Any]) -> str:
    name = gate["metric"] if gate["bound"] == "point" else f"{gate['metric']} ({gate['bound']} bound)"
    value = "missing" if gate["value"] is None else number(gate["value"])
    if gate["bound"] == "gate":  # a function of the user's own
        return f"{gate['verdict']} {gate['metric']} {'' if gate['value'] is None else value}".rstrip()
    return f"{gate['verdict']} {name} {value} {gate['comparison']} {gate['threshold']:g}"
