"""Figures are 800 pixels wide, stamped where the data are simulated, legible, and show the numbers they were given."""

from __future__ import annotations

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from nba_props import plots

DATES = pd.date_range("2023-10-24", periods=60)
EQUITY = pd.DataFrame({"game_date": DATES, "bankroll": 1000.0 + np.arange(60), "drawdown": np.linspace(0, 0.1, 60)})
FAN = pd.DataFrame(
    {"game_date": DATES, **{str(level): 1000.0 + 100 * level for level in (0.05, 0.25, 0.5, 0.75, 0.95)}}
)
EDGES = pd.DataFrame(
    {
        "low": [0.02, 0.04],
        "high": [0.04, np.nan],
        "n_bets": [400, 12],
        "expected_roi": [0.03, 0.09],
        "roi": [-0.01, -0.2],
        "roi_ci_low": [-0.08, np.nan],
        "roi_ci_high": [0.05, np.nan],
    }
)
RELIABILITY = pd.DataFrame(
    {
        "p": [0.4, 0.5, 0.6],
        "frequency": [0.42, 0.49, 0.61],
        "n": [100, 100, 100],
        "band_low": [0.3, 0.4, 0.5],
        "band_high": [0.5, 0.6, 0.7],
        "recalibrated": [0.42, 0.49, 0.61],
    }
)
PIT = pd.DataFrame(
    {"low": [0.0, 0.5], "high": [0.5, 1.0], "density": [0.9, 1.1], "band_low": [0.95] * 2, "band_high": [1.05] * 2}
)
IMPORTANCE = pd.Series({"minutes": 0.7, "usage": 0.3})
CHANCES = np.random.default_rng(0).beta(30, 30, 500)

FIGURES = {
    "clv_distribution": (plots.clv_distribution, (CHANCES - 0.48,)),
    "confusion_matrix": (plots.confusion_matrix, ([0, 0, 1, 1], [0, 1, 1, 1])),
    "edge_buckets": (plots.edge_buckets, (EDGES,)),
    "equity_curve": (plots.equity_curve, (EQUITY, FAN)),
    "equity_curve_without_fan": (plots.equity_curve, (EQUITY,)),
    "feature_importance": (plots.feature_importance, (IMPORTANCE,)),
    "fold_history": (plots.fold_history, ([5.9, 6.0, 5.8],)),
    "pit_histogram": (plots.pit_histogram, (PIT,)),
    "reasons": (plots.reasons, ({"own form": CHANCES * 10, "line-up": CHANCES - 0.5},)),
    "reliability_diagram": (plots.reliability_diagram, (RELIABILITY, CHANCES)),
    "residuals": (plots.residuals, (CHANCES * 20, CHANCES * 19)),
}

EMPTY = {
    "clv_distribution": (plots.clv_distribution, ([np.nan],)),
    "confusion_matrix": (plots.confusion_matrix, ([], [])),
    "edge_buckets": (plots.edge_buckets, (EDGES.iloc[:0],)),
    "equity_curve": (plots.equity_curve, (EQUITY.iloc[:0],)),
    "feature_importance": (plots.feature_importance, (IMPORTANCE.iloc[:0],)),
    "fold_history": (plots.fold_history, ([],)),
    "reasons": (plots.reasons, ({"own form": []},)),
    "reliability_diagram": (plots.reliability_diagram, (RELIABILITY.iloc[:0], [])),
    "residuals": (plots.residuals, ([], [])),
}


