"""The plots of a run are those of the registry, and a user's file adds one to them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from models import figures
from nba_props import plugins
from nba_props.errors import ConfigError
from nba_props.plots import CAPTIONS, PLOTS, About, add_plot, caption_of

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "plugins" / "plot.py"
ABOUT = About("PTS, test", simulated=True)


@pytest.fixture
def evaluation():
    dates = pd.to_datetime(["2023-11-01", "2023-11-20", "2023-12-01"])
    rows = pd.DataFrame({"game_date": dates, "actual": [10.0, 20.0, 30.0], "predicted": [12.0, 16.0, 30.0]})
    rows = rows.assign(fold=0, season_mean=11.0, last_10=12.0, ewma_10=13.0, closing_line=float("nan"))
    nothing = rows.iloc[:0].assign(chance=1.0, over=1.0)
    return SimpleNamespace(
        predictions=rows,
        ledger=pd.DataFrame({"clv": [], "result": []}),
        pit=None,
        contributions=None,
        importances=None,
        metrics={"baseline_mae": 2.5},
        fold_metrics={"val_mae_fold": [2.0]},
        scored_props=lambda calibrated=True: nothing,
    )


@pytest.fixture
def estimator():
    return SimpleNamespace(importances=lambda: pd.Series({"minutes": 1.0}))


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch):
    """What a test adds is gone after it."""
    for registry in (PLOTS, CAPTIONS):
        monkeypatch.setattr(registry, "_items", dict(registry.items()))
    monkeypatch.setattr(plugins, "_loaded", dict(plugins._loaded))
    monkeypatch.setenv(plugins.PLUGINS_VARIABLE, "")


def test_a_plot_of_the_users_own_file_is_drawn_with_the_others(evaluation, estimator):
    before = figures.market_figures(evaluation, estimator, ABOUT)
    plugins.load_plugins([EXAMPLE])
    after = figures.market_figures(evaluation, estimator, ABOUT)
    assert set(after) - set(before) == {"mae_by_month.png"}
    panel = after["mae_by_month.png"].axes[0]
    assert [bar.get_height() for bar in panel.patches] == [3.0, 0.0]
    assert "SIMULATED" in [text.get_text() for text in after["mae_by_month.png"].texts]


def test_a_plot_of_the_users_own_brings_its_caption_and_the_words_of_its_link():
    assert caption_of("mae_by_month.png") == "mae by month", "nobody has said what it shows"
    plugins.load_plugins([EXAMPLE])
    assert caption_of("mae_by_month.png") == "the error month by month"
    assert list(CAPTIONS)[-1] == "mae_by_month", "its link stands behind those of the package"


def test_every_plot_of_the_package_has_a_caption():
    assert set(PLOTS) <= set(CAPTIONS)


def test_a_plot_with_nothing_to_draw_leaves_no_file(evaluation, estimator):
    names = set(figures.market_figures(evaluation, estimator, ABOUT))
    assert names == {"feature_importance.png", "residuals_analysis.png", "fold_history.png"}
    assert all(isinstance(made, Figure) for made in figures.market_figures(evaluation, estimator, ABOUT).values())


def test_an_error_in_a_plot_names_the_plot(evaluation, estimator):
    PLOTS.add("broken", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        figures.market_figures(evaluation, estimator, ABOUT)
    assert caught.value.__notes__ == ["Raised while the plot 'broken' was drawn."]


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ConfigError, match="equity_curve"):
        add_plot("equity_curve", lambda *_: None, caption="the bankroll again")


def test_the_page_shows_the_example_as_it_is():
    page = (EXAMPLE.parents[2] / "extending.md").read_text()
    code = EXAMPLE.read_text().split('"""\n\n', maxsplit=1)[1]
    assert code.strip() in page
