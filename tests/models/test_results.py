"""What a command prints: the answer with its interval, and tables that fit the terminal they are printed on."""

from __future__ import annotations

import io
import re

import pandas as pd
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


def shown(monkeypatch, frame, width):
    """The lines of a table on a terminal of so many columns."""
    page = io.StringIO()
    console = rich.console.Console
    with monkeypatch.context() as patch:
        patch.setattr(
            rich.console,
            "Console",
            lambda width=width: console(file=page, force_terminal=True, color_system=None, width=width),
        )
        show_table(frame)
    return page.getvalue().splitlines()


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
    lines = shown(monkeypatch, frame, width)
    assert max(map(len, lines)) <= width
    numbers = [text for text in frame.iloc[0] if re.search(r"\d", str(text)) and len(str(text)) <= 24]
    for text in numbers:
        assert any(part in line for line in lines for part in [str(text).splitlines()[0]]), f"{text} was torn"


@pytest.mark.parametrize("width", [80, 100, 140])
def test_several_rows_are_printed_in_parts_that_fit_each_with_what_tells_the_rows_apart(monkeypatch, width):
    frame = as_frame([ROW | {"market": market} for market in ("pts", "reb", "ast", "pra")])
    lines = shown(monkeypatch, frame, width)
    assert max(map(len, lines)) <= width
    assert all(sum(name in line for line in lines) == 1 for name in frame.columns[1:]), "every column once"
    parts = sum("market" in line for line in lines)
    assert parts == (1 if width == 140 else 2)
    assert sum("pra" in line for line in lines) == parts
    assert sum("12,373" in line for line in lines) == len(frame)


@pytest.mark.parametrize("width", range(80, 120, 4))
def test_folded_text_loses_no_letter_whatever_the_width(monkeypatch, width):
    """A heading of two words was once measured as narrow as its longer word, and the bookmaker's name cut off."""
    first = {"player": "Viktor Leopardstown Jr.", "game": "OKC v LAC", "prop": "reb 2.5", "projection": "7.0 [3-11]"}
    frame = pd.DataFrame([first | {"fair over/under": "-155/+155", "best": "over 5.5 +105 Harbor Street"}] * 2)
    lines = shown(monkeypatch, frame.assign(prop=["reb 2.5", "ast 3"]), width)
    assert max(map(len, lines)) <= width
    words = [word.strip("│") for line in lines for word in line.split()]
    assert (words.count("Harbor"), words.count("Street")) == (2, 2)


@pytest.mark.parametrize("width", range(72, 84))
def test_no_letter_is_lost_beside_a_column_that_may_not_get_narrower(monkeypatch, width):
    """Rich shares a terminal out without the least width of a column: `--list` was 82 wide on 80, and cut off."""
    names = {"recipe": "phase4/walk_forward_validation", "experiment": "Phase3_Calibration"}
    titles = ["What earlier lined props teach", "The market, moved towards the model", "The best of each phase, gated"]
    lines = shown(monkeypatch, pd.DataFrame([names | {"title": title} for title in titles]), width)
    assert max(map(len, lines)) <= width
    told = " ".join(lines).split()
    assert [word for title in titles for word in title.split() if word not in told] == []


@pytest.mark.parametrize("width", [80, 100])
def test_a_long_name_without_spaces_is_not_broken(monkeypatch, width):
    names = {"recipe": "phase4/walk_forward_validation", "experiment": "Phase4_Production", "title": "All seasons " * 4}
    lines = shown(monkeypatch, pd.DataFrame([names, names | {"recipe": "phase1/none"}]), width)
    assert max(map(len, lines)) <= width
    assert sum("phase4/walk_forward_validation" in line for line in lines) == 1


def test_a_table_of_numbers_loses_its_lines_before_it_is_printed_in_parts(monkeypatch):
    frame = pd.DataFrame({"metric": ["val_mae", "roi"], **{f"run{place}": [1.8951, 0.1068] for place in range(6)}})
    assert any("│" in line for line in shown(monkeypatch, frame, 80))
    bare = shown(monkeypatch, frame, 60)
    assert not any("│" in line for line in bare)
    assert len(bare) == 4, "names, a line under them, two rows"


def test_a_column_too_wide_for_any_part_makes_a_list_of_names_and_values(monkeypatch):
    frame = pd.DataFrame({"name": ["a" * 24, "b" * 24], "number": [1.5, 2.5]})
    lines = shown(monkeypatch, frame, 26)
    assert [line.split() for line in lines if "1.5" in line] == [["│", "number", "│", "1.5", "│"]]


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