def _pixels(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    return imread(buffer)


def _texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_eight_hundred_pixels_wide_and_not_blank(name):
    make, tables = FIGURES[name]
    pixels = _pixels(make(*tables))
    assert pixels.shape[1] == 800
    assert pixels[..., :3].std() > 0.02


@pytest.mark.parametrize("name", FIGURES)
def test_simulated_data_are_stamped_and_real_data_are_not(name):
    make, tables = FIGURES[name]
    assert "SIMULATED" in _texts(make(*tables, simulated=True))
    assert "SIMULATED" not in _texts(make(*tables))


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_smaller_than_ten_points(name):
    make, tables = FIGURES[name]
    figure = make(*tables, simulated=True)
    figure.draw_without_rendering()
    assert min(text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text().strip()) >= 10


@pytest.mark.parametrize("name", EMPTY)
def test_without_data_the_figure_says_so(name):
    make, tables = EMPTY[name]
    figure = make(*tables)
    _pixels(figure)
    assert any(text.startswith("No ") for text in _texts(figure))


@pytest.mark.parametrize("name", FIGURES)
def test_the_tables_given_are_left_as_they_were(name):
    make, tables = FIGURES[name]
    before = [table.copy() for table in tables]
    make(*tables)
    for table, copy in zip(tables, before, strict=True):
        assert np.array_equal(np.asarray(table, dtype=object), np.asarray(copy, dtype=object)) or table.equals(copy)


def test_the_bankroll_drawn_is_the_bankroll_given():
    figure = plots.equity_curve(EQUITY, FAN)
    line = next(line for line in figure.axes[0].lines if line.get_label() == "bankroll")
    assert line.get_ydata() == pytest.approx(EQUITY["bankroll"])


@pytest.mark.parametrize(("nights", "first"), [(5, "2024-12-28"), (165, "2024-10-22"), (1000, "2021-10-20")])
def test_months_and_years_are_told_apart_on_the_bankroll_however_long_it_is(nights, first):
    """A warning of matplotlib's for ranges it has no ticks for would fail this test."""
    dates = pd.date_range(first, periods=nights)
    figure = plots.equity_curve(pd.DataFrame({"game_date": dates, "bankroll": 1000.0, "drawdown": 0.0}))
    figure.draw_without_rendering()
    ticks = [tick.get_text() for tick in figure.axes[1].get_xticklabels()]
    if nights == 165:
        assert "Jan\n2025" in ticks
    assert 3 <= len(ticks) <= 9


def test_a_bucket_without_an_interval_has_a_point_and_no_whiskers():
    figure = plots.edge_buckets(EDGES)
    drawn = [collection for collection in figure.axes[0].collections if hasattr(collection, "get_segments")]
    segments = [path for collection in drawn for path in collection.get_segments()]
    assert len([path for path in segments if len(path)]) == 1
    assert "2-4\nn = 400" in _texts(figure)
    assert "4+\nn = 12" in _texts(figure)
    assert "Hatched: zero is possible, or too few nights for an interval." in _texts(figure)


def test_the_mean_and_the_coverage_of_closing_line_value_are_written_out():
    texts = " ".join(_texts(plots.clv_distribution([0.02, 0.04, np.nan] * 60, coverage=0.5))).replace("\n", " ")
    assert "mean +3.00%" in texts
    assert "120 bets have a close (50% of all, pushes included); 100.0% of them were taken at a better price." in texts


@pytest.mark.parametrize(("bets", "coverage"), [(99, 1.0), (200, 0.09)])
def test_closing_line_value_of_too_few_closes_is_withheld(bets, coverage):
    texts = " ".join(_texts(plots.clv_distribution([0.02] * bets, coverage=coverage)))
    assert "No closing line value is shown" in texts
    assert "+2.00%" not in texts


def test_every_fold_is_held_against_the_naive_forecast_of_the_same_fold():
    history = plots.fold_history([5.9, 6.0], references={"naive": [6.1, 6.4]}, starts=DATES[:2], rows=[100, 80])
    lines = {line.get_label(): list(line.get_ydata()) for line in history.axes[0].lines}
    assert lines == {"model": [5.9, 6.0], "naive": [6.1, 6.4]}
    assert "24 Oct 23" in _texts(history)
    assert [bar.get_height() for bar in history.axes[1].patches] == [100, 80]


def test_before_and_after_calibration_stand_side_by_side_on_one_scale():
    before = plots.Reliability(RELIABILITY.assign(p=[0.1, 0.5, 0.9]), CHANCES, {"brier_score": 0.26}, "before")
    figure = plots.reliability_diagram(RELIABILITY, CHANCES, scores={"brier_score": 0.25}, before=before)
    left, right = figure.axes[:2]
    assert left.get_xlim() == right.get_xlim() == left.get_ylim()
    assert "Brier score 0.2600" in left.get_title(loc="left")
    assert "Brier score 0.2500" in right.get_title(loc="left")


def test_the_features_that_are_not_shown_are_one_bar():
    figure = plots.feature_importance({f"f{n}": 0.05 for n in range(20)}, groups={"f0": "rolling"})
    bars = figure.axes[0].patches
    assert len(bars) == 16
    assert bars[0].get_width() == pytest.approx(0.25)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "5 others"


def test_a_bar_of_the_others_that_would_dwarf_the_rest_is_cut_off_and_says_how_long_it_is():
    panel = plots.feature_importance({f"f{n}": 0.05 - n / 1e4 for n in range(20)}).axes[0]
    assert panel.get_xlim()[1] < 0.06 < panel.patches[0].get_width()
    assert any(text.get_text().startswith("24%, more than fits") for text in panel.texts)
    level = plots.feature_importance({f"f{n}": 0.5 ** (n + 1) for n in range(20)}).axes[0]
    assert level.get_xlim()[1] > 0.5
    assert not level.texts


def test_the_legend_of_groups_stands_beside_bars_that_are_all_long():
    names = [f"feature_{n}" for n in range(40)]
    groups = {name: ("line_up", "ewma", "rolling", "minutes", "pace")[n % 5] for n, name in enumerate(names)}
    figure = plots.feature_importance(dict.fromkeys(names, 0.025), groups=groups)
    figure.draw_without_rendering()
    panel = figure.axes[0]
    legend = panel.get_legend().get_window_extent()
    assert not any(legend.overlaps(bar.get_window_extent()) for bar in panel.patches)


def test_nights_before_the_calibration_had_learned_are_shaded_as_nights_without_bets():
    figure = plots.equity_curve(EQUITY, FAN, learning=("2023-10-14", DATES[0]))
    assert "not yet calibrated: no bets" in _texts(figure)
    assert "not yet calibrated: no bets" not in _texts(plots.equity_curve(EQUITY, FAN))


def test_whiskers_of_importance_reach_from_the_least_to_the_most_of_the_folds():
    shares = {f"f{n}": 0.05 for n in range(20)}
    folds = pd.DataFrame([shares, {**shares, "f0": 0.15}])
    drawn = plots.feature_importance(shares, by_fold=folds).axes[0].collections[0].get_segments()
    assert drawn[0][:, 0].tolist() == pytest.approx([0.05, 0.15])
    assert drawn[-1][:, 0].tolist() == pytest.approx([0.25, 0.25]), "the others together"


def test_the_closing_line_is_held_against_the_model_on_its_own_rows():
    references = {"naive": [6.1, 6.4], "line, on its rows": [7.0, 7.1], "model, on the same rows": [7.2, 7.3]}
    history = plots.fold_history([5.9, 6.0], references=references, starts=DATES[:2], told="Triangles.")
    assert {line.get_label() for line in history.axes[0].lines} == {"model", *references}
    assert "Triangles." in " ".join(_texts(history))


def test_a_bucket_whose_interval_holds_zero_is_hatched():
    hatched = [patch for patch in plots.edge_buckets(EDGES).axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 2
    sure = EDGES.assign(roi=0.1, roi_ci_low=0.05, roi_ci_high=0.15)
    assert not [patch for patch in plots.edge_buckets(sure).axes[0].patches if patch.get_hatch()]


def test_what_is_right_by_always_saying_under_stands_beside_the_model():
    figure = plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], beside={"always under": 0.5})
    assert any("the model 75.0%, always under 50.0%" in text for text in _texts(figure))


