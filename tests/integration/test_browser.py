"""`mlflow ui` in a real browser shows what has been tracked; run by hand, the same script takes the screenshots."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from typer.testing import CliRunner

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.store.server import local_ui
from mlflow_integration.utils import setup_experiments
from nba_props.errors import StoreError

pytestmark = [pytest.mark.server, pytest.mark.slow]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "docs" / "screenshots.py"


def load_script():
    spec = importlib.util.spec_from_file_location("script_screenshots", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCREENSHOTS = load_script()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A store with the four experiments, and one run whose model is in Staging."""
    import pandas as pd

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    setup_experiments(tracking_uri=path)
    features = pd.DataFrame({"minutes": [10.0, 20.0, 30.0], "usage": [0.1, 0.3, 0.2]})
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=path)
    with tracker.start_run("linear_pra", tags={"market": "pra"}):
        tracker.log_metrics({"val_mae": 1 / 7, "roi": -0.0235, "n_bets": 3})
        tracker.log_calibration_curve([0, 1, 1], [0.2, 0.6, 0.7])
        tracker.log_residuals_plot([1.0, 2.0, 3.0], [1.5, 2.0, 2.0])
        fitted = LinearRegression().fit(features, features["minutes"])
        version = tracker.log_model(fitted, input_example=features, registered_model_name="props").version
    ModelRegistry(path).promote_model("props", version, "Staging", reason="to be looked at", by="tester")
    return path


@pytest.fixture(scope="module")
def visit(database, tmp_path_factory):
    """Open the pages with any expectation; one browser and one `mlflow ui` for all tests."""
    try:
        browser = SCREENSHOTS.find_browser()
    except SCREENSHOTS.BrowserError as error:
        pytest.skip(str(error))
    log = tmp_path_factory.mktemp("log") / "ui.log"
    with local_ui(database, log) as url, SCREENSHOTS.opened_page(browser) as page:
        yield lambda shown, seconds=30.0, images=None: SCREENSHOTS.Pages(
            page, url, shown, seconds=seconds, images=images
        )


def test_experiments_metrics_plots_and_the_version_with_its_stage_are_on_the_pages(visit, database, tmp_path):
    shown = SCREENSHOTS.read_store(database)
    assert (shown.metrics, shown.stage, sorted(shown.plots)) == (
        {"val_mae": 1 / 7, "roi": -0.0235},
        "Staging",
        ["calibration_curve.png", "residuals_analysis.png"],
    )
    assert visit(shown, images=tmp_path).all() == []
    pictures = sorted(tmp_path.iterdir())
    names = ["charts", "experiments", "model", "plot", "run", "runs", "version"]
    assert [picture.name for picture in pictures] == [f"ui_{name}.png" for name in names]
    assert all(5_000 < picture.stat().st_size < 300_000 for picture in pictures)


def test_what_a_page_does_not_show_is_named(visit, database):
    shown = SCREENSHOTS.read_store(database)
    wrong = replace(
        shown,
        experiments=("Phase5_Dreams",),
        metrics={"val_mae": 3.0, "roi": -0.0235},
        plots={"calibration_curve.png": (1, 1)},
        stage="Production",
    )
    pages = visit(wrong, seconds=1.5)
    assert pages.experiments() == ["the page of experiments does not show 'Phase5_Dreams'"]
    assert pages.run() == [f"the page of run linear_pra shows val_mae = {1 / 7}, the store has 3.0"]
    assert pages.plots() == ["the page of artifact calibration_curve.png shows no picture of 1 x 1 pixels"]
    assert pages.model() == [
        "the page of model props does not show the tag stage: Production",
        "the page of model props does not show the alias @ Production",
    ]


def test_a_link_that_mlflow_does_not_understand_is_told(visit, database):
    shown = SCREENSHOTS.read_store(database)
    route = (
        f"experiments/{shown.experiment_id}/runs?workflowType=machine_learning&searchFilter=tags.market+IN+%28'a'%29"
    )
    pages = visit(replace(shown, runs=route, headline="no such group"), seconds=1.5)
    assert "the run list shows an error: MLflow does not understand the link" in pages.run_list()
    assert pages.charts() == ["the charts of run linear_pra does not show 'no such group'"]


def test_a_missing_browser_or_store_is_one_message(database, tmp_path):
    with pytest.raises(StoreError, match="no registered nothing"):
        SCREENSHOTS.read_store(database, "nothing")
    with pytest.raises(StoreError, match="There is no store"), local_ui(tmp_path / "no.db", tmp_path / "log"):
        pass
    result = CliRunner().invoke(SCREENSHOTS.app, ["--browser", "no-such-browser", "--store", str(database)])
    assert (result.exit_code, "install" in result.stderr) == (2, True)
