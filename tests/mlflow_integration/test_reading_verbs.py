"""What a terminal shows of runs is shorter than what --json gives."""

from __future__ import annotations

import pandas as pd

from mlflow_integration.commands.reading_verbs import _with_changes


def test_the_summary_of_the_week_shows_a_best_with_what_changed_beside_it():
    summary = {"market": "reb", "runs": 2, "finished": 2, "val_mae": 1.93, "val_mae_change": "better"}
    shown = _with_changes(pd.DataFrame([summary]))
    assert shown.to_dict("records") == [{"market": "reb", "runs": 2, "val_mae": "1.93 better"}]
    assert _with_changes(pd.DataFrame(columns=list(summary))).empty
