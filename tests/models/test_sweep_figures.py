"""The plots of a sweep: whole trials are never mixed with pruned ones, and the noise of one configuration is drawn."""

from __future__ import annotations

import matplotlib as mpl
import optuna
import pytest

from models.sweep.figures import standard_error, sweep_figures


@pytest.fixture
def study() -> optuna.Study:
    found = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for number in range(6):
        trial = found.ask({"rate": optuna.distributions.FloatDistribution(0, 1)})
        trial.set_user_attr("fold_mae", [2.0 + number, 2.2 + number])
        trial.report(2.1 + number, 1)
        state = optuna.trial.TrialState.PRUNED if number % 3 == 2 else None
        found.tell(trial, None if state else 2.1 + number, state=state)
    return found


def test_the_plots_of_a_sweep_have_its_title_and_stamp_and_leave_no_style_behind(study):
    before = dict(mpl.rcParams)
    drawn = sweep_figures(study, "val_mae", {"model_params.rate": 1.0}, title="PTS", simulated=True)
    assert list(drawn) == ["sweep_history.png", "sweep_running.png", "sweep_importance.png"]
    titles = [make().get_suptitle() for make in drawn.values()]
    assert titles == ["PTS: trials", "PTS: trials by fold", "PTS: settings"]
    for make in drawn.values():
        figure = make()
        assert "SIMULATED" in [text.get_text() for text in figure.texts]
    assert dict(mpl.rcParams) == before
    assert "sweep_importance.png" not in sweep_figures(study, "val_mae", {}, title="", simulated=False)


def test_a_pruned_trial_has_no_value_in_the_history(study):
    figure = sweep_figures(study, "val_mae", {}, title="", simulated=False)["sweep_history.png"]()
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines["whole trials"].get_xdata()) == [0, 1, 3, 4]
    assert list(lines["ended early"].get_xdata()) == [2, 5]
    assert list(lines["best so far"].get_ydata()) == [2.1] * 4


def test_the_noise_of_one_configuration_is_the_standard_error_over_its_folds(study):
    assert standard_error(study) == pytest.approx(0.1)
    figure = sweep_figures(study, "val_mae", {}, title="", simulated=False)["sweep_history.png"]()
    assert "best ± one standard error over folds" in figure.axes[0].get_legend_handles_labels()[1]
