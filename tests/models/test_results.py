"""What a command prints: the answer with its interval, and tables that fit the terminal they are printed on."""

from __future__ import annotations

import io
import re

import pytest
import rich.console

from mlflow_integration.cli import show_table
from models.commands.results import as_frame, step_frame
from models.plan.run import PlanStep

GATE = {"metric": "val_mae", "bound": "point", "value": 1.9, "verdict": "pass", "comparison": "<", "threshold": 3.5}
ROW = {
    "market": "reb", "run_id": "1e04c1f5aa", "val_mae": 1.919, "baseline_mae": 1.998, "oracle_mae": 1.764,
    "model_mae_on_lines": 2.091, "market_mae": 2.006, "brier_score": 0.2438, "market_brier_score": 0.2471,
    "roi": 0.077, "roi_ci_low": 0.059, "roi_ci_high": 0.094, "n_bets": 12373, "stage": "Production", "gates": [GATE],
}  # fmt: skip
STUDIED = {
    "val_mae": 1.919, "mae_difference": 0.0053, "mae_difference_ci_low": -0.0005, "mae_difference_ci_high": 0.0111,
}  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize(
    "frame",
    [
        as_frame([ROW]),
        step_frame(
            [PlanStep("phase2/opponent_features", "reb", "1e04c1f5aa", skipped=True, result=None, metrics=STUDIED)]
        ),
    ],
    ids=["markets", "recipes"],
)
def test_a_table_fits_the_terminal_and_no_number_is_torn(monkeypatch, frame, width):
    page = io.StringIO()
    console = rich.console.Console
    monkeypatch.setattr(
        rich.console,
        "Console",
        lambda width=width: console(file=page, force_terminal=True, color_system=None, width=width),
    )
    show_table(frame, title="Runs")
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    numbers = [text for text in frame.iloc[0] if re.search(r"\d", str(text)) and len(str(text)) <= 24]
    for text in numbers:
        assert any(part in line for line in lines for part in [str(text).splitlines()[0]]), f"{text} was torn"


def test_the_answer_of_a_study_stands_in_the_table_with_its_interval():
    steps = [PlanStep("phase2/opponent_features", "reb", "1e04c1f5aa", skipped=True, result=None, metrics=STUDIED)]
    (row,) = step_frame(steps).to_dict("records")
    assert row["answer"] == "mae_difference +0.0053 [-0.0005, +0.0111]: no evidence"
    assert (row["run"], row["stage"]) == ("1e04c1f5", "finished before")


def test_only_gates_that_did_not_pass_stand_in_the_table_with_the_number_that_did():
    def gate(metric, verdict):
        return {
            "metric": metric,
            "bound": "point",
            "value": 4.473,
            "comparison": "<",
            "threshold": 3.5,
            "verdict": verdict,
        }

    row = {"market": "pts", "stage": "None", "gates": [gate("val_mae", "fail"), gate("roi", "pass")]}
    assert as_frame([row])["stage and gates"].iloc[0] == "None; fail val_mae 4.473 < 3.5; 1 of 2 gates pass"