def test_a_long_title_adds_to_the_height_and_squeezes_no_label():
    """With four lines of title in the height of one, the names of the axes were drawn over each other."""
    title = "PRA, my_very_long_plug_in_model_name_with_boosting_and_more_words_than_fit: error by fold"
    figure = plots.fold_history([5.9, 6.0], starts=DATES[:2], rows=[1000, 1000], title=title, simulated=True)
    figure.draw_without_rendering()
    upper, lower = (panel.yaxis.label.get_window_extent() for panel in figure.axes)
    assert not upper.overlaps(lower)
    assert figure.get_figheight() > plots.fold_history([5.9], title="PRA").get_figheight()


@pytest.mark.parametrize("errors", [[1.0], [-8.0, 2.0, 9.0], [0.0] * 500 + [9.0]])
def test_a_row_by_itself_is_seen_among_the_residuals(errors):
    """The palest blue is white, and a row alone in its cell was drawn in it."""
    forecast = np.linspace(5.0, 20.0, len(errors))
    figure = plots.residuals(forecast + errors, forecast)
    figure.draw_without_rendering()
    assert figure.axes[0].collections[0].get_facecolors()[:, :3].mean(axis=1).max() < 0.9


def test_one_forecast_for_all_is_an_axis_of_plain_numbers():
    figure = plots.residuals([4.0, 5.0, 7.0], [5.0, 5.0, 5.0])
    figure.draw_without_rendering()
    assert figure.axes[0].xaxis.get_offset_text().get_text() == ""
    assert figure.axes[0].get_xlim()[0] < 5.0 < figure.axes[0].get_xlim()[1]


def test_a_bankroll_of_two_nights_has_a_tick_for_each_day_and_none_for_hours():
    figure = plots.equity_curve(EQUITY.iloc[:3])
    figure.draw_without_rendering()
    assert len(figure.axes[0].get_xticks()) == 3


def test_a_drawdown_that_never_was_is_not_drawn_above_zero():
    lower = plots.equity_curve(EQUITY.assign(drawdown=0.0)).axes[1]
    assert lower.get_ylim()[1] == 0.0


def test_a_sweep_of_one_trial_has_whole_numbers_on_its_axis():
    for figure in (
        plots.sweep_history({0: 1.9}, objective="val_mae"),
        plots.sweep_running({0: [1.9]}, objective="val_mae"),
    ):
        figure.draw_without_rendering()
        assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(mpl.rcParams)
    for make, tables in FIGURES.values():
        make(*tables, simulated=True)
    assert dict(mpl.rcParams) == before


def test_importing_the_plots_imports_no_matplotlib_and_drawing_imports_no_pyplot():
    code = (
        "import sys, nba_props.plots as plots; assert 'matplotlib' not in sys.modules; "
        "plots.fold_history([1.0, 2.0]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
