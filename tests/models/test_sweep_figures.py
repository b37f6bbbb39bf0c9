"""Optuna's plots say what they show, and leave the style of the plots after them alone."""

from __future__ import annotations

import matplotlib as mpl
import optuna
from optuna.importance import FanovaImportanceEvaluator

from models.sweep.figures import sweep_figures


def test_the_plots_of_a_sweep_have_its_title_and_leave_no_style_behind():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))

    def objective(trial: optuna.Trial) -> float:
        error = trial.suggest_float("rate", 0, 1) + trial.suggest_int("leaves", 1, 9)
        trial.report(error, 1)
        return error

    study.optimize(objective, 6)
    before = dict(mpl.rcParams)
    drawn = sweep_figures(study, "val_mae", FanovaImportanceEvaluator(seed=0), title="PTS (SIMULATED)")
    assert list(drawn) == ["sweep_history.png", "sweep_running.png", "sweep_importance.png"]
    for make in drawn.values():
        figure = make()
        assert figure.get_suptitle() == "PTS (SIMULATED)"
        assert [figure.axes[0].get_title(loc=place) for place in ("left", "center", "right")] == ["", "", ""]
        mpl.pyplot.close(figure)
    assert dict(mpl.rcParams) == before
    assert "sweep_importance.png" not in sweep_figures(study, "val_mae", None, title="")
